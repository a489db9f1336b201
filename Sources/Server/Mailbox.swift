// How other threads speak to a worker: values in a queue, and a wake-up.
internal import Access
internal import Commands
internal import Core
internal import PubSub
internal import Reactor
internal import Synchronization

/// What a worker can be told.
enum WorkerMessage: Sendable {
    /// Serve this connection, or tell it why not; the descriptor is now the worker's to close.
    case adopt(descriptor: Int32, address: SocketAddress, refusal: LimitRefusal?)
    /// The tokens changed or one expired: look at every session again.
    case tokensChanged
    /// Stop accepting, tell each client, and end each connection in its time, as the schedule says.
    case drain(DrainSchedule)
    /// No connection comes from any listener any more.
    case acceptingEnded
    /// Close the connection of this number now.
    case kill(Int)
    /// Close connections with large buffers: all together they take too much, and this loop's the most.
    case relieve
    /// Deliver this message to this loop's subscribers.
    case publication(Publication)
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
    /// Bytes in the buffers of the worker's connections; the worker writes it.
    let heldBytes = Atomic<Int>(0)
    /// How late the worker's loop was for its last tick, in milliseconds; the worker writes it.
    let latenessMilliseconds = Atomic<Int64>(0)
    /// When that tick was, in monotonic milliseconds, 0 before the first; the worker writes it.
    let tickedAt = Atomic<Int64>(0)
    /// Hellos that wait for their turn; the worker writes it.
    let waitingHandshakes = Atomic<Int>(0)
    /// Bytes of replies that its connections have not taken; kept while it drains.
    let unsentBytes = Atomic<Int>(0)

    init(_ waker: Waker) {
        self.waker = waker
    }

    /// How late the worker's loop was for its last tick, or is for the one that has not come.
    func lateness(_ now: Moment) -> Int64 {
        let last = tickedAt.load(ordering: .relaxed)
        let missing =
            last == 0 ? 0 : now.monotonicMilliseconds - last - EventLoop.tickMilliseconds
        return max(latenessMilliseconds.load(ordering: .relaxed), missing)
    }

    func post(_ message: WorkerMessage) {
        let isFirst = messages.withLock { queue in
            queue.append(message)
            return queue.count == 1
        }
        // Whoever posted the first one of those that wait has woken the loop.
        if isFirst { waker.wakeUp() }
    }

    func take() -> [WorkerMessage] {
        messages.withLock { queue in
            let taken = queue
            queue.removeAll()
            return taken
        }
    }
}

extension LoopState {
    /// What `mailbox` tells of its worker's loop.
    init(_ mailbox: Mailbox, _ now: Moment) {
        self.init(
            connections: mailbox.load.load(ordering: .relaxed),
            latenessMilliseconds: mailbox.lateness(now),
            heldBytes: mailbox.heldBytes.load(ordering: .relaxed),
            waitingHandshakes: mailbox.waitingHandshakes.load(ordering: .relaxed)
        )
    }
}
