// NAMESPACES and DROP: the key paths that `^` makes.
internal import Access
internal import Core
internal import Keyspace

let namespaceCommands: [Command] = [
    Command(
        CommandSpec(
            "NAMESPACES",
            group: .namespace,
            category: .read,
            flags: [.laborious],
            complexity: "O(N) with N namespaces",
            summary: "The namespaces that hold keys, each with its number of keys and bytes.",
            reply: .map(.map(.integer))
        ),
        namespaces
    ),
    Command(
        CommandSpec(
            "DROP",
            group: .namespace,
            arguments: [ArgumentSpec("prefix", .pattern)],
            category: .admin,
            complexity: "O(N) with N keys removed",
            summary: "Removes every key below a namespace, written with its last `^`.",
            reply: .integer,
            errors: [.namespaceInvalid, .forbidden]
        ),
        drop
    ),
]

private func namespaces(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    guard let token = context.session.token else { throw ServerError(.unauthenticated) }
    var count = 0
    context.reply.map(0)
    context.keyspace.namespaces(now: context.now.unixMilliseconds) { name, keys, bytes in
        if !token.readsEverything, !mayList(name, token) { return }
        context.reply.bytes(name)
        context.reply.map(2)
        context.reply.string("keys")
        context.reply.integer(keys)
        context.reply.string("bytes")
        context.reply.integer(bytes)
        count += 1
    }
    context.reply.patchCount(at: 0, count)
}

/// Whether `token` may read all keys of the namespace `name`; the global one's name is empty.
private func mayList(_ name: Span<UInt8>, _ token: Token) -> Bool {
    if name.isEmpty { return false }
    var prefix = ByteBuffer(capacity: name.count + 1)
    prefix.append(name)
    prefix.append(UInt8(ascii: "^"))
    return token.mayReadEverything(below: prefix.span)
}

private func drop(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    guard let token = context.session.token else { throw ServerError(.unauthenticated) }
    let prefix = request[1]
    if prefix.count < 2 || prefix[prefix.count - 1] != UInt8(ascii: "^") {
        throw ServerError(
            .namespaceInvalid,
            "a namespace to drop ends in '^', as in 'users^42^'"
        )
    }
    if !token.writesEverything, !token.mayWriteEverything(below: prefix) {
        throw ServerError(.forbidden, "No permissions to access a key")
    }
    let now = context.now.unixMilliseconds
    context.reply.integer(context.keyspace.drop(prefix: prefix, now: now))
}
