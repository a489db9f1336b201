// JSON as a value whose members keep their order, and its text with two spaces a level.

/// One value of a document that the program itself writes.
indirect enum SchemaNode: Sendable {
    case text(String)
    case number(String)
    case truth(Bool)
    case list([SchemaNode])
    case object([(String, SchemaNode)])

    /// A reference to the definition called `name`.
    static func reference(_ name: String) -> SchemaNode {
        .object([("$ref", .text("#/$defs/\(name)"))])
    }

    /// Whatever fits one of `schemas`; a single one stands for itself.
    static func anyOf(_ schemas: [SchemaNode]) -> SchemaNode {
        if let only = schemas.first, schemas.count == 1 { return only }
        return .object([("anyOf", .list(schemas))])
    }

    /// A value of a JSON type.
    static func type(_ name: String) -> SchemaNode { .object([("type", .text(name))]) }

    static func texts(_ texts: [String]) -> SchemaNode { .list(texts.map { .text($0) }) }

    /// An object of exactly these members.
    static func record(
        _ members: [(String, SchemaNode)],
        required: [String],
        description: String? = nil
    ) -> SchemaNode {
        var fields: [(String, SchemaNode)] = [("type", .text("object"))]
        if let description { fields.insert(("description", .text(description)), at: 0) }
        fields.append(("properties", .object(members)))
        fields.append(("required", texts(required)))
        fields.append(("additionalProperties", .truth(false)))
        return .object(fields)
    }

    /// The value's JSON text, from a line indented by `indent`.
    func rendered(indent: String = "") -> String {
        let inner = indent + "  "
        switch self {
        case .text(let text): return SchemaNode.quoted(text)
        case .number(let digits): return digits
        case .truth(let value): return value ? "true" : "false"
        case .list(let items):
            if items.isEmpty { return "[]" }
            let lines = items.map { inner + $0.rendered(indent: inner) }
            return "[\n" + lines.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let members):
            if members.isEmpty { return "{}" }
            let lines = members.map { name, value in
                inner + SchemaNode.quoted(name) + ": " + value.rendered(indent: inner)
            }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        }
    }

    /// The words of this program are printable ASCII; two characters of it need an escape.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text {
            if character == "\"" || character == "\\" { quoted.append("\\") }
            quoted.append(character)
        }
        return quoted + "\""
    }
}
