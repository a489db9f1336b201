// The definition of linearizability, tried out: every order of a small history.
@testable import LoadKit

/// Tries all orders that time allows; for histories of a few operations.
enum PermutationChecker {
    /// Whether some order explains every answer; without expiry.
    static func isLegal(_ operations: [HistoryOperation]) -> Bool {
        place(operations, taken: [], value: nil)
    }

    private static func place(
        _ operations: [HistoryOperation],
        taken: Set<Int>,
        value: String?
    ) -> Bool {
        let left = operations.indices.filter { !taken.contains($0) }
        if left.allSatisfy({ operations[$0].end == nil }) { return true }
        let firstEnd = left.compactMap { operations[$0].end }.min() ?? .max
        for index in left where operations[index].call <= firstEnd {
            let (next, outcome) = apply(operations[index].action, value)
            let seen = operations[index].outcome
            if seen != .unknown, seen != outcome { continue }
            if place(operations, taken: taken.union([index]), value: next) { return true }
        }
        return false
    }

    private static func apply(
        _ action: HistoryAction,
        _ value: String?
    ) -> (String?, HistoryOutcome) {
        switch action {
        case .get: return (value, value.map { .value($0) } ?? .missing)
        case .set(let new, _): return (new, .done)
        case .delete: return (nil, .number(value == nil ? 0 : 1))
        case .compareAndSet(let expected, let new):
            if value == expected { return (new, .done) }
            return (value, value.map { .value($0) } ?? .missing)
        case .increment(let step):
            guard let number = Int64(value ?? "0") else {
                return (value, .refused("not_an_integer"))
            }
            return ("\(number + step)", .number(number + step))
        case .expire: return (value, .number(value == nil ? 0 : 1))
        }
    }
}
