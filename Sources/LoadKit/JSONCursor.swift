// A walk over one line of JSON text (RFC 8259), without making anything of it.
import Core

/// Takes JSON tokens out of a line, one behind the other; it allocates nothing.
struct JSONCursor: ~Escapable {
    /// A string's content as it stands in the text.
    struct RawString {
        var range: Range<Int>
        var hasEscapes: Bool
    }

    /// The bytes that offsets count in.
    let bytes: Span<UInt8>
    /// Where the next token is looked for.
    private(set) var offset: Int
    private let end: Int

    /// Starts at `start`; bytes from `end` on are not looked at.
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, from start: Int, to end: Int) {
        self.bytes = bytes
        offset = start
        self.end = end
    }

    /// Whether only white space is left.
    var isAtEnd: Bool {
        var index = offset
        while index < end, JSONCursor.isSpace(bytes[index]) { index += 1 }
        return index == end
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A
    }

    /// Goes past white space.
    @_lifetime(self: copy self)
    mutating func skipSpace() {
        while offset < end, JSONCursor.isSpace(bytes[offset]) { offset += 1 }
    }

    /// Goes past `byte` if it is the next token.
    @_lifetime(self: copy self)
    mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard offset < end, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    /// Goes past a string if it is the next token; nil, and no step, if it is not.
    @_lifetime(self: copy self)
    mutating func takeString() -> RawString? {
        skipSpace()
        guard offset < end, bytes[offset] == UInt8(ascii: "\"") else { return nil }
        var index = offset + 1
        var hasEscapes = false
        while index < end {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                let range = (offset + 1)..<index
                offset = index + 1
                return RawString(range: range, hasEscapes: hasEscapes)
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                index += 1
            } else if byte < 0x20 {
                return nil
            }
            index += 1
        }
        return nil
    }

    /// Goes past a value of any kind; false if there is none.
    ///
    /// Commas and colons are not checked.
    @_lifetime(self: copy self)
    mutating func skipValue() -> Bool {
        var depth = 0
        repeat {
            skipSpace()
            if offset >= end { return false }
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                if takeString() == nil { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                offset += 1
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return false }
                offset += 1
                depth -= 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                if depth == 0 { return false }
                offset += 1
            default:
                if !skipWord() { return false }
            }
        } while depth > 0
        return true
    }

    /// Goes past a number or a literal.
    @_lifetime(self: copy self)
    private mutating func skipWord() -> Bool {
        let start = offset
        while offset < end {
            switch bytes[offset] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "E"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"):
                offset += 1
            default: return offset > start
            }
        }
        return offset > start
    }

    /// Appends the characters of a string's content to `output`; false if an escape is none.
    static func unescape(_ content: Span<UInt8>, into output: inout ByteBuffer) -> Bool {
        var index = 0
        var highSurrogate: UInt32?
        while index < content.count {
            let byte = content[index]
            index += 1
            guard byte == UInt8(ascii: "\\") else {
                if highSurrogate != nil { return false }
                output.append(byte)
                continue
            }
            guard index < content.count else { return false }
            let escape = content[index]
            index += 1
            if escape != UInt8(ascii: "u") {
                guard highSurrogate == nil, let plain = plainEscape(escape) else { return false }
                output.append(plain)
                continue
            }
            guard let unit = codeUnit(content, index) else { return false }
            index += 4
            if let high = highSurrogate {
                guard (0xDC00...0xDFFF).contains(unit) else { return false }
                append(0x10000 + (high - 0xD800) << 10 + (unit - 0xDC00), to: &output)
                highSurrogate = nil
            } else if (0xD800...0xDBFF).contains(unit) {
                highSurrogate = unit
            } else {
                append(unit, to: &output)
            }
        }
        return highSurrogate == nil
    }

    private static func plainEscape(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }

    private static func codeUnit(_ content: Span<UInt8>, _ start: Int) -> UInt32? {
        if start + 4 > content.count { return nil }
        var unit: UInt32 = 0
        for index in start..<(start + 4) {
            guard let digit = content[index].hexValue else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    private static func append(_ value: UInt32, to output: inout ByteBuffer) {
        // A lone low surrogate is no scalar; U+FFFD stands for it.
        let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { output.append(byte) }
    }
}
