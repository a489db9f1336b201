// HELP for people, COMMAND for programs: both read off the command table.
internal import Core

func help(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let lines: [String]
    if request.count == 1 {
        lines = HelpText.overview
    } else {
        guard let index = CommandTable.catalog.index(of: request[1]) else {
            let name = Printable.text(request[1], maxBytes: 64)
            throw ServerError(.unknownCommand, "unknown command '\(name)'; HELP lists them all")
        }
        lines = HelpText.page(CommandTable.catalog.specs[index])
    }
    context.reply.list(lines.count)
    for line in lines { context.reply.string(line) }
}

/// What HELP says.
enum HelpText {
    static let overview: [String] =
        [
            "Sallyport \(ServerFacts.version). HELP <command> tells more. AUTH <token> comes first.",
            "In openssl s_client use -quiet, or lines that begin with Q, R or K are taken by it;",
            "EXIT and LIST say the same as QUIT and KEYS.",
        ]
        + CommandGroup.allCases.flatMap { group in
            CommandTable.catalog.specs.filter { $0.group == group }.map {
                "\(usage($0)) - \($0.summary)"
            }
        }

    static let commandCommand = [
        "COMMAND [subcommand [name ...]]. Subcommands:",
        "(none), INFO [name ...] - arity, flags and key positions of all commands or those named.",
        "COUNT - the number of commands.",
        "DOCS [name ...] - summaries and arguments of all commands or those named.",
        "LIST [FILTERBY PATTERN|ACLCAT|MODULE <value>] - the names of all commands or some.",
        "GETKEYS <command> [<arg> ...] - which arguments of a command are keys.",
        "HELP - this.",
    ]

    static func page(_ spec: CommandSpec) -> [String] {
        var lines = [usage(spec), spec.summary]
        if !spec.aliases.isEmpty {
            lines.append("Also called: \(spec.aliases.joined(separator: ", "))")
        }
        lines.append("Permission: @\(spec.category.rawValue). Cost: \(spec.complexity).")
        lines.append("Since \(spec.since).")
        if !spec.ownErrors.isEmpty {
            let names = spec.ownErrors.map { $0.row.textToken }.joined(separator: ", ")
            lines.append("Errors of its own: \(names)")
        }
        return lines
    }

    /// The command with its arguments, as one would type it.
    static func usage(_ spec: CommandSpec) -> String {
        ([spec.name] + spec.arguments.map(usage)).joined(separator: " ")
    }

    private static func usage(_ argument: ArgumentSpec) -> String {
        var text: String
        switch argument.kind {
        case .flag: text = argument.token ?? argument.name.uppercased()
        case .pairs: text = "key value"
        default: text = argument.token.map { "\($0) \(argument.name)" } ?? argument.name
        }
        if argument.isRepeated { text += " [\(text) ...]" }
        return argument.isOptional ? "[\(text)]" : text
    }
}

func command(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let specs = CommandTable.catalog.specs
    if request.count == 1 {
        context.reply.list(specs.count)
        for spec in specs { CommandInfo.write(spec, &context.reply) }
    } else if request[1].isWord("COUNT"), request.count == 2 {
        context.reply.integer(specs.count)
    } else if request[1].isWord("LIST") {
        try commandList(request, context)
    } else if request[1].isWord("GETKEYS") {
        try commandKeys(request, context)
    } else if request[1].isWord("HELP"), request.count == 2 {
        let lines = HelpText.commandCommand
        context.reply.list(lines.count)
        for line in lines { context.reply.string(line) }
    } else if request[1].isWord("INFO") {
        commandInfo(request, context)
    } else if request[1].isWord("DOCS") {
        commandDocs(request, context)
    } else {
        let name = Printable.text(request[1], maxBytes: 128)
        throw ServerError(.syntax, "unknown subcommand '\(name)'. Try COMMAND HELP.")
    }
}

private func commandInfo(_ request: borrowing Request, _ context: CommandContext) {
    let catalog = CommandTable.catalog
    if request.count == 2 {
        context.reply.list(catalog.specs.count)
        for spec in catalog.specs { CommandInfo.write(spec, &context.reply) }
        return
    }
    context.reply.list(request.count - 2)
    for position in 2..<request.count {
        if let index = catalog.index(of: request[position]) {
            CommandInfo.write(catalog.specs[index], &context.reply)
        } else {
            context.reply.null()
        }
    }
}

private func commandList(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    var specs = CommandTable.catalog.specs
    if request.count == 5, request[2].isWord("FILTERBY") {
        let wanted = Printable.text(request[4], maxBytes: 64).lowercased()
        if request[3].isWord("PATTERN") {
            let pattern = request[4]
            specs.removeAll { spec in
                let name = Array(spec.name.lowercased().utf8)
                return !Glob.matches(name.span, pattern: pattern)
            }
        } else if request[3].isWord("ACLCAT") {
            specs.removeAll { $0.category.rawValue != wanted }
        } else if request[3].isWord("MODULE") {
            specs = []
        } else {
            throw .syntax
        }
    } else if request.count != 2 {
        throw .syntax
    }
    context.reply.list(specs.count)
    for spec in specs { context.reply.string(spec.name.lowercased()) }
}

private func commandKeys(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    if request.count < 3 { throw .wrongArity("command|getkeys") }
    guard let index = CommandTable.catalog.index(of: request[2]) else {
        throw ServerError(.invalidRequest, "Invalid command specified")
    }
    let spec = CommandTable.catalog.specs[index]
    let keys = spec.keyPositions
    if keys.first == 0 {
        throw ServerError(.invalidRequest, "The command has no key arguments")
    }
    let count = request.count - 2
    if count < spec.minimumCount || count > spec.maximumCount ?? .max {
        throw ServerError(
            .invalidRequest,
            "Invalid number of arguments specified for command"
        )
    }
    let positions = keys.among(count)
    context.reply.list(positions.underestimatedCount)
    for position in positions { context.reply.bytes(request[position + 2]) }
}

private func commandDocs(_ request: borrowing Request, _ context: CommandContext) {
    let catalog = CommandTable.catalog
    var found: [CommandSpec] = []
    if request.count == 2 {
        found = catalog.specs
    } else {
        for position in 2..<request.count {
            if let index = catalog.index(of: request[position]) {
                found.append(catalog.specs[index])
            }
        }
    }
    context.reply.map(found.count)
    for spec in found {
        context.reply.string(spec.name.lowercased())
        CommandInfo.writeDocs(spec, &context.reply)
    }
}
