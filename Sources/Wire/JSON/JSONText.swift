// Writing strings as JSON text (RFC 8259 section 7).
import Core

enum JSONText {
    /// Appends `bytes` as a quoted string; bytes that are not UTF-8 must have been refused before.
    static func append(string bytes: Span<UInt8>, to output: inout ByteBuffer) {
        output.reserve(bytes.count + 2)
        output.append(UInt8(ascii: "\""))
        if isPlain(bytes) {
            output.append(bytes)
            output.append(UInt8(ascii: "\""))
            return
        }
        var copied = 0
        for index in 0..<bytes.count where needsEscape(bytes[index]) {
            output.append(bytes.extracting(copied..<index))
            appendEscape(bytes[index], to: &output)
            copied = index + 1
        }
        output.append(bytes.extracting(copied..<bytes.count))
        output.append(UInt8(ascii: "\""))
    }

    /// Appends `text` as a quoted string; not for the hot path.
    static func append(string text: String, to output: inout ByteBuffer) {
        append(string: text.utf8.span, to: &output)
    }

    /// Appends `bytes` as a string if they are UTF-8, else as `{"base64":"…"}`.
    static func append(bytes: Span<UInt8>, to output: inout ByteBuffer) {
        if bytes.isUTF8 {
            append(string: bytes, to: &output)
        } else {
            output.append("{\"base64\":\"")
            Base64.append(encoding: bytes, to: &output)
            output.append("\"}")
        }
    }

    /// Whether no byte needs an escape, eight at a time; the last eight may have been looked at before.
    private static func isPlain(_ bytes: Span<UInt8>) -> Bool {
        let count = bytes.count
        if count < 8 {
            for index in 0..<count where needsEscape(bytes[index]) { return false }
            return true
        }
        let raw = bytes.bytes
        var at = 0
        while at < count &- 8 {
            if needsEscape(raw.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self)) {
                return false
            }
            at &+= 8
        }
        return !needsEscape(raw.unsafeLoadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
    }

    /// Whether one of eight bytes needs an escape.
    ///
    /// Source: "Determine if a word has a byte less than n", and "a zero byte", in Bit Twiddling Hacks.
    private static func needsEscape(_ word: UInt64) -> Bool {
        let each: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ each &* UInt64(UInt8(ascii: "\""))
        let backslash = word ^ each &* UInt64(UInt8(ascii: "\\"))
        let control = (word &- each &* 0x20) & ~word
        let found = control | ((quote &- each) & ~quote) | ((backslash &- each) & ~backslash)
        return found & (each &* 0x80) != 0
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func appendEscape(_ byte: UInt8, to output: inout ByteBuffer) {
        switch byte {
        case UInt8(ascii: "\""): output.append("\\\"")
        case UInt8(ascii: "\\"): output.append("\\\\")
        case UInt8(ascii: "\n"): output.append("\\n")
        case UInt8(ascii: "\r"): output.append("\\r")
        case UInt8(ascii: "\t"): output.append("\\t")
        default:
            output.append("\\u00")
            output.append(Printable.hexDigit(byte >> 4))
            output.append(Printable.hexDigit(byte & 15))
        }
    }
}
