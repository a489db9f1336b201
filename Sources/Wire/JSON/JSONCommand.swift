// Which fields a command's JSON object may have.
internal import CSimdjson
import Core

/// The part of a command's row that its JSON form is read by.
struct JSONCommand: ~Escapable {
    /// The command's number.
    let number: Int
    /// Its arguments, which name the fields.
    let fields: Span<ArgumentField>

    /// The command of number `number` in `catalog`.
    @_lifetime(borrow catalog)
    init(_ number: Int, in catalog: borrowing CommandCatalog) {
        self.number = number
        fields = catalog.fields(of: number)
    }

    /// Whether an argument is a key, which `namespace` can prefix.
    var hasKey: Bool {
        for index in 0..<fields.count where fields[index].kind.holdsKeys { return true }
        return false
    }

    /// The index of the argument that the field `name` gives; nil if there is none.
    func index(of name: Span<UInt8>) -> Int? {
        guard let name = PackedName(exactly: name) else { return nil }
        for index in 0..<fields.count where fields[index].name == name { return index }
        return nil
    }

    /// Whose fields there are, and their names, for an error's text.
    func fieldList(_ catalog: CommandCatalog) -> String {
        let spec = catalog.specs[number]
        let names = spec.arguments.map(\.name) + (hasKey ? ["namespace"] : []) + ["id"]
        return "\(spec.name)'s: \(names.joined(separator: ", "))"
    }
}

extension ArgumentSpec.Kind {
    /// Whether its values are keys, or have keys in them.
    var holdsKeys: Bool { self == .key || self == .pairs }
}

extension LineJSONParser {
    /// Puts each field of `root` in `fields`, at the index of the argument it gives.
    func assign(
        _ root: csj_value,
        to command: borrowing JSONCommand,
        _ catalog: CommandCatalog
    ) throws(ServerError) {
        let count = command.fields.count
        if fields.count < count { fields = Array(repeating: nil, count: count) }
        for index in 0..<count { fields[index] = nil }
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
                    "field '\(Printable.text(name))' is not one of \(command.fieldList(catalog))"
                )
            }
            if isRepeated {
                throw .invalidRequest("field '\(Printable.text(name))' is there more than once")
            }
        }
    }
}
