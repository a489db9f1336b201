// Replies as lines of printable ASCII.
import Core

enum TextReplyEncoder {
    /// Appends the item at hand and what is nested in it, a line each.
    @inline(never)
    @_lifetime(reader: copy reader)
    static func encode(_ reader: inout ReplyReader, _ output: inout ByteBuffer) {
        var left = 1
        while true {
            reader.skipAttributes()
            if reader.item == .push {
                encodePush(&reader, &output)
            } else {
                left += encodeItem(&reader, &output)
            }
            output.append(UInt8(ascii: "\n"))
            left -= 1
            if left == 0 || !reader.next() { return }
        }
    }

    /// Appends one item without its line end; returns how many items belong to it and follow.
    @_lifetime(reader: copy reader)
    private static func encodeItem(
        _ reader: inout ReplyReader,
        _ output: inout ByteBuffer
    ) -> Int {
        switch reader.item {
        case .status:
            output.append(reader.payload)
        case .integer:
            output.append(decimal: reader.integer)
        case .bytes, .json:
            append(reader.payload, isField: false, &output)
        case .verbatim:
            appendLines(reader.payload, &output)
        case .null, .missingKey:
            output.append("(nil)")
        case .double:
            output.append(string: DecimalDouble.shortest(reader.double))
        case .boolean:
            output.append(string: reader.boolean ? "true" : "false")
        case .bigNumber:
            output.append(reader.payload)
        case .list, .map, .set, .several:
            output.append(UInt8(ascii: "*"))
            output.append(decimal: Int64(reader.nestedCount))
            return reader.nestedCount
        case .error:
            encodeError(&reader, &output)
        case .push, .attribute:
            break
        }
        return 0
    }

    /// Appends text for a person as a list of its lines, the last without its end.
    private static func appendLines(_ text: Span<UInt8>, _ output: inout ByteBuffer) {
        let lineFeed = UInt8(ascii: "\n")
        var starts = 0
        for index in 0..<text.count where index == 0 || text[index - 1] == lineFeed { starts += 1 }
        output.append(UInt8(ascii: "*"))
        output.append(decimal: Int64(starts))
        var start = 0
        while start < text.count {
            let next = text.firstOffset(of: lineFeed, from: start, to: text.count)
            let hasReturn = next > start && text[next - 1] == UInt8(ascii: "\r")
            output.append(lineFeed)
            append(text.extracting(start..<(hasReturn ? next - 1 : next)), isField: false, &output)
            start = next + 1
        }
    }

    /// Appends a push: its kind and its values on one line, without the names between them.
    @_lifetime(reader: copy reader)
    private static func encodePush(_ reader: inout ReplyReader, _ output: inout ByteBuffer) {
        let values = max(0, reader.count - 1) / 2
        guard reader.next() else { return }
        output.append("> ")
        output.append(reader.payload)
        for _ in 0..<values {
            guard reader.next(), reader.next() else { return }
            output.append(UInt8(ascii: " "))
            encodeField(&reader, &output)
        }
    }

    /// Appends one value of a push; nested ones follow it on the same line.
    @_lifetime(reader: copy reader)
    private static func encodeField(_ reader: inout ReplyReader, _ output: inout ByteBuffer) {
        var left = 1
        while true {
            reader.skipAttributes()
            if [.bytes, .json, .verbatim].contains(reader.item) {
                append(reader.payload, isField: true, &output)
            } else {
                left += encodeItem(&reader, &output)
            }
            left -= 1
            if left == 0 || !reader.next() { return }
            output.append(UInt8(ascii: " "))
        }
    }

    /// Appends an error, on one line whatever its text.
    @_lifetime(reader: copy reader)
    private static func encodeError(_ reader: inout ReplyReader, _ output: inout ByteBuffer) {
        let retry = reader.retryAfterMilliseconds
        output.append("ERR ")
        output.append(string: reader.errorCode.row.textToken)
        if reader.next(), !reader.payload.isEmpty {
            output.append(UInt8(ascii: " "))
            let text = reader.payload
            for index in 0..<text.count { Printable.append(text[index], to: &output) }
        }
        if let retry { output.append(retryAfter: retry) }
    }

    /// Appends bytes, bare where a program cannot take them for anything else, else quoted.
    private static func append(
        _ bytes: Span<UInt8>,
        isField: Bool,
        _ output: inout ByteBuffer
    ) {
        if isBare(bytes, isField: isField) { return output.append(bytes) }
        output.append(UInt8(ascii: "\""))
        for index in 0..<bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                output.append(UInt8(ascii: "\\"))
            }
            Printable.append(byte, to: &output)
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Whether `bytes` can stand without quotes.
    ///
    /// Beside what the protocol names, the empty string and spaces at either end are quoted, since
    /// a reader that trims lines would lose them; in a push, whose fields spaces separate, any
    /// space is.
    private static func isBare(_ bytes: Span<UInt8>, isField: Bool) -> Bool {
        let space = UInt8(ascii: " ")
        if bytes.isEmpty || bytes[0] == space || bytes[bytes.count - 1] == space { return false }
        switch bytes[0] {
        case UInt8(ascii: "\""), UInt8(ascii: "("), UInt8(ascii: "*"), UInt8(ascii: ">"):
            return false
        case UInt8(ascii: "E"):
            if bytes.count >= 4, bytes.extracting(0..<4).equals("ERR ") { return false }
        default:
            break
        }
        for index in 0..<bytes.count {
            if bytes[index] &- 0x20 >= 0x5F || (isField && bytes[index] == space) { return false }
        }
        return true
    }
}
