// EXPIRE, TTL and their kin: when keys expire.
internal import Core
internal import Keyspace

let expiryCommands: [Command] = [
    expireCommand(
        "EXPIRE",
        "seconds",
        .seconds,
        "Makes a key expire after so many seconds; a time not above 0 removes it."
    ),
    expireCommand(
        "PEXPIRE",
        "milliseconds",
        .milliseconds,
        "Makes a key expire after so many milliseconds; a time not above 0 removes it."
    ),
    expireCommand(
        "EXPIREAT",
        "timestamp",
        .unixSeconds,
        "Makes a key expire at a Unix time in seconds; one that has passed removes it."
    ),
    expireCommand(
        "PEXPIREAT",
        "timestamp",
        .unixMilliseconds,
        "Makes a key expire at a Unix time in milliseconds; one that has passed removes it."
    ),
    timeCommand(
        "TTL",
        "Seconds until a key expires; -1 if it never does, -2 if it is not there."
    ) { left, _ in seconds(left) },
    timeCommand(
        "PTTL",
        "Milliseconds until a key expires; -1 if never, -2 if it is not there."
    ) { left, _ in left },
    timeCommand(
        "EXPIRETIME",
        "The Unix time in seconds at which a key expires; -1 if never, -2 if it is not there."
    ) { left, now in seconds(now &+ left) },
    timeCommand(
        "PEXPIRETIME",
        "The Unix time in milliseconds at which a key expires; -1 if never, -2 if not there."
    ) { left, now in now &+ left },
    Command(
        CommandSpec(
            "PERSIST",
            group: .keys,
            arguments: [ArgumentSpec("key", .key)],
            category: .write,
            summary: "Makes a key that would expire stay; answers 1 if it would have.",
            reply: .integer
        ),
        persist
    ),
]

/// The row of one of the four commands that set an expiry.
private func expireCommand(
    _ name: String,
    _ argument: String,
    _ unit: ExpiryUnit,
    _ summary: String
) -> Command {
    Command(
        CommandSpec(
            name,
            group: .keys,
            arguments: [
                ArgumentSpec("key", .key),
                ArgumentSpec(argument, .integer),
                ArgumentSpec("nx", .flag, token: "NX", optional: true),
                ArgumentSpec("xx", .flag, token: "XX", optional: true),
                ArgumentSpec("gt", .flag, token: "GT", optional: true),
                ArgumentSpec("lt", .flag, token: "LT", optional: true),
            ],
            category: .write,
            summary: summary,
            reply: .integer,
            // A Unix time in milliseconds fits as it is.
            errors: [.syntax, .notAnInteger]
                + (unit == .unixMilliseconds ? [] : [.invalidExpiry])
        )
    ) { request, context throws(ServerError) in
        let now = context.now.unixMilliseconds
        let condition = try expiryCondition(request)
        let amount = try integerArgument(request, 2)
        let deadline = try unit.unbounded(amount, now: now, command: name)
        let isDone = context.keyspace.expire(request[1], at: deadline, condition, now: now)
        context.reply.integer(isDone ? 1 : 0)
    }
}

/// What the words behind the time say, in any order.
///
/// Source: Redis 7.0, `parseExtendedExpireArgumentsOrReply`.
private func expiryCondition(_ request: borrowing Request) throws(ServerError) -> ExpiryCondition {
    var (isNX, isXX, isGT, isLT) = (false, false, false, false)
    for index in 3..<max(3, request.count) {
        let word = request[index]
        if word.isWord("NX") {
            isNX = true
        } else if word.isWord("XX") {
            isXX = true
        } else if word.isWord("GT") {
            isGT = true
        } else if word.isWord("LT") {
            isLT = true
        } else {
            throw ServerError(.syntax, "Unsupported option \(Printable.text(word))")
        }
    }
    if isNX, isXX || isGT || isLT {
        throw ServerError(
            .syntax,
            "NX and XX, GT or LT options at the same time are not compatible"
        )
    }
    if isGT, isLT {
        throw ServerError(
            .syntax,
            "GT and LT options at the same time are not compatible"
        )
    }
    if isNX { return .ifPersistent }
    // No expiry counts as never, which nothing is later than: GT includes XX.
    if isGT { return .ifLater }
    if isLT { return isXX ? .ifVolatileAndSooner : .ifSooner }
    return isXX ? .ifVolatile : .always
}

/// The row of one of the four commands that tell an expiry, made of the milliseconds left and the time.
private func timeCommand(
    _ name: String,
    _ summary: String,
    _ convert: @escaping @Sendable (_ left: Int64, _ now: Int64) -> Int64
) -> Command {
    Command(
        CommandSpec(
            name,
            group: .keys,
            arguments: [ArgumentSpec("key", .key)],
            category: .read,
            summary: summary,
            reply: .integer
        )
    ) { request, context throws(ServerError) in
        let now = context.now.unixMilliseconds
        switch context.keyspace.timeToLive(request[1], now: now) {
        case .missing: context.reply.integer(-2)
        case .persistent: context.reply.integer(-1)
        case .milliseconds(let left): context.reply.integer(convert(left, now))
        }
    }
}

/// So many milliseconds, which are not negative, in seconds, rounded to the nearest.
private func seconds(_ milliseconds: Int64) -> Int64 {
    milliseconds / 1000 + (milliseconds % 1000 >= 500 ? 1 : 0)
}

private func persist(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let now = context.now.unixMilliseconds
    context.reply.integer(context.keyspace.persist(request[1], now: now) ? 1 : 0)
}
