// DEL, EXISTS, expiry, SCAN, KEYS: commands on keys whatever their value.
internal import Access
internal import Core
internal import Keyspace

let keyCommands: [Command] = [
    Command(
        CommandSpec(
            "DEL",
            group: .keys,
            arguments: [ArgumentSpec("key", .key, repeated: true)],
            category: .write,
            complexity: "O(N) with N keys",
            summary: "Removes keys; answers how many were there.",
            reply: .integer
        ),
        delete
    ),
    Command(
        CommandSpec(
            "EXISTS",
            group: .keys,
            arguments: [ArgumentSpec("key", .key, repeated: true)],
            category: .read,
            complexity: "O(N) with N keys",
            summary: "How many of the keys are there; one named twice counts twice.",
            reply: .integer
        ),
        exists
    ),
    expireCommand("EXPIRE", "seconds", .seconds),
    expireCommand("PEXPIRE", "milliseconds", .milliseconds),
    Command(
        CommandSpec(
            "TTL",
            group: .keys,
            arguments: [ArgumentSpec("key", .key)],
            category: .read,
            summary: "Seconds until a key expires; -1 if it never does, -2 if it is not there.",
            reply: .integer
        )
    ) { request, context throws(ServerError) in
        timeToLive(request, context) { ($0 + 500) / 1000 }
    },
    Command(
        CommandSpec(
            "PTTL",
            group: .keys,
            arguments: [ArgumentSpec("key", .key)],
            category: .read,
            summary: "Milliseconds until a key expires; -1 if never, -2 if it is not there.",
            reply: .integer
        )
    ) { request, context throws(ServerError) in
        timeToLive(request, context) { $0 }
    },
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
    Command(
        CommandSpec(
            "SCAN",
            group: .keys,
            arguments: [
                ArgumentSpec("cursor", .bytes),
                ArgumentSpec("match", .pattern, token: "MATCH", optional: true),
                ArgumentSpec("count", .integer, token: "COUNT", optional: true),
            ],
            category: .read,
            complexity: "O(COUNT) a call",
            summary: "Some of the keys and the cursor for the next; begin and end with cursor 0.",
            reply: .list(.any),
            errors: [.syntax, .notAnInteger, .invalidRequest]
        ),
        scan
    ),
    Command(
        CommandSpec(
            "KEYS",
            aliases: ["LIST"],
            group: .keys,
            arguments: [ArgumentSpec("pattern", .pattern)],
            category: .admin,
            complexity: "O(N) with N keys in all",
            summary: "All keys that match a glob pattern.",
            reply: .list(.bytes)
        ),
        keys
    ),
    Command(
        CommandSpec(
            "DBSIZE",
            group: .keys,
            category: .read,
            summary: "The number of keys.",
            reply: .integer
        ),
        size
    ),
]

private func delete(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let now = context.now.unixMilliseconds
    var removed = 0
    for index in 1..<request.count where context.keyspace.remove(request[index], now: now) {
        removed += 1
    }
    context.reply.integer(removed)
}

private func exists(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let now = context.now.unixMilliseconds
    var found = 0
    for index in 1..<request.count where context.keyspace.contains(request[index], now: now) {
        found += 1
    }
    context.reply.integer(found)
}

private func expireCommand(_ name: String, _ argument: String, _ unit: ExpiryUnit) -> Command {
    Command(
        CommandSpec(
            name,
            group: .keys,
            arguments: [ArgumentSpec("key", .key), ArgumentSpec(argument, .integer)],
            category: .write,
            summary: "Makes a key expire after so many \(argument); a time not above 0 removes it.",
            reply: .integer,
            errors: [.notAnInteger, .invalidExpiry]
        )
    ) { request, context throws(ServerError) in
        let now = context.now.unixMilliseconds
        let amount = try integerArgument(request, 2)
        let deadline = try unit.unbounded(amount, now: now, command: name)
        let isThere = context.keyspace.expire(request[1], at: deadline, now: now)
        context.reply.integer(isThere ? 1 : 0)
    }
}

private func timeToLive(
    _ request: borrowing Request,
    _ context: CommandContext,
    _ convert: (Int64) -> Int64
) {
    switch context.keyspace.timeToLive(request[1], now: context.now.unixMilliseconds) {
    case .missing: context.reply.integer(-2)
    case .persistent: context.reply.integer(-1)
    case .milliseconds(let milliseconds): context.reply.integer(convert(milliseconds))
    }
}

private func persist(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let now = context.now.unixMilliseconds
    context.reply.integer(context.keyspace.persist(request[1], now: now) ? 1 : 0)
}

private func size(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    context.reply.integer(context.keyspace.count)
}

private func scan(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    // `UInt64` itself would take a leading `+`.
    guard request[1].count > 0, request[1][0] != UInt8(ascii: "+"),
        let cursor = UInt64(Printable.text(request[1], maxBytes: 21))
    else {
        throw ServerError(.invalidRequest, "invalid cursor")
    }
    let arguments = try ScanArguments(request)
    context.reply.list(2)
    // The cursor goes first but is known last: the keys are gathered behind it and counted in the end.
    var found = Reply()
    found.list(0)
    let next = gather(context, &found, cursor, arguments.count, request, arguments.match)
    context.reply.string(String(next))
    context.reply.tape.append(found.tape.span)
}

/// The options of SCAN, in any order.
private struct ScanArguments {
    /// The argument that holds the pattern; 0 where there is none.
    var match = 0
    var count = 10

    init(_ request: borrowing Request) throws(ServerError) {
        var index = 2
        while index < request.count {
            if index + 1 >= request.count { throw .syntax }
            if request[index].isWord("MATCH") {
                match = index + 1
            } else if request[index].isWord("COUNT") {
                let wanted = try integerArgument(request, index + 1)
                if wanted < 1 { throw .syntax }
                // One call must stay short whatever is asked for.
                count = Int(min(wanted, 10_000))
            } else {
                throw .syntax
            }
            index += 2
        }
    }
}

/// Appends the keys from `cursor` on that match and may be read to `found`, a list; the next cursor.
private func gather(
    _ context: CommandContext,
    _ found: inout Reply,
    _ cursor: UInt64,
    _ limit: Int,
    _ request: borrowing Request,
    _ match: Int
) -> UInt64 {
    guard let token = context.session.token else { return 0 }
    let now = context.now.unixMilliseconds
    let pattern = request[match]
    var count = 0
    let next = context.keyspace.scan(cursor: cursor, limit: limit, now: now) { key in
        let isWanted = match == 0 || Glob.matches(key, pattern: pattern)
        if isWanted, token.readsEverything || token.mayRead(key) {
            found.bytes(key)
            count += 1
        }
    }
    found.patchCount(at: 0, count)
    return next
}

private func keys(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    guard let token = context.session.token else { throw ServerError(.unauthenticated) }
    let now = context.now.unixMilliseconds
    let pattern = request[1]
    var count = 0
    context.reply.list(0)
    var cursor: UInt64 = 0
    repeat {
        cursor = context.keyspace.scan(cursor: cursor, limit: 1000, now: now) { key in
            if Glob.matches(key, pattern: pattern), token.readsEverything || token.mayRead(key) {
                context.reply.bytes(key)
                count += 1
            }
        }
    } while cursor != 0
    context.reply.patchCount(at: 0, count)
}
