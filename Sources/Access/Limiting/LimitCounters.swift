// How often each limit has refused, since the start.
internal import Synchronization

/// Counts of refusals by limit; any thread may count and read.
public final class LimitCounters: Sendable {
    private final class Count: Sendable {
        let refused = Atomic<Int>(0)
        let shadowed = Atomic<Int>(0)
    }

    private let counts: [LimitName: Count]

    /// Makes counters that stand at 0.
    public init() {
        counts = Dictionary(uniqueKeysWithValues: LimitName.allCases.map { ($0, Count()) })
    }

    /// Counts `verdict`, and passes it on.
    @discardableResult
    public func count(_ verdict: LimitVerdict) -> LimitVerdict {
        switch verdict {
        case .admitted: break
        case .refused(let refusal):
            counts[refusal.limit]?.refused.add(1, ordering: .relaxed)
        case .shadowed(let refusal):
            counts[refusal.limit]?.shadowed.add(1, ordering: .relaxed)
        }
        return verdict
    }

    /// How often `limit` has refused.
    public func refused(_ limit: LimitName) -> Int {
        counts[limit]?.refused.load(ordering: .relaxed) ?? 0
    }

    /// How often `limit` would have refused, had limits been enforced.
    public func shadowed(_ limit: LimitName) -> Int {
        counts[limit]?.shadowed.load(ordering: .relaxed) ?? 0
    }
}
