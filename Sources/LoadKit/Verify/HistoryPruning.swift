// Operations that cannot make a difference to the verdict, and need not be searched.

/// Leaves out what cannot matter.
enum HistoryPruning {
    /// `operations` in the order of their calls, without those that say nothing and do nothing.
    ///
    /// What was refused had no effect; a read without an answer tells nothing. A SET without an answer whose
    /// value nobody saw can be thought of as one that never happened, unless it has a time to live or
    /// somebody only saw that there was something.
    static func pruned(_ operations: [HistoryOperation]) -> [HistoryOperation] {
        let seen = seenValues(operations)
        let isPresenceSeen = operations.contains(where: \.seesPresence)
        return operations.filter { operation in
            if case .refused = operation.outcome { return false }
            if operation.outcome != .unknown { return true }
            switch operation.action {
            case .get: return false
            case .set(let value, nil):
                return operation.end != nil || isPresenceSeen || seen.contains(value)
                    || Int64(value) != nil
            default: return true
            }
        }
        .sorted { ($0.call, $0.latest) < ($1.call, $1.latest) }
    }

    /// The values that some operation saw, or found as it expected.
    static func seenValues(_ operations: [HistoryOperation]) -> Set<String> {
        var seen: Set<String> = []
        for operation in operations {
            if case .value(let value) = operation.outcome { seen.insert(value) }
            // Without an answer it may have found it, and what it then set may have been seen.
            if case .compareAndSet(let expected, _) = operation.action { seen.insert(expected) }
        }
        return seen
    }
}

extension HistoryOperation {
    /// Whether it saw that there was a value, and not which.
    var seesPresence: Bool {
        switch (action, outcome) {
        case (.delete, .number(1)), (.expire, .number(1)): true
        default: false
        }
    }

    /// Whether it saw that there was no value.
    var seesAbsence: Bool {
        switch (action, outcome) {
        case (_, .missing), (.delete, .number(0)), (.expire, .number(0)): true
        default: false
        }
    }

    /// Whether it changed nothing: what it answered says so, or what it is.
    var hasNoEffect: Bool {
        switch (action, outcome) {
        case (.get, _), (_, .refused), (_, .value), (_, .missing): true
        case (.delete, .number(0)), (.expire, .number(0)): true
        default: false
        }
    }
}
