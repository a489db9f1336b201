// How near to their deadlines keys go.

/// What was seen of one key's end, against its deadline.
struct ExpirySample: Equatable, Sendable {
    var key: String
    var ttlMilliseconds: Int64
    /// Nanoseconds that the key was surely gone before its time; 0 or less where nothing says that it was early.
    var early: Int64
    /// Nanoseconds that it was surely there behind its time; 0 or less where nothing says that it was late.
    var late: Int64
    /// The most that it can have been late: until it was first seen gone; nil if nobody saw that.
    var lateAtMost: Int64?
}

/// Measures how long keys with a time to live were there.
///
/// A value that was set once, and seen or missed before anything else was done to the key, tells: set at
/// s with time to live t, it must be there until call(s) + t and gone from end(s) + t on.
enum ExpiryAccuracy {
    /// The samples of a history; one for each SET with a time to live that nothing else disturbed.
    static func samples(_ history: KeyHistory) -> [ExpirySample] {
        let operations = history.operations.sorted { ($0.call, $0.latest) < ($1.call, $1.latest) }
        let writes = operations.filter { !$0.hasNoEffect }
        var samples: [ExpirySample] = []
        for write in writes {
            guard case .set(let value, let ttl?) = write.action, write.outcome == .done,
                let end = write.end
            else { continue }
            // Nothing before may still have been at work, and nothing may come in between.
            let others = writes.filter { $0 != write }
            if others.contains(where: { $0.call <= end && $0.latest >= write.call }) { continue }
            let next = others.filter { $0.call > end }.map(\.call).min() ?? .max
            if others.contains(where: { $0.call < write.call && $0.end == nil }) { continue }
            let reads = operations.filter { $0.action == .get && $0.call > end && $0.latest < next }
            let seen = reads.filter { $0.outcome == .value(value) }
            let missed = reads.filter { $0.outcome == .missing }
            if missed.isEmpty, seen.isEmpty { continue }
            let span = ttl * 1_000_000
            let firstMissed = missed.map(\.latest).min()
            samples.append(
                ExpirySample(
                    key: history.key,
                    ttlMilliseconds: ttl,
                    early: firstMissed.map { write.call + span - $0 } ?? 0,
                    late: (seen.map(\.call).max() ?? .min / 2) - (end + span),
                    lateAtMost: missed.map(\.latest).min().map { $0 - (write.call + span) }
                )
            )
        }
        return samples
    }
}
