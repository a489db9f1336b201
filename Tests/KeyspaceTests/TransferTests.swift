// RENAME and COPY: at one moment, with expiry and a new version, under two shards' locks.

import Core
import Synchronization
import Testing

@testable import Keyspace

@Suite struct TransferTests {
    @Test(arguments: [UInt64.max, 0]) func aValueMovesWithItsExpiry(mask: UInt64) throws {
        let keyspace = Keyspace(mask: mask)
        try keyspace.set("a", "value", .always, .at(unixMs: 100))
        try keyspace.set("b^c", String(repeating: "x", count: 500), .always, .at(unixMs: 50))
        let versions = ["a", "b^c"].map { keyspace.version(bytes($0).span, now: 1) ?? 0 }
        #expect(try keyspace.rename("a", to: "b^c") == .done)
        #expect(keyspace.text("a") == nil && keyspace.text("b^c") == "value")
        #expect(keyspace.timeToLive("b^c") == .milliseconds(99))
        #expect(keyspace.version(bytes("b^c").span, now: 1) ?? 0 > versions[1])
        #expect(keyspace.memory.volatileKeys == 1)
        #expect(keyspace.text("b^c", now: 99) == "value" && keyspace.text("b^c", now: 100) == nil)
        keyspace.audit()
    }

    @Test func outcomesAreThoseOfRedis() throws {
        let keyspace = Keyspace()
        #expect(try keyspace.rename("a", to: "a") == .sourceMissing)
        #expect(try keyspace.copyValue(of: "a", to: "b") == .sourceMissing)
        try keyspace.set("a", "1")
        let version = keyspace.version(bytes("a").span, now: 1)
        #expect(try keyspace.rename("a", to: "a") == .done)
        #expect(try keyspace.rename("a", to: "a", isReplacing: false) == .destinationExists)
        #expect(keyspace.version(bytes("a").span, now: 1) == version)
        #expect(try keyspace.copyValue(of: "a", to: "b") == .done)
        #expect(try keyspace.copyValue(of: "a", to: "b") == .destinationExists)
        try keyspace.set("a", "2")
        #expect(try keyspace.copyValue(of: "a", to: "b", isReplacing: true) == .done)
        #expect(keyspace.text("b") == "2" && keyspace.text("a") == "2")
        let long = String(repeating: "k", count: 1025)
        for name in ["", long] {
            let error = #expect(throws: ServerError.self) { try keyspace.rename("a", to: name) }
            #expect(error?.code == .keyTooLong)
        }
        #expect(keyspace.text("a") == "2")
    }

    @Test func expiredKeysAreNeitherMovedNorInTheWay() throws {
        let keyspace = Keyspace()
        try keyspace.set("a", "1", .always, .at(unixMs: 10))
        #expect(try keyspace.rename("a", to: "b", now: 10) == .sourceMissing)
        try keyspace.set("a", "1")
        try keyspace.set("b", "2", .always, .at(unixMs: 10))
        #expect(try keyspace.rename("a", to: "b", isReplacing: false, now: 10) == .done)
        #expect(keyspace.timeToLive("b", now: 10) == .persistent)
        keyspace.audit()
    }

    /// One value goes round many keys by several threads at once, and is never seen twice or lost.
    @Test func threadsNeitherLoseNorDoubleAValue() async throws {
        let keyspace = Keyspace()
        let names = (0..<16).map { "ring^\($0)" }
        try keyspace.set(names[0], "token")
        let moves = Atomic(0)
        await onThreads(4) { thread in
            var random = SeededGenerator(state: UInt64(thread))
            for _ in 0..<4000 {
                let from = names[Int.random(in: 0..<16, using: &random)]
                let to = names[Int.random(in: 0..<16, using: &random)]
                let outcome = try? keyspace.rename(from, to: to)
                if outcome == .done { moves.add(1, ordering: .relaxed) }
            }
        }
        #expect(moves.load(ordering: .relaxed) > 0)
        #expect(keyspace.count == 1)
        #expect(names.compactMap { keyspace.text($0) } == ["token"])
        keyspace.audit()
    }
}

@Suite struct RandomKeyTests {
    private func draw(
        _ keyspace: Keyspace,
        _ random: inout SeededGenerator,
        now: Int64 = 1
    )
        -> String?
    {
        var found: String?
        let isFound = keyspace.randomKey(using: &random, now: now) { key in
            found = String(decoding: copy(key), as: UTF8.self)
            return true
        }
        #expect(isFound == (found != nil))
        return found
    }

    @Test func everyKeyHasTheSameChance() throws {
        let keyspace = Keyspace()
        var random = SeededGenerator(state: 3)
        #expect(draw(keyspace, &random) == nil)
        for number in 0..<50 { try keyspace.set("key:\(number)", "v") }
        var hits: [String: Int] = [:]
        for _ in 0..<10_000 { hits[draw(keyspace, &random) ?? "", default: 0] += 1 }
        #expect(hits.count == 50)
        // 200 each on average, with a standard deviation of 14.
        #expect(hits.values.allSatisfy { $0 > 120 && $0 < 280 })
    }

    @Test func expiredKeysAndThoseRefusedAreNotDrawn() throws {
        let keyspace = Keyspace()
        var random = SeededGenerator(state: 3)
        try keyspace.set("gone", "v", .always, .at(unixMs: 10))
        try keyspace.set("here", "v")
        for _ in 0..<20 { #expect(draw(keyspace, &random, now: 10) == "here") }
        keyspace.remove("here")
        #expect(draw(keyspace, &random, now: 10) == nil)
        var calls = 0
        try keyspace.set("here", "v")
        let isFound = keyspace.randomKey(using: &random, now: 1) { _ in
            calls += 1
            return false
        }
        #expect(!isFound && calls == 100)
    }
}
