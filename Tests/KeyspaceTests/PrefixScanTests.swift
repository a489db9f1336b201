// SCAN below a prefix: through the index alone, and sound while the index changes between batches.

import Core
import Testing

@testable import Keyspace

@Suite struct PrefixScanTests {
    /// All keys below `prefix`, in batches, with `between` called after each; how often each was found.
    private func walk(
        _ keyspace: Keyspace,
        _ prefix: String,
        limit: Int,
        between: (Int) throws -> Void = { _ in }
    ) throws -> (visits: [[UInt8]: Int], batches: Int) {
        var visits: [[UInt8]: Int] = [:]
        var cursor: UInt64 = 0
        var batches = 0
        repeat {
            let batch = keyspace.batch(prefix, cursor, limit: limit)
            #expect(batch.keys.count <= limit + 255)
            for key in batch.keys { visits[key, default: 0] += 1 }
            cursor = batch.next
            batches += 1
            try between(batches)
            try #require(batches < 100_000)
        } while cursor != 0
        return (visits, batches)
    }

    @Test(arguments: [UInt64.max, 0xC000_0000_0000_0001, 0x0000_FFFF_FFFF_FFFF])
    func whatIsBelowThePrefixIsVisitedOnce(mask: UInt64) throws {
        let keyspace = Keyspace(mask: mask)
        for number in 0..<2000 {
            try keyspace.set("users^\(number % 7)^\(number)", "v")
            try keyspace.set("other^\(number)", "v")
            try keyspace.set("users\(number)", "v")
        }
        for (prefix, count) in [
            ("users^", 2000), ("users^3^", 286), ("users^3^1", 160), ("users^9^", 0), ("u^", 0),
        ] {
            let expected = (0..<2000).filter { "users^\($0 % 7)^\($0)".hasPrefix(prefix) }
            let found = try walk(keyspace, prefix, limit: 10)
            #expect(found.visits.count == expected.count && found.visits.count == count)
            #expect(found.visits.values.allSatisfy { $0 == 1 })
            #expect(found.visits.keys.allSatisfy { $0.starts(with: bytes(prefix)) })
        }
    }

    /// A walk over all keys would take thousands of calls.
    @Test func otherKeysCostNothing() throws {
        let keyspace = Keyspace()
        for number in 0..<30_000 { try keyspace.set("many^\(number)", "v") }
        for number in 0..<30 { try keyspace.set("few^\(number)", "v") }
        let found = try walk(keyspace, "few^", limit: 10)
        #expect(found.visits.count == 30)
        #expect(found.batches <= 4)
        #expect(try walk(keyspace, "none^", limit: 1).batches == 1)
    }

    /// Keys in one shard come and go, in order and at random, so that pages split and vanish.
    @Test(arguments: [0x00FF_FFFF_FFFF_FFFF, UInt64.max], [1, 300])
    func keysPresentThroughoutAreVisited(mask: UInt64, limit: Int) throws {
        let keyspace = Keyspace(mask: mask)
        var random = SeededGenerator(state: 5)
        for number in 0..<3000 { try keyspace.set("ns^\(number * 10)", "v") }
        for number in 0..<3000 { try keyspace.set("ns^gone:\(number)", "v") }
        let found = try walk(keyspace, "ns^", limit: limit) { round in
            if round > 200 { return }
            for number in 0..<60 {
                try keyspace.set("ns^\(UInt64.random(in: 0..<30_000, using: &random))x", "v")
                try keyspace.set("ns^1500:\(round):\(number)", "v")
                keyspace.remove("ns^gone:\(round * 60 + number)")
                keyspace.remove("ns^1500:\(round - 3):\(number)")
            }
        }
        for number in 0..<3000 where found.visits[bytes("ns^\(number * 10)")] == nil {
            Issue.record("ns^\(number * 10) was there all the time and not found")
        }
        keyspace.audit()
    }

    /// What a client does that empties a namespace: it deletes each batch before it asks for the next.
    @Test func deletingWhatWasFoundFindsEverything() throws {
        let keyspace = Keyspace(mask: 0x00FF_FFFF_FFFF_FFFF)
        for number in 0..<5000 { try keyspace.set("ns^\(number)", "v") }
        var cursor: UInt64 = 0
        repeat {
            let batch = keyspace.batch("ns^", cursor, limit: 20)
            for key in batch.keys { #expect(keyspace.remove(key)) }
            cursor = batch.next
        } while cursor != 0
        #expect(keyspace.count == 0)
    }

    /// Pages split so often at one place that labels run out: the shard is then walked again.
    @Test func newLabelsLoseNoKey() throws {
        let keyspace = Keyspace(mask: 0x00FF_FFFF_FFFF_FFFF)
        for number in 0..<1000 { try keyspace.set("ns^a\(1000 + number)", "v") }
        for number in 0..<1000 { try keyspace.set("ns^z\(1000 + number)", "v") }
        let before = keyspace.shards.withShard(0) { $0.index.generation }
        var next = 100_000
        let found = try walk(keyspace, "ns^", limit: 1) { round in
            if round > 20 { return }
            // In order, in front of all `z`: the gap between two labels is halved with every page.
            for _ in 0..<1500 {
                try keyspace.set("ns^m\(next)", "v")
                next += 1
            }
        }
        let after = keyspace.shards.withShard(0) { $0.index.generation }
        #expect(after > before, "the labels never ran out, so nothing was tried")
        for number in 0..<1000 {
            #expect(found.visits[bytes("ns^a\(1000 + number)")] != nil)
            #expect(found.visits[bytes("ns^z\(1000 + number)")] != nil)
        }
        keyspace.audit()
    }

    @Test func expiredKeysAreNotShown() throws {
        let keyspace = Keyspace()
        for number in 0..<100 {
            let expiry = SetOptions.Expiry.at(unixMs: number % 2 == 0 ? 10 : 100)
            try keyspace.set("ns^\(number)", "v", .always, expiry)
        }
        var cursor: UInt64 = 0
        var count = 0
        repeat {
            let batch = keyspace.batch("ns^", cursor, limit: 10, now: 10)
            count += batch.keys.count
            cursor = batch.next
        } while cursor != 0
        #expect(count == 50)
    }

    @Test func aPrefixWithoutSeparatorIsLookedForAmongAll() throws {
        let keyspace = Keyspace()
        for number in 0..<200 { try keyspace.set("key:\(number)", "v") }
        try keyspace.set("key:^x", "v")
        try keyspace.set("other", "v")
        #expect(try walk(keyspace, "key:", limit: 10).visits.count == 201)
        #expect(try walk(keyspace, "", limit: 10).visits.count == 202)
    }

    @Test(arguments: [UInt64.max, 1, 0xFF, 1 << 40, 0x1234_5678_9ABC_DEF0])
    func anyCursorIsTaken(cursor: UInt64) throws {
        let keyspace = Keyspace()
        for number in 0..<500 { try keyspace.set("ns^\(number)", "v") }
        var cursor = cursor
        var batches = 0
        repeat {
            cursor = keyspace.batch("ns^", cursor, limit: .max).next
            batches += 1
        } while cursor != 0
        #expect(batches == 1)
    }
}
