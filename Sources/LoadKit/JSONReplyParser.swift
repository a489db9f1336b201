// Replies as JSON objects, one a line.
import Core

enum JSONReplyParser {
    /// Takes the reply whose line begins at `start`; the line feed is at `lineEnd`.
    ///
    /// `{"result":…}`, `{"error":{"code":"…",…}}`, `{"event":…}` or `{"type":…}`, with other members beside.
    static func next(
        _ input: Span<UInt8>,
        from start: Int,
        lineEnd: Int,
        _ scratch: inout ByteBuffer
    ) -> ReplyOutcome {
        var reply = ParsedReply(kind: .push, consumed: lineEnd + 1 - start)
        var cursor = JSONCursor(input, from: start, to: lineEnd)
        var hasAnswer = false
        guard cursor.take(UInt8(ascii: "{")) else { return .malformed("a line that is no object") }
        repeat {
            guard let name = cursor.takeString(), cursor.take(UInt8(ascii: ":")) else {
                return .malformed("an object without a member")
            }
            let member = input.extracting(name.range)
            let isUnderstood: Bool
            if member.equals("result") {
                hasAnswer = true
                isUnderstood = takeResult(&cursor, &reply)
            } else if member.equals("error") {
                hasAnswer = true
                isUnderstood = takeError(&cursor, &reply)
            } else {
                // What a WebSocket sends unasked is told by its type.
                hasAnswer = hasAnswer || member.equals("event") || member.equals("type")
                isUnderstood = cursor.skipValue()
            }
            if !isUnderstood { return .malformed("a JSON value that is none") }
        } while cursor.take(UInt8(ascii: ","))
        guard cursor.take(UInt8(ascii: "}")), cursor.isAtEnd else {
            return .malformed("an object that does not end")
        }
        if !hasAnswer { return .malformed("an object without result, error or event") }
        if reply.isInScratch { return unescaped(input, reply, &scratch) }
        return .reply(reply)
    }

    private static func takeResult(_ cursor: inout JSONCursor, _ reply: inout ParsedReply) -> Bool {
        cursor.skipSpace()
        if let string = cursor.takeString() {
            reply.kind = .bytes
            reply.start = string.range.lowerBound
            reply.end = string.range.upperBound
            reply.isInScratch = string.hasEscapes
            return true
        }
        reply.start = cursor.offset
        if !cursor.skipValue() { return false }
        reply.end = cursor.offset
        let text = cursor.bytes.extracting(reply.start..<reply.end)
        if let integer = text.decimal(0, text.count) {
            reply.kind = .integer
            reply.integer = integer
        } else {
            reply.kind = text.equals("null") ? .null : .other
        }
        return true
    }

    /// Takes the object of an error; the payload becomes its code.
    ///
    /// A missing key is no value.
    private static func takeError(_ cursor: inout JSONCursor, _ reply: inout ParsedReply) -> Bool {
        reply.kind = .error
        guard cursor.take(UInt8(ascii: "{")) else { return false }
        repeat {
            guard let name = cursor.takeString(), cursor.take(UInt8(ascii: ":")) else {
                return false
            }
            if cursor.bytes.extracting(name.range).equals("code"),
                let code = cursor.takeString()
            {
                reply.start = code.range.lowerBound
                reply.end = code.range.upperBound
            } else if !cursor.skipValue() {
                return false
            }
        } while cursor.take(UInt8(ascii: ","))
        if cursor.bytes.extracting(reply.start..<reply.end).equals("key_not_found") {
            reply.kind = .null
        }
        return cursor.take(UInt8(ascii: "}"))
    }

    /// Undoes the escapes of a string.
    private static func unescaped(
        _ input: Span<UInt8>,
        _ raw: ParsedReply,
        _ scratch: inout ByteBuffer
    ) -> ReplyOutcome {
        var reply = raw
        scratch.removeAll()
        if !JSONCursor.unescape(input.extracting(raw.start..<raw.end), into: &scratch) {
            return .malformed("an unknown escape")
        }
        reply.start = 0
        reply.end = scratch.count
        return .reply(reply)
    }
}
