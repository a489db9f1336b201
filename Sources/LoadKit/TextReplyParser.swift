// Replies as lines of printable ASCII.
import Core

enum TextReplyParser {
    /// Takes the reply whose first line begins at `start`; the line feed is at `firstLineEnd`.
    static func next(
        _ input: Span<UInt8>,
        from start: Int,
        firstLineEnd: Int,
        _ scratch: inout ByteBuffer
    ) -> ReplyOutcome {
        let consumed = firstLineEnd + 1 - start
        let hasReturn = firstLineEnd > start && input[firstLineEnd - 1] == UInt8(ascii: "\r")
        let end = hasReturn ? firstLineEnd - 1 : firstLineEnd
        if start == end { return .malformed("an empty line") }
        var reply = ParsedReply(kind: .bytes, consumed: consumed, start: start, end: end)
        switch input[start] {
        case UInt8(ascii: "\""):
            return quoted(input, reply, &scratch)
        case UInt8(ascii: "("):
            if !input.extracting(start..<end).equals("(nil)") {
                return .malformed("a parenthesis that is not (nil)")
            }
            reply.kind = .null
        case UInt8(ascii: "*"):
            return list(input, from: start, firstLine: reply)
        case UInt8(ascii: ">"):
            reply.kind = .push
        case UInt8(ascii: "E"):
            if input.extracting(start..<end).hasPrefix("ERR ", at: 0) {
                reply.kind = .error
                reply.start = start + 4
                reply.end = input.tokenEnd(reply.start, end)
            }
        default:
            break
        }
        return .reply(reply)
    }

    /// Undoes the escapes of a quoted string, if it has any.
    private static func quoted(
        _ input: Span<UInt8>,
        _ line: ParsedReply,
        _ scratch: inout ByteBuffer
    ) -> ReplyOutcome {
        var reply = line
        let last = line.end - 1
        if last == line.start || input[last] != UInt8(ascii: "\"") {
            return .malformed("a quoted string that does not end")
        }
        let content = (line.start + 1)..<last
        scratch.removeAll()
        var index = content.lowerBound
        var hasEscape = false
        while index < last {
            let byte = input[index]
            index += 1
            if byte == UInt8(ascii: "\"") { return .malformed("a quote within a quoted string") }
            if byte != UInt8(ascii: "\\") {
                scratch.append(byte)
                continue
            }
            hasEscape = true
            guard index < last, let (value, length) = unescaped(input, index, last) else {
                return .malformed("an unknown escape")
            }
            scratch.append(value)
            index += length
        }
        reply.isInScratch = hasEscape
        reply.start = hasEscape ? 0 : content.lowerBound
        reply.end = hasEscape ? scratch.count : last
        return .reply(reply)
    }

    /// The byte that the escape behind a backslash stands for, and the escape's length.
    private static func unescaped(
        _ input: Span<UInt8>,
        _ index: Int,
        _ end: Int
    ) -> (UInt8, Int)? {
        switch input[index] {
        case UInt8(ascii: "\\"), UInt8(ascii: "\""): return (input[index], 1)
        case UInt8(ascii: "n"): return (0x0A, 1)
        case UInt8(ascii: "r"): return (0x0D, 1)
        case UInt8(ascii: "t"): return (0x09, 1)
        case UInt8(ascii: "x"):
            guard index + 2 < end, let high = input[index + 1].hexValue,
                let low = input[index + 2].hexValue
            else { return nil }
            return (high << 4 | low, 3)
        default: return nil
        }
    }

    /// Skips the lines of a list, nested lists included.
    private static func list(
        _ input: Span<UInt8>,
        from start: Int,
        firstLine: ParsedReply
    ) -> ReplyOutcome {
        var reply = firstLine
        reply.kind = .other
        guard let count = input.decimal(start + 1, firstLine.end), count >= 0,
            count <= Int64(ReplyParser.maxLineBytes)
        else { return .malformed("a list with no proper length") }
        var left = Int(count)
        while left > 0 {
            let line = start + reply.consumed
            guard let end = input.offset(of: UInt8(ascii: "\n"), from: line) else {
                return .incomplete
            }
            reply.consumed = end + 1 - start
            left -= 1
            guard input[line] == UInt8(ascii: "*") else { continue }
            let hasReturn = input[end - 1] == UInt8(ascii: "\r")
            guard let nested = input.decimal(line + 1, hasReturn ? end - 1 : end), nested >= 0,
                nested <= Int64(ReplyParser.maxLineBytes - left)
            else { return .malformed("a list with no proper length") }
            left += Int(nested)
        }
        return .reply(reply)
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit, upper or lower case; nil for any other byte.
    var hexValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
