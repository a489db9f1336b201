// Scripts of MULTI, EXEC, DISCARD, WATCH and UNWATCH.
import Commands
import Core

let transactionScripts: [Script] = queueScripts + watchScripts

private let queued = Answer.status("QUEUED")
private let aborted = Answer.error(
    .transactionAborted,
    "Transaction discarded because of previous errors."
)

private func refused(_ message: String) -> Answer { .error(.invalidRequest, message) }

private let queueScripts: [Script] = [
    Script(
        "MULTI and EXEC",
        .run("MULTI", .ok),
        .run("SET a 1", queued),
        .run("INCR a", queued),
        .run("GET a", queued),
        .begin("root"),
        .run("GET a", .missingKey),
        .run("EXEC", refused("EXEC without MULTI")),
        .run("MULTI", .ok),
        .run("SET a 1", queued),
        .run("INCR a", queued),
        .run("GET a", queued),
        .run("GET none", queued),
        .run("EXEC", .list([.ok, .integer(2), .text("2"), .missingKey])),
        .run("EXEC", refused("EXEC without MULTI"))
    ),
    Script(
        "EXEC of nothing",
        .run("MULTI", .ok),
        .run("EXEC", .list([])),
        .run("PING", .status("PONG"))
    ),
    Script(
        "EXEC goes on behind a command that fails",
        .run("MULTI", .ok),
        .run("SET a x", queued),
        .run("INCR a", queued),
        .run("SET b 2", queued),
        .run("EXEC", .list([.ok, .notAnInteger, .ok])),
        .run("GET b", .text("2"))
    ),
    Script(
        "EXEC refuses what was refused before",
        .run("MULTI", .ok),
        .run("SET a 1", queued),
        .run("SET a", .arity("set")),
        .run("EXEC", aborted),
        .run("GET a", .missingKey),
        .run("MULTI", .ok),
        .run("SET a 1", queued),
        .run(
            "NOSUCH",
            .error(.unknownCommand, "unknown command 'NOSUCH', with args beginning with: ")
        ),
        .run("EXEC", aborted),
        .run("GET a", .missingKey)
    ),
    Script(
        "EXEC asks for each command's permission",
        .begin("mixed"),
        .run("MULTI", .ok),
        .run("GET b:1", .noKey),
        .run("GET a:1", queued),
        .run("EXEC", aborted),
        .begin("getter"),
        .run("MULTI", .ok),
        .run("SET a 1", .noCommand("getter", "set")),
        .run("EXEC", aborted)
    ),
    Script(
        "MULTI does not nest",
        .run("MULTI", .ok),
        .run("MULTI", refused("MULTI calls can not be nested")),
        .run("WATCH a", refused("WATCH inside MULTI is not allowed")),
        .run("SET a 1", queued),
        .run("EXEC", .list([.ok]))
    ),
    Script(
        "DISCARD",
        .run("DISCARD", refused("DISCARD without MULTI")),
        .run("MULTI", .ok),
        .run("SET a 1", queued),
        .run("DISCARD", .ok),
        .run("GET a", .missingKey),
        .run("EXEC", refused("EXEC without MULTI"))
    ),
    Script(
        "transactions are bounded",
        .run("MULTI", .ok),
        .run("PING", queued),
        .run("PING", queued),
        .run("PING", queued),
        .run("PING", queued),
        .run("PING", .error(.tooLong, "transaction above maxTransactionCommands=4")),
        .run("EXEC", aborted),
        .run("MULTI", .ok),
        .run(
            "ECHO \(String(repeating: "x", count: 97))",
            .error(.tooLong, "transaction above maxTransactionBytes=100")
        ),
        .run("DISCARD", .ok)
    ),
    Script(
        "commands over all keys in a transaction",
        .run("MSET a 1 b 2 n^c 3", .ok),
        .run("MULTI", .ok),
        .run("DBSIZE", queued),
        .run("DROP n^", queued),
        .run("MGET a b n^c", queued),
        .run("NAMESPACES", queued),
        .run(
            "EXEC",
            .list([
                .integer(3), .integer(1), .list([.text("1"), .text("2"), .null]),
                .map([
                    Answer.Pair(
                        name: .text(""),
                        value: .map([
                            Answer.Pair(name: .text("keys"), value: .integer(2)),
                            Answer.Pair(name: .text("bytes"), value: .integer(64)),
                        ])
                    )
                ]),
            ])
        )
    ),
]

private let watchScripts: [Script] = [
    Script(
        "WATCH sees a change",
        .run("SET a 1", .ok),
        .run("WATCH a b", .ok),
        .run("SET a 1", .ok),
        .run("MULTI", .ok),
        .run("SET c 1", queued),
        .run("EXEC", .null),
        .run("GET c", .missingKey),
        .run("MULTI", .ok),
        .run("SET c 1", queued),
        .run("EXEC", .list([.ok]))
    ),
    Script(
        "WATCH without a change",
        .run("SET a 1", .ok),
        .run("WATCH a b", .ok),
        .run("GET a", .text("1")),
        .run("MULTI", .ok),
        .run("SET a 2", queued),
        .run("SET b 2", queued),
        .run("EXEC", .list([.ok, .ok])),
        .run("MULTI", .ok),
        .run("EXEC", .list([]))
    ),
    Script(
        "WATCH of a missing key",
        .run("WATCH a", .ok),
        .run("SET a 1", .ok),
        .run("MULTI", .ok),
        .run("EXEC", .null)
    ),
    Script(
        "WATCH sees a removal and an expiry",
        .run("SET a 1", .ok),
        .run("WATCH a", .ok),
        .run("DEL a", .integer(1)),
        .run("MULTI", .ok),
        .run("EXEC", .null),
        .run("SET a 1 PX 10", .ok),
        .run("WATCH a", .ok),
        .wait(10),
        .run("MULTI", .ok),
        .run("EXEC", .null)
    ),
    Script(
        "UNWATCH and DISCARD forget",
        .run("WATCH a", .ok),
        .run("SET a 1", .ok),
        .run("UNWATCH", .ok),
        .run("MULTI", .ok),
        .run("EXEC", .list([])),
        .run("WATCH a", .ok),
        .run("MULTI", .ok),
        .run("DISCARD", .ok),
        .run("SET a 2", .ok),
        .run("MULTI", .ok),
        .run("EXEC", .list([]))
    ),
    Script(
        "a key watched twice counts as it was first seen",
        .run("WATCH a", .ok),
        .run("SET a 1", .ok),
        .run("WATCH a", .ok),
        .run("MULTI", .ok),
        .run("EXEC", .null)
    ),
    Script(
        "watched keys are bounded and held against the token",
        .run("WATCH a b c d", .error(.tooLong, "watched keys above maxWatchedKeys=3")),
        .run("WATCH a b", .ok),
        .run("WATCH c", .ok),
        .run("WATCH d", .error(.tooLong, "watched keys above maxWatchedKeys=3")),
        .begin("mixed"),
        .run("WATCH b:1", .noKey),
        .run("WATCH a:1", .ok)
    ),
]
