// Operations on several keys, and several threads on the same keys.

import Core
import Glibc
import Synchronization
import Testing

@testable import Keyspace

/// Runs `body` on `count` threads at once and waits for all of them.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) async {
    await withTaskGroup(of: Void.self) { group in
        for index in 0..<count { group.addTask { body(index) } }
    }
}

@Suite struct ManyTests {
    private func arguments(_ texts: String...) -> [[UInt8]] { texts.map { bytes($0) } }

    private func getMany(_ keyspace: Keyspace, _ keys: [[UInt8]], now: Int64 = 1) -> [String?] {
        var values: [String?] = []
        withRequest([bytes("mget")] + keys) { request in
            keyspace.getMany(request, from: 1, now: now) { isFound, value in
                values.append(isFound ? String(decoding: copy(value), as: UTF8.self) : nil)
            }
        }
        return values
    }

    @Test func pairsAreStoredAndReadInOrder() throws {
        let keyspace = Keyspace()
        try keyspace.set("b", "old", .always, .at(unixMs: 50))
        try keyspace.setPairs(arguments("a", "1", "b", "2", "a", "3", "c^d", ""))
        let keys = arguments("a", "missing", "b", "a", "c^d")
        #expect(getMany(keyspace, keys, now: 100) == ["3", nil, "2", "3", ""])
        #expect(getMany(keyspace, []) == [])
        keyspace.audit()
    }

    @Test func nothingIsStoredIfOnePairIsRefused() {
        let keyspace = Keyspace()
        let long = [UInt8](repeating: 1, count: 1025)
        let good = [bytes("a"), bytes("1")]
        let refused: [(ErrorCode, [[UInt8]])] = [
            (.keyTooLong, good + [long, bytes("2")]),
            (.keyTooLong, good + [[], bytes("2")]),
            (.wrongArity, good + [bytes("b")]),
            (.wrongArity, []),
            (
                .valueTooLarge,
                good + [bytes("b"), [UInt8](repeating: 0, count: 16 << 20)]
            ),
        ]
        for (code, pairs) in refused {
            let error = #expect(throws: ServerError.self) {
                try keyspace.setPairs(pairs)
            }
            #expect(error?.code == code)
        }
        #expect(keyspace.count == 0)
    }

    @Test func pairsCanDependOnNoneExisting() throws {
        let keyspace = Keyspace()
        try keyspace.set("b", "old", .always, .at(unixMs: 50))
        let pairs = arguments("a", "1", "b", "2")
        #expect(try !keyspace.setPairs(pairs, ifNoneExists: true, now: 49))
        #expect(keyspace.count == 1)
        #expect(try keyspace.setPairs(pairs, ifNoneExists: true, now: 50))
        #expect(getMany(keyspace, arguments("a", "b"), now: 99) == ["1", "2"])
    }

    @Test func readersSeeAllPairsOrNone() async {
        let keyspace = Keyspace()
        let keys = (0..<20).map { bytes("key:\($0)") }
        let mixtures = Atomic(0)
        await onThreads(4) { index in
            for round in 0..<1000 {
                if index < 2 {
                    let value = bytes("\(index):\(round)")
                    // Two writers name the keys in opposite orders: locks still go up.
                    let ordered = index == 0 ? keys : keys.reversed()
                    _ = try? keyspace.setPairs(ordered.flatMap { [$0, value] })
                } else if Set(getMany(keyspace, keys)).count != 1 {
                    mixtures.add(1, ordering: .relaxed)
                }
            }
        }
        #expect(mixtures.load(ordering: .relaxed) == 0)
    }

    @Test func incrementsOfManyThreadsAddUp() async {
        let keyspace = Keyspace()
        let threads = 8
        let rounds = 5000
        await onThreads(threads) { index in
            for round in 0..<rounds {
                _ = try? keyspace.increment("counter:\(round % 4)")
                _ = try? keyspace.set("own^\(index)^\(round % 50)", "\(round)")
                if round % 3 == 0 { keyspace.remove("own^\(index)^\(round % 50)") }
                if round % 100 == 0 {
                    _ = keyspace.batch(0, limit: 50)
                    _ = keyspace.reclaimExpired(shards: 0..<256, limit: 10, now: 1)
                }
                if round % 1000 == 0 { _ = keyspace.listing() }
            }
        }
        for number in 0..<4 {
            #expect(keyspace.text("counter:\(number)") == "\(threads * rounds / 4)")
        }
        keyspace.audit()
    }

    @Test func removingAllIsOneMoment() async {
        let keyspace = Keyspace()
        let keys = (0..<20).map { bytes("key:\($0)") }
        let pairs = keys.flatMap { [$0, bytes("v")] }
        let mixtures = Atomic(0)
        await onThreads(3) { index in
            for _ in 0..<300 {
                switch index {
                case 0: _ = try? keyspace.setPairs(pairs)
                case 1: keyspace.removeAll()
                default:
                    if Set(getMany(keyspace, keys)).count != 1 {
                        mixtures.add(1, ordering: .relaxed)
                    }
                }
            }
        }
        #expect(mixtures.load(ordering: .relaxed) == 0)
        keyspace.removeAll()
        #expect(keyspace.memory.bytes == 0)
    }
}
