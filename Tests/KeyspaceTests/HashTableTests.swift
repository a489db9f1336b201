// The table by itself, with hashes chosen to hurt.

import Testing

@testable import Keyspace

@Suite struct HashTableTests {
    /// Fills a table with numbered keys under the hashes that `hash` gives, and takes half out again.
    private func exercise(_ count: Int, _ hash: (Int) -> UInt64) {
        var table = HashTable()
        for number in 0..<count {
            let key = bytes("\(number)")
            let bytes = Bytes(key.span)
            let missing = table.find(hash(number), bytes)
            #expect(missing < 0)
            table.insert(Entry.make(key: bytes, valueCount: 0), hash(number), at: missing)
        }
        for number in stride(from: 0, to: count, by: 2) {
            let key = bytes("\(number)")
            let found = table.find(hash(number), Bytes(key.span))
            #expect(found >= 0)
            if found < 0 { continue }
            let entry = table[found]
            table.remove(at: found)
            entry.free()
            table.shrinkIfSparse()
        }
        for number in 0..<count {
            let key = bytes("\(number)")
            #expect((table.find(hash(number), Bytes(key.span)) >= 0) == (number % 2 == 1))
        }
        #expect(table.count == count / 2)
    }

    @Test func equalHashesAtTheEndRunIntoTheSlack() {
        exercise(2000) { _ in .max }
    }

    @Test func equalHashesAtTheStartAreOneRun() {
        exercise(2000) { _ in 0 }
    }

    @Test func ascendingHashesCrowdTheLastHome() {
        exercise(2000) { number in .max - UInt64(number) }
    }

    @Test func evenHashesLieAtHome() {
        exercise(2000) { number in UInt64(number) << 45 }
    }

    @Test func hashesOfShortAndLongKeysDiffer() {
        let hash = ByteHash(seed: 1)
        var seen: Set<UInt64> = []
        for count in 0...200 {
            for fill in [UInt8(0), 255] {
                let key = [UInt8](repeating: fill, count: count)
                seen.insert(hash.hash(Bytes(key.span)))
            }
            for position in 0..<count {
                var key = [UInt8](repeating: 7, count: count)
                key[position] = 8
                seen.insert(hash.hash(Bytes(key.span)))
            }
        }
        #expect(seen.count == 2 * 201 - 1 + 200 * 201 / 2)
    }

    @Test func anotherSeedHashesOtherwise() {
        let key = bytes("key")
        let hashes = Set((0..<100).map { ByteHash(seed: $0).hash(Bytes(key.span)) })
        #expect(hashes.count == 100)
    }

    @Test func hashesSpreadEvenlyOverShards() {
        let hash = ByteHash(seed: 3)
        var counts = [Int](repeating: 0, count: Keyspace.shardCount)
        for number in 0..<256_000 {
            let key = bytes("user:\(number)")
            counts[ShardArray.index(of: hash.hash(Bytes(key.span)))] += 1
        }
        // 1000 a shard, standard deviation 32: seven of them on either side.
        for count in counts { #expect(abs(count - 1000) < 221) }
    }
}
