// Replies as JSON objects, one a line.
import Core

enum JSONReplyEncoder {
    /// Appends the object that answers a request, or a push, and its line end.
    ///
    /// In a batch it is an element of the line's array, whose brackets and commas go with it.
    @inline(never)
    @_lifetime(reader: copy reader)
    static func encode(
        _ reader: inout ReplyReader,
        _ identifier: Span<UInt8>,
        _ place: BatchPlace,
        _ output: inout ByteBuffer
    ) {
        reader.skipAttributes()
        if place.contains(.inside) {
            output.append(UInt8(ascii: place.contains(.first) ? "[" : ","))
        }
        if reader.item == .push {
            encodePush(&reader, &output)
        } else {
            output.append(UInt8(ascii: "{"))
            if !identifier.isEmpty {
                output.append("\"id\":")
                output.append(identifier)
                output.append(UInt8(ascii: ","))
            }
            switch reader.item {
            case .error:
                encodeError(&reader, &output)
            case .missingKey:
                encodeError(.keyNotFound, retry: nil, &output) { output in
                    JSONText.append(string: ErrorCode.keyNotFound.row.message, to: &output)
                }
            default:
                output.append("\"result\":")
                encodeValue(&reader, &output)
            }
            output.append(UInt8(ascii: "}"))
        }
        if place.contains(.last) { output.append(UInt8(ascii: "]")) }
        if !place.contains(.inside) || place.contains(.last) {
            output.append(UInt8(ascii: "\n"))
        }
    }

    /// Appends the item at hand and what is nested in it as one JSON value.
    @_lifetime(reader: copy reader)
    static func encodeValue(_ reader: inout ReplyReader, _ output: inout ByteBuffer) {
        reader.skipAttributes()
        switch reader.item {
        case .bytes, .status, .verbatim:
            JSONText.append(bytes: reader.payload, to: &output)
        case .integer:
            output.append(decimal: reader.integer)
        case .null, .missingKey:
            output.append("null")
        case .json:
            output.append(reader.payload)
        case .double:
            encodeDouble(reader.double, &output)
        case .boolean:
            output.append(string: reader.boolean ? "true" : "false")
        case .bigNumber:
            encodeBigNumber(reader.payload, &output)
        case .list, .set, .several:
            encodeList(&reader, &output)
        case .map:
            encodeMap(&reader, &output)
        case .error:
            output.append(UInt8(ascii: "{"))
            encodeError(&reader, &output)
            output.append(UInt8(ascii: "}"))
        case .push, .attribute:
            reader.skipNested()
            output.append("null")
        }
    }

    /// Appends a number, or a string where JSON has none for it.
    private static func encodeDouble(_ value: Double, _ output: inout ByteBuffer) {
        let text = DecimalDouble.shortest(value)
        if value.isFinite {
            output.append(string: text)
        } else {
            JSONText.append(string: text, to: &output)
        }
    }

    /// Appends a number if every reader of JSON keeps all its digits, else a string of them.
    ///
    /// RFC 8259 section 6: within 53 bits, implementations agree on the value.
    private static func encodeBigNumber(_ digits: Span<UInt8>, _ output: inout ByteBuffer) {
        if let value = DecimalInteger.parse(digits), value.magnitude < 1 << 53 {
            output.append(decimal: value)
        } else {
            JSONText.append(bytes: digits, to: &output)
        }
    }

    @_lifetime(reader: copy reader)
    private static func encodeList(_ reader: inout ReplyReader, _ output: inout ByteBuffer) {
        output.append(UInt8(ascii: "["))
        let count = reader.count
        for index in 0..<count {
            guard reader.next() else { break }
            if index > 0 { output.append(UInt8(ascii: ",")) }
            encodeValue(&reader, &output)
        }
        output.append(UInt8(ascii: "]"))
    }

    /// Appends an object, or an array of arrays of name and value where a name is not UTF-8.
    @_lifetime(reader: copy reader)
    private static func encodeMap(_ reader: inout ReplyReader, _ output: inout ByteBuffer) {
        let count = reader.count
        if hasOnlyNames(reader) {
            output.append(UInt8(ascii: "{"))
            encodeMembers(&reader, count: count, &output)
            output.append(UInt8(ascii: "}"))
            return
        }
        output.append(UInt8(ascii: "["))
        for index in 0..<count {
            guard reader.next() else { break }
            if index > 0 { output.append(UInt8(ascii: ",")) }
            output.append(UInt8(ascii: "["))
            encodeValue(&reader, &output)
            output.append(UInt8(ascii: ","))
            guard reader.next() else { break }
            encodeValue(&reader, &output)
            output.append(UInt8(ascii: "]"))
        }
        output.append(UInt8(ascii: "]"))
    }

    /// Whether the names of the map at hand can all be names of a JSON object.
    private static func hasOnlyNames(_ map: borrowing ReplyReader) -> Bool {
        var reader = copy map
        for _ in 0..<reader.count {
            guard reader.next() else { return true }
            reader.skipAttributes()
            if !reader.payload.isUTF8 { return false }
            reader.skipNested()
            guard reader.next() else { return true }
            reader.skipAttributes()
            reader.skipNested()
        }
        return true
    }

    /// Appends `count` names and values, without the braces around them.
    @_lifetime(reader: copy reader)
    private static func encodeMembers(
        _ reader: inout ReplyReader,
        count: Int,
        _ output: inout ByteBuffer
    ) {
        for index in 0..<count {
            guard reader.next() else { return }
            if index > 0 { output.append(UInt8(ascii: ",")) }
            encodeName(&reader, &output)
            output.append(UInt8(ascii: ":"))
            guard reader.next() else { return output.append("null") }
            encodeValue(&reader, &output)
        }
    }

    /// Appends the item at hand as a member's name, which JSON wants to be a string.
    ///
    /// Those of pushes, which handlers write, are UTF-8; those of maps were looked at.
    @_lifetime(reader: copy reader)
    private static func encodeName(_ reader: inout ReplyReader, _ output: inout ByteBuffer) {
        reader.skipAttributes()
        switch reader.item {
        case .bytes, .status, .json, .verbatim, .bigNumber:
            JSONText.append(string: reader.payload, to: &output)
        case .integer:
            JSONText.append(string: String(reader.integer), to: &output)
        case .double:
            JSONText.append(string: DecimalDouble.shortest(reader.double), to: &output)
        case .boolean:
            JSONText.append(string: reader.boolean ? "true" : "false", to: &output)
        default:
            reader.skipNested()
            output.append("\"\"")
        }
    }

    /// Appends a push as an object whose `event` is its kind.
    @_lifetime(reader: copy reader)
    private static func encodePush(_ reader: inout ReplyReader, _ output: inout ByteBuffer) {
        let count = max(0, reader.count - 1) / 2
        guard reader.next() else { return }
        output.append("{\"event\":")
        encodeName(&reader, &output)
        if count > 0 { output.append(UInt8(ascii: ",")) }
        encodeMembers(&reader, count: count, &output)
        output.append(UInt8(ascii: "}"))
    }

    /// Appends the member `error` of the error item at hand.
    @_lifetime(reader: copy reader)
    private static func encodeError(_ reader: inout ReplyReader, _ output: inout ByteBuffer) {
        let code = reader.errorCode
        let retry = reader.retryAfterMilliseconds
        let hasText = reader.next()
        let text = reader.payload
        encodeError(code, retry: retry, &output) { output in
            if hasText, text.isUTF8 {
                JSONText.append(string: text, to: &output)
            } else {
                JSONText.append(string: code.row.message, to: &output)
            }
        }
    }

    private static func encodeError(
        _ code: ErrorCode,
        retry: Int64?,
        _ output: inout ByteBuffer,
        message: (inout ByteBuffer) -> Void
    ) {
        output.append("\"error\":{\"code\":\"")
        output.append(string: code.row.jsonCode)
        output.append("\",\"message\":")
        message(&output)
        if let retry {
            output.append(",\"retry_after_ms\":")
            output.append(decimal: retry)
        }
        output.append(UInt8(ascii: "}"))
    }
}
