// JSON as a tree: strict, and with numbers of any size.

/// A JSON value.
indirect enum JSONTree: Equatable, Sendable {
    case null
    case boolean(Bool)
    /// A number, as it stands there.
    case number(String)
    case string([UInt8])
    case array([JSONTree])
    case object([(name: String, value: JSONTree)])

    static func == (left: JSONTree, right: JSONTree) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.boolean(let one), .boolean(let other)): one == other
        case (.number(let one), .number(let other)): one == other
        case (.string(let one), .string(let other)): one == other
        case (.array(let one), .array(let other)): one == other
        case (.object(let one), .object(let other)):
            one.count == other.count
                && zip(one, other).allSatisfy { $0.name == $1.name && $0.value == $1.value }
        default: false
        }
    }

    /// The member called `name`.
    subscript(_ name: String) -> JSONTree? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The text of a string.
    var text: String? {
        if case .string(let bytes) = self { return String(decoding: bytes, as: UTF8.self) }
        return nil
    }

    /// Takes a line that is a reply: an object, or an array of them for a batch.
    static func replyLine(_ reader: inout ReplyBytes) throws(ReplyBytes.Stop) -> WireReply {
        var line = try reader.line()
        if line.last == 0x0D { line = line.dropLast() }
        return try lineReply(try whole(line))
    }

    /// The value that all of `bytes` are.
    static func whole(_ bytes: ArraySlice<UInt8>) throws(ReplyBytes.Stop) -> JSONTree {
        var inner = ReplyBytes(bytes)
        let tree: JSONTree
        do throws(ReplyBytes.Stop) {
            tree = try value(&inner)
            skipSpace(&inner)
        } catch {
            if error == .incomplete { throw .malformed("a line of JSON that ends too early") }
            throw error
        }
        if !inner.isAtEnd { throw .malformed("something behind the JSON value") }
        return tree
    }

    /// A line's value as a reply, or as those to a batch.
    static func lineReply(_ tree: JSONTree) throws(ReplyBytes.Stop) -> WireReply {
        if case .array(let items) = tree {
            let replies = items.compactMap(reply)
            if replies.count != items.count { throw .malformed("a batch with what is no reply") }
            return .list(replies)
        }
        guard let reply = reply(tree) else { throw .malformed("JSON that is no reply") }
        return reply
    }

    /// An object as a reply: one with `result`, `error` or `event`; nil if it is none.
    static func reply(_ tree: JSONTree) -> WireReply? {
        guard case .object(let members) = tree else { return nil }
        if let result = tree["result"] { return plain(result) }
        if let error = tree["error"], let code = error["code"]?.text {
            return code == "key_not_found" ? .null : .error(code, error["message"]?.text ?? "")
        }
        guard tree["event"] != nil else { return nil }
        return .push(members.map { plain($0.value) })
    }

    private static func plain(_ tree: JSONTree) -> WireReply {
        switch tree {
        case .null: return .null
        case .boolean(let value): return .boolean(value)
        case .number(let text):
            if let number = Int64(text) { return .integer(number) }
            return .double(Double(text) ?? .infinity)
        case .string(let bytes): return .bytes(bytes)
        case .array(let items): return .list(items.map(plain))
        case .object(let members):
            if members.count == 1, members[0].name == "base64", let text = members[0].value.text,
                let bytes = Base64Bytes.decode(text)
            {
                return .bytes(bytes)
            }
            return .map(members.flatMap { [.bytes(Array($0.name.utf8)), plain($0.value)] })
        }
    }

    /// Takes a value.
    static func value(
        _ reader: inout ReplyBytes,
        depth: Int = 0
    ) throws(ReplyBytes.Stop) -> JSONTree {
        if depth > 1100 { throw .malformed("JSON that nests too deep") }
        skipSpace(&reader)
        switch try reader.byte() {
        case UInt8(ascii: "{"): return .object(try members(&reader, depth))
        case UInt8(ascii: "["): return .array(try items(&reader, depth))
        case UInt8(ascii: "\""): return .string(try string(&reader))
        case UInt8(ascii: "t"):
            try reader.expect("rue", "a word that is none of JSON's")
            return .boolean(true)
        case UInt8(ascii: "f"):
            try reader.expect("alse", "a word that is none of JSON's")
            return .boolean(false)
        case UInt8(ascii: "n"):
            try reader.expect("ull", "a word that is none of JSON's")
            return .null
        default:
            reader.position -= 1
            return try number(&reader)
        }
    }

    private static func number(_ reader: inout ReplyBytes) throws(ReplyBytes.Stop) -> JSONTree {
        let rest = reader.bytes[reader.position...]
        let text = rest.prefix { byte in
            byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") || isDigit(byte)
        }
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text
        guard let first = digits.first, isDigit(first), let last = digits.last, isDigit(last),
            digits.count == 1 || first != UInt8(ascii: "0")
                || !isDigit(digits[digits.startIndex + 1])
        else { throw .malformed("'\(Escaped.text(rest.prefix(20)))' is no JSON value") }
        reader.position = text.endIndex
        return .number(text.string)
    }

    private static func items(
        _ reader: inout ReplyBytes,
        _ depth: Int
    ) throws(ReplyBytes.Stop) -> [JSONTree] {
        var items: [JSONTree] = []
        skipSpace(&reader)
        if try takes(UInt8(ascii: "]"), &reader) { return [] }
        while true {
            items.append(try value(&reader, depth: depth + 1))
            skipSpace(&reader)
            if try takes(UInt8(ascii: "]"), &reader) { return items }
            try reader.expect(",", "items without a comma between them")
        }
    }

    private static func members(
        _ reader: inout ReplyBytes,
        _ depth: Int
    ) throws(ReplyBytes.Stop) -> [(name: String, value: JSONTree)] {
        var members: [(name: String, value: JSONTree)] = []
        skipSpace(&reader)
        if try takes(UInt8(ascii: "}"), &reader) { return [] }
        while true {
            skipSpace(&reader)
            try reader.expect("\"", "a member without a name")
            let name = String(decoding: try string(&reader), as: UTF8.self)
            skipSpace(&reader)
            try reader.expect(":", "a member without a colon")
            members.append((name, try value(&reader, depth: depth + 1)))
            skipSpace(&reader)
            if try takes(UInt8(ascii: "}"), &reader) { return members }
            try reader.expect(",", "members without a comma between them")
        }
    }

    /// The content of a string whose first quote was taken.
    private static func string(_ reader: inout ReplyBytes) throws(ReplyBytes.Stop) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let byte = try reader.byte()
            switch byte {
            case UInt8(ascii: "\""): return bytes
            case UInt8(ascii: "\\"): bytes += try escape(&reader)
            case ..<0x20: throw .malformed("a control character in a string")
            default: bytes.append(byte)
            }
        }
    }

    private static func escape(_ reader: inout ReplyBytes) throws(ReplyBytes.Stop) -> [UInt8] {
        let letter = try reader.byte()
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "u"):
            var unit = try codeUnit(&reader)
            if unit >= 0xD800, unit < 0xDC00 {
                try reader.expect("\\u", "half a surrogate pair")
                let low = try codeUnit(&reader)
                if low < 0xDC00 || low > 0xDFFF { throw .malformed("half a surrogate pair") }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else {
                throw .malformed("half a surrogate pair")
            }
            return Array(String(Character(scalar)).utf8)
        default: throw .malformed("an unknown escape")
        }
    }

    private static func codeUnit(_ reader: inout ReplyBytes) throws(ReplyBytes.Stop) -> UInt32 {
        var unit: UInt32 = 0
        for byte in try reader.take(4) {
            guard let digit = byte.hexValue else { throw .malformed("an unknown escape") }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    private static func takes(
        _ byte: UInt8,
        _ reader: inout ReplyBytes
    ) throws(ReplyBytes.Stop) -> Bool {
        if reader.isAtEnd { throw .incomplete }
        if reader.bytes[reader.position] != byte { return false }
        reader.position += 1
        return true
    }

    private static func skipSpace(_ reader: inout ReplyBytes) {
        while !reader.isAtEnd, [0x20, 0x09, 0x0A, 0x0D].contains(reader.bytes[reader.position]) {
            reader.position += 1
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}

/// Base64 (RFC 4648 section 4), as replies carry bytes that are no UTF-8.
enum Base64Bytes {
    private static let letters = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
    )

    static func encode(_ bytes: [UInt8]) -> String {
        var text = ""
        var at = 0
        while at < bytes.count {
            let group = bytes[at..<min(at + 3, bytes.count)]
            var word = group.reduce(0) { $0 << 8 | UInt32($1) }
            word <<= 8 * UInt32(3 - group.count)
            for index in 0..<4 {
                let letter = letters[Int(word >> UInt32(18 - 6 * index) & 63)]
                text.unicodeScalars.append(
                    Unicode.Scalar(index <= group.count ? letter : UInt8(ascii: "="))
                )
            }
            at += 3
        }
        return text
    }

    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var word: UInt32 = 0
        var bits = 0
        for letter in text.utf8 where letter != UInt8(ascii: "=") {
            guard let value = letters.firstIndex(of: letter) else { return nil }
            word = word << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        return bytes
    }
}
