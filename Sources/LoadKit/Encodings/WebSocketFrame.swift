// Frames of the WebSocket protocol, as a client writes and reads them.
//
// Source: RFC 6455 section 5.
import Core

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// One frame: `[FIN, opcode][mask bit, length][length: 0, 2 or 8 bytes][mask: 0 or 4][payload]`.
struct WebSocketFrame: Equatable, Sendable {
    /// What a frame carries.
    enum Opcode: UInt8, Sendable {
        case continuation = 0
        case text = 1
        case binary = 2
        case close = 8
        case ping = 9
        case pong = 10

        /// Control frames may stand between the frames of a message.
        var isControl: Bool { rawValue >= 8 }
    }

    /// The longest payload of a control frame.
    static let maxControlBytes = 125

    /// Whether it ends its message.
    var isFinal: Bool
    var opcode: Opcode
    /// Where its payload is, in the bytes that it was found in.
    var payload: Range<Int>
    /// The bytes of the whole frame.
    var consumed: Int

    /// What a reader found.
    enum Outcome: Equatable, Sendable {
        case frame(WebSocketFrame)
        case incomplete
        case malformed(String)
    }

    /// Reads the frame that begins at `start`, as a server sends it: without a mask; or as a client does.
    ///
    /// A mask is the four bytes before the payload, which is left as it is.
    static func read(
        _ input: Span<UInt8>,
        from start: Int,
        isMasked: Bool = false
    ) -> Outcome {
        if input.count - start < 2 { return .incomplete }
        let (first, second) = (input[start], input[start + 1])
        if first & 0x70 != 0 { return .malformed("a frame with reserved bits") }
        guard let opcode = Opcode(rawValue: first & 0x0F) else {
            return .malformed("a frame of no known opcode")
        }
        if (second & 0x80 != 0) != isMasked {
            let frame = isMasked ? "a client's frame without" : "a server's frame with"
            return .malformed("\(frame) a mask")
        }
        let isFinal = first & 0x80 != 0
        let short = Int(second & 0x7F)
        let extra = short == 126 ? 2 : short == 127 ? 8 : 0
        if opcode.isControl, !isFinal || extra > 0 {
            return .malformed("a control frame that is too long or in parts")
        }
        let payloadStart = start + 2 + extra + (isMasked ? 4 : 0)
        if input.count < payloadStart { return .incomplete }
        var length = UInt64(short)
        if extra > 0 {
            length = 0
            for index in 0..<extra { length = length << 8 | UInt64(input[start + 2 + index]) }
            if length < (extra == 2 ? 126 : 65_536) {
                return .malformed("a frame's length in more bytes than it needs")
            }
        }
        if length > UInt64(LoadOptions.maxValueBytes) * 2 { return .malformed("a frame too long") }
        let end = payloadStart + Int(length)
        if input.count < end { return .incomplete }
        return .frame(
            WebSocketFrame(
                isFinal: isFinal,
                opcode: opcode,
                payload: payloadStart..<end,
                consumed: end - start
            )
        )
    }

    /// A frame that is being written: where its payload begins, and what it is masked with.
    struct Open: Equatable, Sendable {
        var start: Int
        var mask: UInt32
    }

    /// Appends the head of a final frame of `payload` bytes; those are to be appended, and then masked.
    ///
    /// The mask is unpredictable, as section 5.3 wants it; tests may say what it is.
    static func begin(
        _ opcode: Opcode,
        payload: Int,
        to output: inout ByteBuffer,
        mask: UInt32? = nil
    ) -> Open {
        output.append(0x80 | opcode.rawValue)
        switch payload {
        case ..<126:
            output.append(0x80 | UInt8(truncatingIfNeeded: payload))
        case ..<65_536:
            output.append(0x80 | 126)
            appendBigEndian(UInt64(payload), bytes: 2, to: &output)
        default:
            output.append(0x80 | 127)
            appendBigEndian(UInt64(payload), bytes: 8, to: &output)
        }
        let mask = mask ?? UInt32.random(in: .min ... .max)
        appendBigEndian(UInt64(mask), bytes: 4, to: &output)
        return Open(start: output.count, mask: mask)
    }

    private static func appendBigEndian(
        _ number: UInt64,
        bytes: Int,
        to output: inout ByteBuffer
    ) {
        for index in (0..<bytes).reversed() {
            output.append(UInt8(truncatingIfNeeded: number >> (8 * UInt64(index))))
        }
    }

    /// Masks the payload of `frame`, which is all that is behind its head.
    static func mask(_ frame: Open, in output: inout ByteBuffer) {
        for index in frame.start..<output.count {
            let shift = UInt32(24 - 8 * ((index - frame.start) & 3))
            let byte = output.span[index] ^ UInt8(truncatingIfNeeded: frame.mask >> shift)
            output.replaceByte(at: index, with: byte)
        }
    }

    /// Appends a whole control frame; of a longer payload the first 125 bytes.
    static func append(
        _ opcode: Opcode,
        _ payload: [UInt8],
        to output: inout ByteBuffer,
        mask: UInt32? = nil
    ) {
        let kept = payload.prefix(maxControlBytes)
        let frame = begin(opcode, payload: kept.count, to: &output, mask: mask)
        for byte in kept { output.append(byte) }
        self.mask(frame, in: &output)
    }
}

/// The key of a handshake, and what the server must answer it with.
///
/// Source: RFC 6455 section 1.3.
enum WebSocketKey {
    /// A key of 16 random bytes.
    static func random() -> String {
        var bytes: [UInt8] = []
        for _ in 0..<16 { bytes.append(UInt8.random(in: .min ... .max)) }
        return Data(bytes).base64EncodedString()
    }

    /// The right answer to `key`.
    static func answer(to key: String) -> String {
        let text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        return Data(SHA1.hash(Array(text.utf8))).base64EncodedString()
    }
}

/// SHA-1, which the handshake wants and nothing that is secret rests on.
///
/// Source: FIPS 180-4 section 6.1.
enum SHA1 {
    static func hash(_ message: [UInt8]) -> [UInt8] {
        var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
        var padded = message + [0x80]
        while padded.count % 64 != 56 { padded.append(0) }
        let bits = UInt64(message.count) * 8
        for index in (0..<8).reversed() {
            padded.append(UInt8(truncatingIfNeeded: bits >> (8 * index)))
        }
        for start in stride(from: 0, to: padded.count, by: 64) {
            compress(padded[start..<(start + 64)], &state)
        }
        return state.flatMap { word in
            (0..<4).reversed().map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) }
        }
    }

    private static func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 {
        word << bits | word >> (32 - bits)
    }

    private static func compress(_ block: ArraySlice<UInt8>, _ state: inout [UInt32]) {
        var words: [UInt32] = []
        for index in stride(from: block.startIndex, to: block.endIndex, by: 4) {
            words.append(block[index..<(index + 4)].reduce(0) { $0 << 8 | UInt32($1) })
        }
        for index in 16..<80 {
            let mixed =
                words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
            words.append(rotated(mixed, 1))
        }
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
        for (index, word) in words.enumerated() {
            let mixed: UInt32
            let constant: UInt32
            switch index {
            case ..<20: (mixed, constant) = ((b & c) | (~b & d), 0x5A82_7999)
            case ..<40: (mixed, constant) = (b ^ c ^ d, 0x6ED9_EBA1)
            case ..<60: (mixed, constant) = ((b & c) | (b & d) | (c & d), 0x8F1B_BCDC)
            default: (mixed, constant) = (b ^ c ^ d, 0xCA62_C1D6)
            }
            let next = rotated(a, 5) &+ mixed &+ e &+ constant &+ word
            (e, d, c, b, a) = (d, c, rotated(b, 30), a, next)
        }
        for (index, word) in [a, b, c, d, e].enumerated() { state[index] &+= word }
    }
}
