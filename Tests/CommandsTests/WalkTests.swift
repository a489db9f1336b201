// SCAN from beginning to end, and NAMESPACES.
import Testing

@testable import Commands

@Suite struct WalkTests {
    /// Keys and the number of calls of a whole SCAN with these options.
    private func scan(_ bench: Bench, _ options: String) throws -> (keys: [String], calls: Int) {
        var keys: [String] = []
        var cursor = "0"
        var calls = 0
        repeat {
            let items = bench.run("SCAN \(cursor) \(options)").items
            try #require(items.count == 2)
            cursor = try #require(items[0].text)
            keys += items[1].items.compactMap(\.text)
            calls += 1
            try #require(calls < 10_000)
        } while cursor != "0"
        return (keys, calls)
    }

    @Test(arguments: ["", "COUNT 1", "COUNT 7", "COUNT 1000000", "MATCH *", "MATCH key:* COUNT 3"])
    func visitsEveryKeyOnce(options: String) throws {
        let bench = try Bench()
        for number in 0..<300 { bench.run("SET key:\(number) v") }
        let found = try scan(bench, options)
        #expect(found.keys.count == 300)
        #expect(Set(found.keys) == Set((0..<300).map { "key:\($0)" }))
    }

    @Test func countDecidesHowManyCalls() throws {
        let bench = try Bench()
        for number in 0..<300 { bench.run("SET key:\(number) v") }
        #expect(try scan(bench, "COUNT 1").calls >= 300)
        #expect(try scan(bench, "COUNT 300").calls <= 2)
        #expect(try scan(bench, "").calls >= 30)
    }

    @Test func matchFilters() throws {
        let bench = try Bench()
        for number in 0..<100 { bench.run("SET key:\(number) v") }
        #expect(try scan(bench, "MATCH key:?").keys.sorted() == (0..<10).map { "key:\($0)" })
        #expect(
            try scan(bench, "MATCH key:[1-3]5 COUNT 5").keys.sorted() == [
                "key:15", "key:25", "key:35",
            ]
        )
        #expect(try scan(bench, "MATCH none:*").keys.isEmpty)
    }

    @Test func expiredKeysAreNotShown() throws {
        let bench = try Bench()
        for number in 0..<50 { bench.run("SET key:\(number) v PX \(number + 1)") }
        bench.wait(25)
        #expect(try scan(bench, "").keys.count == 25)
        #expect(bench.run("KEYS *").items.count == 25)
    }

    @Test func showsWhatMayBeRead() throws {
        let bench = try Bench()
        for number in 0..<50 { bench.run("MSET a:\(number) 1 b:\(number) 2") }
        try bench.begin(as: "mixed")
        let found = try scan(bench, "COUNT 10")
        #expect(found.keys.count == 50)
        #expect(found.keys.allSatisfy { $0.hasPrefix("a:") })
    }

    @Test func namespacesCountTheirOwnKeys() throws {
        let bench = try Bench()
        bench.run("MSET users^42^a 1 users^42^b 2 users^43^a 3 users^a 4 global 5")
        let all = bench.run("NAMESPACES")
        let names = ["", "users", "users^42", "users^43"]
        guard case .map(let pairs) = all else { throw NotAMap() }
        #expect(pairs.map(\.name) == names.map { .text($0) })
        #expect(names.map { all[$0]?["keys"] } == [1, 1, 2, 1].map { .integer($0) })
        for name in names {
            guard case .integer(let bytes) = all[name]?["bytes"] else { throw NotAMap() }
            #expect(bytes > 0)
        }
        try bench.begin(as: "mixed")
        let some = bench.run("NAMESPACES")
        #expect(some["users^42"] == all["users^42"])
        #expect([some["users"], some["users^43"], some[""]] == [nil, nil, nil])
    }

    private struct NotAMap: Error {}
}
