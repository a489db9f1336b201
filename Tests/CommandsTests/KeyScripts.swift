// Scripts of the commands on keys and namespaces.
import Core

let keyScripts: [Script] = lifeScripts + walkScripts + namespaceScripts

private let lifeScripts: [Script] = [
    Script(
        "DEL and EXISTS",
        .run("MSET a 1 b 2 c 3", .ok),
        .run("EXISTS a", .integer(1)),
        .run("EXISTS a a missing b a", .integer(4)),
        .run("DEL a missing b", .integer(2)),
        .run("DEL a", .integer(0)),
        .run("DEL c c", .integer(1)),
        .run("EXISTS a b c", .integer(0)),
        .run("DEL", .arity("del")),
        .run("EXISTS", .arity("exists")),
        .run("SET k v PX 5", .ok),
        .wait(5),
        .run("DEL k", .integer(0))
    ),
    Script(
        "EXPIRE, TTL and PERSIST",
        .run("EXPIRE k 10", .integer(0)),
        .run("TTL k", .integer(-2)),
        .run("SET k v", .ok),
        .run("TTL k", .integer(-1)),
        .run("PTTL k", .integer(-1)),
        .run("PERSIST k", .integer(0)),
        .run("EXPIRE k 10", .integer(1)),
        .run("TTL k", .integer(10)),
        .run("PEXPIRE k 20000", .integer(1)),
        .run("TTL k", .integer(20)),
        .run("PERSIST k", .integer(1)),
        .run("PERSIST k", .integer(0)),
        .run("PERSIST missing", .integer(0)),
        .run("TTL k", .integer(-1)),
        .run("EXPIRE k", .arity("expire")),
        .run("PEXPIRE k", .arity("pexpire")),
        .run("TTL", .arity("ttl")),
        .run("PTTL a b", .arity("pttl")),
        .run("PERSIST", .arity("persist"))
    ),
    Script(
        "TTL is rounded to the nearest second",
        .run("SET k v PX 2000", .ok),
        .run("TTL k", .integer(2)),
        .wait(500),
        .run("TTL k", .integer(2)),
        .run("PTTL k", .integer(1500)),
        .wait(1),
        .run("TTL k", .integer(1)),
        .run("PTTL k", .integer(1499)),
        .wait(999),
        .run("TTL k", .integer(1)),
        .wait(1),
        .run("TTL k", .integer(0)),
        .run("PTTL k", .integer(499)),
        .wait(498),
        .run("TTL k", .integer(0)),
        .wait(1),
        .run("TTL k", .integer(-2))
    ),
    Script(
        "A time that is not above 0 removes the key",
        .run("MSET a 1 b 2 c 3 d 4", .ok),
        .run("EXPIRE a 0", .integer(1)),
        .run("EXPIRE b -1", .integer(1)),
        .run("PEXPIRE c 0", .integer(1)),
        .run("PEXPIRE d -9223372036854775808", .integer(1)),
        .run("EXISTS a b c d", .integer(0)),
        .run("EXPIRE a 0", .integer(0))
    ),
    Script(
        "Expiries that do not fit",
        .run("SET k v", .ok),
        .run("EXPIRE k 9223372036854775807", .invalidExpiry("expire")),
        .run("EXPIRE k 9223372036854775", .invalidExpiry("expire")),
        .run("EXPIRE k -9223372036854775808", .invalidExpiry("expire")),
        .run("PEXPIRE k 9223372036854775807", .invalidExpiry("pexpire")),
        .run("EXPIRE k soon", .notAnInteger),
        .run("EXPIRE k ''", .notAnInteger),
        .run("PEXPIRE k 1.5", .notAnInteger),
        .run("TTL k", .integer(-1))
    ),
]

private let walkScripts: [Script] = [
    Script(
        "SCAN's grammar",
        .run("SCAN 0", .list([.text("0"), .list([])])),
        .run("MSET a 1 ab 2", .ok),
        .run("SCAN 0 MATCH ab", .list([.text("0"), .texts("ab")])),
        .run("SCAN 0 COUNT 100 match ab", .list([.text("0"), .texts("ab")])),
        .run("SCAN 0 MATCH nothing COUNT 1000", .list([.text("0"), .list([])])),
        .run("SCAN 18446744073709551615", .list([.text("0"), .list([])])),
        .run("SCAN 0 COUNT 9223372036854775807 MATCH a", .list([.text("0"), .texts("a")])),
        .run("SCAN 18446744073709551616", .error(.invalidRequest, "invalid cursor")),
        .run("SCAN -1", .error(.invalidRequest, "invalid cursor")),
        .run("SCAN ''", .error(.invalidRequest, "invalid cursor")),
        .run("SCAN start", .error(.invalidRequest, "invalid cursor")),
        .run("SCAN 0 COUNT 0", .syntax),
        .run("SCAN 0 COUNT -1", .syntax),
        .run("SCAN 0 COUNT many", .notAnInteger),
        .run("SCAN 0 COUNT", .syntax),
        .run("SCAN 0 MATCH", .syntax),
        .run("SCAN 0 TYPE String MATCH a", .list([.text("0"), .texts("a")])),
        .run("SCAN 0 TYPE list", .list([.text("0"), .list([])])),
        .run("SCAN 0 TYPE", .syntax),
        .run("SCAN 0 KIND string", .syntax),
        .run("SCAN", .arity("scan"))
    ),
    Script(
        "KEYS",
        .run("KEYS *", .list([])),
        .run("MSET one 1 two 2 three 3 four 4 o*e 5", .ok),
        .runSorted("KEYS *", ["four", "o*e", "one", "three", "two"]),
        .runSorted("LIST *o*", ["four", "o*e", "one", "two"]),
        .runSorted("KEYS t??", ["two"]),
        .runSorted("KEYS [ot]*", ["o*e", "one", "three", "two"]),
        .runSorted("KEYS [^ot]*", ["four"]),
        .runSorted("KEYS t[v-x]o", ["two"]),
        .runSorted("KEYS o\\*e", ["o*e"]),
        .runSorted("KEYS one", ["one"]),
        .runSorted("KEYS o", []),
        .runSorted("KEYS ''", []),
        .run("MSET a^one 1 a^two 2 b^one 3", .ok),
        .runSorted("KEYS a^*", ["a^one", "a^two"]),
        .runSorted("LIST a^t*", ["a^two"]),
        .runSorted("KEYS a^[^t]*", ["a^one"]),
        .runSorted("KEYS a\\^one", ["a^one"]),
        .runSorted("KEYS *^one", ["a^one", "b^one"]),
        .run("SCAN 0 MATCH a^o* COUNT 1000", .list([.text("0"), .texts("a^one")])),
        .run("SCAN 0 MATCH c^*", .list([.text("0"), .list([])])),
        .run("KEYS", .arity("keys")),
        .run("KEYS a b", .arity("keys")),
        .run("LIST", .arity("keys"))
    ),
    Script(
        "DBSIZE",
        .run("DBSIZE", .integer(0)),
        .run("MSET a 1 b^c 2", .ok),
        .run("DBSIZE", .integer(2)),
        .run("DEL a", .integer(1)),
        .run("DBSIZE", .integer(1)),
        .run("DBSIZE now", .arity("dbsize"))
    ),
]

private let badNamespace = Answer.error(
    .namespaceInvalid,
    "a namespace to drop ends in '^', as in 'users^42^'"
)

private let namespaceScripts: [Script] = [
    Script(
        "DROP",
        .run("MSET users^1^a 1 users^1^b 2 users^2^a 3 users^a 4 usersx^a 5 a 6", .ok),
        .run("DROP users^1^", .integer(2)),
        .run("DROP users^1^", .integer(0)),
        .runSorted("KEYS *", ["a", "users^2^a", "users^a", "usersx^a"]),
        .run("DROP users^", .integer(2)),
        .runSorted("KEYS *", ["a", "usersx^a"]),
        .run("DROP users", badNamespace),
        .run("DROP ^", badNamespace),
        .run("DROP ''", badNamespace),
        .run("DROP *", badNamespace),
        .run("DROP", .arity("drop")),
        .run("DBSIZE", .integer(2))
    ),
    Script(
        "NAMESPACES",
        .run("NAMESPACES", .map([])),
        .run("NAMESPACES all", .arity("namespaces"))
    ),
    Script(
        "DROP with permission",
        .run("MSET users^42^a 1 users^43^a 2 b:1 3 a^1 4", .ok),
        .begin("mixed"),
        .run("DROP users^42^", .integer(1)),
        .run("DROP users^", .integer(1)),
        .run("DROP a^", .noKey),
        .run("DROP b:^", .integer(0)),
        .begin("standard"),
        .run("DROP users^", .noCommand("standard", "drop")),
        .begin(nil),
        .run("DROP users^", .noToken)
    ),
]
