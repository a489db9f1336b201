// INFO, CONFIG, TIME, SELECT, SWAPDB, RESET, DEBUG: what clients and operators of a Redis expect to ask.
//
// Source: Redis 7.0, error texts included.
internal import Access
internal import Core
internal import Synchronization

let administrationCommands: [Command] = [
    clientCommand,
    Command(
        CommandSpec(
            "INFO",
            group: .server,
            arguments: [ArgumentSpec("section", .bytes, optional: true, repeated: true)],
            category: .information,
            summary: "The server in figures, in sections; all of them, or those that are named.",
            reply: .verbatim
        ),
        info
    ),
    Command(
        CommandSpec(
            "CONFIG",
            group: .server,
            arguments: [
                ArgumentSpec("subcommand", .bytes),
                ArgumentSpec("argument", .bytes, optional: true, repeated: true),
            ],
            category: .admin,
            complexity: "O(N) with N settings",
            summary: "GET pattern [pattern ...] tells settings, SET name value [...] changes them.",
            reply: .oneOf([.map(.bytes), .status, .list(.bytes)])
        ),
        config
    ),
    Command(
        CommandSpec(
            "TIME",
            group: .server,
            category: .information,
            summary: "The server's time: Unix seconds, and microseconds (exact to a millisecond).",
            reply: .list(.bytes)
        ),
        time
    ),
    Command(
        CommandSpec(
            "SELECT",
            group: .connection,
            arguments: [ArgumentSpec("index", .integer)],
            category: .information,
            summary: "Accepts database 0, the only one there is.",
            reply: .status,
            errors: [.notAnInteger]
        ),
        select
    ),
    Command(
        CommandSpec(
            "SWAPDB",
            group: .server,
            arguments: [ArgumentSpec("index1", .integer), ArgumentSpec("index2", .integer)],
            category: .admin,
            summary: "Accepts database 0 twice, the only one there is.",
            reply: .status,
            errors: [.notAnInteger]
        ),
        swapDatabases
    ),
    Command(
        CommandSpec(
            "RESET",
            aliases: ["LOGOUT"],
            group: .connection,
            category: .open,
            flags: [.withoutToken, .notQueued, .forSubscribers],
            summary:
                "Makes the connection as it was before its first command: token, name, subscriptions, RESP2.",
            reply: .status
        ),
        reset
    ),
    Command(
        CommandSpec(
            "DEBUG",
            group: .server,
            arguments: [ArgumentSpec("argument", .bytes, optional: true, repeated: true)],
            category: .admin,
            summary: "Refused: it stops, delays or crashes a server on request.",
            reply: .list(.bytes)
        ),
        debug
    ),
]

/// Throws unless the number of arguments of a subcommand is right.
func requireArity(_ request: borrowing Request, _ isRight: Bool) throws(ServerError) {
    if isRight { return }
    let name = Printable.text(request[0], maxBytes: 16)
    throw .wrongArity("\(name)|\(Printable.text(request[1], maxBytes: 32))")
}

func unknownSubcommand(_ request: borrowing Request) -> ServerError {
    let name = Printable.text(request[0], maxBytes: 16).uppercased()
    let subcommand = Printable.text(request[1], maxBytes: 128)
    return ServerError(
        .invalidRequest,
        "unknown subcommand '\(subcommand)'. Try \(name) HELP."
    )
}

/// Throws unless the token may run CONFIG, which is the permission for whatever concerns other clients.
func requireAdministrator(_ context: CommandContext, _ command: String) throws(ServerError) {
    guard let index = CommandTable.configIndex, context.session.rights.commands.contains(index)
    else {
        let holder = context.session.token?.name ?? ""
        throw ServerError(
            .forbidden,
            "User \(holder) has no permissions to run the '\(command)' command"
        )
    }
}

extension CommandTable {
    fileprivate static let configIndex = catalog.index(of: "CONFIG")
}

private func info(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    var sections: Set<String> = []
    for index in 1..<max(1, request.count) {
        sections.insert(Printable.text(request[index], maxBytes: 32).lowercased())
    }
    context.reply.verbatim(ServerInformation.text(sections, context))
}

private func time(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let now = context.now.unixMilliseconds
    context.reply.list(2)
    context.reply.string("\(now / 1000)")
    context.reply.string("\(now % 1000 * 1000)")
}

private func select(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    if try integerArgument(request, 1) != 0 { throw outOfRange }
    context.reply.ok()
}

private func swapDatabases(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    for index in 1...2 {
        guard let number = DecimalInteger.parse(request[index]) else {
            let which = index == 1 ? "first" : "second"
            throw ServerError(.notAnInteger, "invalid \(which) DB index")
        }
        if number != 0 { throw outOfRange }
    }
    context.reply.ok()
}

private let outOfRange = ServerError(.invalidRequest, "DB index is out of range")

private func reset(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let session = context.session
    session.endTransaction()
    context.endSubscriptions()
    session.clientName = ""
    session.unansweredCommands = 0
    if session.encoding == .resp3 { session.encoding = .resp2 }
    if session.token != nil {
        session.token = nil
        context.facts.authenticatedClients.subtract(1, ordering: .relaxed)
        if let peer = session.peer, session.countsForAddress {
            context.limiter.signedOut(peer, now: context.now.monotonicMilliseconds)
        }
    }
    context.reply.status("RESET")
}

private func debug(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    guard request.count == 2, request[1].isWord("HELP") else {
        throw ServerError(.invalidRequest, "DEBUG command not allowed.")
    }
    context.reply.list(1)
    context.reply.string("DEBUG is not served: it stops, delays or crashes a server on request.")
}

private func config(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    if request[1].isWord("GET") {
        try requireArity(request, request.count >= 3)
        var patterns: [[UInt8]] = []
        for index in 2..<request.count {
            patterns.append(Array(Printable.text(request[index], maxBytes: 64).lowercased().utf8))
        }
        let found = Settings.all.filter { setting in
            let name = Array(setting.name.utf8)
            return patterns.contains { Glob.matches(name.span, pattern: $0.span) }
        }
        context.reply.map(found.count)
        for setting in found {
            context.reply.string(setting.name)
            context.reply.string(setting.value(context))
        }
    } else if request[1].isWord("SET") {
        try requireArity(request, request.count >= 4)
        try Settings.set(request, context)
        context.reply.ok()
    } else if request[1].isWord("HELP") {
        try requireArity(request, request.count == 2)
        context.reply.list(Settings.help.count)
        for line in Settings.help { context.reply.string(line) }
    } else {
        throw unknownSubcommand(request)
    }
}
