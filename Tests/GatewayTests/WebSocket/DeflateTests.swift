// permessage-deflate: there and back, what is malformed, and what would become too long.
import Core
import Testing

@testable import Gateway

@Suite struct DeflateTests {
    private func deflated(_ bytes: [UInt8], windowBits: Int = 15) throws -> [UInt8]? {
        let deflater = try #require(Deflater(windowBits: windowBits))
        var output = ByteBuffer()
        output.append(UInt8(1))
        let isShorter = deflater.append(bytes.span, to: &output)
        let all = output.withBytes { Array($0) }
        #expect(all.first == 1 && (isShorter || all.count == 1))
        return isShorter ? Array(all.dropFirst()) : nil
    }

    private func inflated(
        _ bytes: [UInt8],
        limit: Int = 1 << 20,
        _ inflater: Inflater
    ) -> (Inflater.Outcome, [UInt8]) {
        var output = ByteBuffer()
        let outcome = inflater.append(bytes.span, limit: limit, to: &output)
        return (outcome, output.withBytes { Array($0) })
    }

    static let texts: [[UInt8]] = [
        Array(String(repeating: #"{"action":"SET","key":"k"},"#, count: 4000).utf8),
        Array(repeating: 0, count: 100_000), Array("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".utf8),
        (0..<70_000).map { UInt8(truncatingIfNeeded: $0 / 7) },
    ]

    @Test(arguments: 9...15) func messagesComeBack(_ windowBits: Int) throws {
        let inflater = try #require(Inflater())
        for text in Self.texts {
            let short = try #require(try deflated(text, windowBits: windowBits))
            #expect(short.count < text.count)
            // The same one does for all of them: nothing is left of the one before.
            for _ in 0..<2 { #expect(inflated(short, inflater) == (.complete, text)) }
        }
    }

    @Test func whatDoesNotBecomeShorterIsLeftAlone() throws {
        #expect(try deflated([]) == nil)
        #expect(try deflated([1, 2, 3]) == nil)
        var random = SystemRandomNumberGenerator()
        let noise = (0..<5000).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(try deflated(noise) == nil)
    }

    /// The examples of RFC 7692 section 7.2.3.
    @Test func theExamplesOfTheStandard() throws {
        let inflater = try #require(Inflater())
        let hello = Array("Hello".utf8)
        let once: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
        #expect(inflated(once, inflater) == (.complete, hello))
        let plain: [UInt8] = [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00]
        #expect(inflated(plain, inflater) == (.complete, hello))
        let final: [UInt8] = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]
        #expect(inflated(final, inflater) == (.complete, hello))
        let two: [UInt8] = [
            0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00,
        ]
        #expect(inflated(two, inflater) == (.complete, hello))
        #expect(inflated([0x00], inflater) == (.complete, []))
    }

    @Test func whatIsCutShortOrWrongIsMalformed() throws {
        let inflater = try #require(Inflater())
        let good = try #require(try deflated(Self.texts[0]))
        for count in 1..<good.count {
            let (outcome, _) = inflated(Array(good.prefix(count)), inflater)
            // A cut between two blocks would be a message; a single one has none.
            #expect(outcome == .malformed, "\(count)")
        }
        #expect(inflated([0x07], inflater).0 == .malformed)
        #expect(inflated([0xFF, 0xFF, 0xFF], inflater).0 == .malformed)
        #expect(inflated(good, inflater) == (.complete, Self.texts[0]))
    }

    @Test func bombsGoOffWithinTheLimit() throws {
        let inflater = try #require(Inflater())
        let zeros = [UInt8](repeating: 0, count: 8 << 20)
        let bomb = try #require(try deflated(zeros))
        for limit in [0, 1, 1000, 16 << 10, 1 << 20, (8 << 20) - 1] {
            let (outcome, output) = inflated(bomb, limit: limit, inflater)
            #expect(outcome == .tooLong && output.count == limit + 1)
        }
        #expect(inflated(bomb, limit: 8 << 20, inflater).0 == .complete)
        #expect(inflated(bomb, limit: .max / 2, inflater).0 == .complete)
    }
}

@Suite struct CompressedWebSocketTests {
    private static let offer = ["Sec-WebSocket-Extensions: permessage-deflate"]

    private func frame(_ text: [UInt8], opcode: UInt8 = 1) throws -> [UInt8] {
        let deflater = try #require(Deflater(windowBits: 15))
        var output = ByteBuffer()
        #expect(deflater.append(text.span, to: &output))
        let payload = output.withBytes { Array($0) }
        return ClientFrame(opcode: opcode, payload: payload, reserved: 4).bytes
    }

    private func plain(_ frame: ServerFrame) throws -> [UInt8] {
        if !frame.isCompressed { return frame.payload }
        let inflater = try #require(Inflater())
        var output = ByteBuffer()
        #expect(inflater.append(frame.payload.span, limit: 1 << 24, to: &output) == .complete)
        return output.withBytes { Array($0) }
    }

    @Test func requestsAndRepliesAreCompressed() throws {
        let bench = try HTTPBench()
        let peer = try WebSocketPeer(bench, "/ws", Self.offer)
        let value = String(repeating: "value ", count: 1000)
        let set = Array(#"{"action":"SET","key":"k","value":"\#(value)"}"#.utf8)
        let frames = peer.send(try frame(set), by: 10)
        // Too short to gain anything.
        #expect(frames == [.text(#"{"result":"OK"}"#)])
        let got = peer.send(ClientFrame.text(#"{"action":"GET","key":"k"}"#))
        #expect(got.count == 1 && got[0].isCompressed && got[0].payload.count < 200)
        #expect(try plain(got[0]) == Array(#"{"result":"\#(value)"}"#.utf8))
        #expect(bench.gateway.isEmpty && peer.peer.connection.heldBytes == 0)
    }

    @Test func whoDidNotAskGetsNothingCompressed() throws {
        let peer = try WebSocketPeer(try HTTPBench(), "/ws/echo")
        let text = String(repeating: "a", count: 10_000)
        #expect(peer.send(ClientFrame.text(text)) == [.text(text)])
    }

    @Test func lengthsDecideOnCompression() throws {
        let bench = try HTTPBench { limits in
            limits.minCompressedBytes = 100
            limits.maxCompressedBytes = 200
        }
        let peer = try WebSocketPeer(bench, "/ws/echo", Self.offer)
        for (count, isCompressed) in [(99, false), (100, true), (200, true), (201, false)] {
            let text = String(repeating: "a", count: count)
            let frames = peer.send(ClientFrame.text(text))
            #expect(frames.map(\.isCompressed) == [isCompressed], "\(count)")
            #expect(try plain(frames[0]) == Array(text.utf8))
        }
    }

    @Test func compressedMessagesMayBeFragmented() throws {
        let peer = try WebSocketPeer(try HTTPBench(), "/ws/echo", Self.offer)
        let text = Array(String(repeating: "abc", count: 400).utf8)
        let whole = try frame(text)
        let payload = FedReader.read(whole, by: whole.count, compression: true)
        guard case .message(_, let bytes, _) = payload.first else {
            Issue.record("no message")
            return
        }
        let stream =
            ClientFrame(opcode: 1, payload: Array(bytes.prefix(3)), isFinal: false, reserved: 4)
            .bytes
            + ClientFrame.ping([9]) + ClientFrame.more(Array(bytes.dropFirst(3)))
        let frames = peer.send(stream, by: 5)
        #expect(frames.count == 2 && frames[0] == .pong([9]))
        #expect(try plain(frames[1]) == text)
    }

    /// By what is wrong: the payload of a compressed text message, and the close code.
    @Test func whatIsWrongInItHasItsCode() throws {
        let deflater = try #require(Deflater(windowBits: 15))
        func short(_ bytes: [UInt8]) -> [UInt8] {
            var output = ByteBuffer()
            #expect(deflater.append(bytes.span, to: &output))
            return output.withBytes { Array($0) }
        }
        let cases: [(String, [UInt8], Int, String)] = [
            ("no DEFLATE", [0xFF, 0xFF], 1002, "DEFLATE"),
            (
                "cut short", Array(short(Array(repeating: 65, count: 5000)).dropLast()), 1002,
                "DEFLATE"
            ),
            ("not UTF-8", short(Array(repeating: 0xFF, count: 5000)), 1007, "UTF-8"),
            ("half a character", short(Array(repeating: 65, count: 5000) + [0xE2]), 1007, "UTF-8"),
            ("a bomb", short(Array(repeating: 65, count: 3 << 20)), 1009, "limit=maxRequestBytes"),
        ]
        for (name, payload, code, reason) in cases {
            let bench = try HTTPBench { limits in
                limits.maxRequestBytes = 2 << 20
                limits.maxInflationRatio = 1100
            }
            let peer = try WebSocketPeer(bench, "/ws/echo", Self.offer)
            let bytes = ClientFrame(opcode: 1, payload: payload, reserved: 4).bytes
            let frames = peer.send(bytes)
            #expect(frames.last?.closeCode == code && peer.isClosed, "\(name)")
            #expect(frames.last?.text.contains(reason) == true, "\(name): \(frames)")
        }
        // Within the limit on messages, and far beyond what any text becomes.
        let peer = try WebSocketPeer(try HTTPBench(), "/ws/echo", Self.offer)
        let frames = peer.send(try frame(Array(repeating: 65, count: 8 << 20)))
        #expect(frames.last?.closeCode == 1009)
        #expect(frames.last?.text.contains("limit=maxInflationRatio") == true)
    }
}
