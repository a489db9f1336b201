// Scripts of CAS, IFEQ and versions, and of who may use them.
import Core
import Testing

private let key33 = String(repeating: "k", count: 33)
private let value65 = String(repeating: "v", count: 65)
private let tooLongKey = Answer.error(.keyTooLong, "key of 33 bytes: maxKeyBytes allows 1 to 32")
private let tooLargeValue = Answer.error(
    .valueTooLarge,
    "value of 65 bytes: maxValueBytes allows 64"
)

let comparingScripts: [Script] = equalityScripts + versionScripts + rightsScripts

private let equalityScripts: [Script] = [
    Script(
        "CAS",
        .run("CAS k '' v", .missingKey),
        .run("EXISTS k", .integer(0)),
        .run("SET k a EX 10", .ok),
        .run("CAS k b c", .text("a")),
        .run("CAS k '' c", .text("a")),
        .run("CAS k A c", .text("a")),
        .run("PTTL k", .integer(10_000)),
        .run("CAS k a ''", .ok),
        .run("PTTL k", .integer(-1)),
        .run("CAS k a c", .text("")),
        .run("CAS k '' d", .ok),
        .run("GET k", .text("d")),
        .run("PEXPIRE k 5", .integer(1)),
        .wait(5),
        .run("CAS k d e", .missingKey),
        .run("CAS k d", .arity("cas")),
        .run("CAS \(key33) a b", tooLongKey),
        .run("CAS k a \(value65)", tooLargeValue)
    ),
    Script(
        "SET IFEQ",
        .run("SET k v IFEQ a", .null),
        .run("EXISTS k", .integer(0)),
        .run("SET k a", .ok),
        .run("SET k b IFEQ x", .null),
        .run("SET k b ifeq a", .ok),
        .run("SET k c IFEQ a GET", .text("b")),
        .run("SET k c GET IFEQ b", .text("b")),
        .run("GET k", .text("c")),
        .run("SET missing c GET IFEQ b", .null),
        .run("SET k d IFEQ c EX 10", .ok),
        .run("PTTL k", .integer(10_000)),
        .run("SET k e KEEPTTL IFEQ d", .ok),
        .run("PTTL k", .integer(10_000)),
        .run("SET k f IFEQ x EX 20", .null),
        .run("PTTL k", .integer(10_000)),
        .run("SET k f IFEQ e", .ok),
        .run("PTTL k", .integer(-1)),
        .run("SET k NX IFEQ f", .ok),
        .run("SET k '' IFEQ NX", .ok),
        .run("SET k g IFEQ ''", .ok),
        .run("SET k h IFEQ g PXAT 1", .ok),
        .run("EXISTS k", .integer(0))
    ),
    Script(
        "SET IFEQ with what contradicts it",
        .run("SET k a", .ok),
        .run("SET k b IFEQ", .syntax),
        .run("SET k b IFEQ a NX", .syntax),
        .run("SET k b NX IFEQ a", .syntax),
        .run("SET k b IFEQ a XX", .syntax),
        .run("SET k b XX IFEQ a", .syntax),
        .run("SET k b IFEQ a IFEQ a", .syntax),
        .run("SET k b IFEQ a IFVERSION 1", .syntax),
        .run("SET k b IFVERSION 1 IFEQ a", .syntax),
        .run("SET k b IFEQ a EX abc", .notAnInteger),
        .run("SET k b IFEQ a EX 0", .invalidExpiry("set")),
        .run("SET \(key33) b IFEQ a", tooLongKey),
        .run("SET k \(value65) IFEQ a", tooLargeValue),
        .run("GET k", .text("a"))
    ),
    Script(
        "DELIFEQ",
        .run("DELIFEQ k ''", .integer(0)),
        .run("MSET k v e ''", .ok),
        .run("DELIFEQ k ''", .integer(0)),
        .run("DELIFEQ k V", .integer(0)),
        .run("DELIFEQ k vv", .integer(0)),
        .run("DELIFEQ k v", .integer(1)),
        .run("DELIFEQ k v", .integer(0)),
        .run("DELIFEQ e ''", .integer(1)),
        .run("SET k v PX 1", .ok),
        .wait(1),
        .run("DELIFEQ k v", .integer(0)),
        .run("DELIFEQ k", .arity("delifeq"))
    ),
]

private let versionScripts: [Script] = [
    Script(
        "A version of 0 is that of a missing key",
        .run("GETV k", .missingKey),
        .run("SET k a IFVERSION 0", .ok),
        .run("SET k b IFVERSION 0", .null),
        .run("SET k b IFVERSION 0 GET", .text("a")),
        .run("GET k", .text("a")),
        .run("DELIFVERSION k 0", .integer(0)),
        .run("DELIFVERSION missing 0", .integer(0)),
        .run("SET new a IFVERSION 0 GET", .null),
        .run("GET new", .text("a"))
    ),
    Script(
        "What is no version, or goes not with one",
        .run("SET k v", .ok),
        .run("SET k w IFVERSION", .syntax),
        .run("SET k w IFVERSION 0 NX", .syntax),
        .run("SET k w GET GETV", .syntax),
        .run("SET k w GETV GET", .syntax),
        .run("SET k w XX IFVERSION 1", .syntax),
        .run("SET k w IFVERSION 1 IFVERSION 1", .syntax),
        .run("SET k w IFVERSION abc NOSUCH", .syntax),
        .run("SET k w IFVERSION abc", .notAnInteger),
        .run("SET k w IFVERSION -1", .notAnInteger),
        .run("SET k w IFVERSION 9223372036854775808", .notAnInteger),
        .run("DELIFVERSION k abc", .notAnInteger),
        .run("DELIFVERSION k -1", .notAnInteger),
        .run("DELIFVERSION k", .arity("delifversion")),
        .run("GETV", .arity("getv")),
        .run("GET k", .text("v"))
    ),
]

private let rightsScripts: [Script] = [
    Script(
        "Who may write a key and not read it compares nothing",
        .run("MSET k 7 a:1 8", .ok),
        .begin("blind"),
        .run("CAS k 7 8", .noKey),
        .run("SET k 8 IFEQ 7", .noKey),
        .run("SET k 8 IFVERSION 1", .noKey),
        .run("SET k 8 IFVERSION 0", .noKey),
        .run("DELIFEQ k 7", .noKey),
        .run("DELIFVERSION k 1", .noKey),
        .run("GETV k", .noKey),
        .run("GETSET k 8", .noKey),
        .run("GETDEL k", .noKey),
        .run("GETEX k", .noKey),
        .run("INCRBYFLOAT k 0", .noKey),
        .run("GETRANGE k 0 -1", .noKey),
        .run("LCS k k", .noKey),
        .run("SETNX k 8", .integer(0)),
        .run("MSETNX k 8", .integer(0)),
        .run("SETRANGE k 1 8", .integer(2)),
        .run("SETEX k 10 9", .ok),
        .begin("root"),
        .run("GET k", .text("9"))
    ),
    Script(
        "Both keys of LCS must be readable",
        .run("MSET a:1 1 b:1 1", .ok),
        .begin("mixed"),
        .run("LCS a:1 a:1", .text("1")),
        .run("LCS a:1 b:1", .noKey),
        .run("LCS b:1 a:1", .noKey),
        .run("CAS a:1 1 2", .noKey),
        .run("GETSET a:1 2", .noKey),
        .run("MSETNX b:2 1 a:2 1", .noKey),
        .run("SETRANGE a:1 0 2", .noKey)
    ),
]

@Suite struct VersionTests {
    private func version(_ bench: Bench, _ key: String) throws -> Int64 {
        let items = bench.run("GETV \(key)").items
        guard items.count == 2, case .integer(let version) = items[1] else {
            throw ServerError(.internalError)
        }
        return version
    }

    @Test func aVersionIsTheKeysUntilItChanges() throws {
        let bench = try Bench()
        bench.run("SET k a")
        let first = try version(bench, "k")
        #expect(bench.run("GETV k") == .list([.text("a"), .integer(first)]))
        #expect(first > 0)
        #expect(bench.run("SET k b IFVERSION \(first + 1)") == .null)
        #expect(bench.run("SET k b IFVERSION \(first + 1) GET") == .text("a"))
        #expect(bench.run("SET k b IFVERSION \(first) GET EX 10") == .text("a"))
        #expect(bench.run("PTTL k") == .integer(10_000))
        #expect(bench.run("SET k c IFVERSION \(first)") == .null)
        #expect(bench.run("DELIFVERSION k \(first)") == .integer(0))
        #expect(bench.run("GET k") == .text("b"))
        #expect(bench.run("DELIFVERSION k \(try version(bench, "k"))") == .integer(1))
        #expect(bench.run("GETV k") == .missingKey)
        #expect(bench.run("SET k d IFVERSION \(first)") == .null)
        #expect(bench.run("EXISTS k") == .integer(0))
    }

    @Test func aSetAnswersTheVersionItMade() throws {
        let bench = try Bench()
        guard case .integer(let first) = bench.run("SET k a GETV") else {
            throw ServerError(.internalError)
        }
        #expect(try version(bench, "k") == first)
        guard case .integer(let second) = bench.run("SET k b GETV IFVERSION \(first) EX 10") else {
            throw ServerError(.internalError)
        }
        #expect(second > first)
        #expect(try version(bench, "k") == second)
        #expect(bench.run("SET k c IFVERSION \(first) GETV") == .null)
        #expect(bench.run("SET k c NX GETV") == .null)
        #expect(bench.run("SET k c IFEQ a GETV") == .null)
        #expect(bench.run("SET k c IFEQ b GETV") == .integer(try version(bench, "k")))
        #expect(bench.run("SET k d PXAT 1 GETV") == .integer(0), "it is removed at once")
        #expect(bench.run("EXISTS k") == .integer(0))
    }

    @Test(arguments: [
        "SET k b", "SET k a", "CAS k a b", "SET k b IFEQ a", "GETSET k a", "SETRANGE k 0 b",
        "APPEND k b", "EXPIRE k 10", "GETEX k EX 10", "MSET k b", "SETEX k 10 a",
    ])
    func everyChangeRaisesIt(line: String) throws {
        let bench = try Bench()
        bench.run("SET k a")
        let before = try version(bench, "k")
        bench.run(line)
        #expect(try version(bench, "k") > before)
    }

    @Test(arguments: [
        "GET k", "SET k b NX", "CAS k b c", "SET k b IFEQ b", "SETNX k b", "GETEX k", "GETV k",
        "SETRANGE k 1 ''", "INCRBYFLOAT k 1", "DELIFEQ k b", "DELIFVERSION k 0",
        "GETEX k PERSIST", "MSETNX other 1 k 2", "SET k b EX 0", "GETRANGE k 0 -1",
    ])
    func whatChangesNothingDoesNot(line: String) throws {
        let bench = try Bench()
        bench.run("SET k a")
        let before = try version(bench, "k")
        bench.run(line)
        #expect(bench.run("GETV k") == .list([.text("a"), .integer(before)]))
    }

    @Test func aKeyStoredAgainIsAnotherVersion() throws {
        let bench = try Bench()
        bench.run("SET k a PX 10")
        let before = try version(bench, "k")
        bench.wait(10)
        bench.run("SET k a PX 10")
        #expect(try version(bench, "k") > before)
    }
}
