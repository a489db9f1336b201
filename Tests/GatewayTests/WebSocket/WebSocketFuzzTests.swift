// Frames with random mistakes: whatever comes, and however it is cut, the same comes out, and nothing but frames.
import Core
import Testing

@testable import Gateway

@Suite struct WebSocketFuzzTests {
    private static let seeds: [[UInt8]] =
        CodecTests.violations.map(\.1) + [
            ClientFrame.text(#"{"action":"ECHO","value":[1,"é"]}"#), ClientFrame.ping([1, 2, 3]),
            ClientFrame.text(#"[{"action":"PING"},{"type":"ping"}]"#), ClientFrame.pong(),
            ClientFrame.text(#"{"type":"ping","id":1}"#), ClientFrame.close(1000),
            ClientFrame.text("[", final: false), ClientFrame.more(Array("]".utf8)),
            ClientFrame(opcode: 1, payload: [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 7, 0], reserved: 4)
                .bytes,
            ClientFrame.binary(Array(repeating: 7, count: 200)),
        ]

    private func stream(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            bytes += Self.seeds.randomElement(using: &random) ?? []
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes.remove(at: at)
            case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
            default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
            }
        }
        return bytes
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func howItIsCutDoesNotMatter(_ seed: UInt64) throws {
        let bench = try HTTPBench { limits in
            limits.addressFailedAuthentications = 0
            limits.addressCommandsPerSecond = 0
            limits.addressBytesPerSecond = 0
        }
        let offer = ["Sec-WebSocket-Extensions: permessage-deflate"]
        var random = SeededGenerator(state: seed)
        for round in 0..<400 {
            let target = round % 2 == 0 ? "/ws" : "/ws/echo"
            let bytes = stream(&random)
            let whole = try WebSocketPeer(bench, target, offer)
            let expected = whole.send(bytes)
            let cut = try WebSocketPeer(bench, target, offer)
            let found = cut.send(bytes, by: Int.random(in: 1...9, using: &random))
            #expect(found == expected && cut.isClosed == whole.isClosed, "\(bytes)")
            // The end is said once, as the last word, with a code that may be sent.
            let ends = expected.filter { $0.opcode == 8 }
            #expect(ends.count == (whole.isClosed ? 1 : 0), "\(bytes)")
            if whole.isClosed { #expect(expected.last?.opcode == 8, "\(bytes)") }
            if let code = ends.first?.closeCode {
                #expect(WebSocketClose.maySend(UInt16(code)), "\(bytes)")
            }
        }
    }
}
