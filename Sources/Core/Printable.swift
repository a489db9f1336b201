// Making a peer's bytes fit for the text of an error: printable, on one line, and not too long.

/// A peer's bytes in words for a person: nothing that a terminal or a log would obey.
public enum Printable {
    /// The most bytes of a peer's name that an error repeats: as in Redis.
    public static let maxNameBytes = 128

    /// `bytes` as printable ASCII, with escapes for what is not, cut to `maxBytes` of them.
    public static func text(_ bytes: Span<UInt8>, maxBytes: Int = maxNameBytes) -> String {
        var buffer = ByteBuffer()
        for index in 0..<min(bytes.count, maxBytes) { append(bytes[index], to: &buffer) }
        var text = ""
        let span = buffer.span
        for index in 0..<span.count { text.unicodeScalars.append(Unicode.Scalar(span[index])) }
        return text
    }

    /// Appends `byte`, or its escape where it is not printable ASCII.
    public static func append(_ byte: UInt8, to output: inout ByteBuffer) {
        switch byte {
        case 0x20...0x7E: output.append(byte)
        case UInt8(ascii: "\n"): output.append("\\n")
        case UInt8(ascii: "\r"): output.append("\\r")
        case UInt8(ascii: "\t"): output.append("\\t")
        default:
            output.append("\\x")
            output.append(hexDigit(byte >> 4))
            output.append(hexDigit(byte & 15))
        }
    }

    /// The lower-case hexadecimal digit of a value below 16.
    public static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") &+ value : UInt8(ascii: "a") &+ (value &- 10)
    }

    /// The value of a hexadecimal digit, upper or lower case; nil for any other byte.
    public static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit &- UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit &- UInt8(ascii: "a") &+ 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit &- UInt8(ascii: "A") &+ 10
        default: nil
        }
    }
}
