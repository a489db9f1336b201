// CAS, DELIFEQ and versions: changing a key only if it still is what one has seen.
internal import Core
internal import Keyspace

let comparingCommands: [Command] = [
    Command(
        CommandSpec(
            "CAS",
            group: .string,
            arguments: [
                ArgumentSpec("key", .key), ArgumentSpec("expected", .bytes),
                ArgumentSpec("new", .bytes),
            ],
            category: .write,
            flags: .growsMemory,
            summary:
                "Sets a key if its value is the one expected; answers OK, or the value it has.",
            reply: .oneOf([.status, .bytes, .null]),
            errors: [.keyTooLong, .valueTooLarge]
        ),
        compareAndSet
    ),
    Command(
        CommandSpec(
            "DELIFEQ",
            group: .string,
            arguments: [ArgumentSpec("key", .key), ArgumentSpec("expected", .bytes)],
            category: .write,
            summary: "Removes a key if its value is the one expected; answers 1 if it was.",
            reply: .integer
        ),
        deleteIfEqual
    ),
    Command(
        CommandSpec(
            "GETV",
            group: .string,
            arguments: [ArgumentSpec("key", .key)],
            category: .read,
            summary: "The value of a key and its version, which every change raises.",
            reply: .oneOf([.list(.oneOf([.bytes, .integer])), .null])
        ),
        getVersioned
    ),
    Command(
        CommandSpec(
            "DELIFVERSION",
            group: .string,
            arguments: [ArgumentSpec("key", .key), ArgumentSpec("version", .integer)],
            category: .write,
            summary: "Removes a key if its version is the one given; answers 1 if it was.",
            reply: .integer,
            errors: [.notAnInteger]
        ),
        deleteIfVersion
    ),
]

private func compareAndSet(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    try requireReadable(request[1], context)
    let outcome = try context.keyspace.set(
        request[1],
        request[3],
        ifEqual: request[2],
        now: context.now.unixMilliseconds,
        previous: { value, isExpected in
            if !isExpected { context.reply.bytes(value) }
        }
    )
    if outcome.isStored { context.reply.ok() }
    if !outcome.hadPrevious { context.reply.missingKey() }
}

private func deleteIfEqual(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    try requireReadable(request[1], context)
    let now = context.now.unixMilliseconds
    let isRemoved = context.keyspace.remove(request[1], ifEqual: request[2], now: now)
    context.reply.integer(isRemoved ? 1 : 0)
}

private func getVersioned(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let now = context.now.unixMilliseconds
    let isThere = context.keyspace.getVersioned(request[1], now: now) { value, version in
        context.reply.list(2)
        context.reply.bytes(value)
        context.reply.version(version)
    }
    if !isThere { context.reply.missingKey() }
}

private func deleteIfVersion(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let version = try versionArgument(request, 2)
    try requireReadable(request[1], context)
    let now = context.now.unixMilliseconds
    let isRemoved = context.keyspace.remove(request[1], ifVersion: version, now: now)
    context.reply.integer(isRemoved ? 1 : 0)
}

extension Reply {
    /// Answers with a key's version, a counter of changes: it does not get as far as the 63rd bit.
    mutating func version(_ version: UInt64) { integer(Int64(clamping: version)) }
}
