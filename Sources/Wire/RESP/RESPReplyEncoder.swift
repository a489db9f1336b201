// Replies in RESP2 and RESP3.
//
// Source: the Redis serialization protocol specification,
// https://redis.io/docs/reference/protocol-spec
import Core

enum RESPReplyEncoder {
    /// Appends the item at hand and what is nested in it.
    @inline(__always)
    @_lifetime(reader: copy reader)
    static func encode(
        _ reader: inout ReplyReader,
        isRESP3: Bool,
        _ output: inout ByteBuffer
    ) {
        switch reader.item {
        // What most commands answer, with nothing nested in it.
        case .bytes: appendBulk(reader.payload, &output)
        case .status: appendStatus(reader.payload, &output)
        default: encodeAny(&reader, isRESP3: isRESP3, &output)
        }
    }

    @inline(never)
    @_lifetime(reader: copy reader)
    private static func encodeAny(
        _ reader: inout ReplyReader,
        isRESP3: Bool,
        _ output: inout ByteBuffer
    ) {
        var left = 1
        while true {
            switch reader.item {
            case .push:
                encodePush(&reader, isRESP3: isRESP3, &output)
            case .error:
                encodeError(&reader, &output)
            case .double, .boolean, .bigNumber, .verbatim, .set, .attribute:
                left += encodeTyped(&reader, isRESP3: isRESP3, &output)
            default:
                left += encodeItem(reader, isRESP3: isRESP3, &output)
            }
            left -= 1
            if left == 0 || !reader.next() { return }
        }
    }

    /// Appends one item, or the header of a list or map; returns how many items belong to it.
    @inline(__always)
    private static func encodeItem(
        _ reader: borrowing ReplyReader,
        isRESP3: Bool,
        _ output: inout ByteBuffer
    ) -> Int {
        switch reader.item {
        case .bytes, .json:
            appendBulk(reader.payload, &output)
        case .status:
            appendStatus(reader.payload, &output)
        case .integer:
            output.append(UInt8(ascii: ":"))
            output.append(decimal: reader.integer)
            endLine(&output)
        case .null, .missingKey:
            output.append(isRESP3 ? "_\r\n" : "$-1\r\n")
        case .list:
            appendHeader("*", reader.count, &output)
            return reader.nestedCount
        case .map:
            appendHeader(isRESP3 ? "%" : "*", isRESP3 ? reader.count : reader.nestedCount, &output)
            return reader.nestedCount
        case .several:
            return reader.nestedCount
        default:
            break
        }
        return 0
    }

    /// Appends a push: its kind and its values, without the names between them.
    @_lifetime(reader: copy reader)
    private static func encodePush(
        _ reader: inout ReplyReader,
        isRESP3: Bool,
        _ output: inout ByteBuffer
    ) {
        let values = max(0, reader.count - 1) / 2
        appendHeader(isRESP3 ? ">" : "*", values + 1, &output)
        guard reader.next() else { return }
        // The kind is a word to a handler and a bulk string to every client.
        appendHeader("$", reader.payload.count, &output)
        output.append(reader.payload)
        endLine(&output)
        for _ in 0..<values {
            guard reader.next(), reader.next() else { return }
            encode(&reader, isRESP3: isRESP3, &output)
        }
    }

    /// Appends an error; a line end in its text would end the reply, so it becomes a space.
    @_lifetime(reader: copy reader)
    private static func encodeError(_ reader: inout ReplyReader, _ output: inout ByteBuffer) {
        let row = reader.errorCode.row
        let retry = reader.retryAfterMilliseconds
        output.append(UInt8(ascii: "-"))
        output.append(string: row.respWord)
        if reader.next(), !reader.payload.isEmpty {
            output.append(UInt8(ascii: " "))
            let text = reader.payload
            for index in 0..<text.count {
                let isLineEnd = text[index] == UInt8(ascii: "\r") || text[index] == 0x0A
                output.append(isLineEnd ? UInt8(ascii: " ") : text[index])
            }
        }
        if let retry { output.append(retryAfter: retry) }
        endLine(&output)
    }

    @inline(__always)
    private static func appendStatus(_ word: Span<UInt8>, _ output: inout ByteBuffer) {
        output.reserve(word.count &+ 3)
        output.append(UInt8(ascii: "+"))
        output.append(word)
        endLine(&output)
    }

    /// Appends `$<count>`, the payload and both line ends, with one look at the room there is.
    @inline(__always)
    private static func appendBulk(_ payload: Span<UInt8>, _ output: inout ByteBuffer) {
        // A marker, at most 20 digits, and two line ends.
        output.reserve(payload.count &+ 25)
        appendHeader("$", payload.count, &output)
        output.append(payload)
        endLine(&output)
    }

    @inline(__always)
    static func appendHeader(
        _ marker: Unicode.Scalar,
        _ count: Int,
        _ output: inout ByteBuffer
    ) {
        output.append(UInt8(ascii: marker))
        output.append(decimal: Int64(count))
        endLine(&output)
    }

    @inline(__always)
    static func endLine(_ output: inout ByteBuffer) {
        output.appendLineEnd()
    }
}

extension ByteBuffer {
    /// Appends when to try again, as text and RESP errors say it.
    mutating func append(retryAfter milliseconds: Int64) {
        append(" retry_after_ms=")
        append(decimal: milliseconds)
    }
}
