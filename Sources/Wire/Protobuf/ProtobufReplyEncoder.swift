// Replies as protobuf messages, each behind its length.
import Core
internal import SwiftProtobuf

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

enum ProtobufReplyEncoder {
    /// Appends the frame that answers a request, or that pushes.
    ///
    /// `tapeBytes` is the length of the tape that `reader` stands at the first item of.
    @inline(never)
    @_lifetime(reader: copy reader)
    static func encode(
        _ reader: inout ReplyReader,
        tapeBytes: Int,
        _ identifier: Span<UInt8>,
        _ output: inout ByteBuffer
    ) {
        let request = ProtobufIdentifier(identifier)
        var response = SallyportResponse()
        response.id = reader.item == .push ? 0 : request.number
        if tapeBytes <= maxTapeBytes {
            response.result =
                reader.item == .push ? .push(push(&reader)) : result(&reader, request.answer)
            if append(response, &output) { return }
        }
        response.error = error(.tooLong, retry: nil, tooLongText)
        _ = append(response, &output)
    }

    /// The longest tape that is made a message of, in bytes: an item takes 9 bytes and what it carries on
    /// the tape, and at least 4 and what it carries in a message, so that of a longer one none would fit.
    private static let maxTapeBytes = Limits.maxProtobufFrameBytes / 4 * 9

    private static let tooLongText =
        "reply above maxProtobufFrameBytes=\(Limits.maxProtobufFrameBytes) bytes: ask for less at a time"

    /// Appends a message and its length; false, and nothing, if it is too long for a frame.
    private static func append(_ response: SallyportResponse, _ output: inout ByteBuffer) -> Bool {
        // Only a message beyond 2 GiB fails to be serialized.
        guard let body: [UInt8] = try? response.serializedBytes(),
            body.count <= Limits.maxProtobufFrameBytes
        else { return false }
        output.reserve(ProtobufFrame.headerBytes + body.count)
        ProtobufFrame.append(length: body.count, to: &output)
        output.append(body.span)
        return true
    }

    /// The item at hand and what is nested in it, as what answers a request.
    @_lifetime(reader: copy reader)
    private static func result(
        _ reader: inout ReplyReader,
        _ answer: ProtobufIdentifier.Answer
    ) -> SallyportResponse.OneOf_Result {
        switch (answer, reader.item) {
        case (.echo, .bytes):
            return .echo(.with { $0.content = Data(reader.payload) })
        case (.add, .integer):
            return .add(.with { $0.result = reader.integer })
        case (.get, .bytes):
            return .get(
                .with {
                    $0.found = true
                    $0.value = Data(reader.payload)
                }
            )
        case (.get, .missingKey), (.get, .null):
            return .get(SallyportGetResponse())
        default:
            return result(kind(&reader))
        }
    }

    private static func result(
        _ kind: SallyportValue.OneOf_Kind
    ) -> SallyportResponse.OneOf_Result {
        switch kind {
        case .status(let word): .status(word)
        case .integer(let integer): .integer(integer)
        case .data(let data): .data(data)
        case .null(let null): .null(null)
        case .list(let list): .list(list)
        case .map(let map): .map(map)
        case .number(let number): .number(number)
        case .boolean(let boolean): .boolean(boolean)
        case .error(let error): .error(error)
        }
    }

    /// The item at hand and what is nested in it, as a value.
    @_lifetime(reader: copy reader)
    private static func kind(_ reader: inout ReplyReader) -> SallyportValue.OneOf_Kind {
        switch reader.item {
        case .status: return .status(text(reader.payload))
        case .integer: return .integer(reader.integer)
        case .bytes, .json, .bigNumber, .verbatim: return .data(Data(reader.payload))
        case .double: return .number(reader.double)
        case .boolean: return .boolean(reader.boolean)
        case .null, .missingKey: return .null(SallyportNullValue())
        case .error: return .error(error(&reader))
        case .list, .set, .several:
            var list = SallyportListValue()
            let count = reader.count
            for _ in 0..<count where reader.next() { list.items.append(value(&reader)) }
            return .list(list)
        case .map:
            var map = SallyportMapValue()
            let count = reader.count
            for _ in 0..<count where reader.next() { map.entries.append(entry(&reader)) }
            return .map(map)
        case .attribute:
            // Nothing stands for an attribute here: only what it describes is sent.
            reader.skipNested()
            return reader.next() ? kind(&reader) : .null(SallyportNullValue())
        case .push:
            reader.skipNested()
            return .null(SallyportNullValue())
        }
    }

    @_lifetime(reader: copy reader)
    private static func value(_ reader: inout ReplyReader) -> SallyportValue {
        var value = SallyportValue()
        value.kind = kind(&reader)
        return value
    }

    /// The item at hand as a name, and the value behind it.
    @_lifetime(reader: copy reader)
    private static func entry(_ reader: inout ReplyReader) -> SallyportMapEntry {
        var entry = SallyportMapEntry()
        entry.key = value(&reader)
        if reader.next() { entry.value = value(&reader) }
        return entry
    }

    /// The push at hand: its kind, then names and values by turns.
    @_lifetime(reader: copy reader)
    private static func push(_ reader: inout ReplyReader) -> SallyportPush {
        var push = SallyportPush()
        let count = max(0, reader.count - 1) / 2
        guard reader.next() else { return push }
        push.kind = text(reader.payload)
        for _ in 0..<count where reader.next() {
            var field = SallyportPushField()
            field.name = text(reader.payload)
            if reader.next() { field.value = value(&reader) }
            push.fields.append(field)
        }
        return push
    }

    @_lifetime(reader: copy reader)
    private static func error(_ reader: inout ReplyReader) -> SallyportErrorResponse {
        let code = reader.errorCode
        let retry = reader.retryAfterMilliseconds
        let message = reader.next() ? text(reader.payload) : code.row.message
        return error(code, retry: retry, message)
    }

    private static func error(
        _ code: ErrorCode,
        retry: Int64?,
        _ message: String
    ) -> SallyportErrorResponse {
        var error = SallyportErrorResponse()
        error.code = code.row.jsonCode
        error.number = UInt32(code.rawValue)
        error.message = message
        if let retry { error.retryAfterMs = UInt64(clamping: retry) }
        return error
    }

    /// Bytes as text; what is not UTF-8 in them becomes U+FFFD, which protobuf's strings ask for.
    private static func text(_ bytes: Span<UInt8>) -> String {
        String(decoding: Data(bytes), as: UTF8.self)
    }
}

extension Data {
    /// A copy of `bytes`.
    fileprivate init(_ bytes: Span<UInt8>) {
        // SAFETY: the pointer is valid for the span's bytes and only during the call, which copies them.
        self = bytes.withUnsafeBufferPointer { Data(buffer: $0) }
    }
}
