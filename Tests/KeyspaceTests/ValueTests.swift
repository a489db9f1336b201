// Single-key operations: limits, options, integers, binary keys, versions.

import Core
import Testing

@testable import Keyspace

@Suite struct ValueTests {
    @Test func lengthsAreHeldAgainstTheLimits() throws {
        var limits = Limits()
        limits.maxKeyBytes = 8
        limits.maxValueBytes = 16
        let keyspace = Keyspace(limits: limits)
        let long = bytes("123456789")
        let key = bytes("12345678")
        let value = [UInt8](repeating: 0, count: 16)
        try keyspace.set(key.span, value.span, now: 1)
        let keyError = #expect(throws: ServerError.self) {
            try keyspace.set(long.span, value.span, now: 1)
        }
        #expect(keyError?.code == .keyTooLong)
        #expect(keyError?.message == "key of 9 bytes: maxKeyBytes allows 1 to 8")
        let empty: [UInt8] = []
        #expect(throws: ServerError.self) { try keyspace.set(empty.span, value.span, now: 1) }
        #expect(throws: ServerError.self) { try keyspace.increment(long.span, by: 1, now: 1) }
        #expect(throws: ServerError.self) { try keyspace.append(long.span, value.span, now: 1) }
        let valueError = #expect(throws: ServerError.self) {
            try keyspace.set(key.span, (value + [0]).span, now: 1)
        }
        #expect(valueError?.code == .valueTooLarge)
        #expect(valueError?.message == "value of 17 bytes: maxValueBytes allows 16")
        let appendError = #expect(throws: ServerError.self) {
            try keyspace.append(key.span, [1].span, now: 1)
        }
        #expect(appendError?.code == .valueTooLarge)
        #expect(keyspace.value(key) == value)
        #expect(keyspace.value(long) == nil)
        #expect(keyspace.value(empty) == nil)
        keyspace.audit()
    }

    @Test func conditionsAndPreviousValue() throws {
        let keyspace = Keyspace()
        #expect(try !keyspace.set("key", "a", .ifExists).isStored)
        #expect(try keyspace.set("key", "a", .ifMissing).isStored)
        #expect(try !keyspace.set("key", "b", .ifMissing).isStored)
        #expect(keyspace.text("key") == "a")
        var previous: [UInt8]?
        let key = bytes("key")
        let options = SetOptions(condition: .ifMissing)
        let outcome = try keyspace.set(key.span, bytes("c").span, options, now: 1) {
            previous = copy($0)
        }
        #expect(outcome == SetOutcome(isStored: false, hadPrevious: true))
        #expect(previous == bytes("a"))
        var removed: [UInt8]?
        let isRemoved = keyspace.remove(key.span, now: 1) { removed = copy($0) }
        #expect(isRemoved)
        #expect(removed == bytes("a"))
    }

    @Test func versionsRiseWithEveryChange() throws {
        let keyspace = Keyspace()
        let key = bytes("key")
        var last: UInt64 = 0
        func expectChange(_ change: () throws -> Void) rethrows {
            try change()
            let version = keyspace.version(key.span, now: 1) ?? 0
            #expect(version > last)
            last = version
        }
        try expectChange { try keyspace.set("key", "1") }
        try expectChange { try keyspace.increment("key") }
        try expectChange { try keyspace.append(key.span, key.span, now: 1) }
        expectChange { keyspace.expire("key", at: 1000) }
        expectChange { _ = keyspace.persist(key) }
        try expectChange {
            keyspace.remove("key")
            try keyspace.set("key", "1")
        }
        try expectChange {
            keyspace.removeAll()
            try keyspace.set("key", "1")
        }
        #expect(keyspace.text("key") == "1")
        #expect(keyspace.version(key.span, now: 1) == last, "reading changes nothing")
        #expect(try !keyspace.set("key", "2", .ifVersion(last &- 1)).isStored)
        #expect(try keyspace.set("key", "2", .ifVersion(last)).isStored)
        #expect(try !keyspace.set("key", "3", .ifVersion(last)).isStored)
        #expect(try !keyspace.set("other", "3", .ifVersion(0)).isStored)
    }

    @Test(arguments: [
        "", " 1", "1 ", "+1", "01", "-0", "-", "00", "1.0", "1e3", "0x1", "9223372036854775808",
        "-9223372036854775809", "99999999999999999999", "18446744073709551616",
        "-99999999999999999999", "111111111111111111111", "\u{661}",
    ])
    func whatIsNoCanonicalIntegerIsRefused(text: String) throws {
        let keyspace = Keyspace()
        try keyspace.set("key", text)
        #expect(throws: ServerError.notAnInteger) { try keyspace.increment("key") }
        #expect(keyspace.text("key") == text)
        #expect(DecimalInteger.parse(bytes(text).span) == nil)
    }

    @Test(arguments: [0, 1, -1, 9, 10, -10, Int64.max, .min, .max - 1, .min + 1])
    func canonicalIntegersAreRead(number: Int64) throws {
        let keyspace = Keyspace()
        try keyspace.set("key", "\(number)")
        #expect(try keyspace.increment("key", by: 0) == number)
        #expect(keyspace.text("key") == "\(number)")
        #expect(DecimalInteger.parse(bytes("\(number)").span) == number)
    }

    @Test func overflowLeavesTheValue() throws {
        let keyspace = Keyspace()
        try keyspace.set("key", "\(Int64.max)")
        let error = #expect(throws: ServerError.self) { try keyspace.increment("key") }
        #expect(error?.code == .overflow)
        #expect(keyspace.text("key") == "\(Int64.max)")
        #expect(try keyspace.increment("key", by: .min) == -1)
        try keyspace.set("key", "\(Int64.min)")
        #expect(throws: ServerError.self) { try keyspace.increment("key", by: -1) }
        #expect(try keyspace.increment("key", by: .max) == -1)
        #expect(try keyspace.increment("new", by: .min) == .min)
    }

    @Test func keysAndValuesMayHoldAnyByte() throws {
        let keyspace = Keyspace()
        let keys: [[UInt8]] = [
            [0], [0, 0], [13, 10], [94], [94, 94], [0, 94], [94, 0], [255], [0, 1, 94, 13, 10, 0],
            [UInt8](repeating: 0, count: 1024), [UInt8](repeating: 94, count: 1024),
        ]
        for (number, key) in keys.enumerated() {
            try keyspace.set(key.span, (key + [UInt8(number)]).span, now: 1)
        }
        for (number, key) in keys.enumerated() {
            #expect(keyspace.value(key) == key + [UInt8(number)])
        }
        keyspace.audit()
        for key in keys { #expect(keyspace.remove(key)) }
        keyspace.audit()
    }

    @Test func manyAppendsAddUp() throws {
        let keyspace = Keyspace()
        let key = bytes("log^key")
        for number in 0..<5000 {
            #expect(try keyspace.append(key.span, bytes("abcd").span, now: 1) == (number + 1) * 4)
        }
        #expect(keyspace.text("log^key") == String(repeating: "abcd", count: 5000))
        keyspace.audit()
    }
}
