// Frames that clients may send and may not, and what servers say in theirs.
import Testing

@testable import LoadKit

@Suite struct ClientFrameTests {
    /// The payloads of all frames in `bytes`, unmasked, beside their opcodes; nil if they are no frames.
    private func split(_ bytes: [UInt8]) -> [(WebSocketFrame, [UInt8])]? {
        var frames: [(WebSocketFrame, [UInt8])] = []
        var at = 0
        while at < bytes.count {
            guard
                case .frame(let frame) = WebSocketFrame.read(bytes.span, from: at, isMasked: true)
            else { return nil }
            let start = frame.payload.lowerBound
            let payload = bytes[frame.payload].enumerated().map {
                $1 ^ bytes[start - 4 + ($0 & 3)]
            }
            frames.append((frame, payload))
            at += frame.consumed
        }
        return frames
    }

    /// In whatever form a message is sent, it is the same message.
    @Test func messagesInEveryForm() throws {
        var dresser = FrameDresser(RandomSource(seed: 4))
        var forms: Set<Int> = []
        var controls = 0
        var masks: Set<Bool> = []
        for round in 0..<500 {
            let text =
                "@PREFIX@\(round)\u{20AC}" + String(repeating: "x@PREFIX@", count: round % 40)
            let bytes = dresser.message(Array(text.utf8))
            let frames = try #require(split(bytes))
            let data = frames.filter { !$0.0.opcode.isControl }
            #expect(data.flatMap(\.1) == Array(text.utf8))
            #expect(data.map(\.0.opcode) == [.text] + data.dropFirst().map { _ in .continuation })
            #expect(data.map(\.0.isFinal) == data.dropLast().map { _ in false } + [true])
            forms.insert(data.count)
            controls += frames.count - data.count
            masks.insert(bytes.contains(FuzzCase.prefix))
            // Keys can be put in, whatever the mask, and wherever the message is cut.
            let own = ClientFrames.rewritten(
                bytes,
                { $0.replacing(FuzzCase.prefix, with: Array("12345678".utf8)) },
                rest: { $0 }
            )
            #expect(own.count == bytes.count)
            let changed = try #require(split(own)).filter { !$0.0.opcode.isControl }
            let expected = text.replacing("@PREFIX@", with: "12345678")
            #expect(changed.flatMap(\.1) == Array(expected.utf8))
        }
        #expect(forms.isSuperset(of: [1, 2, 3]) && controls > 50 && masks == [true, false])
    }

    @Test func whatIsNoFrameIsLeftToTheRest() {
        let bytes = ClientFrames.frame(.text, [1, 2], mask: 7) + [0xFF, 1]
        let changed = ClientFrames.rewritten(bytes, { [$0[1], $0[0]] }, rest: { $0 + [9] })
        #expect(changed == ClientFrames.frame(.text, [2, 1], mask: 7) + [0xFF, 1, 9])
        // What would change a frame's length is left out.
        #expect(ClientFrames.rewritten(bytes, { _ in [] }, rest: { $0 }) == bytes)
    }

    @Test func violationsAreOfEveryKind() {
        var dresser = FrameDresser(RandomSource(seed: 5))
        var bad = 0
        var openings: Set<UInt8> = []
        for _ in 0..<1000 {
            let bytes = dresser.violation(Array("{\"action\":\"PING\"}".utf8))
            #expect(bytes.count < FuzzMutator.maxBytes)
            openings.insert(bytes.first ?? 0)
            if split(bytes) == nil { bad += 1 }
        }
        #expect(bad > 250 && bad < 900)
        #expect(openings.isSuperset(of: [0x81, 0x01, 0x80, 0x88, 0x89, 0x82, 0xC1, 0x83]))
    }

    @Test func aClientsFramesAreMasked() {
        let frame = ClientFrames.frame(.text, Array("hello".utf8), mask: 0x0102_0304)
        func read(_ isMasked: Bool) -> WebSocketFrame.Outcome {
            WebSocketFrame.read(frame.span, from: 0, isMasked: isMasked)
        }
        #expect(
            read(true)
                == .frame(
                    WebSocketFrame(isFinal: true, opcode: .text, payload: 6..<11, consumed: 11)
                )
        )
        #expect(read(false) == .malformed("a server's frame with a mask"))
    }
}

@Suite struct WebSocketTreeTests {
    private func parsed(_ bytes: [UInt8]) -> String {
        let parser = WireReplyParser(encoding: .websocket)
        switch parser.next(bytes[...]) {
        case .incomplete: return "incomplete"
        case .malformed(let reason): return "malformed: \(reason)"
        case .reply(let reply, let consumed):
            #expect(consumed == bytes.count)
            for count in 1..<bytes.count {
                #expect(parser.next(bytes.prefix(count)) == .incomplete)
            }
            return reply.text
        }
    }

    /// A server's frame of up to 125 bytes.
    private func frame(_ first: UInt8, _ payload: String) -> [UInt8] {
        [first, UInt8(payload.utf8.count)] + Array(payload.utf8)
    }

    @Test func replies() {
        #expect(parsed(frame(0x81, "{\"result\":\"OK\"}")) == "\"OK\"")
        #expect(parsed(frame(0x81, "[{\"result\":1},{\"result\":null}]")) == "[1, (nil)]")
        #expect(parsed(frame(0x81, "{\"type\":\"pong\",\"id\":1}")).hasPrefix("{"))
        #expect(parsed(frame(0x81, "{\"type\":\"notification\"}")).hasPrefix("push"))
        #expect(parsed(frame(0x8A, "x")).hasPrefix("push"))
        #expect(parsed([0x88, 5, 0x03, 0xE8] + Array("bye".utf8)) == "push [\"close\", 1000]")
        #expect(parsed([0x88, 0]) == "push [\"close\", 1005]")
        let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
        #expect(parsed(Array(head.utf8)) == "HTTP 101")
        // In parts, with a ping between them.
        let parts =
            frame(0x01, "{\"result\":") + frame(0x89, "") + frame(0x00, "") + frame(0x80, "7}")
        #expect(parsed(parts) == "7")
    }

    @Test(
        arguments: [
            [0x81, 1, 0xFF], [0x81, 2, 0x7B, 0x7D], [0x82, 0], [0x80, 0], [0x88, 1, 3],
            [0x88, 2, 0x03, 0xED], [0x88, 3, 0x03, 0xE8, 0xFF], [0xC1, 0], [0x83, 0], [0x81, 0x80],
            [0x81, 126, 0, 5], [0x09, 0], [0x01, 1, 0x7B, 0x81, 0],
        ] as [[UInt8]]
    )
    func whatAServerMayNotSend(_ bytes: [UInt8]) {
        #expect(parsed(bytes).hasPrefix("malformed"))
    }
}
