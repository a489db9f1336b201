// A reply of any encoding as a tree, for who looks into every one of them.

/// The encodings that clients can speak.
public enum FuzzEncoding: String, Sendable, CaseIterable, Codable {
    /// ASCII lines.
    case text
    /// A JSON object a line.
    case json
    /// The Redis protocol, version 2.
    case resp
    /// The Redis protocol, version 3.
    case resp3
    /// Messages behind their length.
    case protobuf
    /// JSON commands in HTTP/1.1 requests.
    case http
    /// JSON commands in the text messages of a WebSocket.
    case websocket
}

/// One reply.
indirect enum WireReply: Equatable, Sendable {
    /// A word that the encoding marks as such.
    case status([UInt8])
    /// Bytes; in text also words and numbers.
    case bytes([UInt8])
    case integer(Int64)
    case null
    /// An error by its code or word, and its text.
    case error(String, String)
    case list([WireReply])
    /// Names and values by turns.
    case map([WireReply])
    case double(Double)
    case boolean(Bool)
    /// What nobody asked for.
    case push([WireReply])
    /// An HTTP status with no reply in its body.
    case http(Int)

    /// The reply as bytes, where text has no other form for it either.
    var flat: [UInt8]? {
        switch self {
        case .status(let bytes), .bytes(let bytes): bytes
        case .integer(let number): Array(String(number).utf8)
        default: nil
        }
    }

    /// A number, or bytes that are one.
    var number: Int64? {
        switch self {
        case .integer(let number): number
        case .bytes(let bytes): Int64(String(decoding: bytes, as: UTF8.self))
        default: nil
        }
    }

    /// The reply for a person.
    var text: String {
        switch self {
        case .status(let bytes): Escaped.text(bytes)
        case .bytes(let bytes): "\"\(Escaped.text(bytes))\""
        case .integer(let number): "\(number)"
        case .null: "(nil)"
        case .error(let code, let message): "error \(code) \(message)"
        case .list(let items): "[\(items.map(\.text).joined(separator: ", "))]"
        case .map(let items): "{\(items.map(\.text).joined(separator: ", "))}"
        case .double(let number): "\(number)"
        case .boolean(let value): "\(value)"
        case .push(let items): "push [\(items.map(\.text).joined(separator: ", "))]"
        case .http(let status): "HTTP \(status)"
        }
    }
}

/// What is at the beginning of the bytes that came.
enum WireReplyOutcome: Equatable, Sendable {
    case reply(WireReply, consumed: Int)
    case incomplete
    case malformed(String)
}

/// Bytes that a person can read in a file: printable ASCII, the rest as `\n`, `\r`, `\t`, `\\` and `\xHH`.
enum Escaped {
    /// The text of `bytes`.
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in bytes { append(byte, to: &text) }
        return text
    }

    /// Appends one byte as a person reads it.
    static func append(_ byte: UInt8, to text: inout String) {
        switch byte {
        case UInt8(ascii: "\\"): text += "\\\\"
        case 0x20...0x7E: text.unicodeScalars.append(Unicode.Scalar(byte))
        case 0x0A: text += "\\n"
        case 0x0D: text += "\\r"
        case 0x09: text += "\\t"
        default: text += (byte < 16 ? "\\x0" : "\\x") + String(byte, radix: 16)
        }
    }

    /// The bytes of a text; nil if it holds what is no escape.
    static func bytes(_ text: String) -> [UInt8]? {
        let input = Array(text.utf8)
        var bytes: [UInt8] = []
        var at = 0
        while at < input.count {
            if input[at] != UInt8(ascii: "\\") {
                bytes.append(input[at])
                at += 1
                continue
            }
            guard at + 1 < input.count else { return nil }
            switch input[at + 1] {
            case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "x"):
                guard at + 3 < input.count, let high = input[at + 2].hexValue,
                    let low = input[at + 3].hexValue
                else { return nil }
                bytes.append(high << 4 | low)
                at += 2
            default: return nil
            }
            at += 2
        }
        return bytes
    }
}
