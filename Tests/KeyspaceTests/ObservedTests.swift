// What a keyspace tells of its changes, held against what it then holds.
import Core
import Synchronization
import Testing

@testable import Keyspace

/// What was told, in order, as `set key version old>new`.
private final class Log: Sendable {
    struct Told: Equatable, Sendable {
        var kind: KeyChangeKind
        var key: String
        var version: UInt64
        var old: String?
        var new: String?
    }

    let told = Mutex<[Told]>([])

    var hook: KeyspaceHook {
        KeyspaceHook { _ in
            .values
        } changed: { [self] change in
            change.withKey { key in
                let one = Told(
                    kind: change.kind,
                    key: text(copy(key)),
                    version: change.version,
                    old: change.copyOld().map(text),
                    new: change.copyNew().map(text)
                )
                told.withLock { $0.append(one) }
            }
        }
    }

    func take() -> [Told] {
        told.withLock { told in
            defer { told = [] }
            return told
        }
    }

    /// As `take`, without versions, and values as `old>new`.
    func words() -> [String] {
        take().map { "\($0.kind.word) \($0.key) \($0.old ?? "-")>\($0.new ?? "-")" }
    }
}

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

@Suite struct ObservedTests {
    private func observed(
        _ keyspace: Keyspace = Keyspace()
    ) -> (Keyspace, Log) {
        let log = Log()
        keyspace.setHook(log.hook)
        return (keyspace, log)
    }

    @Test func eachOperationTellsWhatItDid() throws {
        let (keyspace, log) = observed()
        try keyspace.set("k", "1")
        #expect(log.words() == ["set k ->1"])
        try keyspace.set("k", "2", .ifExists)
        try keyspace.set("k", "3", .ifMissing)
        #expect(log.words() == ["set k 1>2"])
        try keyspace.increment("k", by: 5)
        try keyspace.append("k", "x")
        #expect(throws: ServerError.self) { try keyspace.increment("k") }
        #expect(log.words() == ["set k 2>7", "set k 7>7x"])
        keyspace.expire("k", at: 100)
        keyspace.expire("k", at: 100)
        #expect(log.words() == ["expire k 7x>7x"])
        #expect(keyspace.persist(bytes("k")) && !keyspace.persist(bytes("k")))
        #expect(log.words() == ["persist k 7x>7x"])
        #expect(keyspace.text("k") == "7x" && keyspace.touch("k", now: 1))
        #expect(log.words() == [])
        try keyspace.rename("k", to: "l")
        #expect(log.words() == ["set l ->7x", "del k 7x>-"])
        try keyspace.copyValue(of: "l", to: "m")
        try keyspace.setPairs([bytes("m"), bytes("a"), bytes("n"), bytes("b")])
        #expect(log.words() == ["set m ->7x", "set m 7x>a", "set n ->b"])
        #expect(keyspace.remove("n") && !keyspace.remove("n"))
        #expect(log.words() == ["del n b>-"])
        // An expiry in the past removes.
        keyspace.expire("m", at: 0)
        #expect(log.words() == ["del m a>-"])
    }

    @Test func aKeyExpiresOnceWhoeverFindsOut() throws {
        let (keyspace, log) = observed()
        try keyspace.set("lazy", "1", .always, .at(unixMs: 10))
        try keyspace.set("queue", "2", .always, .at(unixMs: 10))
        try keyspace.set("over", "3", .always, .at(unixMs: 10))
        try keyspace.set("kept", "4", .always, .at(unixMs: 10))
        try keyspace.set("pair", "5", .always, .at(unixMs: 10))
        keyspace.expire("kept", at: 20, now: 5)
        _ = log.take()
        #expect(keyspace.reclaimExpired(shards: 0..<256, limit: 10, now: 9) == 0)
        #expect(keyspace.text("lazy", now: 10) == nil && keyspace.text("lazy", now: 10) == nil)
        #expect(log.words() == ["expired lazy 1>-"])
        try keyspace.set("over", "x", now: 10)
        try keyspace.setPairs([bytes("pair"), bytes("y")], now: 10)
        #expect(
            log.words() == [
                "expired over 3>-", "set over ->x", "expired pair 5>-", "set pair ->y",
            ]
        )
        #expect(keyspace.reclaimExpired(shards: 0..<256, limit: 10, now: 10) == 1)
        #expect(log.words() == ["expired queue 2>-"])
        // Of a key that was overwritten in time nothing expires.
        try keyspace.set("kept", "z", now: 19)
        _ = keyspace.reclaimExpired(shards: 0..<256, limit: 10, now: 30)
        #expect(log.words() == ["set kept 4>z"])
    }

    @Test func aDropIsOneEvent() throws {
        let (keyspace, log) = observed()
        for number in 0..<1000 { try keyspace.set("users^\(number)", "1") }
        try keyspace.set("users^old", "1", .always, .at(unixMs: 5))
        try keyspace.set("other", "1")
        _ = log.take()
        #expect(keyspace.drop("none^") == 0 && log.take().isEmpty)
        #expect(keyspace.drop("users^", now: 9) == 1000)
        #expect(log.words() == ["expired users^old 1>-", "drop users^ ->-"])
        keyspace.removeAll()
        #expect(log.words() == ["drop  ->-"])
        keyspace.removeAll()
        #expect(log.words() == [])
    }

    @Test func evictedKeysAreTold() throws {
        let (keyspace, log) = observed(Keyspace(maxMemoryBytes: 400 << 10, .allKeysRandom))
        let evictor = Evictor(keyspace, seed: 1)
        var model: Set<String> = []
        for number in 0..<5000 {
            try evictor.makeRoom(for: 200, now: 1)
            try keyspace.set("k\(number)", String(repeating: "v", count: 100))
        }
        var evicted = 0
        for told in log.take() {
            if told.kind == .set { #expect(model.insert(told.key).inserted) }
            if told.kind == .evicted {
                #expect(model.remove(told.key) != nil)
                evicted += 1
            }
        }
        #expect(evicted > 0 && evicted == keyspace.evictedKeys)
        #expect(model.count == keyspace.count)
    }

    @Test func whoHasNoInterestIsToldNothing() throws {
        let keyspace = Keyspace()
        let told = Mutex(0)
        keyspace.setHook(
            KeyspaceHook {
                $0[0] == 0x61 ? .change : .none
            } changed: { change in
                #expect(change.copyOld() == nil)
                told.withLock { $0 += 1 }
            }
        )
        try keyspace.set("b", "1")
        try keyspace.set("a", "1")
        try keyspace.set("a", "2")
        #expect(told.withLock { $0 } == 2)
        keyspace.setHook(nil)
        try keyspace.set("a", "3")
        #expect(told.withLock { $0 } == 2)
    }

    /// Whoever follows the events holds what the keyspace holds, and versions of a key rise.
    @Test(arguments: [0, 1, 2] as [UInt64]) func aFollowerHoldsTheSame(seed: UInt64) throws {
        let (keyspace, log) = observed()
        var random = SeededGenerator(state: seed)
        var follower = Follower()
        var now: Int64 = 1
        for _ in 0..<20_000 {
            now += Int64.random(in: 0...1, using: &random)
            try step(keyspace, now, &random)
            for told in log.take() { follower.take(told) }
        }
        while keyspace.reclaimExpired(shards: 0..<256, limit: 1000, now: now) > 0 {}
        for told in log.take() { follower.take(told) }
        #expect(follower.values.count == keyspace.count)
        for (key, value) in follower.values { #expect(keyspace.text(key, now: now) == value) }
        keyspace.audit()
    }

    private struct Follower {
        var values: [String: String] = [:]
        private var versions: [String: UInt64] = [:]

        mutating func take(_ told: Log.Told) {
            if told.kind == .drop {
                values = values.filter { !$0.key.hasPrefix(told.key) }
                return
            }
            #expect(told.version > versions[told.key] ?? 0)
            versions[told.key] = told.version
            #expect(told.old == values[told.key], "\(told)")
            values[told.key] = told.new
        }
    }

    private func step(
        _ keyspace: Keyspace,
        _ now: Int64,
        _ random: inout SeededGenerator
    ) throws {
        let key = "ns\(random.next() % 3)^\(random.next() % 40)"
        let other = "ns\(random.next() % 3)^\(random.next() % 40)"
        let later = now + Int64.random(in: 0...30, using: &random)
        switch random.next() % 16 {
        case 0...2: try keyspace.set(key, "\(random.next() % 100)", now: now)
        case 3: try keyspace.set(key, "7", .ifMissing, .at(unixMs: later), now: now)
        case 4: try keyspace.set(key, "8", .always, .at(unixMs: later), now: now)
        case 5: keyspace.expire(key, at: later, now: now)
        case 6: _ = keyspace.persist(bytes(key), now: now)
        case 7: keyspace.remove(key, now: now)
        case 8: try keyspace.append(key, "9", now: now)
        case 9: try keyspace.rename(key, to: other, now: now)
        case 10: try keyspace.copyValue(of: key, to: other, isReplacing: true, now: now)
        case 11:
            try keyspace.setPairs([bytes(key), bytes("1"), bytes(other), bytes("2")], now: now)
        case 12: _ = keyspace.reclaimExpired(shards: 0..<256, limit: 3, now: now)
        case 13: _ = keyspace.value(bytes(key), now: now)
        case 14:
            if random.next() % 50 == 0 {
                _ = keyspace.drop("ns\(random.next() % 3)^", now: now)
            } else if random.next() % 200 == 0 {
                keyspace.removeAll(now: now)
            }
        default: _ = keyspace.batch(0, limit: 10, now: now)
        }
    }
}
