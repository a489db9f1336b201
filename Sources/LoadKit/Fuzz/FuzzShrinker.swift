// The smallest case that still fails: delta debugging over its steps, then over the bytes of each.
//
// Source: Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002.

/// Makes failing cases smaller.
enum FuzzShrinker {
    /// The smallest case found for which `fails` holds, which it must for `subject`.
    static func shrink(_ subject: FuzzCase, fails: (FuzzCase) -> Bool) -> FuzzCase {
        var smallest = subject
        smallest.steps = minimal(smallest.steps) { steps in
            var candidate = smallest
            candidate.steps = steps
            return fails(candidate)
        }
        for index in smallest.steps.indices {
            guard let bytes = smallest.steps[index].bytes else { continue }
            let shorter = minimal(bytes) { bytes in
                var candidate = smallest
                candidate.steps[index] = candidate.steps[index].with(bytes)
                return fails(candidate)
            }
            smallest.steps[index] = smallest.steps[index].with(shorter)
        }
        return simpler(smallest, fails)
    }

    /// The usual opening, and no token, where that makes no difference.
    private static func simpler(_ subject: FuzzCase, _ fails: (FuzzCase) -> Bool) -> FuzzCase {
        var simpler = subject
        for change: (inout FuzzCase) -> Void in [
            { $0.opening = .tls13 }, { $0.authenticates = false },
        ] {
            var candidate = simpler
            change(&candidate)
            if candidate != simpler, fails(candidate) { simpler = candidate }
        }
        return simpler
    }

    /// The smallest list found, by leaving out ever smaller pieces, for which `fails` holds.
    static func minimal<Item>(_ items: [Item], fails: ([Item]) -> Bool) -> [Item] {
        var items = items
        if !items.isEmpty, fails([]) { return [] }
        var size = max(1, items.count / 2)
        while !items.isEmpty {
            var at = 0
            var hasChanged = false
            while at < items.count {
                var shorter = items
                shorter.removeSubrange(at..<min(items.count, at + size))
                if fails(shorter) {
                    items = shorter
                    hasChanged = true
                } else {
                    at += size
                }
            }
            if size == 1, !hasChanged { break }
            size = max(1, size / 2)
        }
        return items
    }
}

extension FuzzStep {
    /// The bytes of a step that may be any.
    fileprivate var bytes: [UInt8]? {
        switch self {
        case .send(let bytes), .drip(let bytes), .raw(let bytes): bytes
        default: nil
        }
    }

    /// The same with other bytes.
    fileprivate func with(_ bytes: [UInt8]) -> FuzzStep {
        switch self {
        case .send: .send(bytes)
        case .drip: .drip(bytes)
        case .raw: .raw(bytes)
        default: self
        }
    }
}
