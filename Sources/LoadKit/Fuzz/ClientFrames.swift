// Frames of a WebSocket as a client may send them, and as it may not.
//
// Source: RFC 6455 section 5.
internal import Core

/// Writes and rewrites a client's frames.
enum ClientFrames {
    /// What a WebSocket says as its key; there is nothing in it that is secret.
    static let key = "dGhlIHNhbXBsZSBub25jZQ=="

    /// One frame; a mask of 0 leaves the payload as it is, for people and for those who look for something in it.
    static func frame(
        _ opcode: WebSocketFrame.Opcode,
        _ payload: [UInt8],
        isFinal: Bool = true,
        mask: UInt32 = 0
    ) -> [UInt8] {
        var buffer = ByteBuffer()
        let frame = WebSocketFrame.begin(opcode, payload: payload.count, to: &buffer, mask: mask)
        buffer.append(payload.span)
        WebSocketFrame.mask(frame, in: &buffer)
        var bytes = buffer.withBytes { Array($0) }
        if !isFinal { bytes[0] &= 0x7F }
        return bytes
    }

    /// `bytes` with each frame's payload as `change` has it, which must keep its length; what is behind the last
    /// whole frame is handed to `rest`.
    static func rewritten(
        _ bytes: [UInt8],
        _ change: ([UInt8]) -> [UInt8],
        rest: ([UInt8]) -> [UInt8]
    ) -> [UInt8] {
        var result: [UInt8] = []
        var at = 0
        while case .frame(let frame) = WebSocketFrame.read(bytes.span, from: at, isMasked: true) {
            let start = frame.payload.lowerBound
            let mask = Array(bytes[(start - 4)..<start])
            let payload = masked(bytes[frame.payload], mask)
            let changed = change(payload)
            let isKept = changed.count != payload.count
            result += bytes[at..<start]
            result += masked((isKept ? payload : changed)[...], mask)
            at += frame.consumed
        }
        return result + rest(Array(bytes[at...]))
    }

    private static func masked(_ bytes: ArraySlice<UInt8>, _ mask: [UInt8]) -> [UInt8] {
        bytes.enumerated().map { $1 ^ mask[$0 & 3] }
    }
}

/// Makes messages of frames.
struct FrameDresser {
    var random: RandomSource

    init(_ random: RandomSource) {
        self.random = random
    }

    private mutating func below(_ bound: Int) -> Int {
        Int(random.next(below: UInt64(max(1, bound))))
    }

    private mutating func mask() -> UInt32 {
        below(2) == 0 ? 0 : UInt32(truncatingIfNeeded: random.next())
    }

    private mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    /// A text message in every form that a client may give it: one frame or several, empty ones among them, and
    /// control frames between them.
    mutating func message(_ payload: [UInt8]) -> [UInt8] {
        if below(2) == 0 { return ClientFrames.frame(.text, payload, mask: mask()) }
        var cuts: [Int] = []
        for _ in 0..<below(5) {
            let cut = below(payload.count + 1)
            if !isWithinPrefix(cut, payload) { cuts.append(cut) }
        }
        let ends = cuts.sorted() + [payload.count]
        var result: [UInt8] = []
        var start = 0
        for (index, end) in ends.enumerated() {
            if below(5) == 0 { result += control() }
            result += ClientFrames.frame(
                index == 0 ? .text : .continuation,
                Array(payload[start..<end]),
                isFinal: index == ends.count - 1,
                mask: mask()
            )
            start = end
        }
        return result
    }

    /// What stands for the beginning of keys must stay in one frame, to be found there.
    private func isWithinPrefix(_ cut: Int, _ payload: [UInt8]) -> Bool {
        let count = FuzzCase.prefix.count
        return payload[max(0, cut - count + 1)..<min(payload.count, cut + count - 1)]
            .contains(FuzzCase.prefix)
    }

    private mutating func control() -> [UInt8] {
        let payload = bytes(below(2) == 0 ? below(8) : below(WebSocketFrame.maxControlBytes + 1))
        return ClientFrames.frame(below(3) == 0 ? .pong : .ping, payload, mask: mask())
    }

    /// Frames that no client may send, with `payload` in one of them or beside them.
    mutating func violation(_ payload: [UInt8]) -> [UInt8] {
        let good = ClientFrames.frame(.text, payload, mask: mask())
        switch below(12) {
        case 0: return unmasked(payload)
        case 1: return changed(good, at: 0) { $0 | [0x40, 0x20, 0x10, 0x70][below(4)] }
        case 2: return changed(good, at: 0) { $0 & 0xF0 | [3, 4, 7, 11, 12, 15][below(6)] }
        case 3: return lie(good)
        case 4: return changed(control(), at: 0) { $0 & 0x7F } + good
        case 5:
            // A control frame with a length that only others may have.
            return [0x89, 0x80 | 126, 0, 126, 0, 0, 0, 0] + bytes(126) + good
        case 6: return ClientFrames.frame(.continuation, payload, mask: mask()) + good
        case 7: return ClientFrames.frame(.text, payload, isFinal: false, mask: mask()) + good
        case 8: return ClientFrames.frame(.text, badText(payload), mask: mask()) + good
        case 9: return close() + good
        case 10: return ClientFrames.frame(.binary, payload, mask: mask()) + good
        default:
            let piece = ClientFrames.frame(.continuation, [], isFinal: false, mask: mask())
            return ClientFrames.frame(.text, [], isFinal: false)
                + Array(repeating: piece, count: 1 + below(2000)).joined()
        }
    }

    private func changed(
        _ bytes: [UInt8],
        at index: Int,
        _ change: (UInt8) -> UInt8
    ) -> [UInt8] {
        var changed = bytes
        changed[index] = change(changed[index])
        return changed
    }

    /// A frame without the mask that a client's must have, or without its bytes.
    private mutating func unmasked(_ payload: [UInt8]) -> [UInt8] {
        let frame = ClientFrames.frame(.text, Array(payload.prefix(125)))
        if below(2) == 0 { return changed(frame, at: 1) { $0 & 0x7F } }
        return [frame[0], frame[1] & 0x7F] + frame[6...]
    }

    /// A frame that says another length than it has, or says it in more bytes than it needs.
    private mutating func lie(_ frame: [UInt8]) -> [UInt8] {
        let rest = Array(frame.dropFirst(2))
        switch below(7) {
        case 0: return changed(frame, at: 1) { $0 &- 1 | 0x80 }
        case 1: return changed(frame, at: 1) { $0 &+ 1 | 0x80 }
        case 2: return [frame[0], 0xFE, 0, UInt8(below(126))] + rest
        case 3: return [frame[0], 0xFE, 0xFF, 0xFF] + rest
        case 4: return [frame[0], 0xFF, 0, 0, 0, 0, 0, 0, 0, UInt8(below(256))] + rest
        case 5: return [frame[0], 0xFF] + [UInt8](repeating: 0xFF, count: 8) + rest
        default: return [frame[0], 0xFF, 0, 0, 0, 0] + bytes(4) + rest
        }
    }

    /// Text that is no UTF-8, in which every decoder of it has once been wrong.
    private mutating func badText(_ payload: [UInt8]) -> [UInt8] {
        let pieces: [[UInt8]] = [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
            [0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xC3],
        ]
        let at = below(payload.count + 1)
        return Array(payload[..<at]) + pieces[below(pieces.count)] + Array(payload[at...])
    }

    /// A close frame, mostly with what may not be in one.
    private mutating func close() -> [UInt8] {
        let codes = [
            0, 999, 1000, 1001, 1004, 1005, 1006, 1012, 1015, 1016, 2999, 3000, 4999, 5000, 65_535,
        ]
        let code = codes[below(codes.count)]
        var payload = [UInt8(code >> 8), UInt8(code & 255)]
        switch below(5) {
        case 0: payload = []
        case 1: payload = [3]
        case 2: payload += badText(Array("bye".utf8))
        case 3: payload += bytes(below(124))
        default: payload += Array("bye".utf8)
        }
        return ClientFrames.frame(.close, payload, mask: mask())
    }
}
