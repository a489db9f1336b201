// Scripts of GETRANGE, SETRANGE and LCS, and of bytes that are no text.
import Core
import Testing

private let key33 = String(repeating: "k", count: 33)
private let value64 = String(repeating: "v", count: 64)
private let tooLongKey = Answer.error(.keyTooLong, "key of 33 bytes: maxKeyBytes allows 1 to 32")
private let beyond = Answer.error(.invalidRequest, "offset is out of range")

private func tooLarge(_ count: Int) -> Answer {
    .error(.valueTooLarge, "value of \(count) bytes: maxValueBytes allows 64")
}

let rangeScripts: [Script] = readScripts + writeScripts + subsequenceScripts

private let readScripts: [Script] = [
    Script(
        "GETRANGE",
        .run("SET k Hello_World", .ok),
        .run("GETRANGE k 0 4", .text("Hello")),
        .run("GETRANGE k 0 -1", .text("Hello_World")),
        .run("GETRANGE k -3 -1", .text("rld")),
        .run("GETRANGE k -1 -3", .text("")),
        .run("GETRANGE k 5 100", .text("_World")),
        .run("GETRANGE k 10 10", .text("d")),
        .run("GETRANGE k 11 11", .text("")),
        .run("GETRANGE k 100 200", .text("")),
        .run("GETRANGE k 3 1", .text("")),
        .run("GETRANGE k -100 3", .text("Hell")),
        .run("GETRANGE k -5 -100", .text("")),
        .run("GETRANGE k -100 -50", .text("H")),
        .run("GETRANGE k -20 -11", .text("H")),
        .run("GETRANGE k -9223372036854775808 9223372036854775807", .text("Hello_World")),
        .run("GETRANGE k 9223372036854775807 -9223372036854775808", .text("")),
        .run("SUBSTR k 0 2", .text("Hel"))
    ),
    Script(
        "GETRANGE of nothing, and what it refuses",
        .run("GETRANGE missing 0 -1", .text("")),
        .run("GETRANGE missing -9223372036854775808 -9223372036854775808", .text("")),
        .run("SET e ''", .ok),
        .run("GETRANGE e 0 -1", .text("")),
        .run("GETRANGE e -1 -1", .text("")),
        .run("GETRANGE e 0 0", .text("")),
        .run("EXISTS missing", .integer(0)),
        .run("GETRANGE k a 1", .notAnInteger),
        .run("GETRANGE k 1 9223372036854775808", .notAnInteger),
        .run("SUBSTR k 0 b", .notAnInteger),
        .run("GETRANGE k 1", .arity("getrange")),
        .run("SUBSTR k 1", .arity("substr")),
        .run("SET k v PX 1", .ok),
        .wait(1),
        .run("GETRANGE k 0 -1", .text(""))
    ),
]

private let writeScripts: [Script] = [
    Script(
        "SETRANGE",
        .run("SET k Hello_World EX 10", .ok),
        .run("SETRANGE k 6 Redis", .integer(11)),
        .run("GET k", .text("Hello_Redis")),
        .run("SETRANGE k 0 J", .integer(11)),
        .run("SETRANGE k 11 !", .integer(12)),
        .run("SETRANGE k 10 s!!", .integer(13)),
        .run("GET k", .text("Jello_Redis!!")),
        .run("SETRANGE k 14 ?", .integer(15)),
        .run("GET k", .text("Jello_Redis!!\0?")),
        .run("PTTL k", .integer(10_000)),
        .run("SETRANGE new 3 abc", .integer(6)),
        .run("GET new", .text("\0\0\0abc")),
        .run("PTTL new", .integer(-1))
    ),
    Script(
        "SETRANGE of nothing changes nothing",
        .run("SETRANGE k 0 ''", .integer(0)),
        .run("SETRANGE k 9223372036854775807 ''", .integer(0)),
        .run("SETRANGE \(key33) 0 ''", .integer(0)),
        .run("EXISTS k", .integer(0)),
        .run("SET k abc", .ok),
        .run("SETRANGE k 1 ''", .integer(3)),
        .run("SETRANGE k 100 ''", .integer(3)),
        .run("GET k", .text("abc")),
        .run("SETRANGE k -1 ''", beyond)
    ),
    Script(
        "SETRANGE that is refused",
        .run("SET k abc", .ok),
        .run("SETRANGE k -1 v", beyond),
        .run("SETRANGE k -9223372036854775808 v", beyond),
        .run("SETRANGE k a v", .notAnInteger),
        .run("SETRANGE k 9223372036854775808 v", .notAnInteger),
        .run("SETRANGE k 64 v", tooLarge(65)),
        .run("SETRANGE new 60 vvvvv", tooLarge(65)),
        .run("SETRANGE k 9223372036854775807 v", tooLarge(.max)),
        .run("SETRANGE \(key33) 0 v", tooLongKey),
        .run("SETRANGE k 0", .arity("setrange")),
        .run("GET k", .text("abc")),
        .run("EXISTS new", .integer(0)),
        .run("SETRANGE k 63 v", .integer(64)),
        .run("SETRANGE k 0 \(value64)", .integer(64)),
        .run("GET k", .text(value64))
    ),
]

private func pair(_ start: Int, _ end: Int) -> Answer {
    .list([.integer(Int64(start)), .integer(Int64(end))])
}

private func matches(_ matches: [Answer], _ count: Int64) -> Answer {
    .map([
        .init(name: .text("matches"), value: .list(matches)),
        .init(name: .text("len"), value: .integer(count)),
    ])
}

private let subsequenceScripts: [Script] = [
    Script(
        "LCS",
        .run("MSET a ohmytext b mynewtext", .ok),
        .run("LCS a b", .text("mytext")),
        .run("LCS a b LEN", .integer(6)),
        .run("LCS a b len LEN WITHMATCHLEN MINMATCHLEN 3", .integer(6)),
        .run("LCS a b WITHMATCHLEN", .text("mytext")),
        .run("LCS a b MINMATCHLEN 100", .text("mytext")),
        .run(
            "LCS a b IDX",
            matches([.list([pair(4, 7), pair(5, 8)]), .list([pair(2, 3), pair(0, 1)])], 6)
        ),
        .run("LCS a b IDX MINMATCHLEN 4", matches([.list([pair(4, 7), pair(5, 8)])], 6)),
        .run(
            "LCS a b WITHMATCHLEN MINMATCHLEN 4 IDX",
            matches([.list([pair(4, 7), pair(5, 8), .integer(4)])], 6)
        ),
        .run(
            "LCS a b IDX MINMATCHLEN -5 WITHMATCHLEN",
            matches(
                [
                    .list([pair(4, 7), pair(5, 8), .integer(4)]),
                    .list([pair(2, 3), pair(0, 1), .integer(2)]),
                ],
                6
            )
        ),
        .run("LCS a b IDX MINMATCHLEN 9223372036854775807", matches([], 6)),
        .run("LCS a a IDX", matches([.list([pair(0, 7), pair(0, 7)])], 8)),
        .run("LCS a a", .text("ohmytext"))
    ),
    Script(
        "LCS of nothing",
        .run("MSET a ohmytext e ''", .ok),
        .run("LCS a missing", .text("")),
        .run("LCS missing a LEN", .integer(0)),
        .run("LCS e a IDX", matches([], 0)),
        .run("LCS missing e IDX", matches([], 0)),
        .run("SET b xxx", .ok),
        .run("LCS a b", .text("x")),
        .run("SET b 111", .ok),
        .run("LCS a b IDX", matches([], 0))
    ),
    Script(
        "LCS that is refused",
        .run("MSET a ohmytext b mynewtext", .ok),
        .run("LCS a", .arity("lcs")),
        .run("LCS a b NOSUCH", .syntax),
        .run("LCS a b MINMATCHLEN", .syntax),
        .run("LCS a b MINMATCHLEN abc NOSUCH", .notAnInteger),
        .run(
            "LCS a b LEN IDX",
            .error(.syntax, "If you want both the length and indexes, please just use IDX.")
        )
    ),
    Script(
        "LCS is bounded",
        .run("MSET a \(value64) b 12345678 c 123456789 e ''", .ok),
        .run("LCS a b LEN", .integer(0)),
        .run("LCS b a LEN", .integer(0)),
        .run("LCS a e", .text("")),
        .run("LCS a missing", .text("")),
        .run(
            "LCS a c",
            .error(.tooLong, "values of 64 and 9 bytes: maxLCSCells allows a product of 512")
        ),
        .run(
            "LCS c a LEN",
            .error(.tooLong, "values of 9 and 64 bytes: maxLCSCells allows a product of 512")
        )
    ),
]

@Suite struct BinaryValueTests {
    private static let value: [UInt8] = [0, 13, 10, 0xFF, 94, 0, 32]

    private func run(_ bench: Bench, _ arguments: [UInt8]...) -> Answer { bench.run(arguments) }

    @Test func partsHoldAnyBytes() throws {
        let bench = try Bench()
        let (key, value) = (Array("k".utf8), Self.value)
        #expect(run(bench, Array("SETNX".utf8), key, value) == .integer(1))
        #expect(bench.run("GETRANGE k 0 3") == .bytes([0, 13, 10, 0xFF]))
        #expect(bench.run("GETRANGE k -2 -1") == .bytes([0, 32]))
        #expect(run(bench, Array("SETRANGE".utf8), key, [54], [0, 10]) == .integer(8))
        #expect(bench.run("GETSET k x") == .bytes([0, 13, 10, 0xFF, 94, 0, 0, 10]))
        #expect(run(bench, Array("INCRBYFLOAT".utf8), [110], [49, 0]) == .notANumber)
        #expect(run(bench, Array("SET".utf8), [110], [49, 0]) == .ok)
        #expect(bench.run("INCRBYFLOAT n 1") == .notANumber)
    }

    @Test func sharedBytesAreAny() throws {
        let bench = try Bench()
        #expect(run(bench, Array("MSET".utf8), [97], Self.value, [98], [13, 0, 10, 0, 32]) == .ok)
        #expect(bench.run("LCS a b") == .bytes([13, 10, 0, 32]))
    }

    @Test func comparedBytesAreAny() throws {
        let bench = try Bench()
        let (key, value) = (Array("k".utf8), Self.value)
        #expect(run(bench, Array("SET".utf8), key, value) == .ok)
        let shorter = Array(value.dropLast())
        #expect(run(bench, Array("CAS".utf8), key, shorter, [1]) == .bytes(value))
        #expect(run(bench, Array("DELIFEQ".utf8), key, value + [0]) == .integer(0))
        #expect(run(bench, Array("CAS".utf8), key, value, [0]) == .ok)
        #expect(run(bench, Array("SET".utf8), key, [13, 10], Array("IFEQ".utf8), []) == .null)
        #expect(run(bench, Array("SET".utf8), key, [13, 10], Array("IFEQ".utf8), [0]) == .ok)
        #expect(run(bench, Array("DELIFEQ".utf8), key, [13, 10]) == .integer(1))
    }
}
