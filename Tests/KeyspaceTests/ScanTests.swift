// SCAN's promises, while the keyspace changes between batches.

import Core
import Testing

@testable import Keyspace

@Suite struct ScanTests {
    @Test func anEmptyKeyspaceEndsAtOnceOrSoon() {
        let keyspace = Keyspace()
        var cursor: UInt64 = 0
        var batches = 0
        repeat {
            let batch = keyspace.batch(cursor, limit: 10)
            #expect(batch.keys.isEmpty)
            cursor = batch.next
            batches += 1
        } while cursor != 0
        #expect(batches == 1)
    }

    /// `stays` keys are there throughout; others come and go, and the tables grow and shrink.
    @Test(arguments: [
        (UInt64.max, 2000, 7), (UInt64.max, 2000, 1), (0xFF00_0000_0000_0003, 500, 10),
        (0x8000_0000_0000_000F, 500, 3), (0, 100, 10),
    ])
    func keysPresentThroughoutAreVisitedOnce(mask: UInt64, stays: Int, limit: Int) throws {
        let keyspace = Keyspace(mask: mask)
        var random = SeededGenerator(state: 11)
        for number in 0..<stays { try keyspace.set("stays:\(number)", "v") }
        var visits: [[UInt8]: Int] = [:]
        var cursor: UInt64 = 0
        var round = 0
        repeat {
            let batch = keyspace.batch(cursor, limit: limit)
            #expect(batch.next == 0 || batch.next > cursor)
            for key in batch.keys { visits[key, default: 0] += 1 }
            cursor = batch.next
            try churn(keyspace, round, &random)
            round += 1
        } while cursor != 0
        for number in 0..<stays { #expect(visits[bytes("stays:\(number)")] == 1) }
        #expect(visits.values.allSatisfy { $0 == 1 })
        keyspace.audit()
    }

    /// Grows the keyspace for a while, then empties it of what it added, and so on.
    private func churn(_ keyspace: Keyspace, _ round: Int, _ random: inout SeededGenerator) throws {
        for number in 0..<40 {
            let name = "comes:\((round % 50) * 40 + number)"
            if round / 50 % 2 == 0 { try keyspace.set(name, "v") } else { keyspace.remove(name) }
        }
        try keyspace.set("random:\(UInt64.random(in: 0..<1000, using: &random))", "v")
    }

    @Test func aBatchLooksAtBoundedManySlots() throws {
        let keyspace = Keyspace()
        for number in 0..<20_000 { try keyspace.set("key:\(number)", "v") }
        var largest = 0
        var cursor: UInt64 = 0
        repeat {
            let batch = keyspace.batch(cursor, limit: 100)
            largest = max(largest, batch.keys.count)
            cursor = batch.next
        } while cursor != 0
        #expect(largest == 100)
    }

    @Test func aSparseKeyspaceIsWalkedInBoundedSteps() throws {
        let keyspace = Keyspace()
        for number in 0..<20_000 { try keyspace.set("key:\(number)", "v") }
        // Just above an eighth of the homes: tables stay large.
        for number in 0..<15_500 { keyspace.remove("key:\(number)") }
        var seen: Set<[UInt8]> = []
        var cursor: UInt64 = 0
        var batches = 0
        repeat {
            let batch = keyspace.batch(cursor, limit: 1)
            seen.formUnion(batch.keys)
            #expect(batch.keys.count <= 1)
            cursor = batch.next
            batches += 1
        } while cursor != 0
        #expect(seen.count == 4500)
        #expect(batches >= 4500)
    }

    @Test func expiredKeysAreRemovedOnTheWay() throws {
        let keyspace = Keyspace()
        for number in 0..<500 {
            let expiry = SetOptions.Expiry.at(unixMs: number % 2 == 0 ? 10 : 1000)
            try keyspace.set("key:\(number)", "v", .always, expiry)
        }
        var keys: [[UInt8]] = []
        var cursor: UInt64 = 0
        repeat {
            let batch = keyspace.batch(cursor, limit: 20, now: 10)
            keys += batch.keys
            cursor = batch.next
        } while cursor != 0
        #expect(keys.count == 250 && Set(keys).count == 250)
        #expect(keyspace.count == 250)
        keyspace.audit()
    }

    @Test(arguments: [0, -1, Int.min, Int.max])
    func anyLimitAndCursorIsTaken(limit: Int) throws {
        let keyspace = Keyspace()
        for number in 0..<100 { try keyspace.set("key:\(number)", "v") }
        var count = 0
        var cursor: UInt64 = 0
        repeat {
            let batch = keyspace.batch(cursor, limit: limit)
            count += batch.keys.count
            cursor = batch.next
        } while cursor != 0
        #expect(count == 100)
        #expect(keyspace.batch(.max, limit: 10).next == 0)
    }
}
