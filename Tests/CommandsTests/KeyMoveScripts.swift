// Scripts of RENAME, COPY, OBJECT and of the other commands on keys whatever their value.
import Core

let keyMoveScripts: [Script] =
    countingScripts + renameScripts + copyScripts + objectScripts + flushScripts

private let noSuchKey = Answer.error(.keyNotFound, "no such key")
private let tooLongKey = Answer.error(
    .keyTooLong,
    "key of 33 bytes: maxKeyBytes allows 1 to 32"
)
private let emptyKey = Answer.error(.keyTooLong, "key of 0 bytes: maxKeyBytes allows 1 to 32")
private let key33 = String(repeating: "k", count: 33)

private let countingScripts: [Script] = [
    Script(
        "UNLINK, TOUCH and TYPE",
        .run("MSET a 1 b 2", .ok),
        .run("TOUCH a missing b a", .integer(3)),
        .run("TOUCH missing", .integer(0)),
        .run("TYPE a", .status("string")),
        .run("UNLINK a missing b", .integer(2)),
        .run("UNLINK a", .integer(0)),
        .run("TYPE a", .status("none")),
        .run("SET k v PX 5", .ok),
        .wait(5),
        .run("TOUCH k", .integer(0)),
        .run("TYPE k", .status("none")),
        .run("UNLINK k", .integer(0)),
        .run("UNLINK", .arity("unlink")),
        .run("TOUCH", .arity("touch")),
        .run("TYPE", .arity("type")),
        .run("TYPE a b", .arity("type"))
    ),
    Script(
        "RANDOMKEY",
        .run("RANDOMKEY", .null),
        .run("SET k v", .ok),
        .run("RANDOMKEY", .text("k")),
        .run("ANYKEY", .text("k")),
        .run("RANDOMKEY x", .arity("randomkey")),
        .run("PEXPIRE k 5", .integer(1)),
        .wait(5),
        .run("RANDOMKEY", .null),
        .run("MSET a:1 1 b:1 2", .ok),
        .begin("mixed"),
        .run("RANDOMKEY", .text("a:1")),
        .begin("blind"),
        .run("RANDOMKEY", .null)
    ),
]

private let renameScripts: [Script] = [
    Script(
        "RENAME",
        .run("RENAME a b", noSuchKey),
        .run("RENAME a a", noSuchKey),
        .run("MSET a 1 b 2", .ok),
        .run("RENAME a a", .ok),
        .run("RENAME a b", .ok),
        .run("MGET a b", .list([.null, .text("1")])),
        .run("DBSIZE", .integer(1)),
        .run("MOVE b users^1^b", .ok),
        .run("GET users^1^b", .text("1")),
        .runSorted("KEYS users^*", ["users^1^b"]),
        .run("RENAME users^1^b ''", emptyKey),
        .run("RENAME users^1^b \(key33)", tooLongKey),
        .run("GET users^1^b", .text("1")),
        .run("RENAME a", .arity("rename")),
        .run("RENAME a b c", .arity("rename")),
        .run("MOVE a", .arity("rename"))
    ),
    Script(
        "RENAME takes the expiry along, and leaves none behind",
        .run("SET a 1 PX 100", .ok),
        .run("SET b 2 PX 900", .ok),
        .run("RENAME a b", .ok),
        .run("PTTL b", .integer(100)),
        .run("SET c 3", .ok),
        .run("RENAME c b", .ok),
        .run("PTTL b", .integer(-1)),
        .run("SET a 1 PX 5", .ok),
        .wait(5),
        .run("RENAME a b", noSuchKey),
        .run("GET b", .text("3"))
    ),
    Script(
        "RENAMENX",
        .run("RENAMENX a b", noSuchKey),
        .run("MSET a 1 b 2", .ok),
        .run("RENAMENX a a", .integer(0)),
        .run("RENAMENX a b", .integer(0)),
        .run("MGET a b", .texts("1", "2")),
        .run("RENAMENX a c", .integer(1)),
        .run("MOVENX b d", .integer(1)),
        .run("MGET a b c d", .list([.null, .null, .text("1"), .text("2")])),
        .run("SET e 5 PX 5", .ok),
        .wait(5),
        .run("RENAMENX c e", .integer(1)),
        .run("PTTL e", .integer(-1)),
        .run("RENAMENX e \(key33)", tooLongKey),
        .run("RENAMENX a", .arity("renamenx"))
    ),
    Script(
        "RENAME with permission",
        .run("MSET a:1 1 b:1 2 users^42^a 3 users^43^a 4", .ok),
        .begin("mixed"),
        // What is read and not written cannot be taken away; what is written and not read, not learnt.
        .run("RENAME a:1 b:2", .noKey),
        .run("RENAME b:1 b:2", .noKey),
        .run("RENAMENX b:1 b:2", .noKey),
        .run("RENAME users^42^a a:2", .noKey),
        .run("RENAME users^43^a users^42^b", .noKey),
        .run("RENAMENX users^42^a b:2", .integer(1)),
        .run("RENAME users^42^b users^43^b", noSuchKey),
        .begin("blind"),
        .run("RENAME a:1 b:9", .noKey),
        .begin("root"),
        .run("MGET a:1 b:1 b:2 users^43^a", .texts("1", "2", "3", "4"))
    ),
]

private let sameObjects = Answer.error(
    .invalidRequest,
    "source and destination objects are the same"
)
private let noDatabase = Answer.error(.invalidRequest, "DB index is out of range")

private let copyScripts: [Script] = [
    Script(
        "COPY",
        .run("COPY a b", .integer(0)),
        .run("SET a 1 PX 100", .ok),
        .run("COPY a b", .integer(1)),
        .run("MGET a b", .texts("1", "1")),
        .run("PTTL b", .integer(100)),
        .run("SET a 2", .ok),
        .run("COPY a b", .integer(0)),
        .run("GET b", .text("1")),
        .run("COPY a b replace", .integer(1)),
        .run("GET b", .text("2")),
        .run("PTTL b", .integer(-1)),
        .run("COPY a x^b DB 0", .integer(1)),
        .run("COPY a x^b REPLACE DB 0", .integer(1)),
        .run("COPY a x^b DB 0 REPLACE", .integer(1)),
        .run("DBSIZE", .integer(3)),
        .run("COPY a a", sameObjects),
        .run("COPY missing missing", sameObjects),
        .run("COPY a b DB 1", noDatabase),
        .run("COPY a b DB -1", noDatabase),
        .run("COPY a a DB 1", noDatabase),
        .run("COPY a b DB x", .notAnInteger),
        .run("COPY a b DB", .syntax),
        .run("COPY a b FOO", .syntax),
        .run("COPY a \(key33)", tooLongKey),
        .run("COPY a", .arity("copy"))
    ),
    Script(
        "COPY with permission",
        .run("MSET a:1 1 b:1 2 users^43^a 4", .ok),
        .begin("mixed"),
        .run("COPY a:1 b:2", .integer(1)),
        .run("COPY a:1 a:2", .noKey),
        .run("COPY b:1 b:3", .noKey),
        .run("COPY users^43^a b:3", .noKey),
        .run("COPY users^42^a users^43^b", .integer(0)),
        .begin("blind"),
        .run("COPY a:1 b:4", .noKey),
        .begin("reader"),
        .run("COPY a:1 b:4", .noCommand("reader", "copy"))
    ),
]

private let noFrequency = Answer.error(
    .invalidRequest,
    "An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when "
        + "switching between policies at runtime LRU and LFU data will take some time to adjust."
)

private let objectScripts: [Script] = [
    Script(
        "OBJECT",
        .run("MSET n 12 s text", .ok),
        .run("OBJECT ENCODING n", .text("int")),
        .run("object encoding s", .text("embstr")),
        .run("OBJECT IDLETIME s", .integer(0)),
        .run("OBJECT REFCOUNT s", .integer(1)),
        .run("OBJECT FREQ s", noFrequency),
        .run("OBJECT ENCODING missing", .missingKey),
        .run("OBJECT IDLETIME missing", .missingKey),
        .run("OBJECT REFCOUNT missing", .missingKey),
        .run("OBJECT FREQ missing", .missingKey),
        .run("OBJECT ENCODING", .arity("object|encoding")),
        .run("OBJECT IDLETIME", .arity("object|idletime")),
        .run("OBJECT REFCOUNT", .arity("object|refcount")),
        .run("OBJECT FREQ", .arity("object|freq")),
        .run("OBJECT HELP x", .arity("object|help")),
        .run("OBJECT", .arity("object")),
        .run("OBJECT foo s", .error(.syntax, "unknown subcommand 'foo'. Try OBJECT HELP.")),
        .run("OBJECT foo", .error(.syntax, "unknown subcommand 'foo'. Try OBJECT HELP."))
    ),
    Script(
        "OBJECT ENCODING",
        .run("SET k 9223372036854775807", .ok),
        .run("OBJECT ENCODING k", .text("int")),
        .run("SET k 9223372036854775808", .ok),
        .run("OBJECT ENCODING k", .text("embstr")),
        .run("SET k 012", .ok),
        .run("OBJECT ENCODING k", .text("embstr")),
        .run("SET k ''", .ok),
        .run("OBJECT ENCODING k", .text("embstr")),
        .run("SET k \(String(repeating: "x", count: 44))", .ok),
        .run("OBJECT ENCODING k", .text("embstr")),
        .run("APPEND k x", .integer(45)),
        .run("OBJECT ENCODING k", .text("raw"))
    ),
    Script(
        "OBJECT with permission",
        .run("MSET a:1 1 b:1 2", .ok),
        .begin("mixed"),
        .run("OBJECT ENCODING a:1", .text("int")),
        .run("OBJECT ENCODING b:1", .noKey),
        .run("OBJECT FREQ b:1", .noKey),
        .run("OBJECT ENCODING", .arity("object|encoding"))
    ),
]

private let flushScripts: [Script] = [
    Script(
        "FLUSHALL and FLUSHDB",
        .run("MSET a 1 b^c 2", .ok),
        .run("FLUSHALL", .ok),
        .run("DBSIZE", .integer(0)),
        .run("MSET a 1 b^c 2", .ok),
        .run("FLUSHALL now", .syntax),
        .run("FLUSHALL ASYNC SYNC", .syntax),
        .run("FLUSHDB now", .syntax),
        .run("FLUSHALL ASYNC SYNC ASYNC", .arity("flushall")),
        .run("DBSIZE", .integer(2)),
        .run("FLUSHDB async", .ok),
        .run("DBSIZE", .integer(0)),
        .run("FLUSHALL sync", .ok),
        .run("FLUSHDB", .ok),
        .run("NAMESPACES", .map([]))
    ),
    Script(
        "FLUSHALL with permission",
        .run("MSET a:1 1 b:1 2", .ok),
        .begin("mixed"),
        .run("FLUSHALL", .noKey),
        .run("FLUSHDB SYNC", .noKey),
        .begin("standard"),
        .run("FLUSHALL", .noCommand("standard", "flushall")),
        .begin("blind"),
        .run("DBSIZE", .integer(2)),
        .run("FLUSHDB", .ok),
        .run("DBSIZE", .integer(0))
    ),
]
