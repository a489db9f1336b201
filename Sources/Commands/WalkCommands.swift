// SCAN, KEYS, RANDOMKEY, DBSIZE, FLUSHALL: commands that go over all keys.
internal import Access
internal import Core
internal import Keyspace

let walkCommands: [Command] = [
    Command(
        CommandSpec(
            "SCAN",
            group: .keys,
            arguments: [
                ArgumentSpec("cursor", .bytes),
                ArgumentSpec("match", .pattern, token: "MATCH", optional: true),
                ArgumentSpec("count", .integer, token: "COUNT", optional: true),
                ArgumentSpec("type", .bytes, token: "TYPE", optional: true),
            ],
            category: .read,
            flags: [.laborious],
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
            flags: [.laborious],
            complexity:
                "O(N) with N keys in all, or below the namespace that the pattern begins with",
            summary: "All keys that match a glob pattern.",
            reply: .list(.bytes)
        ),
        keys
    ),
    Command(
        CommandSpec(
            "RANDOMKEY",
            aliases: ["ANYKEY"],
            group: .keys,
            category: .read,
            summary: "Any key; none where no key is found that may be read.",
            reply: .oneOf([.bytes, .null])
        ),
        randomKey
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
    flushCommand("FLUSHALL"),
    flushCommand("FLUSHDB"),
]

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
    // Of another type than `string` there is nothing.
    let next =
        arguments.isOfOtherType ? 0 : gather(context, &found, cursor, request, arguments)
    context.reply.string(String(next))
    context.reply.tape.append(found.tape.span)
}

/// The options of SCAN, in any order.
private struct ScanArguments {
    /// The argument that holds the pattern; 0 where there is none.
    var match = 0
    var count = 10
    var isOfOtherType = false

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
            } else if request[index].isWord("TYPE") {
                isOfOtherType = !request[index + 1].isWord("STRING")
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
    _ request: borrowing Request,
    _ arguments: ScanArguments
) -> UInt64 {
    guard let token = context.session.token else { return 0 }
    let now = context.now.unixMilliseconds
    let hasPattern = arguments.match > 0
    let pattern = request[arguments.match]
    var prefix = ByteBuffer()
    if hasPattern { Glob.appendLiteralPrefix(of: pattern, to: &prefix) }
    var count = 0
    let next = context.keyspace.scan(
        prefix: prefix.span,
        cursor: cursor,
        limit: arguments.count,
        now: now
    ) { key in
        let isWanted = !hasPattern || Glob.matches(key, pattern: pattern)
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
    var prefix = ByteBuffer()
    Glob.appendLiteralPrefix(of: pattern, to: &prefix)
    var count = 0
    context.reply.list(0)
    context.keyspace.forEachKey(withPrefix: prefix.span, now: now) { key in
        if Glob.matches(key, pattern: pattern), token.readsEverything || token.mayRead(key) {
            context.reply.bytes(key)
            count += 1
        }
    }
    context.reply.patchCount(at: 0, count)
}

private func randomKey(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    guard let token = context.session.token else { throw ServerError(.unauthenticated) }
    var random = SystemRandomNumberGenerator()
    let now = context.now.unixMilliseconds
    let isFound = context.keyspace.randomKey(using: &random, now: now) { key in
        if !token.readsEverything, !token.mayRead(key) { return false }
        context.reply.bytes(key)
        return true
    }
    if !isFound { context.reply.null() }
}

/// The row of FLUSHALL or FLUSHDB: there is one database.
private func flushCommand(_ name: String) -> Command {
    Command(
        CommandSpec(
            name,
            group: .keys,
            arguments: [
                ArgumentSpec("async", .flag, token: "ASYNC", optional: true),
                ArgumentSpec("sync", .flag, token: "SYNC", optional: true),
            ],
            category: .admin,
            complexity: "O(N) with N keys in all",
            summary: "Removes all keys; ASYNC and SYNC, which clients send, say nothing here.",
            reply: .status,
            errors: [.syntax, .forbidden]
        )
    ) { request, context throws(ServerError) in
        let isKnown =
            request.count == 1 || request[1].isWord("ASYNC") || request[1].isWord("SYNC")
        if !isKnown || request.count > 2 { throw .syntax }
        if !context.session.rights.writesEverything {
            throw ServerError(.forbidden, "No permissions to access a key")
        }
        context.keyspace.removeAll(now: context.now.unixMilliseconds)
        context.reply.ok()
    }
}
