// Protobuf messages by hand: what a client needs of sallyport.proto, without generated code.
//
// Source: https://protobuf.dev/programming-guides/encoding

/// A field of a message.
struct ProtobufNode: Equatable, Sendable {
    enum Content: Equatable, Sendable {
        case varint(UInt64)
        case fixed64(UInt64)
        case bytes(ArraySlice<UInt8>)
        case fixed32(UInt32)
    }

    var number: Int
    var content: Content

    /// A field of length and bytes, as it is written.
    static func encoded(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
        varint(UInt64(number) << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }

    /// A number in groups of seven bits, the lowest first.
    static func varint(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(truncatingIfNeeded: rest)]
    }

    /// The fields of a message.
    static func all(_ message: ArraySlice<UInt8>) throws(ReplyBytes.Stop) -> [ProtobufNode] {
        var fields: [ProtobufNode] = []
        var position = 0
        while position < message.count {
            guard let field = ProtobufField(message.span, position, message.count) else {
                throw .malformed("a field that is none, or that ends behind its message")
            }
            position = field.next
            let content: Content =
                switch field.wire {
                case .varint: .varint(field.varint)
                case .fixed64: .fixed64(field.varint)
                case .bytes: .bytes(message.part(field.range))
                case .fixed32: .fixed32(UInt32(truncatingIfNeeded: field.varint))
                }
            fields.append(
                ProtobufNode(number: Int(truncatingIfNeeded: field.number), content: content)
            )
        }
        return fields
    }

    /// A `sint64`.
    var signed: Int64 {
        guard case .varint(let value) = content else { return 0 }
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    var bytes: ArraySlice<UInt8> {
        if case .bytes(let bytes) = content { return bytes }
        return []
    }

    var flag: Bool { content == .varint(1) }
}

/// Responses of sallyport.proto.
enum ProtobufTree {
    /// Takes a message behind its length.
    static func reply(_ reader: inout ReplyBytes) throws(ReplyBytes.Stop) -> WireReply {
        let length = try reader.take(4).reduce(0) { $0 << 8 | Int($1) }
        if length >= 16 << 20 { throw .malformed("a frame of \(length) bytes") }
        return try response(try reader.take(length))
    }

    private static func response(_ message: ArraySlice<UInt8>) throws(ReplyBytes.Stop) -> WireReply
    {
        guard let field = try ProtobufNode.all(message).last(where: { $0.number != 1 }) else {
            throw .malformed("a response without a result")
        }
        switch field.number {
        case 2: return try error(field.bytes)
        case 3...10: return try kind(field, number: field.number - 2)
        case 11: return try push(field.bytes)
        case 12: return .bytes(Array(try part(field.bytes, 1)?.bytes ?? []))
        case 13: return .integer(try part(field.bytes, 1)?.signed ?? 0)
        case 14:
            if try part(field.bytes, 1)?.flag != true { return .null }
            return .bytes(Array(try part(field.bytes, 2)?.bytes ?? []))
        default: throw .malformed("a response with field \(field.number)")
        }
    }

    /// The last field of `number` in a message.
    private static func part(
        _ message: ArraySlice<UInt8>,
        _ number: Int
    ) throws(ReplyBytes.Stop) -> ProtobufNode? {
        try ProtobufNode.all(message).last { $0.number == number }
    }

    /// A value by its number in `Value`.
    private static func kind(
        _ field: ProtobufNode,
        number: Int
    ) throws(ReplyBytes.Stop) -> WireReply {
        switch number {
        case 1: return .status(Array(field.bytes))
        case 2: return .integer(field.signed)
        case 3: return .bytes(Array(field.bytes))
        case 4: return .null
        case 5:
            var items: [WireReply] = []
            for item in try ProtobufNode.all(field.bytes) { items.append(try value(item.bytes)) }
            return .list(items)
        case 6:
            var items: [WireReply] = []
            for entry in try ProtobufNode.all(field.bytes) {
                items.append(try value(try part(entry.bytes, 1)?.bytes ?? []))
                items.append(try value(try part(entry.bytes, 2)?.bytes ?? []))
            }
            return .map(items)
        case 7:
            if case .fixed64(let bits) = field.content { return .double(Double(bitPattern: bits)) }
            throw .malformed("a double that is none")
        case 8: return .boolean(field.flag)
        case 9: return try error(field.bytes)
        default: throw .malformed("a value with field \(number)")
        }
    }

    private static func value(_ message: ArraySlice<UInt8>) throws(ReplyBytes.Stop) -> WireReply {
        guard let field = try ProtobufNode.all(message).last else { return .null }
        return try kind(field, number: field.number)
    }

    private static func error(_ message: ArraySlice<UInt8>) throws(ReplyBytes.Stop) -> WireReply {
        let code = try part(message, 1)?.bytes.string ?? ""
        return .error(code, try part(message, 3)?.bytes.string ?? "")
    }

    private static func push(_ message: ArraySlice<UInt8>) throws(ReplyBytes.Stop) -> WireReply {
        var items: [WireReply] = [.bytes(Array(try part(message, 1)?.bytes ?? []))]
        for field in try ProtobufNode.all(message) where field.number == 2 {
            items.append(try value(try part(field.bytes, 2)?.bytes ?? []))
        }
        return .push(items)
    }
}
