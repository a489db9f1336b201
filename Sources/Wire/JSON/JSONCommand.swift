// Which fields a command's JSON object may have.
internal import CSimdjson
import Core

/// The part of a command's row that its JSON form is read by.
struct JSONCommand {
    /// The command's name.
    var name: String
    /// Its arguments, which name the fields.
    var arguments: [ArgumentSpec]

    /// Whether an argument is a key, which `namespace` can prefix.
    var hasKey: Bool {
        for argument in arguments where argument.kind == .key || argument.kind == .pairs {
            return true
        }
        return false
    }

    /// Whether an argument is called `name`.
    func hasArgument(_ name: String) -> Bool {
        for argument in arguments where argument.name == name { return true }
        return false
    }

    /// The index of the argument that the field `name` gives; nil if there is none.
    func index(of name: Span<UInt8>) -> Int? {
        for index in 0..<arguments.count where name.equals(arguments[index].name) { return index }
        return nil
    }

    /// Whose fields there are, and their names, for an error's text.
    var fieldList: String {
        let names = arguments.map(\.name) + (hasKey ? ["namespace"] : []) + ["id"]
        return "\(name)'s: \(names.joined(separator: ", "))"
    }
}

extension LineJSONParser {
    /// Puts each field of `root` in `fields`, at the index of the argument it gives.
    func assign(_ root: csj_value, to command: JSONCommand) throws(ServerError) {
        fields.removeAll(keepingCapacity: true)
        for _ in command.arguments { fields.append(nil) }
        var reserved = (action: 0, id: 0, namespace: 0)
        var ordinal = -1
        var walk = csj_fields(root)
        var key = csj_text()
        var value = csj_value()
        while csj_next_field(&walk, &key, &value) {
            ordinal += 1
            let name = span(key)
            let isRepeated: Bool
            if name.equals("action") {
                reserved.action += 1
                isRepeated = reserved.action > 1
            } else if name.equals("id") {
                reserved.id += 1
                isRepeated = reserved.id > 1
            } else if let index = command.index(of: name) {
                isRepeated = fields[index] != nil
                fields[index] = JSONField(value: value, ordinal: ordinal)
            } else if name.equals("namespace") {
                reserved.namespace += 1
                isRepeated = reserved.namespace > 1
            } else {
                throw .invalidRequest(
                    "field '\(Printable.text(name))' is not one of \(command.fieldList)"
                )
            }
            if isRepeated {
                throw .invalidRequest("field '\(Printable.text(name))' is there more than once")
            }
        }
    }
}
