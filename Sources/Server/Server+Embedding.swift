// Observing from within the program that embeds the server.
public import Core
internal import PubSub
internal import Synchronization

extension Server {
    /// The messages of these channels, and of all that match one of the patterns, from now on.
    ///
    /// Of what is not taken in time the newest `buffer` events are kept; a `gap` tells how many were lost, in
    /// front of the next. A message comes once, however many of the patterns match.
    public func messages(
        channels: [String] = [],
        patterns: [String] = [],
        buffer: Int = 1024
    ) -> ServerEvents {
        events(
            EventInterest(
                channels: channels.map { Topic($0) },
                channelPatterns: patterns.map { Topic($0) }
            ),
            buffer
        )
    }

    /// What happens to the keys that one of the patterns matches, from now on, as OBSERVE tells it.
    ///
    /// No token's rights are asked for. For the buffer see `messages`. Changes of one key come in their order.
    public func changes(
        of patterns: [String],
        kinds: KeyChangeKinds = .all,
        hasValues: Bool = false,
        buffer: Int = 1024
    ) -> ServerEvents {
        events(Server.interest(patterns, kinds, hasValues), buffer)
    }

    /// Has a method of `owner` be called with each message of these channels and patterns of channels.
    ///
    /// It is called on the server's thread `observers`, one event at a time and in their order: it must be
    /// brief, since all others wait for it. The owner is held weakly: when it is gone, so is the subscription,
    /// a tenth of a second later at most.
    @discardableResult
    public func onMessage<Owner: AnyObject & Sendable>(
        channels: [String] = [],
        patterns: [String] = [],
        tell owner: Owner,
        _ method: @escaping @Sendable (Owner) -> (ServerEvent) -> Void
    ) -> EventSubscription {
        let interest = EventInterest(
            channels: channels.map { Topic($0) },
            channelPatterns: patterns.map { Topic($0) }
        )
        return EventSubscription(hub, hub.add(MethodSink(owner, method), interest))
    }

    /// Has a method of `owner` be called with what happens to keys; as `onMessage`, of which see more.
    @discardableResult
    public func onChange<Owner: AnyObject & Sendable>(
        of patterns: [String],
        kinds: KeyChangeKinds = .all,
        hasValues: Bool = false,
        tell owner: Owner,
        _ method: @escaping @Sendable (Owner) -> (ServerEvent) -> Void
    ) -> EventSubscription {
        let interest = Server.interest(patterns, kinds, hasValues)
        return EventSubscription(hub, hub.add(MethodSink(owner, method), interest))
    }

    /// How many subscriptions the program has.
    public var embeddedSubscriptions: Int { hub.count }

    private static func interest(
        _ patterns: [String],
        _ kinds: KeyChangeKinds,
        _ hasValues: Bool
    ) -> EventInterest {
        EventInterest(
            keyPatterns: patterns.map { Topic($0) },
            options: ObserveOptions(kinds: kinds, hasValues: hasValues)
        )
    }

    private func events(_ interest: EventInterest, _ buffer: Int) -> ServerEvents {
        let feed = EventFeed(capacity: buffer)
        return ServerEvents(FeedHandle(hub, feed, hub.add(feed, interest)))
    }
}

/// A subscription that calls a method; it need not be kept.
public final class EventSubscription: Sendable {
    private let hub: EmbeddedHub
    private let number: Int

    init(_ hub: EmbeddedHub, _ number: Int) {
        self.hub = hub
        self.number = number
    }

    /// Ends it; a call that is under way may still end behind this one.
    public func cancel() { hub.remove(number) }
}

/// A method of an object that is not kept alive.
final class MethodSink<Owner: AnyObject & Sendable>: EventSink {
    private struct Reference {
        weak var owner: Owner?
    }

    private let reference: Mutex<Reference>
    private let method: @Sendable (Owner) -> (ServerEvent) -> Void

    init(_ owner: Owner, _ method: @escaping @Sendable (Owner) -> (ServerEvent) -> Void) {
        reference = Mutex(Reference(owner: owner))
        self.method = method
    }

    private var owner: Owner? { reference.withLock { $0.owner } }

    var isGone: Bool { owner == nil }

    func take(_ event: ServerEvent) -> Bool {
        guard let owner else { return false }
        method(owner)(event)
        return true
    }

    func finish() {}
}
