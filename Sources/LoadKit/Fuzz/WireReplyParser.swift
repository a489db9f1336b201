// Taking replies of any encoding out of the bytes that came, strictly: what is not well formed is told.

/// One connection's parser; it keeps nothing between calls.
struct WireReplyParser: Sendable {
    let encoding: FuzzEncoding

    /// Takes the reply at the beginning of `bytes`.
    func next(_ bytes: ArraySlice<UInt8>) -> WireReplyOutcome {
        if bytes.isEmpty { return .incomplete }
        var reader = ReplyBytes(bytes)
        do throws(ReplyBytes.Stop) {
            let reply =
                switch encoding {
                case .resp, .resp3: try RESPTree.reply(&reader)
                case .text: try TextTree.reply(&reader)
                case .json: try JSONTree.replyLine(&reader)
                case .protobuf: try ProtobufTree.reply(&reader)
                case .http: try HTTPTree.reply(&reader)
                case .websocket: try WebSocketTree.reply(&reader)
                }
            return .reply(reply, consumed: reader.position - bytes.startIndex)
        } catch {
            switch error {
            case .incomplete: return .incomplete
            case .malformed(let reason): return .malformed(reason)
            }
        }
    }
}

/// Bytes with a place in them.
struct ReplyBytes {
    /// Why reading ends.
    enum Stop: Error, Equatable {
        case incomplete
        case malformed(String)
    }

    /// The longest line that is not a value's.
    static let maxLineBytes = 64 << 20

    let bytes: ArraySlice<UInt8>
    var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    var isAtEnd: Bool { position >= bytes.endIndex }

    mutating func byte() throws(Stop) -> UInt8 {
        if isAtEnd { throw .incomplete }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func take(_ count: Int) throws(Stop) -> ArraySlice<UInt8> {
        if count < 0 { throw .malformed("a length below 0") }
        if bytes.endIndex - position < count { throw .incomplete }
        defer { position += count }
        return bytes[position..<(position + count)]
    }

    /// The bytes up to the next line feed, without it.
    mutating func line() throws(Stop) -> ArraySlice<UInt8> {
        guard let end = bytes[position...].firstIndex(of: 0x0A) else {
            if bytes.endIndex - position > ReplyBytes.maxLineBytes {
                throw .malformed("a line that does not end")
            }
            throw .incomplete
        }
        defer { position = end + 1 }
        return bytes[position..<end]
    }

    /// The bytes up to CR LF, without them.
    mutating func lineWithReturn() throws(Stop) -> ArraySlice<UInt8> {
        let line = try line()
        if line.last != 0x0D { throw .malformed("a line feed without a carriage return") }
        return line.dropLast()
    }

    mutating func expect(_ text: String, _ what: String) throws(Stop) {
        let taken = try take(text.utf8.count)
        if !taken.elementsEqual(text.utf8) { throw .malformed(what) }
    }
}

extension ArraySlice<UInt8> {
    /// The bytes at `range`, counted from the first of these.
    func part(_ range: Range<Int>) -> ArraySlice<UInt8> {
        self[(startIndex + range.lowerBound)..<(startIndex + range.upperBound)]
    }

    var string: String { String(decoding: self, as: UTF8.self) }

    func integer() throws(ReplyBytes.Stop) -> Int64 {
        let text = string
        guard let number = Int64(text), text.first != "+" else {
            throw .malformed("'\(Escaped.text(prefix(40)))' is no integer")
        }
        return number
    }

    /// The first word, and the rest behind a space.
    var words: (String, String) {
        let end = firstIndex(of: UInt8(ascii: " ")) ?? endIndex
        return (self[..<end].string, self[end...].dropFirst().string)
    }
}

/// RESP2 and RESP3.
enum RESPTree {
    static func reply(
        _ reader: inout ReplyBytes,
        depth: Int = 0
    ) throws(ReplyBytes.Stop)
        -> WireReply
    {
        if depth > 128 { throw .malformed("lists that nest too deep") }
        let marker = try reader.byte()
        let line = try reader.lineWithReturn()
        switch marker {
        case UInt8(ascii: "+"): return .status(Array(line))
        case UInt8(ascii: "-"): return .error(line.words.0, line.words.1)
        case UInt8(ascii: ":"): return .integer(try line.integer())
        case UInt8(ascii: "_"): return .null
        case UInt8(ascii: "#"): return .boolean(line.string == "t")
        case UInt8(ascii: "("): return .bytes(Array(line))
        case UInt8(ascii: ","):
            guard let number = Double(line.string) else { throw .malformed("no double") }
            return .double(number)
        case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"):
            let count = try line.integer()
            if count == -1 { return .null }
            let content = try reader.take(Int(clamping: count))
            try reader.expect("\r\n", "a bulk string that is longer than it says")
            if marker == UInt8(ascii: "!") { return .error(content.words.0, content.words.1) }
            return .bytes(Array(marker == UInt8(ascii: "=") ? content.dropFirst(4) : content))
        case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: ">"), UInt8(ascii: "%"),
            UInt8(ascii: "|"):
            return try aggregate(marker, try line.integer(), &reader, depth)
        default:
            throw .malformed("a reply of the type '\(Escaped.text([marker]))'")
        }
    }

    private static func aggregate(
        _ marker: UInt8,
        _ count: Int64,
        _ reader: inout ReplyBytes,
        _ depth: Int
    ) throws(ReplyBytes.Stop) -> WireReply {
        if count == -1 { return .null }
        let isMap = marker == UInt8(ascii: "%") || marker == UInt8(ascii: "|")
        if count < 0 || count > 1 << 24 { throw .malformed("a list with no proper length") }
        var items: [WireReply] = []
        for _ in 0..<Int(count) * (isMap ? 2 : 1) {
            items.append(try reply(&reader, depth: depth + 1))
        }
        if marker == UInt8(ascii: "|") { return try reply(&reader, depth: depth + 1) }
        if marker == UInt8(ascii: ">") { return .push(items) }
        return isMap ? .map(items) : .list(items)
    }
}

/// Lines of printable ASCII.
enum TextTree {
    static func reply(
        _ reader: inout ReplyBytes,
        depth: Int = 0
    ) throws(ReplyBytes.Stop)
        -> WireReply
    {
        if depth > 128 { throw .malformed("lists that nest too deep") }
        var line = try reader.line()
        if line.last == 0x0D { line = line.dropLast() }
        if let odd = line.first(where: { $0 < 0x20 || $0 > 0x7E }) {
            throw .malformed("a byte \(odd) that is not printable ASCII")
        }
        switch line.first {
        case nil: throw .malformed("an empty line")
        case UInt8(ascii: "("):
            if line.string != "(nil)" { throw .malformed("a parenthesis that is not (nil)") }
            return .null
        case UInt8(ascii: "*"):
            let count = try line.dropFirst().integer()
            if count < 0 || count > 1 << 24 { throw .malformed("a list with no proper length") }
            var items: [WireReply] = []
            for _ in 0..<Int(count) { items.append(try reply(&reader, depth: depth + 1)) }
            return .list(items)
        case UInt8(ascii: ">"):
            return .push(
                line.dropFirst(2).string.split(separator: " ").map { .bytes(Array($0.utf8)) }
            )
        case UInt8(ascii: "\""): return .bytes(try quoted(line))
        default:
            if line.starts(with: Array("ERR ".utf8)) {
                let (code, text) = line.dropFirst(4).words
                return .error(code, text)
            }
            return .bytes(Array(line))
        }
    }

    private static func quoted(_ line: ArraySlice<UInt8>) throws(ReplyBytes.Stop) -> [UInt8] {
        if line.count < 2 || line.last != UInt8(ascii: "\"") {
            throw .malformed("a quoted string that does not end")
        }
        let content = line.dropFirst().dropLast()
        var isEscaped = false
        for byte in content {
            if byte == UInt8(ascii: "\""), !isEscaped {
                throw .malformed("a quote within a string")
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        // The only escape that files do not have.
        let text = content.string.replacing("\\\"", with: "\\x22")
        guard let bytes = Escaped.bytes(text) else { throw .malformed("an unknown escape") }
        return bytes
    }
}

/// Responses of HTTP/1.1 with a reply in their body.
enum HTTPTree {
    static func reply(_ reader: inout ReplyBytes) throws(ReplyBytes.Stop) -> WireReply {
        let start = try reader.lineWithReturn().string
        let parts = start.split(separator: " ", maxSplits: 2)
        guard parts.count >= 2, parts[0] == "HTTP/1.1", let status = Int(parts[1]) else {
            throw .malformed("the status line '\(Escaped.text(start.utf8.prefix(80)))'")
        }
        var length = 0
        var isJSON = false
        while true {
            let line = try reader.lineWithReturn()
            if line.isEmpty { break }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
                throw .malformed("a header field without a colon")
            }
            let name = line[..<colon].string.lowercased()
            let value = line[(colon + 1)...].string.filter { $0 != " " }
            if name == "content-type" { isJSON = value.hasPrefix("application/json") }
            if name == "content-length" {
                guard let count = Int(value), count >= 0 else {
                    throw .malformed("the length '\(value)'")
                }
                length = count
            }
        }
        if status == 100 { return try reply(&reader) }
        let body = try reader.take(status == 304 || status == 204 ? 0 : length)
        guard isJSON, body.first == UInt8(ascii: "{") else { return .http(status) }
        var bodyReader = ReplyBytes(body)
        let tree = try complete { reader throws(ReplyBytes.Stop) in
            try JSONTree.value(&reader)
        }(&bodyReader)
        return JSONTree.reply(tree) ?? .http(status)
    }

    /// A body is all there, so what is missing in it is a mistake.
    private static func complete<Result>(
        _ body: @escaping (inout ReplyBytes) throws(ReplyBytes.Stop) -> Result
    ) -> (inout ReplyBytes) throws(ReplyBytes.Stop) -> Result {
        { reader throws(ReplyBytes.Stop) in
            do throws(ReplyBytes.Stop) {
                return try body(&reader)
            } catch {
                if error == .incomplete { throw .malformed("a body that ends too early") }
                throw error
            }
        }
    }
}
