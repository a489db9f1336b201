// A strict reader of JSON replies, which allows no white space and no repeated name.

/// Reads JSON (RFC 8259) as the server writes it.
struct JSONReply {
    private var rest: Substring.UnicodeScalarView

    /// The reply that one line is: its result, or its error.
    static func reply(_ bytes: [UInt8]) -> WireValue? {
        guard bytes.last == 10, case .map(let members) = value(Array(bytes.dropLast())) else {
            return nil
        }
        if members.count == 2, members[0] == .text("result") { return members[1] }
        guard members.count == 2, members[0] == .text("error"), case .map(let error) = members[1],
            error.count == 4 || error.count == 6 && error[4] == .text("retry_after_ms"),
            error[0] == .text("code"), error[2] == .text("message"),
            let code = error[1].text, let message = error[3].text
        else { return nil }
        return .error(code, message)
    }

    /// The value that JSON text is.
    static func value(_ bytes: [UInt8]) -> WireValue? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var reader = JSONReply(rest: Substring(text).unicodeScalars)
        guard let value = reader.next(), reader.rest.isEmpty else { return nil }
        return value
    }

    private mutating func take(_ word: String) -> Bool {
        guard rest.starts(with: word.unicodeScalars) else { return false }
        rest = rest.dropFirst(word.unicodeScalars.count)
        return true
    }

    private mutating func next() -> WireValue? {
        switch rest.first {
        case "\"": return string().map { .text($0) }
        case "[": return list()
        case "{": return object()
        case "n": return take("null") ? .null : nil
        case "t": return take("true") ? .boolean(true) : nil
        case "f": return take("false") ? .boolean(false) : nil
        default: return number()
        }
    }

    private mutating func number() -> WireValue? {
        let form = #/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/#
        guard let match = Substring(rest).prefixMatch(of: form) else { return nil }
        rest = rest.dropFirst(match.output.0.unicodeScalars.count)
        let isInteger = match.output.2 == nil && match.output.3 == nil
        if isInteger { return Int64(match.output.0).map { .integer($0) } }
        return .double(String(match.output.0))
    }

    private mutating func list() -> WireValue? {
        var items: [WireValue] = []
        guard take("[") else { return nil }
        if take("]") { return .list([]) }
        repeat {
            guard let item = next() else { return nil }
            items.append(item)
        } while take(",")
        return take("]") ? .list(items) : nil
    }

    private mutating func object() -> WireValue? {
        var members: [WireValue] = []
        var names: Set<String> = []
        guard take("{") else { return nil }
        if take("}") { return .map([]) }
        repeat {
            guard let name = string(), names.insert(name).inserted, take(":"), let value = next()
            else { return nil }
            members += [.text(name), value]
        } while take(",")
        guard take("}") else { return nil }
        if names == ["base64"] {
            // Only what is not UTF-8 may travel so.
            let bytes = members[1].text.flatMap { Base64Text.decode($0) }
            return bytes.flatMap {
                String(validating: $0, as: UTF8.self) == nil ? .bytes($0) : nil
            }
        }
        return .map(members)
    }

    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        var text = String.UnicodeScalarView()
        let escapes: [Unicode.Scalar: Unicode.Scalar] = [
            "n": "\n", "r": "\r", "t": "\t", "\"": "\"", "\\": "\\",
        ]
        while let scalar = rest.popFirst() {
            if scalar == "\"" { return String(text) }
            if scalar.value < 0x20 { return nil }
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            guard let letter = rest.popFirst() else { return nil }
            if letter == "u" {
                let digits = String(String.UnicodeScalarView(rest.prefix(4)))
                guard digits.count == 4, let value = UInt32(digits, radix: 16),
                    let escaped = Unicode.Scalar(value)
                else { return nil }
                rest = rest.dropFirst(4)
                text.append(escaped)
            } else if let escaped = escapes[letter] {
                text.append(escaped)
            } else {
                return nil
            }
        }
        return nil
    }
}
