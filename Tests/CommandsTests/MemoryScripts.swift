// Scripts of the limit on memory: what is refused, what is served all the same, and what is evicted.
import Commands
import Core

private let full = Answer.error(
    .outOfMemory,
    "command not allowed when used memory > 'maxmemory'."
)
private let queued = Answer.status("QUEUED")

private func setting(_ name: String, _ value: String) -> Answer {
    .map([.init(name: .text(name), value: .text(value))])
}

private func refused(_ name: String, _ reason: String) -> Answer {
    .error(
        .invalidRequest,
        "CONFIG SET failed (possibly related to argument '\(name)') - \(reason)"
    )
}

private let policies =
    "noeviction, allkeys-lru, allkeys-random, volatile-lru, volatile-random, volatile-ttl"

let memoryScripts: [Script] = [
    Script(
        "A full keyspace",
        .run("MSET a 1 b 2 other 3", .ok),
        .run("EXPIRE b 100", .integer(1)),
        .run("CONFIG SET maxmemory 1", .ok),
        .run("SET a 3", full),
        .run("SET c 3", full),
        .run("SET c 3 NX", full),
        .run("SET a 3 IFEQ 1", full),
        .run("MSET a 4 c 5", full),
        .run("MSETNX c 3 d 3", full),
        .run("APPEND a 3", full),
        .run("SETNX c 3", full),
        .run("SETEX c 9 3", full),
        .run("PSETEX c 9 3", full),
        .run("GETSET a 3", full),
        .run("SETRANGE a 1 3", full),
        .run("INCRBYFLOAT a 3", full),
        .run("INCR a", full),
        .run("DECR a", full),
        .run("INCRBY a 1", full),
        .run("DECRBY a 1", full),
        .run("CAS a 1 2", full),
        .run("COPY a c", full),
        .run("RENAME a c", full),
        .run("RENAMENX a c", full),
        .run("MGET a b c", .list([.text("1"), .text("2"), .null])),
        .run("GETEX a EX 100", .text("1")),
        .run("EXPIRE a 200", .integer(1)),
        .run("PERSIST a", .integer(1)),
        .run("TTL b", .integer(100)),
        .run("TOUCH a b c", .integer(2)),
        .run("GETDEL a", .text("1")),
        .run("DELIFEQ b 2", .integer(1)),
        .run("DEL other", .integer(1)),
        .run("DBSIZE", .integer(0)),
        .run("SET a 1", full),
        .run("CONFIG SET maxmemory 0", .ok),
        .run("SET a 1", .ok)
    ),
    Script(
        "A transaction without room",
        .run("CONFIG SET maxmemory 200", .ok),
        .run("MULTI", .ok),
        .run("SET a 1", queued),
        .run("SET b 1", queued),
        .run("SET c 1", queued),
        .run("SET d 1", queued),
        .run(
            "EXEC",
            .error(
                .transactionAborted,
                "Transaction discarded because of: OOM command not allowed when used memory > "
                    + "'maxmemory'."
            )
        ),
        .run("EXISTS a b c d", .integer(0)),
        .run("MULTI", .ok),
        .run("SET a 1", queued),
        .run("GET a", queued),
        .run("EXEC", .list([.ok, .text("1")])),
        .run("MULTI", .ok),
        .run("SET a 2", full),
        .run("GET a", queued),
        .run(
            "EXEC",
            .error(.transactionAborted, "Transaction discarded because of previous errors.")
        ),
        .run("MULTI", .ok),
        .run("GET a", queued),
        .run("DEL a", queued),
        .run("EXEC", .list([.text("1"), .integer(1)]))
    ),
    Script(
        "A key goes for another, and a transaction that watches it sees it",
        .run("SET old 1", .ok),
        .run("WATCH old", .ok),
        .run("CONFIG SET maxmemory 1kb maxmemory-policy allkeys-lru", .ok),
        .run("SET new 2", .ok),
        .run("GET old", .missingKey),
        .run("GET new", .text("2")),
        .run("MULTI", .ok),
        .run("SET old 3", queued),
        .run("EXEC", .null)
    ),
    Script(
        "Nothing is evicted for what can never fit",
        .run("SET old 1", .ok),
        .run("CONFIG SET maxmemory 90 maxmemory-policy allkeys-random", .ok),
        .run("SET new \(String(repeating: "x", count: 64))", full),
        .run("GET old", .text("1"))
    ),
    Script(
        "Keys without expiry stay where the policy says so",
        .run("MSET a 1 b 2", .ok),
        .run("SET t 3 EX 100", .ok),
        .run("CONFIG SET maxmemory 1kb maxmemory-policy volatile-ttl", .ok),
        .run("SET new 4", full),
        .run("EXISTS a b t", .integer(2)),
        .run("CONFIG SET maxmemory-policy volatile-lru", .ok),
        .run("SET new 4", full),
        .run("CONFIG SET maxmemory-policy volatile-random", .ok),
        .run("SET new 4", full),
        .run("EXISTS a b", .integer(2))
    ),
    Script(
        "A namespace gets the room of what is evicted",
        rules: [NamespaceRule(prefix: Array("q^".utf8), maxKeys: 1)],
        .run("SET q^a 1", .ok),
        .run("SET q^b 1", .error(.namespaceFull, "namespace 'q^' is full: its limit is keys=1")),
        .run("CONFIG SET maxmemory 1kb maxmemory-policy allkeys-random", .ok),
        .run("SET q^b 1", .ok),
        .run("EXISTS q^a q^b", .integer(1))
    ),
    Script(
        "CONFIG of the limit on memory",
        .run("CONFIG GET maxmemory", setting("maxmemory", "0")),
        .run("CONFIG GET maxmemory-policy", setting("maxmemory-policy", "noeviction")),
        .run("CONFIG SET maxmemory 512MB maxmemory-policy Volatile-LRU", .ok),
        .run("CONFIG GET maxmemory", setting("maxmemory", "536870912")),
        .run("CONFIG GET maxmemory-policy", setting("maxmemory-policy", "volatile-lru")),
        .run(
            "CONFIG SET maxmemory 1.5mb",
            refused("maxmemory", "argument must be a memory value")
        ),
        .run(
            "CONFIG SET maxmemory 7 maxmemory-policy nosuch",
            refused(
                "maxmemory-policy",
                "argument(s) must be one of the following: \(policies)"
            )
        ),
        .run("CONFIG GET maxmemory", setting("maxmemory", "536870912"))
    ),
    Script(
        "The time of the last use",
        .run("SET k v", .ok),
        .run("OBJECT IDLETIME k", .integer(0)),
        .wait(10_000),
        .run("OBJECT IDLETIME k", .integer(10)),
        .run("EXISTS k", .integer(1)),
        .run("TTL k", .integer(-1)),
        .run("TYPE k", .status("string")),
        .run("OBJECT ENCODING k", .text("embstr")),
        .run("WATCH k", .ok),
        .run("UNWATCH", .ok),
        .run("OBJECT IDLETIME k", .integer(10)),
        .run("TOUCH k", .integer(1)),
        .run("OBJECT IDLETIME k", .integer(0)),
        .wait(86_400_000),
        .run("OBJECT IDLETIME k", .integer(86_400)),
        .run("GET k", .text("v")),
        .run("OBJECT IDLETIME k", .integer(0)),
        .wait(3000),
        .run("STRLEN k", .integer(1)),
        .run("OBJECT IDLETIME k", .integer(0)),
        .wait(3000),
        .run("APPEND k 0123456789012345678901234567890123456789", .integer(41)),
        .run("OBJECT IDLETIME k", .integer(0)),
        .wait(3000),
        .run("SET k w", .ok),
        .run("OBJECT IDLETIME k", .integer(0)),
        .wait(3000),
        .run("RENAME k l", .ok),
        .run("OBJECT IDLETIME l", .integer(0)),
        .wait(-1000),
        .run("OBJECT IDLETIME l", .integer(0))
    ),
]
