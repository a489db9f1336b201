// DEL, EXISTS, RENAME, COPY, OBJECT: commands on keys whatever their value.
internal import Access
internal import Core
internal import Keyspace

let keyCommands: [Command] = lifeCommands + expiryCommands + walkCommands

private let lifeCommands: [Command] = [
    countingCommand("DEL", .write, "Removes keys; answers how many were there.") {
        $0.remove($1, now: $2)
    },
    // Memory is given back at once either way: there is nothing to be done later.
    countingCommand("UNLINK", .write, "Removes keys, as DEL; answers how many were there.") {
        $0.remove($1, now: $2)
    },
    countingCommand(
        "EXISTS",
        .read,
        "How many of the keys are there; one named twice counts twice."
    ) { $0.contains($1, now: $2) },
    countingCommand(
        "TOUCH",
        .read,
        "Notes that keys are used; answers how many were there."
    ) { $0.touch($1, now: $2) },
    Command(
        CommandSpec(
            "TYPE",
            group: .keys,
            arguments: [ArgumentSpec("key", .key)],
            category: .read,
            summary: "What kind of value a key holds: `string`, or `none` if it is not there.",
            reply: .status
        ),
        type
    ),
    Command(
        CommandSpec(
            "RENAME",
            aliases: ["MOVE"],
            group: .keys,
            arguments: [
                ArgumentSpec("key", .key, access: [.read, .write]), ArgumentSpec("newkey", .key),
            ],
            category: .write,
            flags: .growsMemory,
            complexity: "O(N) with N bytes of the value",
            summary: "Gives a value, with its expiry, another key; what that key held is replaced.",
            reply: .status,
            errors: [.keyNotFound, .keyTooLong]
        )
    ) { request, context throws(ServerError) in
        _ = try rename(request, context, isReplacing: true)
        context.reply.ok()
    },
    Command(
        CommandSpec(
            "RENAMENX",
            aliases: ["MOVENX"],
            group: .keys,
            arguments: [
                ArgumentSpec("key", .key, access: [.read, .write]), ArgumentSpec("newkey", .key),
            ],
            category: .write,
            flags: .growsMemory,
            complexity: "O(N) with N bytes of the value",
            summary: "Gives a value another key unless that is there; answers 1 if it was done.",
            reply: .integer,
            errors: [.keyNotFound, .keyTooLong]
        )
    ) { request, context throws(ServerError) in
        let outcome = try rename(request, context, isReplacing: false)
        context.reply.integer(outcome == .done ? 1 : 0)
    },
    Command(
        CommandSpec(
            "COPY",
            group: .keys,
            arguments: [
                ArgumentSpec("source", .key, access: .read), ArgumentSpec("destination", .key),
                ArgumentSpec("db", .integer, token: "DB", optional: true),
                ArgumentSpec("replace", .flag, token: "REPLACE", optional: true),
            ],
            category: .write,
            flags: .growsMemory,
            complexity: "O(N) with N bytes of the value",
            summary: "Stores a value, with its expiry, under another key too; 1 if it was done.",
            reply: .integer,
            errors: [.syntax, .notAnInteger, .keyTooLong]
        ),
        copy
    ),
    Command(
        CommandSpec(
            "OBJECT",
            group: .keys,
            arguments: [
                ArgumentSpec("subcommand", .bytes), ArgumentSpec("key", .key, optional: true),
            ],
            category: .read,
            summary:
                "What clients ask of a value: ENCODING, FREQ, IDLETIME, REFCOUNT; HELP says more.",
            reply: .oneOf([.bytes, .integer, .null, .list(.bytes)]),
            errors: [.syntax]
        ),
        object
    ),
]

/// The row of a command that answers for how many of its keys `counts` holds.
private func countingCommand(
    _ name: String,
    _ category: CommandCategory,
    _ summary: String,
    _ counts: @escaping @Sendable (Keyspace, Span<UInt8>, Int64) -> Bool
) -> Command {
    Command(
        CommandSpec(
            name,
            group: .keys,
            arguments: [ArgumentSpec("key", .key, repeated: true)],
            category: category,
            complexity: "O(N) with N keys",
            summary: summary,
            reply: .integer
        )
    ) { request, context throws(ServerError) in
        let now = context.now.unixMilliseconds
        var count = 0
        for index in 1..<request.count where counts(context.keyspace, request[index], now) {
            count += 1
        }
        context.reply.integer(count)
    }
}

private func type(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let isThere = context.keyspace.contains(request[1], now: context.now.unixMilliseconds)
    context.reply.status(isThere ? "string" : "none")
}

private func rename(
    _ request: borrowing Request,
    _ context: CommandContext,
    isReplacing: Bool
) throws(ServerError) -> TransferOutcome {
    let outcome = try context.keyspace.rename(
        request[1],
        to: request[2],
        isReplacing: isReplacing,
        now: context.now.unixMilliseconds
    )
    if outcome == .sourceMissing { throw ServerError(.keyNotFound) }
    return outcome
}

private func copy(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    var isReplacing = false
    var index = 3
    while index < request.count {
        if request[index].isWord("REPLACE") {
            isReplacing = true
        } else if request[index].isWord("DB"), index + 1 < request.count {
            index += 1
            // There is one database.
            if try integerArgument(request, index) != 0 {
                throw ServerError(.invalidRequest, "DB index is out of range")
            }
        } else {
            throw .syntax
        }
        index += 1
    }
    if isSame(request[1], request[2]) {
        throw ServerError(.invalidRequest, "source and destination objects are the same")
    }
    let outcome = try context.keyspace.copyValue(
        of: request[1],
        to: request[2],
        isReplacing: isReplacing,
        now: context.now.unixMilliseconds
    )
    context.reply.integer(outcome == .done ? 1 : 0)
}

private func isSame(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    if left.count != right.count { return false }
    for index in 0..<left.count where left[index] != right[index] { return false }
    return true
}
