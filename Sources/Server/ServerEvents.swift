// Events as an asynchronous sequence, with a bounded buffer that says what it lost.
internal import Synchronization

/// The events that one part of the program asked for, in their order; see `Server.messages`.
///
/// For one consumer: two that iterate share the events between them. The subscription ends at once when the
/// task that waits for the next event is cancelled, when `cancel` is called, and when nobody has the sequence
/// or its iterator any more. The sequence ends then, and when the server stops.
public struct ServerEvents: AsyncSequence, Sendable {
    /// What it consists of.
    public typealias Element = ServerEvent
    /// It never throws.
    public typealias Failure = Never

    private let handle: FeedHandle

    init(_ handle: FeedHandle) { self.handle = handle }

    /// Ends the subscription.
    public func cancel() { handle.cancel() }

    /// Makes the iterator.
    public func makeAsyncIterator() -> Iterator { Iterator(handle: handle) }

    /// Goes over the events.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let handle: FeedHandle

        /// The next event; nil at the end.
        public mutating func next() async -> ServerEvent? { await handle.next() }

        /// The next event; nil at the end.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> ServerEvent? {
            await handle.next()
        }
    }
}

/// What the sequence and its iterators have in common: the subscription ends with it.
final class FeedHandle: Sendable {
    private let hub: EmbeddedHub
    private let feed: EventFeed
    private let number: Int

    init(_ hub: EmbeddedHub, _ feed: EventFeed, _ number: Int) {
        self.hub = hub
        self.feed = feed
        self.number = number
    }

    deinit { cancel() }

    func cancel() {
        hub.remove(number)
        feed.finish()
    }

    func next() async -> ServerEvent? {
        await withTaskCancellationHandler {
            await feed.next()
        } onCancel: {
            cancel()
        }
    }
}

/// The buffer of a sequence: what comes is kept until it is asked for, the newest of it.
final class EventFeed: EventSink {
    private struct State {
        /// The first `head` of them are gone.
        var events: [ServerEvent?] = []
        var head = 0
        var lost = 0
        var waiting: [CheckedContinuation<ServerEvent?, Never>] = []
        var hasEnded = false

        var count: Int { events.count - head }

        mutating func takeFirst() -> ServerEvent? {
            if lost > 0 {
                defer { lost = 0 }
                return .gap(lost: lost)
            }
            guard head < events.count else { return nil }
            defer { removeFirst() }
            return events[head]
        }

        mutating func removeFirst() {
            events[head] = nil
            head += 1
            if head > 32, head * 2 > events.count {
                events.removeFirst(head)
                head = 0
            }
        }
    }

    private let capacity: Int
    private let state = Mutex(State())

    init(capacity: Int) { self.capacity = Swift.max(1, capacity) }

    func take(_ event: ServerEvent) -> Bool {
        let waiting = state.withLock { state -> CheckedContinuation<ServerEvent?, Never>? in
            if state.hasEnded { return nil }
            if !state.waiting.isEmpty { return state.waiting.removeFirst() }
            if case .gap(let lost) = event {
                state.lost += lost
                return nil
            }
            if state.count >= capacity {
                state.removeFirst()
                state.lost += 1
            }
            state.events.append(event)
            return nil
        }
        waiting?.resume(returning: event)
        return true
    }

    var isGone: Bool { false }

    func finish() {
        let waiting = state.withLock { state in
            state.hasEnded = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: nil) }
    }

    func next() async -> ServerEvent? {
        await withCheckedContinuation { continuation in
            let (isReady, event) = state.withLock { state -> (Bool, ServerEvent?) in
                if let event = state.takeFirst() { return (true, event) }
                if state.hasEnded { return (true, nil) }
                state.waiting.append(continuation)
                return (false, nil)
            }
            if isReady { continuation.resume(returning: event) }
        }
    }
}
