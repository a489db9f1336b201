// Protobuf messages written by hand, so that the tests share nothing with the code that they test.
//
// Source: https://protobuf.dev/programming-guides/encoding
import Testing

/// Serialized messages, field by field.
enum Message {
    static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    /// A field's number and wire type: 0 a varint, 1 eight bytes, 2 a length and bytes, 3 and 4 the
    /// begin and the end of a group, 5 four bytes.
    static func tag(_ number: UInt64, _ type: UInt64) -> [UInt8] { varint(number << 3 | type) }

    static func field(_ number: UInt64, varint value: UInt64) -> [UInt8] {
        tag(number, 0) + varint(value)
    }

    static func field(_ number: UInt64, integer: Int64) -> [UInt8] {
        field(number, varint: UInt64(bitPattern: integer << 1 ^ integer >> 63))
    }

    static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        tag(number, 2) + varint(UInt64(bytes.count)) + bytes
    }

    static func field(_ number: UInt64, _ text: String) -> [UInt8] {
        field(number, Array(text.utf8))
    }

    /// A group of groups, so deep.
    static func nest(_ number: UInt64, depth: Int) -> [UInt8] {
        let opened = [[UInt8]](repeating: tag(number, 3), count: depth)
        let closed = [[UInt8]](repeating: tag(number, 4), count: depth)
        return Array((opened + closed).joined())
    }

    /// A `CommandRequest`.
    static func generic(_ name: String, _ arguments: [UInt8]...) -> [UInt8] {
        field(1, name) + arguments.flatMap { field(2, $0) }
    }

    /// A frame with a `Request` that runs the command of field `number`.
    static func request(id: UInt64 = 0, _ number: UInt64, _ command: [UInt8] = []) -> [UInt8] {
        frame((id == 0 ? [] : field(1, varint: id)) + field(number, command))
    }

    /// A frame around a message.
    static func frame(_ body: [UInt8]) -> [UInt8] {
        let count = UInt32(truncatingIfNeeded: body.count)
        return withUnsafeBytes(of: count.bigEndian) { Array($0) } + body
    }

    /// What the decoder leaves of a request for its reply: which message answers, and the id.
    static func identifier(_ id: UInt64, _ answer: UInt8 = 0) -> [UInt8] {
        withUnsafeBytes(of: id.littleEndian) { [answer] + Array($0) }
    }
}

extension Step {
    /// A protobuf request of words.
    static func words(_ words: String..., id: UInt64 = 0, answer: UInt8 = 0) -> Step {
        .request(words.map { Array($0.utf8) }, id: Message.identifier(id, answer))
    }
}
