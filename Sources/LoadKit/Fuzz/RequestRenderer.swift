// Requests of any command in any encoding, from the words that it has in RESP.
internal import Commands
internal import Core

/// Writes requests.
struct RequestRenderer: Sendable {
    let encoding: FuzzEncoding
    /// The token that every HTTP request carries; the others present it once.
    var token: String?

    /// The bytes of a request; nil where the encoding has no form for it.
    func render(_ words: [[UInt8]]) -> [UInt8]? {
        guard let name = words.first else { return nil }
        switch encoding {
        case .resp, .resp3: return RequestRenderer.resp(words)
        case .text: return text(name, words.dropFirst())
        case .json: return json(words).map { $0 + [0x0A] }
        case .http: return json(words).map { http($0) }
        case .websocket: return json(words).map { ClientFrames.frame(.text, $0) }
        case .protobuf: return protobuf(words)
        }
    }

    /// The requests that a connection begins with, one behind the reply of the other: those that present the token,
    /// and the one that makes it a WebSocket.
    func opening() -> [[UInt8]] {
        if encoding == .websocket {
            let peer = RequestWriter.Peer(authority: "localhost", token: token)
            return [Array(HTTPText.upgrade(peer, key: ClientFrames.key).utf8)]
        }
        guard let token, encoding != .http else { return [] }
        let version = encoding == .resp3 ? [["HELLO", "3"]] : []
        return ([["AUTH", token]] + version).compactMap { render($0.map { Array($0.utf8) }) }
    }

    static func resp(_ words: [[UInt8]]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words { bytes += Array("$\(word.count)\r\n".utf8) + word + [0x0D, 0x0A] }
        return bytes
    }

    private func text(_ name: [UInt8], _ arguments: ArraySlice<[UInt8]>) -> [UInt8]? {
        var line = name
        if RequestRenderer.spec(name)?.flags.contains(.restOfLine) == true {
            // What is empty is not there.
            guard arguments.count <= 1, arguments.first != [] else { return nil }
            let rest = arguments.first ?? []
            if !rest.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return nil }
            // Without an argument there is no space either.
            if let first = arguments.first { line += [0x20] + first }
            return line + [0x0A]
        }
        for argument in arguments { line += [0x20] + RequestRenderer.word(argument) }
        return line + [0x0A]
    }

    /// An argument as a word of a line: bare where it can be, else quoted.
    private static func word(_ bytes: [UInt8]) -> [UInt8] {
        let isBare =
            !bytes.isEmpty
            && bytes.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'")
            }
        if isBare { return bytes }
        var quoted = [UInt8(ascii: "\"")]
        for byte in bytes {
            quoted +=
                byte == UInt8(ascii: "\"") ? Array("\\\"".utf8) : Array(Escaped.text([byte]).utf8)
        }
        return quoted + [UInt8(ascii: "\"")]
    }

    func json(_ words: [[UInt8]]) -> [UInt8]? {
        guard let fields = CommandFields.match(words) else { return nil }
        var text = "{\"action\":\(JSONText.string(words[0]) ?? "\"\"")"
        for field in fields {
            guard let value = field.json else { return nil }
            text += ",\"\(field.spec.name)\":\(value)"
        }
        return Array((text + "}").utf8)
    }

    private func http(_ body: [UInt8]) -> [UInt8] {
        var head = "POST /v1/command HTTP/1.1\r\nHost: localhost\r\n"
        if let token { head += "Authorization: Bearer \(token)\r\n" }
        head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n"
        return Array(head.utf8) + body
    }

    /// A generic request: `Request{generic: CommandRequest{name, arguments}}`, but AUTH has its own message.
    private func protobuf(_ words: [[UInt8]]) -> [UInt8]? {
        guard let name = words.first, String(validating: name, as: UTF8.self) != nil else {
            return nil
        }
        var message: [UInt8]
        if words.count == 2, String(decoding: name, as: UTF8.self) == "AUTH" {
            message = ProtobufNode.encoded(2, ProtobufNode.encoded(1, words[1]))
        } else {
            message = ProtobufNode.encoded(1, name)
            for word in words.dropFirst() { message += ProtobufNode.encoded(2, word) }
            message = ProtobufNode.encoded(17, message)
        }
        if message.count >= 16 << 20 { return nil }
        let length = UInt32(truncatingIfNeeded: message.count)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } + message
    }

    /// The row of the command called `name`.
    static func spec(_ name: [UInt8]) -> CommandSpec? {
        CommandTable.catalog.index(of: name.span).map { CommandTable.catalog.specs[$0] }
    }
}

/// A command's words, put to the arguments of its row.
struct CommandFields {
    let spec: ArgumentSpec
    var values: [[UInt8]]

    /// The fields of a request; nil where the words are not what the row says.
    static func match(_ words: [[UInt8]]) -> [CommandFields]? {
        guard let name = words.first, let spec = RequestRenderer.spec(name) else { return nil }
        var rest = words.dropFirst()
        var fields: [CommandFields] = []
        var tokens = spec.arguments.filter { $0.token != nil }
        // Words that those behind an optional one need.
        var needed = spec.arguments.reduce(0) { sum, argument in
            argument.isOptional || argument.token != nil ? sum : sum + argument.words
        }
        for argument in spec.arguments where argument.token == nil {
            if !argument.isOptional { needed -= argument.words }
            if argument.isOptional, rest.count < needed + argument.words { continue }
            if argument.isRepeated {
                if rest.isEmpty { return nil }
                fields.append(CommandFields(spec: argument, values: Array(rest)))
                rest = []
                continue
            }
            let width = argument.words
            if rest.count < width { return nil }
            // An optional one is not there where the word is a token of another.
            if argument.isOptional, tokens.contains(where: { isToken(rest.first, $0) }) { continue }
            fields.append(CommandFields(spec: argument, values: Array(rest.prefix(width))))
            rest = rest.dropFirst(width)
        }
        while let word = rest.popFirst() {
            guard let index = tokens.firstIndex(where: { isToken(word, $0) }) else { return nil }
            let argument = tokens.remove(at: index)
            if argument.kind == .flag {
                fields.append(CommandFields(spec: argument, values: []))
                continue
            }
            guard let value = rest.popFirst() else { return nil }
            fields.append(CommandFields(spec: argument, values: [value]))
        }
        return fields
    }

    private static func isToken(_ word: [UInt8]?, _ argument: ArgumentSpec) -> Bool {
        guard let word, let token = argument.token else { return false }
        return String(decoding: word, as: UTF8.self).uppercased() == token
    }

    /// The field's value in JSON; nil where JSON has none.
    var json: String? {
        switch spec.kind {
        case .flag: return "true"
        case .pairs: return pairs
        case .integer where !spec.isRepeated:
            let text = String(decoding: values.first ?? [], as: UTF8.self)
            return Int64(text).map(String.init) == text ? text : JSONText.string(values.first ?? [])
        default:
            if !spec.isRepeated { return values.first.flatMap(JSONText.string) }
            let items = values.compactMap(JSONText.string)
            return items.count == values.count ? "[\(items.joined(separator: ","))]" : nil
        }
    }

    private var pairs: String? {
        var members: [String] = []
        var names: Set<[UInt8]> = []
        if values.isEmpty || values.count % 2 != 0 { return nil }
        for index in stride(from: 0, to: values.count, by: 2) {
            // A name is a string, and there is one of each.
            guard names.insert(values[index]).inserted, JSONText.isUTF8(values[index]),
                let name = JSONText.string(values[index]),
                let value = JSONText.string(values[index + 1])
            else { return nil }
            members.append("\(name):\(value)")
        }
        return "{\(members.joined(separator: ","))}"
    }
}

extension ArgumentSpec {
    /// How many words it takes at least, without its token.
    fileprivate var words: Int { kind == .pairs ? 2 : 1 }
}

/// Strings of JSON.
enum JSONText {
    static func isUTF8(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }

    /// A string, or an object with the bytes in Base64 where they are no UTF-8.
    static func string(_ bytes: [UInt8]) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return "{\"base64\":\"\(Base64Bytes.encode(bytes))\"}"
        }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22, 0x5C: quoted += "\\\(scalar)"
            case ..<0x20, 0x7F:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
