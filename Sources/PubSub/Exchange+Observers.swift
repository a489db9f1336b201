// Observers of keys, as far as all loops share them: which loop has how many for which pattern.
public import Core
internal import Synchronization

/// What the exchange knows of observers, under a lock of its own.
///
/// A change is told under the lock of its key's shard, and takes this one then: nothing that takes another
/// is called under it.
struct Observation {
    var index = PatternIndex()
    /// Counts changes that somebody observes.
    var sequence: UInt64 = 0
    var posts: [@Sendable (Publication) -> Void] = []
    /// The most bytes that may wait for a loop.
    var maxWaitingBytes = Int.max

    /// A change that has observers, and where they are.
    struct Routed {
        var patterns: [Topic] = []
        var loops: [Bool]
        var hasValues = false
        var sequence: UInt64 = 0
        var posts: [@Sendable (Publication) -> Void] = []
        var maxWaitingBytes = Int.max

        mutating func add(_ pattern: Topic, _ interest: PatternIndex.Interest) {
            patterns.append(pattern)
            if interest.values > 0 { hasValues = true }
            for loop in interest.byLoop.indices where interest.byLoop[loop] > 0 {
                loops[loop] = true
            }
        }
    }
}

/// Whether anybody observes keys, and what is to be done where that changes.
struct ObservationSwitch {
    var observers = 0
    var turn: (@Sendable (_ isOn: Bool) -> Void)?
}

extension Exchange {
    /// Says how keys begin to be observed, and how that ends; what is said first counts.
    ///
    /// `turn` is called under a lock that no change takes, with true before the first observer is there and
    /// with false behind the last. Of what waits for a loop, more than `maxWaitingBytes` is lost.
    public func attach(
        maxWaitingBytes: Int,
        _ turn: @escaping @Sendable (_ isOn: Bool) -> Void
    ) {
        let isFirst = observing.withLock { observing in
            if observing.turn != nil { return false }
            observing.turn = turn
            return true
        }
        if isFirst { observation.withLock { $0.maxWaitingBytes = maxWaitingBytes } }
    }

    /// Counts an observer; returns the number of the last change that it is not told.
    func enter(observing pattern: Topic, _ options: ObserveOptions, loop: Int) -> UInt64 {
        observing.withLock { observing in
            observing.observers += 1
            let since = observation.withLock { observation in
                observation.index.add(pattern, options, loop: loop, of: loopCount)
                return observation.sequence
            }
            if observing.observers == 1 { observing.turn?(true) }
            return since
        }
    }

    /// Counts an observer less.
    func leave(observing pattern: Topic, _ options: ObserveOptions, loop: Int) {
        observing.withLock { observing in
            observing.observers -= 1
            observation.withLock { $0.index.remove(pattern, options, loop: loop) }
            if observing.observers == 0 { observing.turn?(false) }
        }
    }

    /// Ends observing, for who will not be there any more.
    func endObserving() {
        observing.withLock { if $0.observers > 0 { $0.turn?(false) } }
    }

    /// What observers want to be told of changes to `key`.
    public func interest(in key: Span<UInt8>) -> KeyInterest {
        let key = Topic(key)
        return observation.withLock { observation in
            var interest = KeyInterest.none
            observation.index.forEachMatch(of: key) { _, observers in
                if observers.values > 0 { interest = .values }
                if case .none = interest { interest = .change }
            }
            return interest
        }
    }

    /// Tells a change to the loops that have an observer of it; for one key in the order of the calls.
    ///
    /// `change` is called at most once, and told whether anybody wants values.
    public func tell(
        _ kind: KeyChangeKind,
        _ key: Span<UInt8>,
        _ change: (_ hasValues: Bool) -> ObservedChange
    ) {
        let key = Topic(key)
        let routed = observation.withLock { observation in
            var routed = Observation.Routed(loops: Array(repeating: false, count: loopCount))
            let note = { (pattern: Topic, observers: PatternIndex.Interest) in
                if observers.wants(kind) { routed.add(pattern, observers) }
            }
            if kind == .drop {
                observation.index.forEachOverlap(with: key, note)
            } else {
                observation.index.forEachMatch(of: key, note)
            }
            if routed.patterns.isEmpty { return routed }
            observation.sequence += 1
            routed.sequence = observation.sequence
            routed.posts = observation.posts
            routed.maxWaitingBytes = observation.maxWaitingBytes
            return routed
        }
        if routed.patterns.isEmpty { return }
        let publication = Publication(
            key,
            change(routed.hasValues),
            sequence: routed.sequence,
            patterns: routed.patterns
        )
        for loop in routed.loops.indices where routed.loops[loop] {
            post(publication, loop, routed)
        }
    }

    private func post(_ publication: Publication, _ loop: Int, _ routed: Observation.Routed) {
        if loop >= routed.posts.count || waiting(loop) > routed.maxWaitingBytes {
            return loseChange(loop)
        }
        queued(publication.weight, loop: loop)
        routed.posts[loop](publication)
    }

    /// How many different patterns of keys somebody observes.
    public var observedPatternCount: Int { observation.withLock { $0.index.count } }

    /// How many observations there are, of all connections.
    public var observationCount: Int { observing.withLock { $0.observers } }
}
