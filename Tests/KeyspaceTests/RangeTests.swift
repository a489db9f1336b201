// Parts of values, and numbers with a fraction.

import Core
import Testing

@testable import Keyspace

@Suite struct RangeTests {
    private func overwrite(
        _ keyspace: Keyspace,
        _ key: String,
        _ offset: Int,
        _ text: String,
        now: Int64 = 1
    ) throws -> Int {
        try keyspace.overwrite(bytes(key).span, from: offset, with: bytes(text).span, now: now)
    }

    @Test func zerosFillTheGap() throws {
        let keyspace = Keyspace()
        // Blocks are used again: what an earlier value left in one must not show.
        for _ in 0..<50 {
            try keyspace.set("key", String(repeating: "x", count: 300))
            keyspace.remove("key")
            #expect(try overwrite(keyspace, "key", 200, "end") == 203)
            #expect(
                keyspace.value(bytes("key")) == [UInt8](repeating: 0, count: 200) + bytes("end")
            )
            keyspace.remove("key")
        }
        try keyspace.set("key", "ab")
        #expect(try overwrite(keyspace, "key", 1000, "c") == 1001)
        #expect(
            keyspace.value(bytes("key")) == bytes("ab") + [UInt8](repeating: 0, count: 998) + [99]
        )
        #expect(try overwrite(keyspace, "key", 1, "B") == 1001)
        #expect(keyspace.value(bytes("key"))?.prefix(3) == [97, 66, 0])
        keyspace.audit()
    }

    @Test func aValueThatShrankShowsZerosWhereItGrowsAgain() throws {
        let keyspace = Keyspace()
        try keyspace.set("key", "abcdefghijkl")
        try keyspace.set("key", "a")
        #expect(try overwrite(keyspace, "key", 4, "z") == 5)
        #expect(keyspace.value(bytes("key")) == [97, 0, 0, 0, 122])
        keyspace.audit()
    }

    @Test func lengthsAreHeldAgainstTheLimits() throws {
        var limits = Limits()
        limits.maxKeyBytes = 8
        limits.maxValueBytes = 16
        let keyspace = Keyspace(limits: limits)
        #expect(try overwrite(keyspace, "key", 15, "a") == 16)
        for offset in [16, 17, 1 << 40, .max - 1, .max] {
            let error = #expect(throws: ServerError.self) {
                try overwrite(keyspace, "key", offset, "a")
            }
            #expect(error?.code == .valueTooLarge)
        }
        #expect(throws: ServerError.self) { try overwrite(keyspace, "key", -1, "a") }
        #expect(throws: ServerError.self) { try overwrite(keyspace, "123456789", 0, "a") }
        #expect(try overwrite(keyspace, "key", .max, "") == 16)
        #expect(try overwrite(keyspace, "other", .max, "") == 0)
        #expect(keyspace.count == 1)
        keyspace.audit()
    }

    @Test func theExpiryStaysAndTheVersionRises() throws {
        let keyspace = Keyspace()
        try keyspace.set("ns^key", "value", .always, .at(unixMs: 1000))
        let before = try #require(keyspace.versioned("ns^key")).version
        #expect(try overwrite(keyspace, "ns^key", 900, "a") == 901)
        #expect(try #require(keyspace.versioned("ns^key")).version > before)
        #expect(keyspace.timeToLive("ns^key", now: 1) == .milliseconds(999))
        #expect(try overwrite(keyspace, "ns^key", 1, "a", now: 1000) == 2)
        #expect(keyspace.timeToLive("ns^key", now: 1000) == .persistent)
        keyspace.audit()
    }

    @Test func writingOnAndOnAddsUp() throws {
        let keyspace = Keyspace()
        for number in 0..<5000 {
            #expect(try overwrite(keyspace, "log^key", number * 4, "abcd") == (number + 1) * 4)
        }
        #expect(keyspace.text("log^key") == String(repeating: "abcd", count: 5000))
        keyspace.audit()
    }
}

@Suite struct LongDecimalTests {
    private func parse(_ text: String) -> LongDecimal? {
        let text = bytes(text)
        // The plain pointer in `Bytes` does not keep the array.
        return withExtendedLifetime(text) { LongDecimal(Bytes(text.span)) }
    }

    private func text(_ number: LongDecimal?) -> String? {
        number?.withText { String(decoding: $0.buffer, as: UTF8.self) }
    }

    /// Sums and their texts as redis-server 7.0.15 gives them on x86-64.
    private static let sums: [(String, String, String)] = [
        ("10.5", "0.1", "10.6"), ("5.0e3", "2.0e2", "5200"), ("3.0", "1.1", "4.1"),
        ("10", "-0.1", "9.9"), ("0", "-0.1", "-0.1"), ("0.1", "0.2", "0.3"), ("1.5", "-1.5", "0"),
        ("1e20", "1", "100000000000000000000"), ("1e17", "0.1", "100000000000000000.1015625"),
        ("-0", "-0", "0"), ("0", "1e-17", "0.00000000000000001"), ("0", "1e-18", "0"),
        ("0", "-1e-20", "0"), ("3.14159265358979323846", "0", "3.14159265358979324"),
        ("9223372036854775807", "1", "9223372036854775808"),
        ("9007199254740993", "0.5", "9007199254740993.5"),
        ("123456789.123456789", "0.000000001", "123456789.12345678999554366"),
        ("17179869184", "1.1", "17179869185.09999999962747097"),
        ("0", "0.30000000000000004", "0.30000000000000004"),
        ("99999999999999999", "0.5", "99999999999999999.5"),
        ("1e30", "1", "1000000000000000000024696061952"),
        ("0x10", "+.5e1", "21"), ("00001.5", "5.", "6.5"), ("0x1p3", "-.5e-3", "7.9995"),
    ]

    @Test func sumsAreThoseOfRedis() throws {
        #if arch(x86_64)
        for (left, right, sum) in Self.sums {
            let left = try #require(parse(left))
            let right = try #require(parse(right))
            #expect(text(LongDecimal(left.value + right.value)) == sum)
        }
        #endif
    }

    @Test func theLargestNumbersHaveRoom() throws {
        let largest = LongDecimal(.greatestFiniteMagnitude)
        let smallest = LongDecimal(-.greatestFiniteMagnitude)
        let digits = try #require(text(largest))
        #expect(digits.utf8.count > 300 && digits.utf8.count + 19 < LongDecimal.textLimit)
        #expect(text(smallest) == "-" + digits)
        #expect(parse(digits) == largest)
        #expect(text(LongDecimal(.leastNonzeroMagnitude)) == "0")
        #expect(text(LongDecimal(-.leastNonzeroMagnitude)) == "0")
    }

    @Test func lengthsAreBounded() {
        let zeros = String(repeating: "0", count: LongDecimal.textLimit - 2)
        #expect(text(parse(zeros + "1")) == "1")
        #expect(parse(zeros + "01") == nil)
    }

    @Test(arguments: [
        "", " ", " 1", "1 ", "\t1", "\n1", "1\n", "1\0", "\0", "\01", "abc", "1_000", "1e", "1d",
        "1,5", "0x", "nan", "-nan", "nan(123)", "1e5000", "-1e5000", "1e-5000", "infx", "--1",
        "1.2.3", "e5", ".", "+", "-", "\u{661}",
    ])
    func whatIsNoNumberIsRefused(text: String) throws {
        #expect(parse(text) == nil)
        let keyspace = Keyspace()
        #expect(throws: ServerError(.notANumber)) {
            try keyspace.increment(bytes("key").span, byDecimal: bytes(text).span, now: 1) { _ in }
        }
        try keyspace.set("key", text)
        #expect(throws: ServerError(.notANumber)) {
            try keyspace.increment(bytes("key").span, byDecimal: bytes("1").span, now: 1) { _ in }
        }
        #expect(keyspace.text("key") == text)
    }

    @Test func infinityIsReadAndNotStored() throws {
        #expect(parse("inf")?.value == .infinity)
        #expect(parse("-Infinity")?.value == -.infinity)
        let keyspace = Keyspace()
        let largest = text(LongDecimal(.greatestFiniteMagnitude)) ?? ""
        try keyspace.set("key", largest)
        for amount in ["inf", "-inf", largest] {
            let error = #expect(throws: ServerError.self) {
                try keyspace.increment(bytes("key").span, byDecimal: bytes(amount).span, now: 1) {
                    _ in
                }
            }
            #expect(error?.code == .overflow)
        }
        #expect(keyspace.text("key") == largest)
    }

    /// What is used where there is no longer floating point than `Double`.
    @Test func aDoubleShowsNoMoreThanItHolds() {
        let texts: [(Double, String)] = [
            (10.5 + 0.1, "10.6"), (5e3 + 2e2, "5200"), (-0.1, "-0.1"), (0, "0"), (-0.0, "0"),
            (0.1 + 0.2, "0.30000000000000004"), (1e20, "100000000000000000000"), (1e-20, "0"),
            (1.25, "1.25"), (100, "100"), (-1e-17, "-0.00000000000000001"),
        ]
        for (value, text) in texts {
            let written = LongDecimal.withShortText(value) {
                String(decoding: $0.buffer, as: UTF8.self)
            }
            #expect(written == text)
        }
    }

    @Test func aSumIsStoredAsItIsTold() throws {
        let keyspace = Keyspace()
        let key = bytes("ns^key")
        for round in 1...100 {
            var told: [UInt8] = []
            try keyspace.increment(key.span, byDecimal: bytes("0.5").span, now: 1) {
                told = copy($0)
            }
            #expect(keyspace.value(key) == told)
            #expect(told == bytes(round % 2 == 0 ? "\(round / 2)" : "\(round / 2).5"))
        }
        keyspace.expire("ns^key", at: 1000)
        try keyspace.increment(key.span, byDecimal: bytes("1e300").span, now: 1) { _ in }
        #expect(keyspace.timeToLive("ns^key", now: 1) == .milliseconds(999))
        #expect(keyspace.length(key.span, now: 1) == 301)
        keyspace.audit()
    }
}
