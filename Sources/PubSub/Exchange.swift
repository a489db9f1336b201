// What all loops share of pub/sub: which loop has how many subscribers of what.
internal import Core
internal import Synchronization

/// How many connections are subscribed to each channel and pattern on each loop; any thread may use it.
///
/// It knows numbers and no connections: each loop keeps its own subscribers in its `LoopSubscriptions`, so
/// that publishing costs by the loop and not by the subscriber, and nothing refers to a connection that is
/// gone. Its lock is taken last: under it only a mailbox's is taken.
public final class Exchange: Sendable {
    /// Subscribers of one topic.
    struct Interest {
        var total = 0
        var byLoop: [Int32]
    }

    struct State {
        var history: History
        var sequence: UInt64 = 0
        var channels: [Topic: Interest] = [:]
        var patterns: [Topic: Interest] = [:]
        var posts: [@Sendable (Publication) -> Void] = []
    }

    /// A message that has receivers, and how to bring it to the loops that have them.
    struct Routed {
        var publication: Publication?
        var receivers = 0
        /// The loops that have a receiver.
        var loops: [Int] = []
        /// Whether it was brought to them.
        var isPosted = false
        var posts: [@Sendable (Publication) -> Void] = []
    }

    /// How many loops there are.
    public let loopCount: Int
    let state: Mutex<State>
    private let retention: Retention
    /// What is known of observers of keys.
    let observation = Mutex(Observation())
    /// Taken around `observation`, and never by who tells a change.
    let observing = Mutex(ObservationSwitch())
    private let gauges: [Gauge]
    private let published = Atomic<Int>(0)
    private let delivered = Atomic<Int>(0)
    private let lost = Atomic<Int>(0)

    /// Makes the exchange of so many loops.
    ///
    /// `retention` says which channels keep messages.
    public init(loopCount: Int = 1, retention: Retention = Retention()) {
        state = Mutex(State(history: History(retention)))
        self.retention = retention
        self.loopCount = max(1, loopCount)
        gauges = (0..<self.loopCount).map { _ in Gauge() }
    }

    /// Tells it how to bring a message to each loop, in their order; to be called before anything is published.
    public func connect(_ posts: [@Sendable (Publication) -> Void]) {
        state.withLock { $0.posts = posts }
        observation.withLock { $0.posts = posts }
    }

    deinit { endObserving() }

    /// Counts a subscriber; returns the number of the last message that it does not receive.
    func enter(_ topic: Topic, _ kind: TopicKind, loop: Int) -> UInt64 {
        let fresh = Interest(byLoop: Array(repeating: 0, count: loopCount))
        return state.withLock { state in
            switch kind {
            case .channel: Exchange.add(1, to: &state.channels[topic, default: fresh], loop)
            case .pattern: Exchange.add(1, to: &state.patterns[topic, default: fresh], loop)
            }
            return state.sequence
        }
    }

    /// Counts a subscriber less.
    func leave(_ topic: Topic, _ kind: TopicKind, loop: Int) {
        state.withLock { state in
            switch kind {
            case .channel: Exchange.remove(topic, from: &state.channels, loop)
            case .pattern: Exchange.remove(topic, from: &state.patterns, loop)
            }
        }
    }

    static func add(_ change: Int, to interest: inout Interest, _ loop: Int) {
        interest.total += change
        interest.byLoop[loop] += Int32(change)
    }

    private static func remove(
        _ topic: Topic,
        from topics: inout [Topic: Interest],
        _ loop: Int
    ) {
        guard let index = topics.index(forKey: topic) else { return }
        add(-1, to: &topics.values[index], loop)
        if topics.values[index].total == 0 { topics.remove(at: index) }
    }

    /// Gives a message its number and finds out who receives it.
    ///
    /// Bytes are copied only if somebody does.
    func route(
        _ channel: Span<UInt8>,
        _ message: Span<UInt8>,
        sender: String,
        now: Int64,
        _ notification: Notification? = nil
    ) -> Routed {
        let topic = Topic(channel)
        let kept = retention.rule(for: topic) == nil ? nil : Topic(message).bytes
        var routed = Routed()
        var patterns: [Topic] = []
        let sequence = state.withLock { state in
            state.sequence += 1
            var isNeeded = Array(repeating: false, count: loopCount)
            if let interest = state.channels[topic] {
                routed.receivers += Exchange.note(interest, &isNeeded)
            }
            for (pattern, interest) in state.patterns
            where Glob.matches(topic.bytes.span, pattern: pattern.bytes.span) {
                patterns.append(pattern)
                routed.receivers += Exchange.note(interest, &isNeeded)
            }
            if routed.receivers > 0 {
                routed.loops = isNeeded.indices.filter { isNeeded[$0] }
                routed.posts = state.posts
            }
            if let kept, let offset = state.history.nextOffset(topic) {
                let publication = Publication(
                    channel: topic,
                    message: kept,
                    sender: sender,
                    sequence: state.sequence,
                    patterns: patterns,
                    offset: offset
                )
                state.history.keep(publication, now)
                routed.publication = publication
                post(publication, &routed)
            }
            return state.sequence
        }
        published.add(1, ordering: .relaxed)
        if routed.receivers == 0 || routed.publication != nil { return routed }
        routed.publication = Publication(
            channel: topic,
            message: Topic(message).bytes,
            sender: sender,
            sequence: sequence,
            patterns: patterns,
            notification: notification
        )
        return routed
    }

    /// Brings a message of a channel that keeps any to all its loops, the publisher's own among them, under
    /// the lock: so every loop has the channel's messages in the order of their offsets, and whoever has one
    /// has been sent all before it.
    private func post(_ publication: Publication, _ routed: inout Routed) {
        if routed.posts.isEmpty { return }
        for loop in routed.loops where loop < routed.posts.count {
            queued(publication.weight, loop: loop)
            routed.posts[loop](publication)
        }
        routed.isPosted = true
    }

    private static func note(_ interest: Interest, _ isNeeded: inout [Bool]) -> Int {
        for loop in interest.byLoop.indices where interest.byLoop[loop] > 0 {
            isNeeded[loop] = true
        }
        return interest.total
    }
}

extension Exchange {
    /// The channels that somebody is subscribed to, in the order of their bytes.
    public func channels() -> [Topic] {
        let topics = state.withLock { Array($0.channels.keys) }
        return topics.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    /// How many connections are subscribed to `topic` itself.
    public func subscriberCount(_ topic: Topic, _ kind: TopicKind = .channel) -> Int {
        state.withLock { state in
            (kind == .channel ? state.channels[topic] : state.patterns[topic])?.total ?? 0
        }
    }

    /// How many channels somebody is subscribed to.
    public var channelCount: Int { state.withLock { $0.channels.count } }

    /// How many different patterns somebody is subscribed to.
    public var patternCount: Int { state.withLock { $0.patterns.count } }

    /// Messages published since the start.
    public var publishedCount: Int { published.load(ordering: .relaxed) }

    /// Messages given to a subscription since the start, each counted once for each.
    public var deliveredCount: Int { delivered.load(ordering: .relaxed) }

    /// Messages that subscribers lost by their own policy since the start.
    public var lostCount: Int { lost.load(ordering: .relaxed) }

    /// Counts messages that were given to subscriptions, and those that were lost instead.
    public func count(delivered: Int, lost: Int) {
        self.delivered.add(delivered, ordering: .relaxed)
        if lost > 0 { self.lost.add(lost, ordering: .relaxed) }
    }

    /// Notes that `bytes` more wait for `loop` to deliver them; fewer, if negative.
    func queued(_ bytes: Int, loop: Int) {
        gauges[loop].bytes.add(bytes, ordering: .relaxed)
    }

    /// Bytes of messages that wait for `loop`.
    func waiting(_ loop: Int) -> Int { gauges[loop].bytes.load(ordering: .relaxed) }

    /// Notes that a change is not told to `loop`, for which too much waits.
    func loseChange(_ loop: Int) {
        gauges[loop].lostChanges.add(1, ordering: .relaxed)
        lost.add(1, ordering: .relaxed)
    }

    /// How many changes `loop` was not told since it was last asked.
    func takeLostChanges(_ loop: Int) -> Int {
        if gauges[loop].lostChanges.load(ordering: .relaxed) == 0 { return 0 }
        return gauges[loop].lostChanges.exchange(0, ordering: .relaxed)
    }

    /// Bytes of messages that wait for the loop which has the most of them.
    public var undeliveredBytes: Int {
        gauges.reduce(0) { max($0, $1.bytes.load(ordering: .relaxed)) }
    }
}

/// Bytes that wait for one loop.
private final class Gauge: Sendable {
    let bytes = Atomic<Int>(0)
    /// Changes that nobody could tell the loop of.
    let lostChanges = Atomic<Int>(0)
}
