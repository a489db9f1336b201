// SET, GET and the other commands on values.
internal import Core
internal import Keyspace

let stringCommands: [Command] = [
    Command(
        CommandSpec(
            "GET",
            group: .string,
            arguments: [ArgumentSpec("key", .key)],
            category: .read,
            summary: "The value of a key.",
            reply: .oneOf([.bytes, .null])
        ),
        get
    ),
    Command(
        CommandSpec(
            "SET",
            group: .string,
            arguments: [
                ArgumentSpec("key", .key),
                ArgumentSpec("value", .bytes),
                ArgumentSpec("nx", .flag, token: "NX", optional: true),
                ArgumentSpec("xx", .flag, token: "XX", optional: true),
                ArgumentSpec("ifeq", .bytes, token: "IFEQ", optional: true),
                ArgumentSpec("ifversion", .integer, token: "IFVERSION", optional: true),
                ArgumentSpec("get", .flag, token: "GET", optional: true),
                ArgumentSpec("getv", .flag, token: "GETV", optional: true),
                ArgumentSpec("ex", .integer, token: "EX", optional: true),
                ArgumentSpec("px", .integer, token: "PX", optional: true),
                ArgumentSpec("exat", .integer, token: "EXAT", optional: true),
                ArgumentSpec("pxat", .integer, token: "PXAT", optional: true),
                ArgumentSpec("keepttl", .flag, token: "KEEPTTL", optional: true),
            ],
            category: .write,
            flags: .growsMemory,
            summary: "Sets a key, on condition; GET answers the old value, GETV the new version.",
            reply: .oneOf([.status, .null, .bytes, .integer]),
            errors: [.syntax, .notAnInteger, .invalidExpiry, .keyTooLong, .valueTooLarge]
        ),
        set
    ),
    Command(
        CommandSpec(
            "MGET",
            group: .string,
            arguments: [ArgumentSpec("key", .key, repeated: true)],
            category: .read,
            complexity: "O(N) with N keys",
            summary: "The values of several keys.",
            reply: .list(.oneOf([.bytes, .null]))
        ),
        getMany
    ),
    Command(
        CommandSpec(
            "MSET",
            group: .string,
            arguments: [ArgumentSpec("entries", .pairs, repeated: true)],
            category: .write,
            flags: .growsMemory,
            complexity: "O(N) with N keys",
            summary: "Sets several keys at once; nobody sees some of them set and others not.",
            reply: .status,
            errors: [.keyTooLong, .valueTooLarge]
        ),
        setMany
    ),
    Command(
        CommandSpec(
            "APPEND",
            group: .string,
            arguments: [ArgumentSpec("key", .key), ArgumentSpec("value", .bytes)],
            category: .write,
            flags: .growsMemory,
            summary: "Appends to a value, or sets it; answers the new length in bytes.",
            reply: .integer,
            errors: [.keyTooLong, .valueTooLarge]
        ),
        append
    ),
    Command(
        CommandSpec(
            "STRLEN",
            group: .string,
            arguments: [ArgumentSpec("key", .key)],
            category: .read,
            summary: "The length of a value in bytes, 0 where there is none.",
            reply: .integer
        ),
        length
    ),
    counter("INCR", "Adds one to a number.", amount: false, sign: 1),
    counter("DECR", "Subtracts one from a number.", amount: false, sign: -1),
    counter("INCRBY", "Adds to a number.", amount: true, sign: 1),
    counter("DECRBY", "Subtracts from a number.", amount: true, sign: -1),
    Command(
        CommandSpec(
            "INCRBYFLOAT",
            group: .string,
            arguments: [ArgumentSpec("key", .key), ArgumentSpec("increment", .bytes)],
            category: .write,
            flags: .growsMemory,
            summary:
                "Adds to a number with a fraction. A missing key counts as 0; answers the new number.",
            reply: .bytes,
            errors: [.notANumber, .overflow, .keyTooLong, .valueTooLarge]
        ),
        incrementByDecimal
    ),
]

/// The row of one of the four counting commands.
private func counter(
    _ name: String,
    _ summary: String,
    amount hasAmount: Bool,
    sign: Int64
) -> Command {
    let amount = [ArgumentSpec(sign > 0 ? "increment" : "decrement", .integer)]
    return Command(
        CommandSpec(
            name,
            group: .string,
            arguments: [ArgumentSpec("key", .key)] + (hasAmount ? amount : []),
            category: .write,
            flags: .growsMemory,
            summary: "\(summary) A missing key counts as 0; answers the new number.",
            reply: .integer,
            errors: [.notAnInteger, .overflow, .keyTooLong]
        )
    ) { request, context throws(ServerError) in
        var step = hasAmount ? try integerArgument(request, 2) : 1
        if sign < 0 {
            if step == .min { throw ServerError(.overflow, "decrement would overflow") }
            step = -step
        }
        try requireReadable(request[1], context)
        let now = context.now.unixMilliseconds
        let number = try context.keyspace.increment(request[1], by: step, now: now)
        context.reply.integer(number)
    }
}

private func incrementByDecimal(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    try requireReadable(request[1], context)
    let now = context.now.unixMilliseconds
    try context.keyspace.increment(request[1], byDecimal: request[2], now: now) { sum in
        context.reply.bytes(sum)
    }
}

private func get(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let now = context.now.unixMilliseconds
    let isThere = context.keyspace.get(request[1], now: now) { value in
        context.reply.bytes(value)
    }
    if !isThere { context.reply.missingKey() }
}

private func set(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let now = context.now.unixMilliseconds
    if request.count == 3 {
        _ = try context.keyspace.set(request[1], request[2], now: now)
        context.reply.ok()
        return
    }
    let parsed = try SetArguments(request, now: now)
    if parsed.readsValue { try requireReadable(request[1], context) }
    let answersPrevious = parsed.answersPrevious
    let outcome: SetOutcome
    if parsed.expected > 0 {
        outcome = try context.keyspace.set(
            request[1],
            request[2],
            ifEqual: request[parsed.expected],
            parsed.options.expiry,
            now: now,
            previous: { value, _ in if answersPrevious { context.reply.bytes(value) } }
        )
    } else {
        outcome = try context.keyspace.set(
            request[1],
            request[2],
            parsed.options,
            now: now,
            previous: { value in if answersPrevious { context.reply.bytes(value) } }
        )
    }
    if answersPrevious {
        if !outcome.hadPrevious { context.reply.null() }
    } else if !outcome.isStored {
        context.reply.null()
    } else if parsed.answersVersion {
        context.reply.version(outcome.version)
    } else {
        context.reply.ok()
    }
}

private func getMany(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let now = context.now.unixMilliseconds
    context.reply.list(request.count - 1)
    context.keyspace.getMany(request, from: 1, now: now) { isThere, value in
        if isThere { context.reply.bytes(value) } else { context.reply.null() }
    }
}

private func setMany(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    if request.count % 2 == 0 { throw .wrongArity("MSET") }
    _ = try context.keyspace.setPairs(request, from: 1, now: context.now.unixMilliseconds)
    context.reply.ok()
}

private func append(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let now = context.now.unixMilliseconds
    context.reply.integer(try context.keyspace.append(request[1], request[2], now: now))
}

private func length(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let now = context.now.unixMilliseconds
    context.reply.integer(context.keyspace.length(request[1], now: now) ?? 0)
}
