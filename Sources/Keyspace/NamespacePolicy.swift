// The rules on namespaces: how much each prefix may hold, counted exactly across all shards.

internal import Core
internal import Synchronization

// SAFETY: a keyspace owns its policy and the shards that hold this, and nothing outlives the keyspace.
/// How a shard knows the policy: without counting references, so that asking for one costs a branch.
typealias PolicyReference = Unmanaged<NamespacePolicy>

/// What a change adds to what one rule counts; negative where it takes away.
struct RuleChange {
    /// The rule's place in the policy.
    var rule: Int
    var keys: Int
    var bytes: Int
}

/// The rules of a keyspace, and a pair of counters for each.
///
/// A rule holds for every key that begins with its prefix, those of namespaces below included; where one
/// prefix begins with another, both rules hold, and the default expiry is that of the longest one that
/// has any. Counted are keys, expired ones that nobody has met or reclaimed yet included, and bytes of
/// keys and values as clients sent them, whatever the allocator takes for them.
///
/// Concurrency: a key's change is counted under its shard's lock, before it is made, by raising the
/// counters of its rules where they stay within the limits. So the counters are never above a limit, nor
/// below what is stored; with no writer at work they are exactly what is stored. A write that is
/// refused may for the blink of its refusal hold what it asked for, and another that would have just
/// fitted is then refused too: trying again is right in either case.
final class NamespacePolicy: Sendable {
    private struct Rule: Sendable {
        var prefix: [UInt8]
        var maxKeys: Int
        var maxBytes: Int
        /// 0 for never.
        var milliseconds: Int64
        /// The rule with the longest prefix that this one's begins with; -1 if there is none.
        var parent: Int
        var held: Counters
    }

    private final class Counters: Sendable {
        let keys = Atomic(0)
        let bytes = Atomic(0)
    }

    // In byte order of the prefixes, so that the rules of a key are found by a search and a climb.
    private let rules: [Rule]

    init(_ list: [NamespaceRule]) {
        var rules: [Rule] = []
        let ordered = list.sorted { $0.prefix.lexicographicallyPrecedes($1.prefix) }
        for rule in ordered {
            var parent = rules.count - 1
            while parent >= 0, !rule.prefix.starts(with: rules[parent].prefix) {
                parent = rules[parent].parent
            }
            rules.append(
                Rule(
                    prefix: rule.prefix,
                    maxKeys: rule.maxKeys ?? .max,
                    maxBytes: rule.maxBytes ?? .max,
                    milliseconds: Int64(rule.defaultTTLSeconds ?? 0) * 1000,
                    parent: parent,
                    held: Counters()
                )
            )
        }
        self.rules = rules
    }

    /// Counts what a change of `key` adds, or throws `.namespaceFull` and counts nothing.
    ///
    /// `keys` is 0 or 1; `bytes` is negative only where `keys` is 0.
    func add(_ key: Bytes, keys: Int, bytes: Int) throws(ServerError) {
        let first = rule(of: key)
        var index = first
        while index >= 0 {
            if let limit = raise(index, keys: keys, bytes: bytes) {
                var raised = first
                while raised != index {
                    lower(raised, keys: keys, bytes: bytes)
                    raised = rules[raised].parent
                }
                throw full(index, limit)
            }
            index = rules[index].parent
        }
    }

    /// Takes `key` out of the counts, with so many keys and bytes.
    func remove(_ key: Bytes, keys: Int, bytes: Int) {
        var index = rule(of: key)
        while index >= 0 {
            lower(index, keys: keys, bytes: bytes)
            index = rules[index].parent
        }
    }

    /// Notes in `changes` what a change of `key` adds to each of its rules, once for each rule.
    func note(_ key: Bytes, keys: Int, bytes: Int, in changes: inout [RuleChange]) {
        var index = rule(of: key)
        while index >= 0 {
            if let known = changes.firstIndex(where: { $0.rule == index }) {
                changes[known].keys += keys
                changes[known].bytes += bytes
            } else {
                changes.append(RuleChange(rule: index, keys: keys, bytes: bytes))
            }
            index = rules[index].parent
        }
    }

    /// Counts all of `changes`, or throws `.namespaceFull` and counts none.
    ///
    /// What they take away is given up last, when nothing can be refused any more.
    func add(_ changes: [RuleChange]) throws(ServerError) {
        for (index, change) in changes.enumerated() {
            let limit = raise(change.rule, keys: max(change.keys, 0), bytes: max(change.bytes, 0))
            guard let limit else { continue }
            for raised in changes[..<index] {
                lower(raised.rule, keys: max(raised.keys, 0), bytes: max(raised.bytes, 0))
            }
            throw full(change.rule, limit)
        }
        for change in changes {
            lower(change.rule, keys: max(-change.keys, 0), bytes: max(-change.bytes, 0))
        }
    }

    /// When a key that is stored at `now` without an expiry expires; 0 for never.
    func expiry(of key: Bytes, _ now: Int64) -> Int64 {
        var index = rule(of: key)
        while index >= 0 {
            if rules[index].milliseconds > 0 { return max(now, 0) &+ rules[index].milliseconds }
            index = rules[index].parent
        }
        return 0
    }

    /// Counts from nothing again; the caller holds the locks of all shards, which are empty.
    func forgetEverything() {
        for rule in rules {
            rule.held.keys.store(0, ordering: .relaxed)
            rule.held.bytes.store(0, ordering: .relaxed)
        }
    }

    /// What is counted for each rule, in byte order of their prefixes.
    var held: [(prefix: [UInt8], keys: Int, bytes: Int)] {
        rules.map { rule in
            let keys = rule.held.keys.load(ordering: .relaxed)
            return (rule.prefix, keys, rule.held.bytes.load(ordering: .relaxed))
        }
    }
}

extension NamespacePolicy {
    /// The rule with the longest prefix that `key` begins with; -1 if there is none.
    ///
    /// Every prefix of a key comes before it in byte order, and so does, in between, only what begins with
    /// that prefix too: so the last rule not behind the key is the one looked for, or lies below it.
    private func rule(of key: Bytes) -> Int {
        var low = 0
        var high = rules.count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(key, middle) { high = middle } else { low = middle + 1 }
        }
        var index = low - 1
        while index >= 0, !covers(index, key) { index = rules[index].parent }
        return index
    }

    private func isBehind(_ key: Bytes, _ index: Int) -> Bool {
        withPrefix(index) { key.precedes($0) }
    }

    private func covers(_ index: Int, _ key: Bytes) -> Bool {
        withPrefix(index) { key.hasPrefix($0) }
    }

    @inline(__always)
    private func withPrefix(_ index: Int, _ body: (Bytes) -> Bool) -> Bool {
        rules[index].prefix.withUnsafeBufferPointer { buffer in
            // SAFETY: the bytes are used during this call only. No prefix is empty.
            buffer.baseAddress.map { body(Bytes(start: $0, count: buffer.count)) } ?? false
        }
    }

    private enum Limit {
        case keys
        case bytes
    }

    /// Raises the counters of rule `index` if both stay within their limits; otherwise changes nothing and
    /// says which would not.
    private func raise(_ index: Int, keys: Int, bytes: Int) -> Limit? {
        let rule = rules[index]
        if !NamespacePolicy.raise(rule.held.keys, by: keys, to: rule.maxKeys) { return .keys }
        if NamespacePolicy.raise(rule.held.bytes, by: bytes, to: rule.maxBytes) { return nil }
        rule.held.keys.subtract(keys, ordering: .relaxed)
        return .bytes
    }

    private func lower(_ index: Int, keys: Int, bytes: Int) {
        let held = rules[index].held
        held.keys.subtract(keys, ordering: .relaxed)
        held.bytes.subtract(bytes, ordering: .relaxed)
    }

    private static func raise(
        _ counter: borrowing Atomic<Int>,
        by amount: Int,
        to limit: Int
    ) -> Bool {
        if amount <= 0 {
            counter.add(amount, ordering: .relaxed)
            return true
        }
        var present = counter.load(ordering: .relaxed)
        while amount <= limit - present {
            let (isDone, original) = counter.weakCompareExchange(
                expected: present,
                desired: present + amount,
                ordering: .relaxed
            )
            if isDone { return true }
            present = original
        }
        return false
    }

    private func full(_ index: Int, _ limit: Limit) -> ServerError {
        let rule = rules[index]
        let name = Printable.text(rule.prefix.span, maxBytes: 128)
        let text =
            switch limit {
            case .keys: "keys=\(rule.maxKeys)"
            case .bytes: "bytes=\(rule.maxBytes)"
            }
        return ServerError(.namespaceFull, "namespace '\(name)' is full: its limit is \(text)")
    }
}
