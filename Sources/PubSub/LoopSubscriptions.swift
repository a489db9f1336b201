// One loop's share of pub/sub: which of its connections are subscribed to what, and what waits for them.
internal import Core

/// The subscriptions of the connections on one loop.
///
/// Belongs to the loop. Connections are known by their numbers alone.
public final class LoopSubscriptions {
    private struct Member {
        var channels: Set<Topic> = []
        var patterns: Set<Topic> = []

        var count: Int { channels.count + patterns.count }
    }

    /// What it has in common with the other loops.
    public let exchange: Exchange
    let loop: Int
    var observers = LoopObservers()
    private var channels: [Topic: SubscriberList] = [:]
    private var patterns: [Topic: SubscriberList] = [:]
    private var members: [Int: Member] = [:]
    private var pending: [Publication] = []

    /// Makes the subscriptions of loop number `loop` of those that `exchange` connects.
    public init(_ exchange: Exchange = Exchange(), loop: Int = 0) {
        precondition(loop >= 0 && loop < exchange.loopCount, "there is no such loop")
        self.exchange = exchange
        self.loop = loop
    }

    /// Subscribes connection `number`; returns how many subscriptions it has then.
    @discardableResult
    public func subscribe(_ number: Int, to topic: Topic, _ kind: TopicKind = .channel) -> Int {
        var member = members.removeValue(forKey: number) ?? Member()
        switch kind {
        case .channel:
            if member.channels.insert(topic).inserted {
                let since = exchange.enter(topic, kind, loop: loop)
                channels[topic, default: SubscriberList()].insert(number, since: since)
            }
        case .pattern:
            if member.patterns.insert(topic).inserted {
                let since = exchange.enter(topic, kind, loop: loop)
                patterns[topic, default: SubscriberList()].insert(number, since: since)
            }
        }
        members[number] = member
        return member.count
    }

    /// Ends a subscription of connection `number`, if it has it; returns how many it has then.
    @discardableResult
    public func unsubscribe(_ number: Int, from topic: Topic, _ kind: TopicKind = .channel) -> Int {
        guard var member = members.removeValue(forKey: number) else { return 0 }
        let isRemoved =
            switch kind {
            case .channel: member.channels.remove(topic) != nil
            case .pattern: member.patterns.remove(topic) != nil
            }
        if isRemoved { forget(number, topic, kind) }
        if member.count > 0 { members[number] = member }
        return member.count
    }

    /// Ends all subscriptions of connection `number`, and what it observes.
    public func remove(_ number: Int) {
        unobserveAll(number)
        guard let member = members.removeValue(forKey: number) else { return }
        for topic in member.channels { forget(number, topic, .channel) }
        for topic in member.patterns { forget(number, topic, .pattern) }
    }

    /// Adds a subscription to a channel that was counted already; how many the connection has then.
    func insert(_ number: Int, _ channel: Topic, since: UInt64) -> Int {
        members[number, default: Member()].channels.insert(channel)
        channels[channel, default: SubscriberList()].insert(number, since: since)
        return members[number]?.count ?? 0
    }

    /// Who of this loop is subscribed to `topic`.
    subscript(topic: Topic, kind: TopicKind) -> SubscriberList? {
        kind == .channel ? channels[topic] : patterns[topic]
    }

    private func forget(_ number: Int, _ topic: Topic, _ kind: TopicKind) {
        switch kind {
        case .channel: LoopSubscriptions.remove(number, topic, from: &channels)
        case .pattern: LoopSubscriptions.remove(number, topic, from: &patterns)
        }
        exchange.leave(topic, kind, loop: loop)
    }

    private static func remove(
        _ number: Int,
        _ topic: Topic,
        from topics: inout [Topic: SubscriberList]
    ) {
        guard let index = topics.index(forKey: topic) else { return }
        topics.values[index].remove(number)
        if topics.values[index].isEmpty { topics.remove(at: index) }
    }

    /// What connection `number` is subscribed to, in the order of the bytes.
    public func topics(of number: Int, _ kind: TopicKind) -> [Topic] {
        let member = members[number] ?? Member()
        let topics = kind == .channel ? member.channels : member.patterns
        return topics.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    /// How many subscriptions of a kind connection `number` has.
    public func count(of number: Int, _ kind: TopicKind) -> Int {
        guard let member = members[number] else { return 0 }
        return kind == .channel ? member.channels.count : member.patterns.count
    }

    /// Whether connection `number` is subscribed to `topic`.
    public func isSubscribed(_ number: Int, to topic: Topic, _ kind: TopicKind) -> Bool {
        guard let member = members[number] else { return false }
        return (kind == .channel ? member.channels : member.patterns).contains(topic)
    }
}

extension LoopSubscriptions {
    /// Publishes a message of a client of this loop; returns how many subscriptions receive it.
    ///
    /// It is posted once to each loop that has a receiver; for this one it waits among `takePending`. `now`
    /// is in monotonic milliseconds.
    public func publish(
        _ channel: Span<UInt8>,
        _ message: Span<UInt8>,
        sender: String,
        now: Int64 = 0
    ) -> Int {
        post(exchange.route(channel, message, sender: sender, now: now))
    }

    /// Publishes a notification of a client of this loop; returns how many subscriptions receive it.
    public func notify(_ notification: Notification, sender: String) -> Int {
        let channel = Topic.notify.bytes
        return post(exchange.route(channel.span, Span(), sender: sender, now: 0, notification))
    }

    private func post(_ routed: Exchange.Routed) -> Int {
        guard let publication = routed.publication else { return 0 }
        if routed.isPosted { return routed.receivers }
        for target in routed.loops {
            exchange.queued(publication.weight, loop: target)
            if target == loop {
                pending.append(publication)
            } else if target < routed.posts.count {
                routed.posts[target](publication)
            }
        }
        return routed.receivers
    }

    /// How many changes to keys this loop was not told, since too much waited for it.
    public func takeLostChanges() -> Int { exchange.takeLostChanges(loop) }

    /// Takes in a message that another loop posted.
    public func receive(_ publication: Publication) { pending.append(publication) }

    /// Whether messages wait to be delivered.
    public var hasPending: Bool { !pending.isEmpty }

    /// The messages that wait to be delivered, in their order; none waits any more.
    public func takePending() -> [Publication] {
        var taken: [Publication] = []
        swap(&taken, &pending)
        let bytes = taken.reduce(0) { $0 + $1.weight }
        exchange.queued(-bytes, loop: loop)
        return taken
    }

    /// Calls `deliver` for each subscription on this loop that receives `publication`: first those to its
    /// channel, then by pattern, with the connection's number and the pattern's position in `patterns`.
    ///
    /// No subscription may be made or ended meanwhile.
    public func forEachReceiver(
        of publication: Publication,
        _ deliver: (_ number: Int, _ pattern: Int?) -> Void
    ) {
        if let list = channels[publication.channel] {
            for item in list.items where item.since < publication.sequence {
                deliver(item.number, nil)
            }
        }
        for (pattern, topic) in publication.patterns.enumerated() {
            guard let list = patterns[topic] else { continue }
            for item in list.items where item.since < publication.sequence {
                deliver(item.number, pattern)
            }
        }
    }
}

@available(*, unavailable)
extension LoopSubscriptions: Sendable {}
