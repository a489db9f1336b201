// AUTH, HELLO, PING, ECHO, QUIT, WHOAMI: getting in and out.
internal import Access
internal import Core
internal import Synchronization

let connectionCommands: [Command] = [
    Command(
        CommandSpec(
            "AUTH",
            group: .connection,
            arguments: [
                ArgumentSpec("name", .bytes, optional: true), ArgumentSpec("token", .bytes),
            ],
            category: .open,
            flags: [.withoutToken, .secret],
            summary: "Presents a token; with a name, the name must be the token's.",
            reply: .status,
            errors: [.wrongCredential, .tooManyFailures]
        ),
        auth
    ),
    Command(
        CommandSpec(
            "HELLO",
            group: .connection,
            arguments: [
                ArgumentSpec("protover", .integer, optional: true),
                ArgumentSpec("option", .bytes, optional: true, repeated: true),
            ],
            category: .open,
            flags: [.withoutToken, .secret],
            summary: "Chooses RESP2 or RESP3; `AUTH name token` and `SETNAME name` may follow.",
            reply: .map(.any),
            errors: [
                .unsupportedVersion, .wrongCredential, .unauthenticated, .tooManyFailures, .syntax,
            ]
        ),
        hello
    ),
    Command(
        CommandSpec(
            "PING",
            group: .connection,
            arguments: [ArgumentSpec("message", .bytes, optional: true)],
            category: .open,
            flags: [.withoutToken, .forSubscribers],
            summary: "PONG, or the message.",
            reply: .oneOf([.status, .bytes, .list(.bytes)])
        ),
        ping
    ),
    Command(
        CommandSpec(
            "ECHO",
            group: .connection,
            arguments: [ArgumentSpec("value", .anyValue)],
            category: .information,
            flags: .restOfLine,
            summary: "The argument as it came: the rest of the line in text, any value in JSON.",
            reply: .anyValue
        ),
        echo
    ),
    Command(
        CommandSpec(
            "QUIT",
            aliases: ["EXIT"],
            group: .connection,
            category: .open,
            flags: [.withoutToken, .closes, .forSubscribers],
            summary: "Ends the connection behind its reply.",
            reply: .status
        ),
        quit
    ),
    Command(
        CommandSpec(
            "WHOAMI",
            group: .connection,
            category: .information,
            summary: "The name of the token that this connection presented.",
            reply: .bytes
        ),
        whoAmI
    ),
    Command(
        CommandSpec(
            "HELP",
            group: .connection,
            arguments: [ArgumentSpec("command", .bytes, optional: true)],
            category: .open,
            flags: .withoutToken,
            complexity: "O(N) with N commands",
            summary: "The commands in a line each, or one command in full.",
            reply: .list(.bytes),
            errors: [.unknownCommand]
        ),
        help
    ),
    Command(
        CommandSpec(
            "COMMAND",
            group: .connection,
            arguments: [
                ArgumentSpec("subcommand", .bytes, optional: true),
                ArgumentSpec("command", .bytes, optional: true, repeated: true),
            ],
            category: .information,
            complexity: "O(N) with N commands",
            summary:
                "The command table for programs: COUNT, LIST, INFO [name ...], DOCS [name ...], GETKEYS.",
            reply: .any,
            errors: [.syntax]
        ),
        command
    ),
]

private func auth(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let hasName = request.count == 3
    try authenticate(
        request[request.count - 1],
        name: hasName ? request[1] : request[0],
        isNamed: hasName,
        context
    )
    context.reply.ok()
}

/// Accepts a credential for the context's session, or counts the failure.
private func authenticate(
    _ credential: Span<UInt8>,
    name: Span<UInt8>,
    isNamed: Bool,
    _ context: CommandContext
) throws(ServerError) {
    let now = context.now.unixMilliseconds
    try requireNoBackOff(context)
    let token: Token
    do throws(ServerError) {
        // Redis clients that know of no user name say `default`.
        token =
            isNamed && !name.isWord("DEFAULT")
            ? try context.authority.authenticate(
                credential,
                name: name,
                nowUnixMilliseconds: now
            )
            : try context.authority.authenticate(credential, nowUnixMilliseconds: now)
    } catch {
        context.session.failedAuthentications += 1
        if error.code == .wrongCredential, let peer = context.session.peer {
            context.limiter.authenticationFailed(peer, now: context.now.monotonicMilliseconds)
        }
        if context.session.failedAuthentications >= context.limits.maxAuthenticationFailures {
            throw ServerError(
                .tooManyFailures,
                "too many failed authentications: limit=maxAuthenticationFailures"
            )
        }
        throw error
    }
    try accept(token, context)
}

/// Throws while the address must wait because it has failed too often; a ban closes the connection.
private func requireNoBackOff(_ context: CommandContext) throws(ServerError) {
    guard let peer = context.session.peer else { return }
    let now = context.now.monotonicMilliseconds
    guard case .refused(let refusal) = context.limiter.mayAuthenticate(peer, now: now) else {
        return
    }
    var error = ServerError(refusal)
    if refusal.limit == .addressBanMilliseconds {
        error.code = .tooManyFailures
        error.message = "too many failed authentications: limit=\(refusal.limit.rawValue)"
    }
    throw error
}

/// Makes `token` the session's, which pays from now on.
private func accept(_ token: Token, _ context: CommandContext) throws(ServerError) {
    let wasAuthenticated = context.session.rights.isAuthenticated
    let counters = context.limiter.counters
    let wasRefused = context.session.refusal
    if let wasRefused {
        if !wasRefused.yields(toReservedSlot: token.hasReservedSlot) { throw wasRefused.error }
        context.session.refusal = nil
        context.session.countsForAddress = false
    }
    let refusal: LimitRefusal?
    do throws(ServerError) {
        refusal = try context.session.accept(token, isShadow: context.limiter.limits.isShadow)
    } catch {
        counters.count(.refused(LimitRefusal(limit: .tokenConnections)))
        throw error
    }
    if let refusal { counters.count(.shadowed(refusal)) }
    if wasAuthenticated { return }
    context.facts.authenticatedClients.add(1, ordering: .relaxed)
    guard let peer = context.session.peer, context.session.countsForAddress else { return }
    context.limiter.authenticated(peer, now: context.now.monotonicMilliseconds)
}

private func hello(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    var version: Int64?
    if request.count > 1 {
        guard let wanted = DecimalInteger.parse(request[1]) else {
            throw ServerError(
                .syntax,
                "Protocol version is not an integer or out of range"
            )
        }
        if wanted != 2, wanted != 3 { throw ServerError(.unsupportedVersion) }
        version = wanted
    }
    try helloOptions(request, context)
    if context.session.token == nil {
        throw ServerError(
            .unauthenticated,
            "HELLO must be called with the client already authenticated, otherwise the HELLO <proto> "
                + "AUTH <user> <pass> option can be used to authenticate the client and select the "
                + "RESP protocol version at the same time"
        )
    }
    let speaksRESP = context.session.encoding == .resp2 || context.session.encoding == .resp3
    if let version, speaksRESP { context.session.encoding = version == 3 ? .resp3 : .resp2 }
    describeServer(context)
}

private func helloOptions(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    var index = 2
    while index < request.count {
        let left = request.count - index - 1
        if request[index].isWord("AUTH"), left >= 2 {
            let name = request[index + 1]
            try authenticate(request[index + 2], name: name, isNamed: true, context)
            index += 3
        } else if request[index].isWord("SETNAME"), left >= 1 {
            context.session.clientName = try clientName(request[index + 1])
            index += 2
        } else {
            // Of a credential in the wrong place, 16 bytes show no part of the secret.
            let option = Printable.text(request[index], maxBytes: 16)
            throw ServerError(.syntax, "Syntax error in HELLO option '\(option)'")
        }
    }
}

private func describeServer(_ context: CommandContext) {
    context.reply.map(8)
    context.reply.string("server")
    context.reply.string("sallyport")
    context.reply.string("version")
    context.reply.string(ServerFacts.redisVersion)
    context.reply.string("proto")
    context.reply.integer(context.session.encoding == .resp3 ? 3 : 2)
    context.reply.string("id")
    context.reply.integer(context.session.identifier)
    context.reply.string("mode")
    context.reply.string("standalone")
    context.reply.string("role")
    context.reply.string("master")
    context.reply.string("modules")
    context.reply.list(0)
    context.reply.string("sallyport_version")
    context.reply.string(ServerFacts.version)
}

private func ping(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    if context.session.isRESP2Subscriber {
        // Source: Redis 7.0, pingCommand: in the form of a message.
        context.reply.list(2)
        context.reply.string("pong")
        context.reply.bytes(request.count > 1 ? request[1] : Span())
    } else if request.count > 1 {
        context.reply.bytes(request[1])
    } else {
        context.reply.status("PONG")
    }
}

private func echo(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    if context.session.encoding == .json {
        context.reply.json(request[1])
    } else {
        context.reply.bytes(request[1])
    }
}

private func quit(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    context.reply.ok()
}

private func whoAmI(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    context.reply.string(context.session.token?.name ?? "")
}
