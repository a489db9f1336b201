// A client's end of a WebSocket, over a bench.
import Commands
import Core
import Testing

@testable import Gateway

/// A frame of the server.
struct ServerFrame: Equatable {
    var opcode: UInt8
    var payload: [UInt8]
    var isFinal = true
    var isCompressed = false

    var text: String { String(decoding: payload, as: UTF8.self) }

    static func text(_ text: String) -> ServerFrame {
        ServerFrame(opcode: 1, payload: Array(text.utf8))
    }

    static func pong(_ payload: [UInt8]) -> ServerFrame {
        ServerFrame(opcode: 10, payload: payload)
    }

    /// The code, if it is a close frame with one.
    var closeCode: Int? {
        opcode == 8 && payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil
    }

    /// The frames in `bytes`; none has a mask.
    static func parse(_ bytes: ArraySlice<UInt8>) -> [ServerFrame] {
        var rest = bytes
        var frames: [ServerFrame] = []
        while let first = rest.popFirst(), let second = rest.popFirst() {
            var count = Int(second)
            if count >= 126 {
                let width = count == 126 ? 2 : 8
                count = rest.prefix(width).reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(width)
            }
            frames.append(
                ServerFrame(
                    opcode: first & 0x0F,
                    payload: Array(rest.prefix(count)),
                    isFinal: first & 0x80 != 0,
                    isCompressed: first & 0x40 != 0
                )
            )
            rest = rest.dropFirst(count)
        }
        return frames
    }
}

/// A WebSocket that is open.
final class WebSocketPeer {
    let peer: HTTPPeer

    init(
        _ bench: HTTPBench,
        _ target: String = "/ws",
        _ fields: [String] = [],
        as token: String = "root"
    ) throws {
        peer = bench.connect()
        let answer = try #require(peer.send(upgrade(fields, at: target, as: token)).first)
        try #require(answer.status == 101)
    }

    var isClosed: Bool { peer.isClosed }

    /// Sends `bytes`, in pieces of `size`, and reads the frames that come.
    func send(_ bytes: [UInt8], by size: Int = .max) -> [ServerFrame] {
        let start = peer.output.count
        peer.send(bytes, by: size)
        return ServerFrame.parse(peer.output[start...])
    }

    /// Sends a text message and reads the texts that come.
    func ask(_ text: String) -> [String] { send(ClientFrame.text(text)).map(\.text) }
}
