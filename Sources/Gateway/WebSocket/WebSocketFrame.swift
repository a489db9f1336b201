// Frames of the WebSocket protocol: reading the header of a client's, writing those of the server.
//
// Source: RFC 6455 section 5.
public import Core

/// What a frame carries.
///
/// Source: RFC 6455 section 5.2.
public enum WebSocketOpcode: UInt8, Sendable {
    /// More of the message that has begun.
    case continuation = 0
    /// A message of UTF-8 text, or its beginning.
    case text = 1
    /// A message of any bytes, or its beginning.
    case binary = 2
    /// The end of what its sender says.
    case close = 8
    /// A question whether the other end is there.
    case ping = 9
    /// The answer to a ping.
    case pong = 10

    /// Whether frames of it come between those of a message.
    var isControl: Bool { rawValue & 8 != 0 }
}

/// The header of a frame from a client.
struct WebSocketFrameHeader: Equatable {
    var opcode: WebSocketOpcode
    /// Whether it is the last frame of its message.
    var isFinal: Bool
    /// Whether the message that begins with it is compressed: RSV1 (RFC 7692 section 6).
    var isCompressed: Bool
    /// The masking key, in the order of its bytes in memory.
    var mask: UInt32
    /// Bytes of payload.
    var length: Int
    /// Bytes of the header itself.
    var byteCount: Int

    /// What the front of some bytes says.
    enum Outcome: Equatable {
        /// The header is not all there; another look pays once there are as many bytes.
        case incomplete(needed: Int)
        /// The header.
        case header(WebSocketFrameHeader)
        /// It can be no header of ours.
        case violation(ServerError)
    }

    /// Reads the header at the front of `input`; what is wrong with it is found with the byte that is.
    static func parse(_ input: Span<UInt8>, allowsCompression: Bool) -> Outcome {
        if input.isEmpty { return .incomplete(needed: 2) }
        let first = input[0]
        if let error = violation(ofFirst: first, allowsCompression) { return .violation(error) }
        guard let opcode = WebSocketOpcode(rawValue: first & 0x0F) else {
            return .violation(.webSocket("a reserved opcode"))
        }
        if input.count < 2 { return .incomplete(needed: 2) }
        let short = Int(input[1] & 0x7F)
        if input[1] & 0x80 == 0 { return .violation(.webSocket("a frame without a mask")) }
        if opcode.isControl, short > maxControlBytes {
            return .violation(.webSocket("a control frame above 125 bytes"))
        }
        let lengthBytes = short < 126 ? 0 : short == 126 ? 2 : 8
        let byteCount = 2 + lengthBytes + 4
        if lengthBytes == 8, input.count > 2, input[2] & 0x80 != 0 {
            return .violation(.webSocket("a length of 64 bits"))
        }
        if input.count < 2 + lengthBytes { return .incomplete(needed: byteCount) }
        let length = lengthBytes == 0 ? short : number(input.extracting(2..<(2 + lengthBytes)))
        if lengthBytes > 0, length < (lengthBytes == 2 ? 126 : 1 << 16) {
            return .violation(.webSocket("a length in more bytes than it needs"))
        }
        if input.count < byteCount { return .incomplete(needed: byteCount) }
        var mask: UInt32 = 0
        for index in 0..<4 { mask |= UInt32(input[2 + lengthBytes + index]) << (8 * UInt32(index)) }
        return .header(
            WebSocketFrameHeader(
                opcode: opcode,
                isFinal: first & 0x80 != 0,
                isCompressed: first & 0x40 != 0,
                mask: mask,
                length: length,
                byteCount: byteCount
            )
        )
    }

    /// The most payload of a control frame (RFC 6455 section 5.5).
    static let maxControlBytes = 125

    private static func violation(
        ofFirst first: UInt8,
        _ allowsCompression: Bool
    ) -> ServerError? {
        if first & 0x30 != 0 { return .webSocket("a reserved bit") }
        let isControl = first & 8 != 0
        let isContinuation = first & 0x0F == 0
        // RFC 7692 section 6.1: the bit is set on the first frame of a message alone.
        if first & 0x40 != 0, !allowsCompression || isControl || isContinuation {
            return .webSocket("a compressed frame where none can be")
        }
        if WebSocketOpcode(rawValue: first & 0x0F) == nil { return .webSocket("a reserved opcode") }
        if isControl, first & 0x80 == 0 { return .webSocket("a fragmented control frame") }
        return nil
    }

    /// The number that `bytes` are, the first of which is the highest; its top bit is 0.
    private static func number(_ bytes: Span<UInt8>) -> Int {
        var value: UInt64 = 0
        for index in 0..<bytes.count { value = value << 8 | UInt64(bytes[index]) }
        return Int(truncatingIfNeeded: value)
    }
}

extension ServerError {
    /// What came is no WebSocket as we take it.
    static func webSocket(_ what: String) -> ServerError { .protocol("WebSocket: \(what)") }
}

/// Writes frames; a server masks none.
public enum WebSocketFrame {
    /// Appends the header of a frame with `count` bytes of payload, which must follow.
    public static func appendHeader(
        _ opcode: WebSocketOpcode,
        isFinal: Bool = true,
        isCompressed: Bool = false,
        count: Int,
        to output: inout ByteBuffer
    ) {
        output.append(opcode.rawValue | (isFinal ? 0x80 : 0) | (isCompressed ? 0x40 : 0))
        if count < 126 {
            output.append(UInt8(truncatingIfNeeded: count))
            return
        }
        let bytes = count < 1 << 16 ? 2 : 8
        output.append(bytes == 2 ? 126 : 127)
        for index in (0..<bytes).reversed() {
            output.append(UInt8(truncatingIfNeeded: count >> (8 * index)))
        }
    }

    /// Appends a frame that is a message of its own, or a control frame.
    public static func append(
        _ opcode: WebSocketOpcode,
        _ payload: Span<UInt8>,
        to output: inout ByteBuffer
    ) {
        appendHeader(opcode, count: payload.count, to: &output)
        output.append(payload)
    }
    /// Appends a frame that is a message of its own, or a control frame.
    public static func append(
        _ opcode: WebSocketOpcode,
        _ payload: borrowing ByteBuffer,
        to output: inout ByteBuffer
    ) {
        append(opcode, payload.span, to: &output)
    }
}
