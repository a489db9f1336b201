// Expiry: exact to the millisecond on access, bounded in the background.

import Core
import Testing

@testable import Keyspace

@Suite struct ExpiryTests {
    @Test func aKeyIsGoneAtItsMillisecondAndNotBefore() throws {
        let keyspace = Keyspace()
        try keyspace.set("key", "value", .always, .at(unixMs: 1000), now: 1)
        #expect(keyspace.text("key", now: 999) == "value")
        #expect(keyspace.timeToLive("key", now: 999) == .milliseconds(1))
        #expect(keyspace.count == 1)
        #expect(keyspace.text("key", now: 1000) == nil)
        #expect(keyspace.count == 0, "the read that met it removed it")
        keyspace.audit()
    }

    @Test func everyOperationTreatsAnExpiredKeyAsMissing() throws {
        let keyspace = Keyspace()
        func fresh() throws {
            try keyspace.set("key", "41", .always, .at(unixMs: 1000), now: 1)
        }
        let key = bytes("key")
        try fresh()
        #expect(!keyspace.remove("key", now: 1000))
        try fresh()
        #expect(!keyspace.expire("key", at: 5000, now: 1000))
        try fresh()
        #expect(!keyspace.persist(key, now: 1000))
        try fresh()
        #expect(keyspace.length(key.span, now: 1000) == nil)
        try fresh()
        #expect(keyspace.version(key.span, now: 1000) == nil)
        try fresh()
        #expect(try keyspace.increment("key", now: 1000) == 1)
        #expect(keyspace.timeToLive("key", now: 1000) == .persistent)
        try fresh()
        #expect(try keyspace.append(key.span, bytes("ab").span, now: 1000) == 2)
        try fresh()
        let outcome = try keyspace.set("key", "new", .ifExists, .none, now: 1000)
        #expect(outcome == SetOutcome(isStored: false, hadPrevious: false))
        try fresh()
        #expect(try keyspace.set("key", "new", now: 1000) == false)
        #expect(keyspace.text("key", now: 9999) == "new", "a plain SET takes the expiry away")
        try fresh()
        #expect(keyspace.batch(0, limit: 1000, now: 1000).keys.isEmpty)
        keyspace.audit()
    }

    @Test func anExpiryInThePastRemovesAtOnce() throws {
        let keyspace = Keyspace()
        try keyspace.set("key", "value")
        let outcome = try keyspace.set("key", "new", .always, .at(unixMs: 500), now: 500)
        #expect(outcome == SetOutcome(isStored: true, hadPrevious: true))
        #expect(keyspace.count == 0)
        try keyspace.set("key", "value")
        #expect(keyspace.expire("key", at: -5, now: 500))
        #expect(keyspace.count == 0)
        #expect(try keyspace.set("key", "v", .always, .at(unixMs: .min), now: 500).isStored)
        #expect(keyspace.count == 0)
    }

    @Test func expiryConditionsAreThoseOfRedis() throws {
        let keyspace = Keyspace()
        try keyspace.set("key", "value")
        #expect(!keyspace.expire("key", at: 100, .ifVolatile))
        #expect(!keyspace.expire("key", at: 100, .ifLater))
        #expect(keyspace.expire("key", at: 100, .ifPersistent))
        #expect(!keyspace.expire("key", at: 200, .ifPersistent))
        #expect(!keyspace.expire("key", at: 100, .ifLater))
        #expect(keyspace.expire("key", at: 101, .ifLater))
        #expect(!keyspace.expire("key", at: 101, .ifSooner))
        #expect(keyspace.expire("key", at: 50, .ifSooner))
        #expect(keyspace.expire("key", at: 60, .ifVolatile))
        #expect(keyspace.timeToLive("key", now: 10) == .milliseconds(50))
        #expect(keyspace.persist(bytes("key"), now: 10))
        #expect(!keyspace.persist(bytes("key"), now: 10))
        #expect(keyspace.expire("key", at: 70, .ifSooner))
    }

    @Test func incrementAndAppendKeepTheExpiry() throws {
        let keyspace = Keyspace()
        try keyspace.set("key", "9", .always, .at(unixMs: 1000))
        try keyspace.increment("key")
        try keyspace.append(
            bytes("key").span,
            bytes(String(repeating: "x", count: 500)).span,
            now: 1
        )
        #expect(keyspace.timeToLive("key", now: 1) == .milliseconds(999))
        try keyspace.set("key", "1", .always, .keep)
        #expect(keyspace.timeToLive("key", now: 1) == .milliseconds(999))
        keyspace.audit()
    }

    @Test func getCanChangeTheExpiry() throws {
        let keyspace = Keyspace()
        try keyspace.set("key", "value")
        let key = bytes("key")
        func get(_ expiry: SetOptions.Expiry) -> Bool {
            keyspace.get(key.span, settingExpiry: expiry, now: 10) { #expect(copy($0).count == 5) }
        }
        #expect(get(.at(unixMs: 100)))
        #expect(keyspace.timeToLive("key", now: 10) == .milliseconds(90))
        #expect(get(.keep))
        #expect(keyspace.timeToLive("key", now: 10) == .milliseconds(90))
        #expect(get(.none))
        #expect(keyspace.timeToLive("key", now: 10) == .persistent)
        #expect(get(.at(unixMs: 10)))
        #expect(!get(.none))
    }

    @Test func reclaimIsBoundedAndMissesNothing() throws {
        let keyspace = Keyspace()
        for number in 0..<1000 {
            try keyspace.set("key:\(number)", "v", .always, .at(unixMs: Int64(100 + number)))
        }
        try keyspace.set("stays", "v")
        #expect(keyspace.reclaimExpired(shards: 0..<256, limit: 50, now: 99) == 0)
        #expect(keyspace.reclaimExpired(shards: 0..<256, limit: 50, now: 5000) == 50)
        #expect(keyspace.count == 951)
        #expect(keyspace.reclaimExpired(shards: 0..<256, limit: 5000, now: 599) <= 500)
        #expect(keyspace.reclaimExpired(shards: -5..<9000, limit: 5000, now: 5000) > 0)
        #expect(keyspace.memory.keys == 1)
        #expect(keyspace.memory.volatileKeys == 0)
        keyspace.audit()
    }

    @Test func keysOfOneHashAndOneExpiryAreAllReclaimed() throws {
        let keyspace = Keyspace(mask: 0)
        for number in 0..<300 {
            try keyspace.set("key:\(number)", "v", .always, .at(unixMs: 50))
            // Back and forth, so that the queue is rebuilt and holds one item for all.
            keyspace.expire("key:\(number)", at: 60)
            keyspace.expire("key:\(number)", at: 50)
        }
        keyspace.audit()
        #expect(keyspace.reclaimExpired(shards: 0..<1, limit: 7, now: 50) == 7)
        while keyspace.reclaimExpired(shards: 0..<1, limit: 7, now: 50) > 0 {}
        #expect(keyspace.count == 0)
        keyspace.audit()
    }

    @Test func aQueueOfChangedExpiriesStaysSmall() throws {
        let keyspace = Keyspace()
        try keyspace.set("key", "v")
        for number in 0..<10_000 {
            keyspace.expire("key", at: 1_000_000 + Int64(number % 2))
        }
        keyspace.audit()
        #expect(keyspace.memory.bytes < 10_000)
        #expect(keyspace.timeToLive("key", now: 0) == .milliseconds(1_000_001))
    }
}
