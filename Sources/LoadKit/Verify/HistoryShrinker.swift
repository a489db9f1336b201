// The smallest history that is still impossible, for a person to read.

/// Takes operations out of an illegal history while it stays illegal.
///
/// Each step only takes away what a legal history could do without: if what is left is impossible, then so
/// is the whole. So a write whose value somebody saw stays, while reads may always go; what came before a
/// moment goes as a whole, and the key's value at that moment is then unknown.
struct HistoryShrinker {
    /// Steps of the search that one attempt may take, and all of them together.
    static let attemptBudget = 200_000
    static let defaultBudget = 20_000_000

    let slack: Int64
    var budget: Int

    /// The smallest history found in `history`, which must be illegal.
    static func shrink(
        _ history: KeyHistory,
        slackNanoseconds: Int64 = 0,
        budget: Int = defaultBudget
    ) -> KeyHistory {
        var shrinker = HistoryShrinker(slack: slackNanoseconds, budget: budget)
        var history = history
        history.operations = HistoryPruning.pruned(history.operations)
        let last = shrinker.cutEnd(history)
        let first = shrinker.cutBeginning(last)
        return shrinker.takeOut(first)
    }

    private mutating func isIllegal(_ history: KeyHistory) -> Bool {
        if budget <= 0 { return false }
        let result = LinearizabilityChecker.check(
            history,
            slackNanoseconds: slack,
            budget: HistoryShrinker.attemptBudget
        )
        budget -= result.steps
        return result.verdict == .illegal
    }

    /// What had happened by the earliest end at which it was impossible.
    private mutating func cutEnd(_ history: KeyHistory) -> KeyHistory {
        let ends = Set(history.operations.compactMap(\.end)).sorted(by: >)
        return smallest(history, ends, HistoryShrinker.until)
    }

    /// What happened from the latest moment on behind which it is still impossible.
    private mutating func cutBeginning(_ history: KeyHistory) -> KeyHistory {
        let calls = Set(history.operations.map(\.call)).sorted()
        return smallest(history, calls, HistoryShrinker.from)
    }

    /// The smallest part that is still impossible, of those that `part` makes at `times`, of which each is
    /// within the one before it.
    private mutating func smallest(
        _ history: KeyHistory,
        _ times: [Int64],
        _ part: (Int64, KeyHistory) -> KeyHistory
    ) -> KeyHistory {
        var low = 0
        var high = times.count - 1
        var best = history
        while low <= high {
            let middle = (low + high) / 2
            let cut = part(times[middle], history)
            if isIllegal(cut) {
                best = cut
                low = middle + 1
            } else {
                high = middle - 1
            }
        }
        return best
    }

    /// `history` as it stood at `time`: what had no answer yet may have had its effect, or not.
    static func until(_ time: Int64, _ history: KeyHistory) -> KeyHistory {
        var cut = history
        cut.operations = history.operations.compactMap { operation in
            if operation.call > time { return nil }
            if operation.latest <= time { return operation }
            var open = operation
            open.end = nil
            open.outcome = .unknown
            return open
        }
        cut.operations = HistoryPruning.pruned(cut.operations)
        return cut
    }

    /// `history` from `time` on, with any value at that time; what had been called may have been done.
    static func from(_ time: Int64, _ history: KeyHistory) -> KeyHistory {
        var cut = history
        let isWhole = history.operations.allSatisfy { $0.call >= time }
        if isWhole { return history }
        cut.mayVanish =
            history.mayVanish || history.operations.contains { $0.action.ttlMilliseconds != nil }
        cut.beginsUnknown = true
        cut.operations = history.operations.compactMap { operation in
            if operation.latest < time { return nil }
            if operation.call >= time { return operation }
            if operation.hasNoEffect { return nil }
            var optional = operation
            optional.isOptional = true
            optional.outcome = .unknown
            return optional
        }
        return cut
    }

    /// Takes single operations out, again and again, until none can go.
    private mutating func takeOut(_ history: KeyHistory) -> KeyHistory {
        var history = history
        var hasChanged = true
        while hasChanged, budget > 0 {
            hasChanged = false
            for index in history.operations.indices.reversed() {
                var smaller = history
                let operation = smaller.operations.remove(at: index)
                if HistoryShrinker.mayGo(operation, from: smaller.operations), isIllegal(smaller) {
                    history = smaller
                    hasChanged = true
                    continue
                }
                guard let vaguer = HistoryShrinker.vaguer(operation) else { continue }
                smaller = history
                smaller.operations[index] = vaguer
                if isIllegal(smaller) {
                    history = smaller
                    hasChanged = true
                }
            }
        }
        return history
    }

    /// Whether a history that is legal with `operation` is legal without it, beside the `others`.
    static func mayGo(_ operation: HistoryOperation, from others: [HistoryOperation]) -> Bool {
        if operation.hasNoEffect { return true }
        switch operation.action {
        case .get: return true
        case .set(let value, nil), .compareAndSet(_, let value):
            // Nobody saw it, neither by its value nor by there being one.
            return Int64(value) == nil && !HistoryPruning.seenValues(others).contains(value)
                && !others.contains(where: \.seesPresence)
        case .delete:
            // Nobody saw that the key was gone.
            return !others.contains { $0.seesAbsence || $0.action.countsUp }
        case .set, .increment, .expire: return false
        }
    }

    /// `operation` without what it saw, where that is not all that it is there for.
    private static func vaguer(_ operation: HistoryOperation) -> HistoryOperation? {
        switch operation.action {
        case .delete, .expire: break
        case .get, .set, .compareAndSet, .increment: return nil
        }
        if operation.outcome == .unknown { return nil }
        var vaguer = operation
        vaguer.outcome = .unknown
        return vaguer
    }
}

extension HistoryAction {
    /// Whether it makes a number of a missing key.
    fileprivate var countsUp: Bool {
        if case .increment = self { return true }
        return false
    }
}
