// What the limits of tokens have refused, for the log: counted by the loops, told by the control thread.
internal import Access

/// Tells every ten seconds which limits of tokens have refused since the last time, or would have.
///
/// Refusals of addresses are logged where they happen, with the address; those of tokens happen on the way
/// of a request, where nothing is logged.
struct TokenLimitReport {
    /// One limit's share of the report.
    struct Line: Equatable {
        var limit: LimitName
        var isShadow: Bool
        var count: Int
    }

    /// Milliseconds between two reports.
    static let intervalMilliseconds: Int64 = 10_000
    private static let limits = LimitName.allCases.filter { $0.rawValue.hasPrefix("token") }

    private var nextAt = Int64.min
    private var refused: [LimitName: Int] = [:]
    private var shadowed: [LimitName: Int] = [:]

    /// What is new since the last report, at most once in ten seconds; empty where nothing is.
    mutating func take(_ counters: LimitCounters, _ now: Int64) -> [Line] {
        if now < nextAt { return [] }
        var lines: [Line] = []
        for limit in TokenLimitReport.limits {
            let refusals = counters.refused(limit)
            let shadows = counters.shadowed(limit)
            let newRefusals = refusals - refused.updateValue(refusals, forKey: limit, or: 0)
            let newShadows = shadows - shadowed.updateValue(shadows, forKey: limit, or: 0)
            if newRefusals > 0 {
                lines.append(Line(limit: limit, isShadow: false, count: newRefusals))
            }
            if newShadows > 0 {
                lines.append(Line(limit: limit, isShadow: true, count: newShadows))
            }
        }
        if !lines.isEmpty { nextAt = now + TokenLimitReport.intervalMilliseconds }
        return lines
    }
}

extension [LimitName: Int] {
    /// Puts `value` in, and returns what was there, or `missing`.
    fileprivate mutating func updateValue(
        _ value: Int,
        forKey key: LimitName,
        or missing: Int
    ) -> Int {
        updateValue(value, forKey: key) ?? missing
    }
}
