// Turns are shared: who has filled a batch of replies goes on in the next turn, behind the others.
internal import Core
internal import Reactor

extension Worker {
    /// Lets `connection` go on in a later turn with the requests that have arrived.
    ///
    /// One read can ask for gigabytes of replies; a batch of them, `Limits.replyBatchBytes`, takes about a
    /// quarter of a millisecond, and is what others wait for at most.
    func yield(_ connection: Connection) {
        if connection.isYielding { return }
        connection.isYielding = true
        yielded.append(connection)
    }

    /// Goes on with connections that have yielded, in the order in which they did.
    func runYielded(_ now: Moment) {
        if yielded.isEmpty { return }
        let turn = yielded.prefix(Worker.yieldedPerTurn)
        yielded.removeFirst(turn.count)
        for connection in turn {
            connection.isYielding = false
            // It may have been closed meanwhile, or wait for its peer to read; then that goes on with it.
            if connection.machine.servesRequests, !connection.machine.isPaused {
                connection.serve(now)
                if !connection.isYielding, connection.hasPeerEnded { connection.peerEnded(now) }
            }
        }
        flushOutbox(now)
    }

    /// Connections that go on in one turn: two milliseconds of work.
    private static let yieldedPerTurn = 8
}
