// Rules on namespaces: never exceeded, whoever writes at once, and counted exactly.

import Core
import Synchronization
import Testing

@testable import Keyspace

private func rule(_ prefix: String, keys: Int? = nil, bytes size: Int? = nil) -> NamespaceRule {
    NamespaceRule(prefix: bytes(prefix), maxKeys: keys, maxBytes: size)
}

extension Keyspace {
    /// What is counted for the rule of `prefix`.
    fileprivate func counted(_ prefix: String) -> [Int] {
        let rule = policy?.held.first { $0.prefix == bytes(prefix) }
        return rule.map { [$0.keys, $0.bytes] } ?? []
    }
}

@Suite struct QuotaTests {
    private func isFull(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return false
        } catch {
            return (error as? ServerError)?.code == .namespaceFull
        }
    }

    @Test func everyWayToRemoveAKeyGivesItsRoomBack() throws {
        let keyspace = Keyspace([rule("ns^")])
        func fill() throws {
            for number in 0..<10 { try keyspace.set("ns^\(number)", "value") }
            try keyspace.set("ns^t", "value", .always, .at(unixMs: 10))
            #expect(keyspace.counted("ns^") == [11, 11 * 9])
        }
        try fill()
        #expect(keyspace.drop("ns^") == 11)
        #expect(keyspace.counted("ns^") == [0, 0])
        try fill()
        #expect(keyspace.drop("ns") == 11)
        #expect(keyspace.counted("ns^") == [0, 0])
        try fill()
        keyspace.removeAll()
        #expect(keyspace.counted("ns^") == [0, 0])
        try fill()
        #expect(keyspace.reclaimExpired(shards: 0..<256, limit: 10, now: 10) == 1)
        #expect(keyspace.counted("ns^") == [10, 90])
        #expect(keyspace.expire("ns^1", at: 5, now: 10))
        #expect(keyspace.get(bytes("ns^2").span, settingExpiry: .at(unixMs: 5), now: 10) { _ in })
        #expect(try keyspace.set("ns^3", "v", .always, .at(unixMs: 5), now: 10).isStored)
        #expect(keyspace.counted("ns^") == [7, 63])
        #expect(try keyspace.rename("ns^4", to: "elsewhere", now: 10) == .done)
        #expect(keyspace.counted("ns^") == [6, 54])
        #expect(try keyspace.rename("elsewhere", to: "ns^a much longer name", now: 10) == .done)
        #expect(keyspace.counted("ns^") == [7, 54 + 21 + 5])
        keyspace.audit()
    }

    /// An expired key counts until somebody meets it or it is reclaimed.
    @Test func expiredKeysCountUntilTheyAreGone() throws {
        let keyspace = Keyspace([rule("ns^", keys: 1)])
        try keyspace.set("ns^a", "v", .always, .at(unixMs: 10))
        #expect(isFull { try keyspace.set("ns^b", "v", now: 10) })
        #expect(try keyspace.set("ns^a", "again", now: 10) == false)
        #expect(try keyspace.set("ns^a", "v", .always, .at(unixMs: 20), now: 10).hadPrevious)
        #expect(keyspace.text("ns^a", now: 20) == nil)
        try keyspace.set("ns^b", "v", now: 20)
        keyspace.audit()
    }

    @Test func aRefusedWriteChangesNothing() throws {
        let keyspace = Keyspace([rule("ns^", bytes: 100), rule("ns^a^", keys: 1)])
        let long = String(repeating: "x", count: 100)
        try keyspace.set("ns^a^k", "12345", .always, .at(unixMs: 900))
        try keyspace.set("k", long)
        let version = keyspace.version(bytes("ns^a^k").span, now: 1)
        let pairs = ["ns^a^k", "1", "ns^b", long].map { bytes($0) }
        let writes: [() throws -> Void] = [
            { try keyspace.set("ns^a^k", long) }, { try keyspace.set("ns^a^l", "v") },
            { try keyspace.set("ns^a^k", long, .ifExists, .keep) },
            { try keyspace.append("ns^a^k", long) }, { try keyspace.append("ns^b", long) },
            { try keyspace.increment("ns^a^l") }, { try keyspace.setPairs(pairs) },
            { try keyspace.rename("k", to: "ns^a^k") },
            { try keyspace.copyValue(of: "k", to: "ns^b") },
            { try keyspace.copyValue(of: "ns^a^k", to: "ns^a^l") },
        ]
        for (number, write) in writes.enumerated() {
            #expect(isFull(write), "write \(number)")
            #expect(keyspace.count == 2)
            #expect(keyspace.text("ns^a^k") == "12345")
            #expect(keyspace.version(bytes("ns^a^k").span, now: 1) == version)
            #expect(keyspace.timeToLive("ns^a^k") == .milliseconds(899))
            keyspace.audit()
        }
    }

    @Test func everyRuleOfAKeyIsFound() throws {
        let prefixes = ["a^", "a^b^", "a^b^c^", "a^d^", "b^", "ab^", "a!^", "z^"]
        let keyspace = Keyspace(prefixes.map { rule($0) })
        let names = [
            "a^", "a^x", "a^b^x", "a^b^c^x", "a^b^cx", "a^d^x", "a^c^x", "ab^x", "a!^x", "b^x",
            "a", "zz", "z^\u{7F}", "", "^", "b", "a^e",
        ]
        for name in names where !name.isEmpty { try keyspace.set(name, "v") }
        for prefix in prefixes {
            let below = names.filter { $0.hasPrefix(prefix) }
            let size = below.reduce(0) { $0 + $1.utf8.count + 1 }
            #expect(keyspace.counted(prefix) == [below.count, size], "\(prefix)")
        }
    }

    /// Threads fight for the last key and the last byte; nobody ever sees more than there may be.
    @Test func writersNeverExceedAQuota() async throws {
        let rules = [
            rule("q^", keys: 60, bytes: 1500), rule("q^1^", keys: 20), rule("r^", keys: 9),
        ]
        let keyspace = Keyspace(rules)
        let refused = Atomic(0)
        let exceeded = Atomic(0)
        await onThreads(6) { thread in
            var random = SeededGenerator(state: UInt64(thread))
            for _ in 0..<6000 {
                do {
                    try disturb(keyspace, &random)
                } catch {
                    let isFull = (error as? ServerError)?.code == .namespaceFull
                    refused.add(isFull ? 1 : 1 << 40, ordering: .relaxed)
                }
                let counts = rules.map {
                    keyspace.counted(String(decoding: $0.prefix, as: UTF8.self))
                }
                for (rule, count) in zip(rules, counts) {
                    let isWithin =
                        count[0] <= rule.maxKeys ?? .max && count[1] <= rule.maxBytes ?? .max
                    if !isWithin || count[0] < 0 || count[1] < 0 {
                        exceeded.add(1, ordering: .relaxed)
                    }
                }
            }
        }
        let refusals = refused.load(ordering: .relaxed)
        #expect(refusals > 100 && refusals < 1 << 40, "\(refusals) refusals")
        #expect(exceeded.load(ordering: .relaxed) == 0)
        keyspace.audit()
    }
}

/// One random change below `q^`, `q^1^` or `r^`.
private func disturb(_ keyspace: Keyspace, _ random: inout SeededGenerator) throws {
    func name() -> String {
        let number = Int.random(in: 0..<90, using: &random)
        return ["q^", "q^1^", "r^", ""][number % 4] + "\(number)"
    }
    let value = String(repeating: "v", count: Int.random(in: 0..<60, using: &random))
    switch Int.random(in: 0..<16, using: &random) {
    case 0..<4: try keyspace.set(name(), value)
    case 4: try keyspace.set(name(), value, .ifMissing, .at(unixMs: 1000))
    case 5: try keyspace.append(name(), value)
    case 6: try keyspace.setPairs([name(), value, name(), value].map { bytes($0) })
    case 7: try keyspace.rename(name(), to: name())
    case 8: try keyspace.copyValue(of: name(), to: name(), isReplacing: true)
    case 9: try keyspace.setPairs([name(), "1", name(), "1"].map { bytes($0) }, ifNoneExists: true)
    case 10: if Int.random(in: 0..<500, using: &random) == 0 { keyspace.removeAll() }
    case 11: if Int.random(in: 0..<50, using: &random) == 0 { _ = keyspace.drop("q^1^") }
    default: keyspace.remove(name())
    }
}
