// Taking replies, one at a time, out of the bytes that have arrived.
import Core

/// What a reply is, as far as its encoding tells.
enum ReplyKind: UInt8, Sendable {
    /// A word such as `OK` that RESP marks as such; text and JSON know only bytes.
    case status
    /// A signed integer that RESP or JSON marks as such; in text a bare word may be one.
    case integer
    /// Bytes.
    case bytes
    /// No value, in JSON also the error `key_not_found`.
    case null
    /// An error; the payload is its token.
    case error
    /// A list, map, set, boolean or other value that no request of ours is answered with.
    case other
    /// An unasked-for message, which answers no request.
    case push
}

/// One reply, as a slice of the bytes it came in.
struct ParsedReply: Equatable, Sendable, BitwiseCopyable {
    /// What it is.
    var kind: ReplyKind
    /// The bytes of the whole reply, its line end included; always above 0.
    var consumed: Int
    /// The payload's offset: from the first byte of the input, or of the scratch.
    var start = 0
    /// The offset behind the payload.
    var end = 0
    /// Whether the payload had escapes, so that it lies in the scratch.
    var isInScratch = false
    /// The value of an integer.
    var integer: Int64 = 0
}

/// What a parser found at the start of the bytes.
enum ReplyOutcome: Equatable, Sendable {
    /// One whole reply.
    case reply(ParsedReply)
    /// The reply is not all there.
    case incomplete
    /// No reply begins like this: the stream can no longer be trusted. The words say what is wrong.
    case malformed(String)
}

/// One connection's parser: no I/O, no bytes of its own.
///
/// Between calls it remembers how far a line end was looked for, so the next call must show the same
/// reply's bytes from its first, wherever they moved.
struct ReplyParser: Sendable {
    /// The longest line that is not a value's, in bytes; also the most items of a list.
    static let maxLineBytes = 64 << 10
    /// The deepest nesting of lists.
    static let maxDepth = 64

    private let encoding: LoadEncoding
    /// Bytes from the reply's first that are known not to hold the line end looked for.
    var searched = 0
    /// Whether what comes is frames of a WebSocket, and not the response that makes it one.
    private var isUpgraded = false

    /// Makes the parser of a connection that speaks `encoding`.
    init(_ encoding: LoadEncoding) {
        self.encoding = encoding
    }

    /// Takes the reply that begins at `start` out of `input`; escapes are undone in `scratch`.
    mutating func next(
        _ input: Span<UInt8>,
        from start: Int,
        scratch: inout ByteBuffer
    ) -> ReplyOutcome {
        if start >= input.count { return .incomplete }
        switch encoding {
        case .resp, .resp3: return RESPReplyParser.next(input, from: start)
        case .text, .json: return nextLine(input, from: start, &scratch)
        case .protobuf: return ProtobufReplyParser.next(input, from: start)
        case .http: return HTTPReplyParser.next(input, from: start, &scratch)
        case .websocket:
            if isUpgraded { return WebSocketReplyParser.next(input, from: start, &scratch) }
            let outcome = WebSocketReplyParser.upgrade(input, from: start)
            if case .reply(let reply) = outcome, reply.kind == .status { isUpgraded = true }
            return outcome
        }
    }

    private mutating func nextLine(
        _ input: Span<UInt8>,
        from start: Int,
        _ scratch: inout ByteBuffer
    ) -> ReplyOutcome {
        guard let end = input.offset(of: UInt8(ascii: "\n"), from: start + searched) else {
            searched = input.count - start
            return .incomplete
        }
        // Lists in text have more lines, and come here again from their first line.
        searched = end - start
        let outcome =
            encoding == .text
            ? TextReplyParser.next(input, from: start, firstLineEnd: end, &scratch)
            : JSONReplyParser.next(input, from: start, lineEnd: end, &scratch)
        if outcome != .incomplete { searched = 0 }
        return outcome
    }
}

extension Span where Element == UInt8 {
    /// The offset of the first `byte` at or behind `start`; nil if there is none.
    @inline(__always)
    func offset(of byte: UInt8, from start: Int) -> Int? {
        var index = start
        while index < count {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// The offset of the first space from `start` on, or `end` if there is none before it.
    func tokenEnd(_ start: Int, _ end: Int) -> Int {
        var index = start
        while index < end, self[index] != UInt8(ascii: " ") { index += 1 }
        return index
    }

    /// Whether the bytes are those of `text`.
    @inline(__always)
    func equals(_ text: StaticString) -> Bool {
        hasPrefix(text, at: 0) && count == text.utf8CodeUnitCount
    }

    /// Whether the bytes of `text`, at least two, begin at `start`.
    @inline(__always)
    func hasPrefix(_ text: StaticString, at start: Int) -> Bool {
        let length = text.utf8CodeUnitCount
        if count - start < length { return false }
        // SAFETY: `utf8Start` points to `utf8CodeUnitCount` bytes that live as long as the program.
        return text.withUTF8Buffer { expected in
            for index in 0..<length where self[start + index] != expected[index] { return false }
            return true
        }
    }

    /// The integer that the bytes from `start` to `end` are in decimal; nil if they are none.
    func decimal(_ start: Int, _ end: Int) -> Int64? {
        var index = start
        let isNegative = index < end && self[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        if index >= end || end - index > 19 { return nil }
        var value: Int64 = 0
        while index < end {
            let digit = self[index] &- UInt8(ascii: "0")
            if digit > 9 { return nil }
            // Negative throughout, since the lowest number has no positive counterpart.
            let (tenfold, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isBelow) = tenfold.subtractingReportingOverflow(Int64(digit))
            if isTooLarge || isBelow { return nil }
            value = sum
            index += 1
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }
}
