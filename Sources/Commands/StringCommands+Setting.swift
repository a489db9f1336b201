// SETNX, SETEX, GETSET and their kin: setting and reading in other words.
internal import Core
internal import Keyspace

let settingCommands: [Command] = [
    Command(
        CommandSpec(
            "SETNX",
            group: .string,
            arguments: [ArgumentSpec("key", .key), ArgumentSpec("value", .bytes)],
            category: .write,
            flags: .growsMemory,
            summary: "Sets a key if it is missing; answers 1 if it was.",
            reply: .integer,
            errors: [.keyTooLong, .valueTooLarge]
        ),
        setIfMissing
    ),
    setExpiring("SETEX", "seconds", .seconds),
    setExpiring("PSETEX", "milliseconds", .milliseconds),
    Command(
        CommandSpec(
            "MSETNX",
            group: .string,
            arguments: [ArgumentSpec("entries", .pairs, repeated: true)],
            category: .write,
            flags: .growsMemory,
            complexity: "O(N) with N keys",
            summary: "Sets several keys at once if all are missing; answers 1 if they were.",
            reply: .integer,
            errors: [.keyTooLong, .valueTooLarge]
        ),
        setManyIfMissing
    ),
    Command(
        CommandSpec(
            "GETSET",
            group: .string,
            arguments: [ArgumentSpec("key", .key), ArgumentSpec("value", .bytes)],
            category: .write,
            flags: .growsMemory,
            summary: "Sets a key; answers the old value.",
            reply: .oneOf([.bytes, .null]),
            errors: [.keyTooLong, .valueTooLarge]
        ),
        getAndSet
    ),
    Command(
        CommandSpec(
            "GETDEL",
            group: .string,
            arguments: [ArgumentSpec("key", .key)],
            category: .write,
            summary: "Removes a key; answers the value it had.",
            reply: .oneOf([.bytes, .null])
        ),
        getAndDelete
    ),
    Command(
        CommandSpec(
            "GETEX",
            group: .string,
            arguments: [
                ArgumentSpec("key", .key),
                ArgumentSpec("ex", .integer, token: "EX", optional: true),
                ArgumentSpec("px", .integer, token: "PX", optional: true),
                ArgumentSpec("exat", .integer, token: "EXAT", optional: true),
                ArgumentSpec("pxat", .integer, token: "PXAT", optional: true),
                ArgumentSpec("persist", .flag, token: "PERSIST", optional: true),
            ],
            category: .write,
            summary: "The value of a key, whose expiry is changed as the options say.",
            reply: .oneOf([.bytes, .null]),
            errors: [.syntax, .notAnInteger, .invalidExpiry]
        ),
        getAndExpire
    ),
]

private func setIfMissing(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let now = context.now.unixMilliseconds
    let options = SetOptions(condition: .ifMissing)
    let outcome = try context.keyspace.set(request[1], request[2], options, now: now)
    context.reply.integer(outcome.isStored ? 1 : 0)
}

/// The row of SETEX or PSETEX.
private func setExpiring(_ name: String, _ argument: String, _ unit: ExpiryUnit) -> Command {
    Command(
        CommandSpec(
            name,
            group: .string,
            arguments: [
                ArgumentSpec("key", .key), ArgumentSpec(argument, .integer),
                ArgumentSpec("value", .bytes),
            ],
            category: .write,
            flags: .growsMemory,
            summary: "Sets a key that expires after so many \(argument).",
            reply: .status,
            errors: [.notAnInteger, .invalidExpiry, .keyTooLong, .valueTooLarge]
        )
    ) { request, context throws(ServerError) in
        let now = context.now.unixMilliseconds
        let amount = try integerArgument(request, 2)
        let deadline = try unit.deadline(amount, now: now, command: name)
        let options = SetOptions(expiry: .at(unixMs: deadline))
        _ = try context.keyspace.set(request[1], request[3], options, now: now)
        context.reply.ok()
    }
}

private func setManyIfMissing(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    if request.count % 2 == 0 { throw .wrongArity("MSETNX") }
    let isStored = try context.keyspace.setPairs(
        request,
        from: 1,
        ifNoneExists: true,
        now: context.now.unixMilliseconds
    )
    context.reply.integer(isStored ? 1 : 0)
}

private func getAndSet(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    try requireReadable(request[1], context)
    let outcome = try context.keyspace.set(
        request[1],
        request[2],
        SetOptions(),
        now: context.now.unixMilliseconds,
        previous: { context.reply.bytes($0) }
    )
    if !outcome.hadPrevious { context.reply.null() }
}

private func getAndDelete(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    try requireReadable(request[1], context)
    let now = context.now.unixMilliseconds
    let wasThere = context.keyspace.remove(request[1], now: now) { context.reply.bytes($0) }
    if !wasThere { context.reply.missingKey() }
}

private func getAndExpire(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    try requireReadable(request[1], context)
    let now = context.now.unixMilliseconds
    let option = try expiryOption(request)
    let expiry: SetOptions.Expiry
    do throws(ServerError) {
        expiry = try option.read(request, now: now, "getex", none: .keep, ifWord: .none)
    } catch {
        // Of a key that is missing, Redis 7.0 answers so before it reads the number.
        if context.keyspace.contains(request[1], now: now) { throw error }
        context.reply.missingKey()
        return
    }
    let isThere = context.keyspace.get(request[1], settingExpiry: expiry, now: now) { value in
        context.reply.bytes(value)
    }
    if !isThere { context.reply.missingKey() }
}

private func expiryOption(_ request: borrowing Request) throws(ServerError) -> ExpiryOption {
    var option = ExpiryOption()
    var index = 2
    while index < request.count {
        if request[index].isWord("PERSIST") {
            try option.takeWord()
            index += 1
        } else {
            guard index + 1 < request.count, let unit = ExpiryUnit(request[index]) else {
                throw .syntax
            }
            try option.take(unit, at: index + 1)
            index += 2
        }
    }
    return option
}
