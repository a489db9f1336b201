// Scripts of tokens that may do less than everything.
import Core

let permissionScripts: [Script] = [
    Script(
        "A single command",
        .run("SET k v", .ok),
        .begin("getter"),
        .run("GET k", .text("v")),
        .run("MGET k", .noCommand("getter", "mget")),
        .run("SET k v", .noCommand("getter", "set")),
        .run("WHO", .noCommand("getter", "who")),
        .run("PING", .status("PONG")),
        .run("QUIT", .ok)
    ),
    Script(
        "A command taken away",
        .begin("careful"),
        .run("SET k v", .ok),
        .run("DEL k", .noCommand("careful", "del")),
        .run("DROP k^", .noCommand("careful", "drop")),
        .run("KEYS *", .texts("k"))
    ),
    Script(
        "What a token may unless it is made otherwise",
        .begin("standard"),
        .run("SET k v", .ok),
        .run("GET k", .text("v")),
        .run("WHY", .integer(42)),
        .run("KEYS *", .noCommand("standard", "keys")),
        .run("LIST *", .noCommand("standard", "keys"))
    ),
    Script(
        "Another token, other permissions",
        .begin("reader"),
        .run("SET k v", .noCommand("reader", "set")),
        .run("AUTH <writer>", .ok),
        .run("SET k v", .ok),
        .run("GET k", .noCommand("writer", "get")),
        .run("AUTH wrong", .wrongCredential),
        .run("GET k", .noCommand("writer", "get"))
    ),
    Script(
        "Arity goes before permission, permission before keys",
        .begin("nobody"),
        .run("GET", .arity("get")),
        .run("GET k", .noCommand("nobody", "get")),
        .run(
            "NOSUCH",
            .error(.unknownCommand, "unknown command 'NOSUCH', with args beginning with: ")
        )
    ),
    Script(
        "Patterns for reading",
        .run("MSET a:1 1 b:1 2 users^42^a 3 users^43^a 4", .ok),
        .begin("mixed"),
        .run("GET a:1", .text("1")),
        .run("GET b:1", .noKey),
        .run("GET users^42^a", .text("3")),
        .run("GET users^43^a", .noKey),
        .run("MGET a:1 users^42^a a:2", .list([.text("1"), .text("3"), .null])),
        .run("MGET a:1 b:1", .noKey),
        .run("MGET b:1 a:1", .noKey),
        .run("EXISTS a:1 a:1", .integer(2)),
        .run("EXISTS a:1 a:1 b:1", .noKey),
        .run("STRLEN b:1", .noKey),
        .run("TTL b:1", .noKey),
        .run("PTTL b:1", .noKey),
        .run("GET ''", .noKey)
    ),
    Script(
        "Patterns for writing",
        .begin("mixed"),
        .run("SET b:1 1", .ok),
        .run("SET a:1 1", .noKey),
        .run("MSET b:1 a:1 b:2 a:2", .ok),
        .run("MSET b:1 1 a:1 2", .noKey),
        .run("MSET a:1 1 b:1 2", .noKey),
        .run("APPEND a:1 1", .noKey),
        .run("APPEND b:1 2", .integer(4)),
        .run("EXPIRE a:1 10", .noKey),
        .run("PEXPIRE b:1 10", .integer(1)),
        .run("PERSIST a:1", .noKey),
        .run("PERSIST b:1", .integer(1)),
        .run("DEL b:1 a:1", .noKey),
        .run("DEL b:1 b:2", .integer(2)),
        .run("INCR a:1", .noKey)
    ),
    Script(
        "Who may write a key and not read it is not told its value",
        .run("MSET k 7 b:1 8 users^42^n 9", .ok),
        .begin("blind"),
        .run("GET k", .noKey),
        .run("SET k 8 GET", .noKey),
        .run("SET k 8 NX GET", .noKey),
        .run("INCR k", .noKey),
        .run("INCRBY k 0", .noKey),
        .run("DECR k", .noKey),
        .run("DECRBY k 1", .noKey),
        .run("SET k 10", .ok),
        .begin("mixed"),
        .run("SET b:1 1 GET", .noKey),
        .run("INCR b:1", .noKey),
        .run("SET users^42^n 1 GET", .text("9")),
        .run("INCR users^42^n", .integer(2)),
        .begin("root"),
        .run("MGET k b:1 users^42^n", .texts("10", "8", "2"))
    ),
    Script(
        "Walks show what may be read",
        .run("MSET a:1 1 b:1 2 users^42^a 3 users^43^a 4", .ok),
        .begin("mixed"),
        .runSorted("KEYS *", ["a:1", "users^42^a"]),
        .run("SCAN 0 COUNT 1000 MATCH b*", .list([.text("0"), .list([])])),
        .run("SCAN 0 COUNT 1000 MATCH a*", .list([.text("0"), .texts("a:1")])),
        .begin("blind"),
        .run("KEYS *", .list([])),
        .run("NAMESPACES", .map([]))
    ),
]
