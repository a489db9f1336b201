// A command's row as Redis clients expect it from COMMAND INFO and COMMAND DOCS.
internal import Core

enum CommandInfo {
    /// Writes one command's entry of COMMAND INFO: ten items.
    ///
    /// Flags are words, not bytes, here and in COMMAND DOCS: redis-cli ends itself over any others.
    /// Source: Redis 7.0, COMMAND.
    static func write(_ spec: CommandSpec, _ reply: inout Reply) {
        let keys = spec.keyPositions
        reply.list(10)
        reply.string(spec.name.lowercased())
        reply.integer(spec.redisArity)
        let flags = flagNames(spec)
        reply.set(flags.count)
        for flag in flags { reply.word(flag) }
        reply.integer(keys.first)
        reply.integer(keys.last)
        reply.integer(keys.step)
        reply.set(1)
        reply.word("@\(spec.category.rawValue)")
        // Tips, key specifications and subcommands: there are none.
        reply.set(0)
        reply.set(0)
        reply.set(0)
    }

    private static func flagNames(_ spec: CommandSpec) -> [String] {
        var names: [String] = []
        if spec.category == .read { names.append("readonly") }
        if spec.category == .write { names.append("write") }
        if spec.category == .admin { names.append("admin") }
        if spec.category == .pubsub { names.append("pubsub") }
        if spec.flags.contains(.growsMemory) { names.append("denyoom") }
        if spec.flags.contains(.withoutToken) { names.append("no_auth") }
        if spec.complexity == "O(1)" { names.append("fast") }
        return names
    }

    /// Writes one command's entry of COMMAND DOCS.
    ///
    /// Source: Redis 7.0, COMMAND DOCS.
    static func writeDocs(_ spec: CommandSpec, _ reply: inout Reply) {
        reply.map(spec.arguments.isEmpty ? 4 : 5)
        pair("summary", spec.summary, &reply)
        pair("since", spec.since, &reply)
        pair("group", spec.group.rawValue, &reply)
        pair("complexity", spec.complexity, &reply)
        if spec.arguments.isEmpty { return }
        reply.string("arguments")
        reply.list(spec.arguments.count)
        for argument in spec.arguments { write(argument, &reply) }
    }

    private static func write(_ argument: ArgumentSpec, _ reply: inout Reply) {
        var flags: [String] = []
        if argument.isOptional { flags.append("optional") }
        if argument.isRepeated { flags.append("multiple") }
        reply.map(2 + (argument.token == nil ? 0 : 1) + (flags.isEmpty ? 0 : 1))
        pair("name", argument.name, &reply)
        pair("type", typeName(argument.kind), &reply)
        if let token = argument.token { pair("token", token, &reply) }
        if !flags.isEmpty {
            reply.string("flags")
            reply.set(flags.count)
            for flag in flags { reply.word(flag) }
        }
    }

    private static func typeName(_ kind: ArgumentSpec.Kind) -> String {
        switch kind {
        case .key: "key"
        case .bytes, .anyValue, .pairs: "string"
        case .integer: "integer"
        case .flag: "pure-token"
        case .pattern: "pattern"
        }
    }

    private static func pair(_ name: String, _ value: String, _ reply: inout Reply) {
        reply.string(name)
        reply.string(value)
    }
}
