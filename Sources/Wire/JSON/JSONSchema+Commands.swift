// One command's request and reply as JSON Schema.
import Core

extension JSONSchema {
    /// The object that asks for the command, field by field as `JSONCommand` reads it.
    static func request(_ spec: CommandSpec) -> SchemaNode {
        var members: [(String, SchemaNode)] = [
            ("action", action(spec)), ("id", .reference("id")),
        ]
        let hasKey = spec.arguments.contains { $0.kind.holdsKeys }
        if hasKey, !spec.arguments.contains(where: { $0.name == "namespace" }) {
            let namespace = SchemaNode.object([
                ("type", .text("string")), ("minLength", .number("1")),
            ])
            members.append(("namespace", namespace))
        }
        for argument in spec.arguments { members.append((argument.name, field(argument))) }
        let required = spec.arguments.filter { !$0.isOptional }.map(\.name)
        return .record(members, required: ["action"] + required, description: spec.summary)
    }

    /// The command's names in upper or lower case.
    private static func action(_ spec: CommandSpec) -> SchemaNode {
        let names = ([spec.name] + spec.aliases).map { name in
            name.map { letter in
                letter.isLetter ? "[\(letter.uppercased())\(letter.lowercased())]" : "\(letter)"
            }
            .joined()
        }
        return .object([
            ("type", .text("string")), ("pattern", .text("^(\(names.joined(separator: "|")))$")),
        ])
    }

    private static func field(_ argument: ArgumentSpec) -> SchemaNode {
        let once: SchemaNode
        switch argument.kind {
        case .key, .bytes, .pattern: once = .reference("bytes")
        case .integer: once = .reference("integer")
        case .flag: once = .type("boolean")
        case .anyValue: return .truth(true)
        case .pairs: return .reference("pairs")
        }
        if !argument.isRepeated { return once }
        var many: [(String, SchemaNode)] = [("type", .text("array")), ("items", once)]
        if !argument.isOptional { many.append(("minItems", .number("1"))) }
        return .anyOf([once, .object(many)])
    }

    /// The object that answers the command.
    static func reply(_ spec: CommandSpec) -> SchemaNode {
        // No value is an error here where a key was asked for and is missing.
        let missing: [ErrorCode] = mayBeMissing(spec.reply) ? [.keyNotFound] : []
        let queued: [SchemaNode] =
            spec.flags.contains(.notQueued) ? [] : [.reference("queued")]
        return .anyOf(
            [result(value(spec.reply))] + queued + [
                refusal(CommandSpec.commonErrors + spec.ownErrors + missing)
            ]
        )
    }

    /// A reply that is a result.
    static func result(_ value: SchemaNode) -> SchemaNode {
        .record([("id", .reference("id")), ("result", value)], required: ["result"])
    }

    /// A reply that is one of the errors `codes`.
    static func refusal(_ codes: [ErrorCode]) -> SchemaNode {
        var names: [String] = []
        for code in codes where !names.contains(code.row.jsonCode) {
            names.append(code.row.jsonCode)
        }
        let error = SchemaNode.record(
            [
                ("code", .object([("enum", .texts(names.sorted()))])),
                ("message", .type("string")),
                (
                    "retry_after_ms",
                    .object([("type", .text("integer")), ("minimum", .number("0"))])
                ),
            ],
            required: ["code", "message"]
        )
        return .record([("id", .reference("id")), ("error", error)], required: ["error"])
    }

    private static func mayBeMissing(_ shape: ReplyShape) -> Bool {
        switch shape {
        case .null, .any: true
        case .oneOf(let shapes): shapes.contains { mayBeMissing($0) }
        default: false
        }
    }

    private static func value(_ shape: ReplyShape) -> SchemaNode {
        switch shape {
        case .status: .type("string")
        case .integer, .subscriptions: .reference("integer")
        case .bytes, .verbatim: .reference("bytes")
        case .anyValue, .any: .truth(true)
        case .double:
            .anyOf([
                .type("number"), .object([("enum", .texts(["inf", "-inf", "nan"]))]),
            ])
        case .boolean: .type("boolean")
        case .bigNumber:
            .anyOf([
                .type("integer"),
                .object([("type", .text("string")), ("pattern", .text("^-?[0-9]+$"))]),
            ])
        case .null: .type("null")
        case .list(let item): .object([("type", .text("array")), ("items", value(item))])
        case .set(let item):
            .object([
                ("type", .text("array")), ("items", value(item)), ("uniqueItems", .truth(true)),
            ])
        case .map(let item): pairs(of: value(item), minimum: 0)
        case .oneOf(let shapes): .anyOf(shapes.map { value($0) })
        }
    }
}
