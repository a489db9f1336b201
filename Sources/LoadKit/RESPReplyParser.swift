// Replies in RESP2 and RESP3.
//
// Source: the Redis serialization protocol specification, https://redis.io/docs/reference/protocol-spec
import Core

enum RESPReplyParser {
    private enum Piece {
        /// A whole item; lists and maps announce `nested` more.
        case item(ParsedReply, nested: Int)
        case incomplete
        case malformed(String)
    }

    /// Takes the reply that begins at `start`.
    static func next(_ input: Span<UInt8>, from start: Int) -> ReplyOutcome {
        switch piece(input, start) {
        case .incomplete: return .incomplete
        case .malformed(let reason): return .malformed(reason)
        case .item(var reply, let nested):
            if nested == 0 { return .reply(reply) }
            // What is nested is only skipped: no request of ours is answered with it.
            var left = nested
            while left > 0 {
                switch piece(input, start + reply.consumed) {
                case .incomplete: return .incomplete
                case .malformed(let reason): return .malformed(reason)
                case .item(let inner, let more):
                    reply.consumed += inner.consumed
                    left += more - 1
                    if left > ReplyParser.maxLineBytes {
                        return .malformed("a list with too many items")
                    }
                }
            }
            return .reply(reply)
        }
    }

    @inline(__always)
    private static func piece(_ input: Span<UInt8>, _ start: Int) -> Piece {
        guard let end = lineEnd(input, start) else {
            let isTooLong = input.count - start > ReplyParser.maxLineBytes
            return isTooLong ? .malformed("a line that does not end") : .incomplete
        }
        let next = end + 2
        if next > input.count { return .incomplete }
        if input[end + 1] != UInt8(ascii: "\n") {
            return .malformed("a carriage return without a line feed")
        }
        let consumed = next - start
        switch input[start] {
        case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"):
            return bulk(input, start, end)
        case UInt8(ascii: "+"):
            return .item(
                ParsedReply(kind: .status, consumed: consumed, start: start + 1, end: end),
                nested: 0
            )
        case UInt8(ascii: "-"):
            let token = input.tokenEnd(start + 1, end)
            return .item(
                ParsedReply(kind: .error, consumed: consumed, start: start + 1, end: token),
                nested: 0
            )
        case UInt8(ascii: ":"):
            guard let value = input.decimal(start + 1, end) else {
                return .malformed("an integer that is none")
            }
            return .item(
                ParsedReply(
                    kind: .integer,
                    consumed: consumed,
                    start: start + 1,
                    end: end,
                    integer: value
                ),
                nested: 0
            )
        case UInt8(ascii: "_"):
            return .item(ParsedReply(kind: .null, consumed: consumed), nested: 0)
        case UInt8(ascii: "#"), UInt8(ascii: ","), UInt8(ascii: "("):
            return .item(
                ParsedReply(kind: .other, consumed: consumed, start: start + 1, end: end),
                nested: 0
            )
        default:
            return aggregate(input, start, end)
        }
    }

    /// A list, set, map, push or attribute: its header, and how many items follow.
    private static func aggregate(_ input: Span<UInt8>, _ start: Int, _ end: Int) -> Piece {
        let marker = input[start]
        let isPush = marker == UInt8(ascii: ">")
        // An attribute comes before the reply it belongs to, so it is skipped like a push.
        let isAttribute = marker == UInt8(ascii: "|")
        let isMap = marker == UInt8(ascii: "%") || isAttribute
        let isList = marker == UInt8(ascii: "*") || marker == UInt8(ascii: "~")
        if !isPush && !isMap && !isList { return .malformed("a reply of no known type") }
        guard let count = input.decimal(start + 1, end), count >= -1,
            count <= Int64(ReplyParser.maxLineBytes)
        else {
            return .malformed("a list with no proper length")
        }
        let consumed = end + 2 - start
        if count < 0 { return .item(ParsedReply(kind: .null, consumed: consumed), nested: 0) }
        let kind: ReplyKind = isPush || isAttribute ? .push : .other
        return .item(
            ParsedReply(kind: kind, consumed: consumed),
            nested: Int(count) * (isMap ? 2 : 1)
        )
    }

    /// A bulk string, verbatim string or bulk error.
    @inline(__always)
    private static func bulk(_ input: Span<UInt8>, _ start: Int, _ end: Int) -> Piece {
        guard let count = input.decimal(start + 1, end), count >= -1,
            count <= Int64(LoadOptions.maxValueBytes) * 2
        else {
            return .malformed("a bulk string with no proper length")
        }
        let bytes = end + 2
        if count < 0 {
            return .item(ParsedReply(kind: .null, consumed: bytes - start), nested: 0)
        }
        let bytesEnd = bytes + Int(count)
        if input.count < bytesEnd + 2 { return .incomplete }
        if input[bytesEnd] != UInt8(ascii: "\r") || input[bytesEnd + 1] != UInt8(ascii: "\n") {
            return .malformed("a bulk string that is longer than it says")
        }
        var reply = ParsedReply(
            kind: .bytes,
            consumed: bytesEnd + 2 - start,
            start: bytes,
            end: bytesEnd
        )
        if input[start] == UInt8(ascii: "!") {
            reply.kind = .error
            reply.end = input.tokenEnd(bytes, bytesEnd)
        } else if input[start] == UInt8(ascii: "="), count >= 4 {
            // A verbatim string begins with three letters for its format and a colon.
            reply.start += 4
        }
        return .item(reply, nested: 0)
    }

    /// The offset of the CR that ends the line at `start`; nil if it has not arrived.
    @inline(__always)
    private static func lineEnd(_ input: Span<UInt8>, _ start: Int) -> Int? {
        input.offset(of: UInt8(ascii: "\r"), from: start)
    }
}
