// Namespaces: listed, counted, dropped as a subtree.

import Core
import Testing

@testable import Keyspace

@Suite struct NamespaceTests {
    @Test func namespacesAreListedWithWhatTheyHold() throws {
        let keyspace = Keyspace()
        let names = [
            "global", "other", "users^42^name", "users^42^mail", "users^42^x^y", "users^43^name",
            "users^all", "usersX^k", "^empty", "trailing^",
        ]
        for name in names { try keyspace.set(name, "value") }
        let listed = keyspace.listing()
        let expected = [
            // `""` is the global namespace, and also that of `^empty`.
            ("", 3), ("trailing", 1), ("users", 1), ("usersX", 1), ("users^42", 2),
            ("users^42^x", 1), ("users^43", 1),
        ]
        #expect(listed.map(\.name) == expected.map(\.0))
        #expect(listed.map(\.keys) == expected.map(\.1))
        #expect(listed.allSatisfy { $0.bytes >= $0.keys * (30 + 5) })
        #expect(keyspace.listing("users^42^").map(\.name) == ["users^42", "users^42^x"])
        #expect(keyspace.listing("nobody^").isEmpty)
        keyspace.audit()
    }

    @Test func bytesOfNamespacesAddUpToThoseOfEntries() throws {
        let keyspace = Keyspace()
        for number in 0..<3000 {
            let value = String(repeating: "v", count: number % 100)
            try keyspace.set(number % 3 == 0 ? "k\(number)" : "ns\(number % 5)^k\(number)", value)
        }
        var entryBytes = 0
        for index in 0..<256 { keyspace.shards.withShard(index) { entryBytes += $0.entryBytes } }
        #expect(keyspace.listing().reduce(0) { $0 + $1.bytes } == entryBytes)
        #expect(keyspace.listing().reduce(0) { $0 + $1.keys } == 3000)
    }

    @Test func expiredKeysAreNotCounted() throws {
        let keyspace = Keyspace()
        try keyspace.set("a^1", "v", .always, .at(unixMs: 10))
        try keyspace.set("a^2", "v")
        try keyspace.set("g", "v", .always, .at(unixMs: 10))
        #expect(keyspace.listing("", now: 10).map(\.name) == ["a"])
        #expect(keyspace.listing("", now: 10).map(\.keys) == [1])
        try keyspace.set("a^3", "v", .always, .at(unixMs: 20))
        #expect(keyspace.drop("a^", now: 20) == 1)
        #expect(keyspace.count == 0)
    }

    @Test(arguments: [UInt64.max, 0xF000_0000_0000_0000])
    func dropRemovesTheSubtreeAndNothingElse(mask: UInt64) throws {
        let keyspace = Keyspace(mask: mask)
        for user in 0..<30 {
            for field in 0..<30 { try keyspace.set("users^\(user)^f\(field)", "v") }
            try keyspace.set("users^\(user)", "v", .always, .at(unixMs: 1000))
        }
        for number in 0..<100 { try keyspace.set("users\(number)", "v") }
        #expect(keyspace.drop("users^7^") == 30)
        #expect(keyspace.drop("users^7^") == 0)
        #expect(keyspace.text("users^7") == "v")
        #expect(keyspace.text("users^8^f3") == "v")
        keyspace.audit()
        #expect(keyspace.drop("users^") == 29 * 30 + 30)
        #expect(keyspace.count == 100)
        #expect(keyspace.memory.volatileKeys == 0)
        #expect(keyspace.drop("users1") == 11)
        #expect(keyspace.drop("") == 89)
        keyspace.audit()
    }

    @Test func keysBelowAPrefixAreVisited() throws {
        let keyspace = Keyspace()
        for number in 0..<2000 {
            let expiry = SetOptions.Expiry.at(unixMs: number % 2 == 0 ? 10 : 100)
            try keyspace.set("ns^\(number % 10)^\(number)", "v", .always, expiry)
        }
        var keys: Set<[UInt8]> = []
        keyspace.forEachKey(withPrefix: bytes("ns^3^").span, now: 10) { keys.insert(copy($0)) }
        #expect(keys.count == 200)
        try keyspace.set("nsx", "v")
        try keyspace.set("other", "v")
        keys = []
        keyspace.forEachKey(withPrefix: bytes("ns").span, now: 10) { keys.insert(copy($0)) }
        #expect(keys.count == 1001)
    }

    @Test func theIndexGrowsSplitsAndShrinks() throws {
        let keyspace = Keyspace(mask: 0xFFFF_FFFF_FFFF)
        // All in shard 0: several full pages, filled out of order.
        for number in 0..<3000 { try keyspace.set("ns^\(number * 7919 % 3000)", "v") }
        keyspace.audit()
        for number in 0..<3000 {
            let long = String(repeating: "v", count: 200)
            try keyspace.set("ns^\(number)", long)
        }
        keyspace.audit()
        for number in 0..<2990 { keyspace.remove("ns^\(number * 7919 % 3000)") }
        keyspace.audit()
        #expect(keyspace.drop("ns^") == 10)
        keyspace.audit()
    }
}
