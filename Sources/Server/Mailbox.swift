// How other threads speak to a worker: values in a queue, and a wake-up.
internal import Reactor
internal import Synchronization

/// What a worker can be told.
enum WorkerMessage: Sendable {
    /// Serve this connection; the descriptor is now the worker's to close.
    case adopt(descriptor: Int32, address: SocketAddress)
    /// The tokens changed or one expired: look at every session again.
    case tokensChanged
    /// Stop accepting, tell each client, and end each connection in its time, as the schedule says.
    case drain(DrainSchedule)
    /// No connection comes from any listener any more.
    case acceptingEnded
    /// Close the connection of this number now.
    case kill(Int)
    /// Close everything now.
    case end
}

/// A worker's queue.
///
/// Any thread may post; only the worker takes.
final class Mailbox: Sendable {
    private let messages = Mutex<[WorkerMessage]>([])
    private let waker: Waker
    /// Connections that the worker has or was given: what the acceptor balances by.
    let load = Atomic<Int>(0)
    /// Bytes of replies that its connections have not taken; kept while it drains.
    let unsentBytes = Atomic<Int>(0)

    init(_ waker: Waker) {
        self.waker = waker
    }

    func post(_ message: WorkerMessage) {
        messages.withLock { $0.append(message) }
        waker.wakeUp()
    }

    func take() -> [WorkerMessage] {
        messages.withLock { queue in
            let taken = queue
            queue.removeAll()
            return taken
        }
    }
}
