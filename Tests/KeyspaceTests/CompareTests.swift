// Changing a key only if it still is what one has seen, alone and among several threads.

import Core
import Testing

@testable import Keyspace

extension Keyspace {
    /// SET with IFEQ: the outcome, and what `previous` was told.
    func set(
        _ key: String,
        _ value: String,
        ifEqual expected: String,
        _ expiry: SetOptions.Expiry = .none,
        now: Int64 = 1
    ) throws -> (outcome: SetOutcome, previous: String?, isExpected: Bool?) {
        var previous: String?
        var isExpected: Bool?
        let outcome = try set(
            bytes(key).span,
            bytes(value).span,
            ifEqual: bytes(expected).span,
            expiry,
            now: now
        ) { value, isSame in
            previous = String(decoding: copy(value), as: UTF8.self)
            isExpected = isSame
        }
        return (outcome, previous, isExpected)
    }

    func remove(_ key: String, ifVersion version: UInt64) -> Bool {
        remove(bytes(key).span, ifVersion: version, now: 1)
    }

    /// The value of `key` and its version.
    func versioned(_ key: String, now: Int64 = 1) -> (value: String, version: UInt64)? {
        var found: (String, UInt64)?
        let isFound = getVersioned(bytes(key).span, now: now) { value, version in
            found = (String(decoding: copy(value), as: UTF8.self), version)
        }
        #expect(isFound == (found != nil))
        return found
    }
}

@Suite struct CompareTests {
    @Test func onlyTheExpectedValueIsReplaced() throws {
        let keyspace = Keyspace()
        let missing = try keyspace.set("key", "b", ifEqual: "")
        #expect(missing.outcome == SetOutcome(isStored: false, hadPrevious: false))
        #expect(missing.previous == nil)
        try keyspace.set("key", "a")
        for other in ["", "A", "aa", "b"] {
            let kept = try keyspace.set("key", "b", ifEqual: other)
            #expect(kept.outcome == SetOutcome(isStored: false, hadPrevious: true))
            #expect(kept.previous == "a" && kept.isExpected == false)
        }
        let replaced = try keyspace.set("key", "b", ifEqual: "a", .at(unixMs: 50))
        let version = keyspace.version(Array("key".utf8).span, now: 1)
        #expect(
            replaced.outcome
                == SetOutcome(isStored: true, hadPrevious: true, version: version ?? 0)
        )
        #expect(replaced.previous == "a" && replaced.isExpected == true)
        #expect(keyspace.timeToLive("key", now: 1) == .milliseconds(49))
        #expect(try keyspace.set("key", "c", ifEqual: "b", .keep).outcome.isStored)
        #expect(keyspace.timeToLive("key", now: 1) == .milliseconds(49))
        #expect(try !keyspace.set("key", "d", ifEqual: "c", now: 50).outcome.isStored)
        #expect(keyspace.count == 0)
        try keyspace.set("key", "a")
        #expect(try keyspace.set("key", "b", ifEqual: "a", .at(unixMs: 1)).outcome.isStored)
        #expect(keyspace.count == 0)
        keyspace.audit()
    }

    @Test func lengthsAreHeldAgainstTheLimits() throws {
        let keyspace = Keyspace()
        try keyspace.set("key", "a")
        let long = String(repeating: "k", count: 1025)
        #expect(throws: ServerError.self) { try keyspace.set(long, "b", ifEqual: "a") }
        #expect(throws: ServerError.self) { try keyspace.set("", "b", ifEqual: "a") }
        let large = String(repeating: "v", count: 16 << 20)
        #expect(throws: ServerError.self) { try keyspace.set("key", large, ifEqual: "a") }
        #expect(keyspace.text("key") == "a")
    }

    @Test func onlyTheExpectedValueIsRemoved() throws {
        let keyspace = Keyspace()
        func remove(_ expected: String, now: Int64 = 1) -> Bool {
            keyspace.remove(bytes("ns^key").span, ifEqual: bytes(expected).span, now: now)
        }
        #expect(!remove(""))
        try keyspace.set("ns^key", "a", .always, .at(unixMs: 100))
        #expect(!remove("") && !remove("b") && !remove("ab"))
        #expect(remove("a"))
        #expect(!remove("a"))
        try keyspace.set("ns^key", "a", .always, .at(unixMs: 100))
        #expect(!remove("a", now: 100))
        #expect(keyspace.count == 0)
        keyspace.audit()
    }

    @Test func onlyTheVersionSeenIsRemoved() throws {
        let keyspace = Keyspace()
        #expect(keyspace.versioned("key") == nil)
        try keyspace.set("key", "a")
        let seen = try #require(keyspace.versioned("key"))
        let version = keyspace.version(bytes("key").span, now: 1)
        #expect(seen.value == "a" && seen.version == version)
        try keyspace.set("key", "a")
        #expect(!keyspace.remove("key", ifVersion: seen.version))
        #expect(!keyspace.remove("key", ifVersion: 0))
        let now = try #require(keyspace.versioned("key"))
        #expect(now.version > seen.version)
        #expect(keyspace.remove("key", ifVersion: now.version))
        #expect(!keyspace.remove("key", ifVersion: now.version))
        #expect(keyspace.versioned("key") == nil)
    }

    @Test func additionsByComparingAddUp() async throws {
        let keyspace = Keyspace()
        try keyspace.set("equal", "0")
        try keyspace.set("version", "0")
        let (threads, rounds) = (4, 500)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<threads {
                group.addTask {
                    for _ in 0..<rounds {
                        while true {
                            guard let seen = keyspace.text("equal"), let number = Int(seen) else {
                                return
                            }
                            let set = try? keyspace.set("equal", "\(number + 1)", ifEqual: seen)
                            if set?.outcome.isStored == true { break }
                        }
                        while true {
                            guard let seen = keyspace.versioned("version"),
                                let number = Int(seen.value)
                            else { return }
                            let condition = SetOptions.Condition.ifVersion(seen.version)
                            let set = try? keyspace.set("version", "\(number + 1)", condition)
                            if set?.isStored == true { break }
                        }
                    }
                }
            }
        }
        #expect(keyspace.text("equal") == "\(threads * rounds)")
        #expect(keyspace.text("version") == "\(threads * rounds)")
        keyspace.audit()
    }

    @Test func oneOfManyRemovesAndOneOfManyStores() async throws {
        let keyspace = Keyspace()
        for round in 0..<100 {
            try keyspace.set("key", "\(round)")
            let counts = await withTaskGroup(of: [Int].self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let pairs = [bytes("a\(round)"), [], bytes("b\(round)"), []]
                        let isStored = try? keyspace.setPairs(pairs, ifNoneExists: true)
                        let expected = bytes("\(round)")
                        let isRemoved = keyspace.remove(
                            bytes("key").span,
                            ifEqual: expected.span,
                            now: 1
                        )
                        return [isStored == true ? 1 : 0, isRemoved ? 1 : 0]
                    }
                }
                return await group.reduce([0, 0]) { [$0[0] + $1[0], $0[1] + $1[1]] }
            }
            #expect(counts == [1, 1])
        }
        #expect(keyspace.count == 200)
        keyspace.audit()
    }
}
