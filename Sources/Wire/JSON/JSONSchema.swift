// The JSON Schema of requests and replies, made from the command table.
public import Core

/// Describes the JSON encoding to programs.
public enum JSONSchema {
    /// The JSON Schema (draft 2020-12) of every line that JSON clients send and receive.
    ///
    /// For each command of `specs` the definitions `NAME.request` and `NAME.reply` say what its object
    /// holds and what answers it; `requestLine` and `replyLine` are whole lines. Ends in a line feed.
    public static func document(_ specs: [CommandSpec]) -> String {
        var definitions = lines(specs) + values
        for spec in specs {
            definitions.append(("\(spec.name).request", request(spec)))
            definitions.append(("\(spec.name).reply", reply(spec)))
        }
        let document = SchemaNode.object([
            ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
            ("$id", .text("urn:sallyport:json")),
            ("title", .text("Sallyport: JSON lines")),
            (
                "description",
                .text(
                    "What a client sends (requestLine) and receives (replyLine), one JSON value a line."
                        + " Each command has its own NAME.request and NAME.reply. Made from the"
                        + " command table."
                )
            ),
            ("anyOf", .list([.reference("requestLine"), .reference("replyLine")])),
            ("$defs", .object(definitions)),
        ])
        return document.rendered() + "\n"
    }

    /// Whole lines, and what is the same for every command.
    private static func lines(_ specs: [CommandSpec]) -> [(String, SchemaNode)] {
        let arrayOf = { (name: String) -> SchemaNode in
            .object([("type", .text("array")), ("items", .reference(name))])
        }
        return [
            ("requestLine", .anyOf([.reference("request"), arrayOf("request")])),
            ("request", .anyOf(specs.map { .reference("\($0.name).request") })),
            (
                "replyLine",
                .anyOf([.reference("reply"), arrayOf("reply"), .reference("event")])
            ),
            (
                "reply",
                .anyOf([result(.object([])), refusal(ErrorCode.allCases)])
            ),
            (
                "event",
                .object([
                    ("description", .text("A message that nobody asked for.")),
                    ("type", .text("object")),
                    ("properties", .object([("event", .type("string"))])),
                    ("required", .texts(["event"])),
                ])
            ),
        ]
    }

    /// What fields and results are made of.
    private static let values: [(String, SchemaNode)] = [
        (
            "id",
            .object([
                ("description", .text("Comes back in the reply.")),
                ("type", .texts(["string", "integer"])),
            ])
        ),
        (
            "bytes",
            .anyOf([
                .type("string"),
                .record(
                    [
                        (
                            "base64",
                            .object([
                                ("type", .text("string")),
                                ("contentEncoding", .text("base64")),
                                ("pattern", .text(base64Pattern)),
                            ])
                        )
                    ],
                    required: ["base64"],
                    description: "Bytes that are not UTF-8."
                ),
            ])
        ),
        (
            "integer",
            .object([
                ("type", .text("integer")),
                ("minimum", .number("\(Int64.min)")),
                ("maximum", .number("\(Int64.max)")),
            ])
        ),
        ("pairs", pairs(of: .reference("bytes"), minimum: 1)),
        // What a command is answered with between MULTI and EXEC.
        ("queued", result(.object([("const", .text("QUEUED"))]))),
    ]

    private static let base64Pattern =
        "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"

    /// Names and values: an object, or an array of arrays of two.
    static func pairs(of value: SchemaNode, minimum: Int) -> SchemaNode {
        let couple = SchemaNode.object([
            ("type", .text("array")),
            ("prefixItems", .list([.reference("bytes"), value])),
            ("minItems", .number("2")),
            ("maxItems", .number("2")),
        ])
        return .anyOf([
            .object([
                ("type", .text("object")),
                ("minProperties", .number("\(minimum)")),
                ("additionalProperties", value),
            ]),
            .object([
                ("type", .text("array")),
                ("minItems", .number("\(minimum)")),
                ("items", couple),
            ]),
        ])
    }
}
