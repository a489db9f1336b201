// Requests as protobuf messages, each behind its length.
//
// Source: sallyport.proto beside this file.
import Core
internal import SwiftProtobuf

/// What surrounds a message on the wire: `[length: UInt32 BE][message]`.
enum ProtobufFrame {
    /// Bytes before the message.
    static let headerBytes = 4

    /// The length that the first four bytes of `input` hold.
    static func length(_ input: Span<UInt8>) -> Int {
        var length = 0
        for index in 0..<headerBytes { length = length << 8 | Int(input[index]) }
        return length
    }

    /// Appends a message's length.
    static func append(length: Int, to output: inout ByteBuffer) {
        output.append(UInt8(truncatingIfNeeded: length >> 24))
        output.append(UInt8(truncatingIfNeeded: length >> 16))
        output.append(UInt8(truncatingIfNeeded: length >> 8))
        output.append(UInt8(truncatingIfNeeded: length))
    }
}

extension RequestDecoder {
    /// Takes one frame out of `rest`, which is not empty.
    @inline(never)
    func decodeProtobuf(
        _ rest: Span<UInt8>,
        _ frame: inout RequestFrame,
        _ limits: Limits,
        _ isAuthenticated: Bool
    ) -> DecodeOutcome {
        if rest.count < ProtobufFrame.headerBytes {
            return .incomplete(needed: ProtobufFrame.headerBytes)
        }
        let length = ProtobufFrame.length(rest)
        if length == 0 { return refuse("a frame of no bytes", rest) }
        let limit = frameLimit(limits, isAuthenticated)
        if length > limit.bytes {
            return refuse("frame above \(limit.name)=\(limit.bytes) bytes", rest)
        }
        let end = ProtobufFrame.headerBytes + length
        if rest.count < end { return .incomplete(needed: end) }
        let body = rest.extracting(ProtobufFrame.headerBytes..<end)
        guard let request = Self.message(body) else {
            return refuse("a frame that holds no sallyport.v1.Request", rest)
        }
        ProtobufIdentifier(of: request).write(to: &frame.identifier)
        if let error = frame.fill(from: request) { return .rejected(error, consumed: end) }
        if let reason = tooMany(frame.ranges.count, limits, isAuthenticated) {
            return refuse(reason, rest)
        }
        return .request(consumed: end)
    }

    /// The longest message that is waited for, in bytes, and the limit that says so.
    private func frameLimit(
        _ limits: Limits,
        _ isAuthenticated: Bool
    ) -> (name: String, bytes: Int) {
        var limit = ("maxProtobufFrameBytes", Limits.maxProtobufFrameBytes)
        if limits.maxRequestBytes < limit.1 { limit = ("maxRequestBytes", limits.maxRequestBytes) }
        if !isAuthenticated, limits.maxUnauthenticatedArgumentBytes < limit.1 {
            limit = ("maxUnauthenticatedArgumentBytes", limits.maxUnauthenticatedArgumentBytes)
        }
        return limit
    }

    /// What to say of a request of `count` arguments, if it has too many.
    private func tooMany(_ count: Int, _ limits: Limits, _ isAuthenticated: Bool) -> String? {
        if !isAuthenticated, count > limits.maxUnauthenticatedArguments {
            let limit = limits.maxUnauthenticatedArguments
            return "more than maxUnauthenticatedArguments=\(limit) arguments"
        }
        if count > limits.maxArguments {
            return "more than maxArguments=\(limits.maxArguments) arguments"
        }
        return nil
    }

    /// How messages are read: nothing in a request nests deeper than three levels, and what is not known is
    /// skipped, but only so deep.
    private static let options = {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = 16
        options.discardUnknownFields = true
        return options
    }()

    /// The message that `body` holds; nil if it holds none.
    private static func message(_ body: Span<UInt8>) -> SallyportRequest? {
        try? SallyportRequest(serializedBytes: body.bytes, options: options)
    }

    /// Refuses all that is there: the stream cannot be trusted any more.
    private func refuse(_ reason: String, _ rest: Span<UInt8>) -> DecodeOutcome {
        let error = ServerError(.protocolError, "Protocol error: \(reason)")
        return .rejected(error, consumed: rest.count)
    }
}
