// How a connection is ended by a server that shuts down: told, served until its moment, closed in a pause.
internal import Commands
internal import Core
internal import Gateway
internal import Reactor
internal import Synchronization
internal import TLS
internal import Wire

/// What a connection needs while the server shuts down.
final class ConnectionDrain {
    let plan: DrainPlan
    var isTold = false

    init(_ plan: DrainPlan) {
        self.plan = plan
    }
}

extension Connection {
    /// Plans the end of the connection and tells its client.
    func beginDrain(_ schedule: DrainSchedule, _ now: Moment) {
        var random = SystemRandomNumberGenerator()
        draining = ConnectionDrain(schedule.plan(made: machine.made, using: &random))
        drainTurn(now)
    }

    /// Tells the client if it could not be told before, and closes if the time has come.
    func drainTurn(_ now: Moment) {
        guard let draining else { return }
        if machine.phase == .handshaking {
            if draining.plan.closes(situation, now.monotonicMilliseconds) { close() }
            return
        }
        if !machine.servesRequests { return }
        if !draining.isTold { tell(draining, now) }
        if now.monotonicMilliseconds < draining.plan.moment { return }
        // What is here by now came before the end, so it is answered; and behind the last of it a connection
        // that never pauses is most likely between two requests.
        for _ in 0..<Connection.readsBeforeEnd where canBeRead && receive(now) {}
        worker.flushOutbox(now)
        if machine.servesRequests, draining.plan.closes(situation, now.monotonicMilliseconds) {
            endWebSocket(reconnectAfter: draining.plan.reconnectAfter, now)
            finish(now)
        }
    }

    /// Reads of up to 256 KiB: 16 MiB are more than a socket's buffer holds.
    private static let readsBeforeEnd = 64

    private var canBeRead: Bool { machine.servesRequests && !machine.isPaused && !isYielding }

    /// Bytes of replies that the socket has not taken.
    var unsentBytes: Int { outbound.count - outboundSent }

    private var situation: DrainPlan.Situation {
        var situation = DrainPlan.Situation(lastHeard: machine.lastHeard)
        let isInside = decoder.isInsideBatch || http?.isInsideRequest == true
        situation.isInRequest = !inbound.isEmpty || isInside
        situation.isInTransaction = session.isQueueing
        situation.unsentBytes = unsentBytes
        situation.isReceiving = tls?.needsRead ?? false
        return situation
    }

    private func tell(_ draining: ConnectionDrain, _ now: Moment) {
        // RESP2 has no pushes, and the middle of a line of replies has no place for one.
        let grace = max(0, draining.plan.moment - now.monotonicMilliseconds)
        // HTTP says it with its next response.
        if http != nil {
            draining.isTold = tellWebSocket(
                grace,
                reconnectAfter: draining.plan.reconnectAfter,
                now
            )
            return
        }
        if !hasChosenEncoding || session.encoding == .resp2 || decoder.isInsideBatch { return }
        draining.isTold = true
        defer { worker.resetScratch() }
        let fields = [
            ("grace_ms", grace), ("reconnect_after_ms", draining.plan.reconnectAfter),
        ]
        // In text a push is its values alone: there the names are values too.
        let isText = session.encoding == .text
        let context = worker.scratch.context
        context.reply.push(1 + fields.count * (isText ? 4 : 2))
        context.reply.string("shutdown")
        for (name, value) in fields {
            if isText {
                context.reply.string("name")
                context.reply.string(name)
            }
            context.reply.string(name)
            context.reply.integer(value)
        }
        worker.encodeReply(session.encoding)
        transmit(now)
    }
}

extension Worker {
    /// Begins to end all connections, each in its time.
    func beginDrain(_ schedule: DrainSchedule, _ now: Moment) {
        drain = schedule
        sendAllMessages(now)
        for connection in connections.reversed() { connection.beginDrain(schedule, now) }
        for acceptor in acceptors { acceptor.beginStopping(now) }
        stopIfDrained()
    }

    /// Looks at every connection, each tick.
    func drainTurn(_ now: Moment) {
        for connection in connections.reversed() { connection.drainTurn(now) }
        let unsent = connections.reduce(0) { $0 + $1.unsentBytes }
        mailbox.unsentBytes.store(unsent, ordering: .relaxed)
    }

    /// Ends the loop if no connection is left and none can come.
    func stopIfDrained() {
        if drain != nil, hasAcceptingEnded, connections.isEmpty { loop.stop() }
    }
}
