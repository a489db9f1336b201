// Replies as messages of `sallyport.proto`, read field by field.
//
// Source: the protocol buffers encoding, https://protobuf.dev/programming-guides/encoding
import Core

/// One field of a message, as it stands in the bytes.
struct ProtobufField {
    /// How a field's value is written.
    enum Wire: UInt64 {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
        case fixed32 = 5
    }

    var number: UInt64
    var wire: Wire
    /// The value of a varint or of a number of fixed size.
    var varint: UInt64 = 0
    /// Where the bytes of a length-delimited field are.
    var range = 0..<0
    /// Where the next field begins.
    var next: Int

    /// Reads the field at `start`, all of which must be before `end`.
    init?(_ input: Span<UInt8>, _ start: Int, _ end: Int) {
        guard let (tag, behindTag) = ProtobufField.varint(input, start, end) else { return nil }
        guard let wire = Wire(rawValue: tag & 7) else { return nil }
        number = tag >> 3
        self.wire = wire
        switch wire {
        case .varint:
            guard let (value, behind) = ProtobufField.varint(input, behindTag, end) else {
                return nil
            }
            varint = value
            next = behind
        case .fixed64, .fixed32:
            next = behindTag + (wire == .fixed64 ? 8 : 4)
            if next > end { return nil }
            for index in (behindTag..<next).reversed() {
                varint = varint << 8 | UInt64(input[index])
            }
        case .bytes:
            guard let (count, first) = ProtobufField.varint(input, behindTag, end),
                count <= UInt64(end - first)
            else { return nil }
            range = first..<(first + Int(count))
            next = range.upperBound
        }
    }

    private static func varint(_ input: Span<UInt8>, _ start: Int, _ end: Int) -> (UInt64, Int)? {
        var value: UInt64 = 0
        var index = start
        var shift: UInt64 = 0
        while index < end, shift < 64 {
            let byte = input[index]
            index += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return (value, index) }
            shift += 7
        }
        return nil
    }

    /// The value of a sint64.
    var signed: Int64 { Int64(bitPattern: varint >> 1) ^ -Int64(bitPattern: varint & 1) }
}

enum ProtobufReplyParser {
    /// Takes the frame that begins at `start`: `[length: UInt32 BE][Response]`.
    static func next(_ input: Span<UInt8>, from start: Int) -> ReplyOutcome {
        if input.count - start < 4 { return .incomplete }
        var length = 0
        for index in 0..<4 { length = length << 8 | Int(input[start + index]) }
        if length == 0 || length > LoadOptions.maxValueBytes {
            return .malformed("a frame with no proper length")
        }
        let end = start + 4 + length
        if input.count < end { return .incomplete }
        var reply = ParsedReply(kind: .other, consumed: 4 + length)
        var position = start + 4
        var hasResult = false
        while position < end {
            guard let field = ProtobufField(input, position, end) else {
                return .malformed("a response that is no message")
            }
            position = field.next
            if field.number == 1 { continue }
            hasResult = true
            if !take(field, input, &reply) { return .malformed("a result that is no message") }
        }
        return hasResult ? .reply(reply) : .malformed("a response without a result")
    }

    /// Takes the field of a result, by its number in Response.
    private static func take(
        _ field: ProtobufField,
        _ input: Span<UInt8>,
        _ reply: inout ParsedReply
    ) -> Bool {
        reply.start = field.range.lowerBound
        reply.end = field.range.upperBound
        switch field.number {
        case 2:
            reply.kind = .error
            return takeInner(field, 1, input, &reply)
        case 3: reply.kind = .status
        case 4:
            reply.kind = .integer
            reply.integer = field.signed
        case 5: reply.kind = .bytes
        case 6: reply.kind = .null
        case 11: reply.kind = .push
        case 12:
            reply.kind = .bytes
            return takeInner(field, 1, input, &reply)
        case 13: return takeSum(field, input, &reply)
        case 14: return takeValue(field, input, &reply)
        default: reply.kind = .other
        }
        return true
    }

    /// Makes the payload that of the field numbered `number` in the message of `field`.
    private static func takeInner(
        _ field: ProtobufField,
        _ number: UInt64,
        _ input: Span<UInt8>,
        _ reply: inout ParsedReply
    ) -> Bool {
        reply.end = reply.start
        return forEach(of: field, input) { inner in
            if inner.number != number { return }
            reply.start = inner.range.lowerBound
            reply.end = inner.range.upperBound
        }
    }

    /// Calls `body` with each field of the message of `field`; false behind the last one that can be read, if
    /// that is not the last.
    private static func forEach(
        of field: ProtobufField,
        _ input: Span<UInt8>,
        _ body: (ProtobufField) -> Void
    ) -> Bool {
        var position = field.range.lowerBound
        while position < field.range.upperBound {
            guard let inner = ProtobufField(input, position, field.range.upperBound) else {
                return false
            }
            position = inner.next
            body(inner)
        }
        return true
    }

    private static func takeSum(
        _ field: ProtobufField,
        _ input: Span<UInt8>,
        _ reply: inout ParsedReply
    ) -> Bool {
        reply.kind = .integer
        if field.range.isEmpty { return true }
        guard let sum = ProtobufField(input, field.range.lowerBound, field.range.upperBound) else {
            return false
        }
        reply.integer = sum.signed
        return true
    }

    /// Takes a GetResponse: what is not found is no value.
    private static func takeValue(
        _ field: ProtobufField,
        _ input: Span<UInt8>,
        _ reply: inout ParsedReply
    ) -> Bool {
        reply.kind = .null
        reply.end = reply.start
        return forEach(of: field, input) { inner in
            if inner.number == 1, inner.varint == 1 { reply.kind = .bytes }
            if inner.number == 2 {
                reply.start = inner.range.lowerBound
                reply.end = inner.range.upperBound
            }
        }
    }
}
