// Scripts of limits: what refuses a token and an address, and what LIMITS and EXPLAIN tell of it.
import Core

let limitScripts: [Script] = rateScripts + failureScripts + tellingScripts

private func above(_ limit: String) -> Answer {
    .error(.rateLimited, "too many requests: limit=\(limit)")
}

private func map(_ pairs: KeyValuePairs<String, Answer>) -> Answer {
    .map(pairs.map { .init(name: .text($0.key), value: $0.value) })
}

private let pong = Answer.status("PONG")
private let queued = Answer.status("QUEUED")
private let noWrite = above("tokenWriteCommandsPerSecond")
private let noCommand = above("tokenCommandsPerSecond")
private let mustWait = above("addressFailedAuthentications")

private let rateScripts: [Script] = [
    Script(
        "A token above its rates",
        .begin("metered"),
        .run("SET a 1", .ok),
        .run("SET a 2", .ok),
        .run("SET a 3", noWrite),
        .run("GET a", .text("2")),
        .run("PING", pong),
        .run("PING", pong),
        .run("PING", noCommand),
        .run("GET a", noCommand),
        .wait(99),
        .run("PING", noCommand),
        .wait(1),
        .run("PING", pong),
        .wait(899),
        .run("SET a 4", noWrite),
        .wait(1),
        .run("SET a 5", .ok),
        .run("GET a", .text("5")),
        // Another connection of the token pays from the same budget, and another token does not.
        .begin("metered"),
        .run("SET a 6", noWrite),
        .begin("root"),
        .run("SET a 7", .ok)
    ),
    Script(
        "A transaction is paid for when it is queued",
        .begin("metered"),
        .run("MULTI", .ok),
        .run("SET a 1", queued),
        .run("SET a 2", queued),
        .run("GET a", queued),
        .run("EXEC", .list([.ok, .ok, .text("2")])),
        .run("PING", noCommand),
        .wait(10_000),
        .run("MULTI", .ok),
        .run("SET a 3", queued),
        .run("SET a 4", queued),
        .run("SET a 5", noWrite),
        .run(
            "EXEC",
            .error(
                .transactionAborted,
                "Transaction discarded because of previous errors."
            )
        ),
        .wait(10_000),
        .run("GET a", .text("2")),
        .run("MULTI", .ok),
        .run("GET a", queued),
        .run("GET a", queued),
        .run("GET a", queued),
        // EXEC that comes too early can be sent again.
        .run("EXEC", noCommand),
        .wait(100),
        .run("EXEC", .list([.text("2"), .text("2"), .text("2")]))
    ),
]

private let failureScripts: [Script] = [
    Script(
        "An address that fails to authenticate must wait",
        .begin(nil),
        .run("AUTH 1", .wrongCredential),
        .run("AUTH 2", .wrongCredential),
        .run("AUTH 3", .wrongCredential),
        .run("AUTH 4", .wrongCredential),
        .begin(nil),
        .run("AUTH 5", .wrongCredential),
        .run("AUTH 6", .wrongCredential),
        .run("AUTH 7", .wrongCredential),
        .run("AUTH 8", .wrongCredential),
        .begin(nil),
        .run("AUTH 9", .wrongCredential),
        .run("HELLO 3 AUTH root 10", .wrongCredential),
        .run("AUTH <root>", mustWait),
        .run("HELLO 3 AUTH root <root>", mustWait),
        .run("PING", pong),
        .run("WHOAMI", .noToken),
        .wait(999),
        .run("AUTH <root>", mustWait),
        .wait(1),
        .run("AUTH <root>", .ok),
        .run("WHOAMI", .text("root"))
    )
]

private func budget(
    _ limit: Int64,
    _ unit: String,
    _ remaining: Answer,
    _ retry: Int64 = 0
) -> Answer {
    map([
        "limit": .integer(limit), "unit": .text(unit), "remaining": remaining,
        "retry_after_ms": .integer(retry),
    ])
}

private func explained(
    _ subject: String,
    _ kind: String,
    _ command: String,
    rule: String? = nil,
    error: ErrorCode? = nil,
    retry: Int64? = nil,
    state: Answer
) -> Answer {
    map([
        "subject": .text(subject), "kind": .text(kind), "command": .text(command),
        "refused": .boolean(rule != nil), "shadow": .boolean(false),
        "rule": rule.map { .text($0) } ?? .null,
        "error": error.map { .text($0.row.jsonCode) } ?? .null,
        "retry_after_ms": retry.map { .integer($0) } ?? .null, "state": state,
    ])
}

private let quietAddress = map([
    "counted_as": .text("2001:db8::"), "allowed": .boolean(false), "denied": .boolean(false),
    "banned": .boolean(false), "shared": .boolean(false), "open_connections": .integer(0),
    "failed_authentications": .integer(0), "back_off_ms": .integer(0),
    "addressOpenConnections": .integer(2048), "addressConnectionsPerSecond": .integer(5000),
    "addressHandshakesPerSecond": .integer(4000), "addressCommandsPerSecond": .integer(10_000),
    "addressBytesPerSecond": .integer(64 << 20), "overload_level": .text("normal"),
    "connected_clients": .integer(0), "maxClients": .integer(10_000),
])

private func tokenState(
    permitted: Bool,
    _ category: String,
    expires: Answer = .null
) -> Answer {
    map([
        "known": .boolean(true), "expires_at": expires, "permitted": .boolean(permitted),
        "category": .text(category), "open_connections": .integer(0),
    ])
}

private func meteredState(_ remaining: [Int64], _ category: String) -> Answer {
    let names = [
        "tokenConnections", "tokenWriteCommandsPerSecond", "tokenCommandsPerSecond",
        "tokenBytesPerSecond",
    ]
    guard case .map(let pairs) = tokenState(permitted: true, category) else { return .null }
    let budgets = zip(names, remaining).map {
        Answer.Pair(name: .text($0), value: .integer($1))
    }
    return .map(pairs + budgets)
}

private let tellingScripts: [Script] = [
    Script(
        "LIMITS of an address",
        .begin(nil),
        .run(
            "LIMITS addresscommandspersecond maxKeyBytes maxkeybytes",
            map([
                // AUTH of the connection before has been paid for, and LIMITS itself.
                "addressCommandsPerSecond": budget(1000, "per second", .integer(9998)),
                "maxKeyBytes": map(["limit": .integer(32), "unit": .text("bytes")]),
            ])
        ),
        .run(
            "LIMITS tokenConnections",
            .error(
                .invalidRequest,
                "no limit is called 'tokenConnections'; the nearest are "
                    + LimitTable.nearest("tokenConnections")
            )
        )
    ),
    Script(
        "LIMITS of a token",
        .begin("metered"),
        .run(
            "LIMITS tokenConnections tokenCommandsPerSecond tokenReadCommandsPerSecond maxClients",
            map([
                "tokenConnections": budget(2, "count", .integer(1)),
                "tokenCommandsPerSecond": budget(10, "per second", .integer(4)),
                "tokenReadCommandsPerSecond": budget(0, "per second", .null),
                "maxClients": map(["limit": .integer(10_000), "unit": .text("count")]),
            ])
        ),
        .begin("root"),
        .run("CONFIG SET maxclients 7", .ok),
        .run(
            "LIMITS MAXCLIENTS",
            map(["maxClients": map(["limit": .integer(7), "unit": .text("count")])])
        ),
        .run("CONFIG GET ipv6-prefix-length", map(["ipv6-prefix-length": .text("64")]))
    ),
    Script(
        "EXPLAIN of an address",
        .run(
            "EXPLAIN 2001:db8::7 PING",
            explained("2001:db8::7", "address", "PING", state: quietAddress)
        ),
        .run(
            "EXPLAIN 2001:db8:0::7 get",
            explained(
                "2001:db8::7",
                "address",
                "GET",
                rule: "token",
                error: .unauthenticated,
                state: quietAddress
            )
        )
    ),
    Script(
        "EXPLAIN of a token",
        .run(
            "EXPLAIN reader GET",
            explained("reader", "token", "GET", state: tokenState(permitted: true, "read"))
        ),
        .run(
            "EXPLAIN reader SET",
            explained(
                "reader",
                "token",
                "SET",
                rule: "permissions",
                error: .forbidden,
                state: tokenState(permitted: false, "write")
            )
        ),
        .run(
            "EXPLAIN nosuch SET",
            explained(
                "nosuch",
                "token",
                "SET",
                rule: "token",
                error: .wrongCredential,
                state: map(["known": .boolean(false)])
            )
        ),
        .run("EXPLAIN reader NOSUCH", .error(.unknownCommand, "no command is called 'NOSUCH'")),
        .run("EXPLAIN reader", .arity("explain")),
        .wait(1000),
        .run(
            "EXPLAIN short GET",
            explained(
                "short",
                "token",
                "GET",
                rule: "expiresAt",
                error: .wrongCredential,
                state: tokenState(permitted: true, "read", expires: .text("2027-01-15T08:00:01Z"))
            )
        ),
        .begin("standard"),
        .run("EXPLAIN reader GET", .noCommand("standard", "explain"))
    ),
    Script(
        "EXPLAIN of a token's rates",
        .begin("metered"),
        .run("PING", pong),
        .begin("root"),
        .wait(1000),
        .run(
            "EXPLAIN metered SET",
            explained("metered", "token", "SET", state: meteredState([2, 2, 5, 1000], "write"))
        )
    ),
]
