// Replies as JSON objects, one a line.
import Core

enum JSONReplyEncoder {
    /// Appends the object that answers a request, or a push, and its line end.
    @_lifetime(reader: copy reader)
    static func encode(
        _ reader: inout ReplyReader,
        _ identifier: Span<UInt8>,
        _ output: inout ByteBuffer
    ) {
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
        output.append(UInt8(ascii: "\n"))
    }

    /// Appends the item at hand and what is nested in it as one JSON value.
    @_lifetime(reader: copy reader)
    private static func encodeValue(_ reader: inout ReplyReader, _ output: inout ByteBuffer) {
        switch reader.item {
        case .bytes, .status:
            JSONText.append(bytes: reader.payload, to: &output)
        case .integer:
            output.append(decimal: reader.integer)
        case .null, .missingKey:
            output.append("null")
        case .json:
            output.append(reader.payload)
        case .list:
            encodeList(&reader, &output)
        case .map:
            output.append(UInt8(ascii: "{"))
            encodeMembers(&reader, count: reader.count, &output)
            output.append(UInt8(ascii: "}"))
        case .error:
            output.append(UInt8(ascii: "{"))
            encodeError(&reader, &output)
            output.append(UInt8(ascii: "}"))
        case .push:
            reader.skipNested()
            output.append("null")
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
    /// Bytes that are not UTF-8 become U+FFFD, since a name has no place for base64.
    @_lifetime(reader: copy reader)
    private static func encodeName(_ reader: inout ReplyReader, _ output: inout ByteBuffer) {
        switch reader.item {
        case .bytes, .status, .json:
            if reader.payload.isUTF8 {
                JSONText.append(string: reader.payload, to: &output)
            } else {
                JSONText.append(string: repaired(reader.payload), to: &output)
            }
        case .integer:
            JSONText.append(string: String(reader.integer), to: &output)
        default:
            reader.skipNested()
            output.append("\"\"")
        }
    }

    private static func repaired(_ bytes: Span<UInt8>) -> String {
        var copy: [UInt8] = []
        for index in 0..<bytes.count { copy.append(bytes[index]) }
        return String(decoding: copy, as: UTF8.self)
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
