// Writing strings as JSON text (RFC 8259 section 7).
import Core

enum JSONText {
    /// Appends `bytes` as a quoted string; bytes that are not UTF-8 must have been refused before.
    static func append(string bytes: Span<UInt8>, to output: inout ByteBuffer) {
        output.reserve(bytes.count + 2)
        output.append(UInt8(ascii: "\""))
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
