// MULTI, EXEC, DISCARD, WATCH, UNWATCH: several commands as one.
//
// Source: Redis 7.0, Transactions, error texts included.
internal import Core
internal import Keyspace

let transactionCommands: [Command] = [
    Command(
        CommandSpec(
            "MULTI",
            group: .transactions,
            category: .open,
            flags: .notQueued,
            summary:
                "Begins a transaction: commands are queued until EXEC runs or DISCARD drops them.",
            reply: .status
        ),
        multi
    ),
    Command(
        CommandSpec(
            "EXEC",
            group: .transactions,
            category: .open,
            flags: .notQueued,
            complexity: "O(N) with N commands, and what they cost",
            summary:
                "Runs the queued commands; nobody sees or changes their keys meanwhile. Nil if a watched key changed.",
            reply: .oneOf([.list(.any), .null]),
            errors: [.transactionAborted]
        ),
        exec
    ),
    Command(
        CommandSpec(
            "DISCARD",
            group: .transactions,
            category: .open,
            flags: .notQueued,
            summary: "Drops the queued commands and forgets the watched keys.",
            reply: .status
        ),
        discard
    ),
    Command(
        CommandSpec(
            "WATCH",
            group: .transactions,
            arguments: [ArgumentSpec("key", .key, repeated: true)],
            category: .read,
            flags: .notQueued,
            complexity: "O(N) with N keys",
            summary: "Makes the next EXEC answer nil if one of the keys has changed by then.",
            reply: .status,
            errors: [.tooLong]
        ),
        watch
    ),
    Command(
        CommandSpec(
            "UNWATCH",
            group: .transactions,
            category: .open,
            summary: "Forgets the watched keys.",
            reply: .status
        ),
        unwatch
    ),
]

private func multi(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    if context.session.isQueueing {
        throw ServerError(.invalidRequest, "MULTI calls can not be nested")
    }
    context.session.transaction = Transaction()
    context.reply.ok()
}

private func exec(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    guard let transaction = context.session.transaction else {
        throw ServerError(.invalidRequest, "EXEC without MULTI")
    }
    let watched = context.session.watched
    context.session.endTransaction()
    if transaction.isBroken { throw ServerError(.transactionAborted) }
    try makeRoom(for: transaction, context)
    var selection = KeySelection()
    transaction.visit { command, request in
        context.dispatch.select(request, command, context.keyspace, &selection)
    }
    for watched in watched { selection.insert(watched.key.span, of: context.keyspace) }
    context.keyspace.exclusively(selection) { keyspace in
        let now = context.now.unixMilliseconds
        let isChanged = watched.contains {
            keyspace.version($0.key.span, now: now) != $0.version
        }
        if isChanged { return context.reply.null() }
        let inner = CommandContext(context, keyspace: keyspace)
        context.reply.list(transaction.count)
        transaction.visit { _, request in
            inner.dispatch.run(request, inner)
            context.reply.append(inner.reply)
        }
    }
    if context.reply.isTooLong {
        let limit = context.limits.maxReplyBytes
        throw ServerError(.tooLong, "executed, but its reply is above maxReplyBytes=\(limit) bytes")
    }
}

/// Makes room for all that `transaction` brings, before any lock is held.
///
/// Source: Redis 7.0, execCommandAbort.
private func makeRoom(
    for transaction: Transaction,
    _ context: CommandContext
) throws(ServerError) {
    if transaction.growth == 0 { return }
    do throws(ServerError) {
        try context.makeRoom(for: transaction.growth)
    } catch {
        throw ServerError(
            .transactionAborted,
            "Transaction discarded because of: \(error.code.row.respWord) \(error.message)"
        )
    }
}

private func discard(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    if !context.session.isQueueing {
        throw ServerError(.invalidRequest, "DISCARD without MULTI")
    }
    context.session.endTransaction()
    context.reply.ok()
}

private func watch(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    if context.session.isQueueing {
        throw ServerError(.invalidRequest, "WATCH inside MULTI is not allowed")
    }
    let limit = context.limits.maxWatchedKeys
    if context.session.watched.count + request.count - 1 > limit {
        throw ServerError(.tooLong, "watched keys above maxWatchedKeys=\(limit)")
    }
    let now = context.now.unixMilliseconds
    for index in 1..<request.count {
        let key = request[index]
        let version = context.keyspace.version(key, now: now)
        // A key that is watched already stays as it was first seen.
        let bytes = key.withUnsafeBufferPointer { Array($0) }
        if context.session.watched.contains(where: { $0.key == bytes }) { continue }
        context.session.watched.append(WatchedKey(key: bytes, version: version))
    }
    context.reply.ok()
}

private func unwatch(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    context.session.watched = []
    context.reply.ok()
}

extension Session {
    /// Makes EXEC refuse what is queued, if anything is, since a request was refused that should be among it.
    public func breakTransaction() { transaction?.isBroken = true }

    /// Forgets what was queued and what is watched.
    func endTransaction() {
        transaction = nil
        watched = []
    }
}
