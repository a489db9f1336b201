// Frames as a client sends them, right and wrong, and a reader that is fed with them.
import Core
import Testing

@testable import Gateway

/// A frame of a client.
struct ClientFrame {
    var opcode: UInt8
    var payload: [UInt8] = []
    var isFinal = true
    var reserved: UInt8 = 0
    var mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D]
    /// 0, 2 or 8, where it is not what the payload needs.
    var lengthBytes: Int?
    /// The length that it claims, where it is not the payload's.
    var length: UInt64?

    var bytes: [UInt8] {
        let length = length ?? UInt64(payload.count)
        let width = lengthBytes ?? (length < 126 ? 0 : length < 1 << 16 ? 2 : 8)
        var bytes = [(isFinal ? 0x80 : 0) | reserved << 4 | opcode]
        let short = width == 0 ? UInt8(truncatingIfNeeded: length) : width == 2 ? 126 : 127
        bytes.append(short | (mask == nil ? 0 : 0x80))
        for index in (0..<width).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: length >> (8 * UInt64(index))))
        }
        bytes += mask ?? []
        for (index, byte) in payload.enumerated() { bytes.append(byte ^ (mask?[index % 4] ?? 0)) }
        return bytes
    }

    static func text(_ text: String, final: Bool = true) -> [UInt8] {
        ClientFrame(opcode: 1, payload: Array(text.utf8), isFinal: final).bytes
    }

    static func binary(_ payload: [UInt8], final: Bool = true) -> [UInt8] {
        ClientFrame(opcode: 2, payload: payload, isFinal: final).bytes
    }

    static func more(_ payload: [UInt8], final: Bool = true) -> [UInt8] {
        ClientFrame(opcode: 0, payload: payload, isFinal: final).bytes
    }

    static func ping(_ payload: [UInt8] = []) -> [UInt8] {
        ClientFrame(opcode: 9, payload: payload).bytes
    }

    static func pong(_ payload: [UInt8] = []) -> [UInt8] {
        ClientFrame(opcode: 10, payload: payload).bytes
    }

    static func close(_ code: UInt16? = nil, _ reason: [UInt8] = []) -> [UInt8] {
        let bytes = code.map {
            [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)]
        }
        return ClientFrame(opcode: 8, payload: (bytes ?? []) + reason).bytes
    }
}

/// What a reader found.
enum Seen: Equatable {
    case message(WebSocketOpcode, [UInt8], isCompressed: Bool)
    case control(WebSocketOpcode, [UInt8])
    case violation(code: Int)

    static func text(_ text: String) -> Seen {
        .message(.text, Array(text.utf8), isCompressed: false)
    }
}

/// A reader and the bytes that it has not taken.
struct FedReader: ~Copyable {
    private var reader: WebSocketReader
    private var limits = Limits()
    private var inbound: [UInt8] = []
    private(set) var seen: [Seen] = []

    init(allowsCompression: Bool = false, _ adjust: (inout Limits) -> Void = { _ in }) {
        reader = WebSocketReader(allowsCompression: allowsCompression)
        adjust(&limits)
    }

    var isInsideMessage: Bool { reader.isInsideMessage }
    var heldBytes: Int { reader.heldBytes }

    mutating func feed(_ bytes: ArraySlice<UInt8>) {
        inbound += bytes
        while true {
            if case .violation = seen.last { return }
            var position = 0
            var payload = ByteBuffer()
            let input = inbound
            let event = reader.next(input.span, from: &position, limits, into: &payload)
            let found = payload.withBytes { Array($0) }
            let left = inbound.count - position
            inbound.removeFirst(position)
            switch event {
            case .incomplete(let needed):
                #expect(needed > left, "\(needed) are there")
                return
            case .message(let opcode, let isCompressed):
                seen.append(.message(opcode, found, isCompressed: isCompressed))
            case .control(let opcode): seen.append(.control(opcode, found))
            case .violation(let error):
                seen.append(.violation(code: error.code.row.webSocketCloseCode))
            }
        }
    }

    /// What is found in `bytes`, which come in pieces of `size` bytes.
    static func read(
        _ bytes: [UInt8],
        by size: Int,
        compression: Bool = false,
        _ adjust: (inout Limits) -> Void = { _ in }
    ) -> [Seen] {
        var reader = FedReader(allowsCompression: compression, adjust)
        for start in stride(from: 0, to: bytes.count, by: size) {
            reader.feed(bytes[start..<min(start + size, bytes.count)])
        }
        return reader.seen
    }

    /// What is found in `bytes`: whole, byte by byte, and split at every position it is the same.
    static func read(
        _ bytes: [UInt8],
        compression: Bool = false,
        _ adjust: (inout Limits) -> Void = { _ in }
    ) -> [Seen] {
        let whole = read(bytes, by: max(1, bytes.count), compression: compression, adjust)
        let single = read(bytes, by: 1, compression: compression, adjust)
        #expect(whole == single, "byte by byte")
        // Of long streams, the splits around both ends.
        for split in bytes.indices where split < 300 || split > bytes.count - 300 {
            var reader = FedReader(allowsCompression: compression, adjust)
            reader.feed(bytes[..<split])
            reader.feed(bytes[split...])
            if reader.seen != whole {
                Issue.record("split at \(split): \(reader.seen) and not \(whole)")
                break
            }
        }
        return whole
    }
}
