// What a WebSocket does: echo, requests, control frames, and its end.
import Commands
import Core
import Testing

@testable import Gateway

@Suite struct EchoTests {
    @Test func everyMessageComesBackAsItCame() throws {
        let bench = try HTTPBench()
        let peer = try WebSocketPeer(bench, "/ws/echo")
        #expect(peer.send(ClientFrame.text("héllo")) == [.text("héllo")])
        let bytes = (0..<70_000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(peer.send(ClientFrame.binary(bytes)) == [ServerFrame(opcode: 2, payload: bytes)])
        #expect(peer.send(ClientFrame.text("")) == [.text("")])
        let fragments =
            ClientFrame.text("a", final: false) + ClientFrame.ping([7])
            + ClientFrame.more(Array("b".utf8), final: false) + ClientFrame.more(Array("c".utf8))
        for size in [Int.max, 1, 3] {
            #expect(peer.send(fragments, by: size) == [.pong([7]), .text("abc")])
        }
        #expect(peer.peer.connection.heldBytes == 0 && !peer.isClosed)
    }

    @Test func itTakesNoPushes() throws {
        let peer = try WebSocketPeer(try HTTPBench(), "/ws/echo")
        #expect(!peer.peer.session.takesPushes)
    }

    @Test func bytesBehindTheHandshakeAreFrames() throws {
        let peer = try HTTPBench().connect()
        let bytes = Array(upgrade(at: "/ws/echo").utf8) + ClientFrame.text("early")
        for size in [Int.max, 1] {
            let other = try size == 1 ? HTTPBench().connect() : peer
            other.send(bytes, by: size)
            #expect(
                String(decoding: other.output, as: UTF8.self).hasSuffix(
                    "\r\n\r\n\u{FFFD}\u{5}early"
                )
            )
        }
    }
}

@Suite struct WebSocketTests {
    @Test func eachMessageIsAnsweredByOne() throws {
        let bench = try HTTPBench()
        let peer = try WebSocketPeer(bench)
        #expect(peer.ask(#"{"action":"SET","key":"k","value":"v"}"#) == [#"{"result":"OK"}"#])
        #expect(peer.ask(#"{"action":"GET","key":"k","id":7}"#) == [#"{"id":7,"result":"v"}"#])
        #expect(
            peer.ask("[{\"action\":\"ADD\",\"a\":1,\"b\":2},\n\t{\"action\":\"PING\"}]\r\n")
                == [#"[{"result":3},{"result":"PONG"}]"#]
        )
        #expect(peer.ask("[]") == ["[]"])
        #expect(peer.ask("{\n  \"action\": \"WHY\"\n}") == [#"{"result":42}"#])
        let codes = [
            ("", "malformed_json"), (" \n", "malformed_json"), ("{", "malformed_json"),
            ("3", "invalid_request"), (#"{"action":"NOSUCH"}"#, "unknown_command"),
            ("{}", "invalid_request"),
        ]
        for (text, code) in codes {
            let answers = peer.ask(text)
            #expect(answers.count == 1 && answers[0].contains("\"code\":\"\(code)\""), "\(text)")
        }
        #expect(!peer.isClosed && bench.gateway.isEmpty)
    }

    @Test func severalMessagesOfOneReadAreAnsweredInOrder() throws {
        let peer = try WebSocketPeer(try HTTPBench())
        let asks = (0..<50).flatMap { ClientFrame.text(#"{"action":"ECHO","value":\#($0)}"#) }
        for size in [Int.max, 100, 1] {
            #expect(peer.send(asks, by: size).map(\.text) == (0..<50).map { "{\"result\":\($0)}" })
        }
    }

    @Test func aLongBatchIsAnsweredInFragments() throws {
        let bench = try HTTPBench { $0.replyBatchBytes = 4096 }
        let peer = try WebSocketPeer(bench)
        let value = String(repeating: "v", count: 1000)
        _ = peer.ask(#"{"action":"SET","key":"k","value":"\#(value)"}"#)
        let batch =
            "[" + Array(repeating: #"{"action":"GET","key":"k"}"#, count: 20).joined(separator: ",")
            + "]"
        let frames = peer.send(
            ClientFrame.text(batch) + ClientFrame.ping([1]) + ClientFrame.text(#"{"action":"WHY"}"#)
        )
        let end = try #require(frames.firstIndex { $0.isFinal })
        #expect(end >= 3 && frames[0].opcode == 1)
        #expect(frames[1...end].allSatisfy { $0.opcode == 0 })
        let text = frames[...end].map(\.text).joined()
        let reply = "{\"result\":\"\(value)\"}"
        #expect(text == "[" + Array(repeating: reply, count: 20).joined(separator: ",") + "]")
        #expect(frames[(end + 1)...].map(\.text) == ["\u{1}", #"{"result":42}"#])
        #expect(!peer.peer.connection.isInsideReply)
    }

    @Test func typedMessages() throws {
        let peer = try WebSocketPeer(try HTTPBench())
        #expect(peer.ask(#"{"type":"ping"}"#) == [#"{"type":"pong"}"#])
        #expect(peer.ask(#"{"type":"ping","id":"a\n"}"#) == [#"{"type":"pong","id":"a\n"}"#])
        let status = try #require(peer.ask(#"{"type":"status_request","id":3}"#).first)
        #expect(status.hasPrefix(#"{"type":"status","id":3,"version":"#) && status.hasSuffix("}"))
        let unknown = try #require(peer.ask(#"{"type":"nonsense"}"#).first)
        #expect(unknown.contains("invalid_request") && unknown.contains("'nonsense'"))
        // With an action it is a request, whatever its fields.
        #expect(
            try #require(peer.ask(#"{"type":"ping","action":"WHY"}"#).first).contains(
                "invalid_request"
            )
        )
        _ = peer.ask(#"{"action":"MULTI"}"#)
        #expect(peer.ask(#"{"type":"ping"}"#) == [#"{"type":"pong"}"#])
        #expect(
            try #require(peer.ask(#"{"type":"status_request"}"#).first).contains("invalid_request")
        )
        #expect(peer.send(ClientFrame.ping()) == [.pong([])])
        #expect(peer.ask(#"{"action":"EXEC"}"#) == [#"{"result":[]}"#])
        let reader = try WebSocketPeer(try HTTPBench(), as: "reader")
        #expect(reader.ask(#"{"type":"ping"}"#) == [#"{"type":"pong"}"#])
        #expect(try #require(reader.ask(#"{"type":"status_request"}"#).first).contains("forbidden"))
    }

    @Test func anotherTokenCanBePresented() throws {
        let peer = try WebSocketPeer(try HTTPBench(), as: "reader")
        #expect(
            try #require(peer.ask(#"{"action":"SET","key":"k","value":"v"}"#).first).contains(
                "forbidden"
            )
        )
        #expect(
            peer.ask(#"{"action":"AUTH","token":"\#(Tokens.of("root"))"}"#) == [#"{"result":"OK"}"#]
        )
        #expect(peer.ask(#"{"action":"SET","key":"k","value":"v"}"#) == [#"{"result":"OK"}"#])
    }

    @Test func quitIsANormalEnd() throws {
        let peer = try WebSocketPeer(try HTTPBench())
        let frames = peer.send(ClientFrame.text(#"{"action":"QUIT"}"#) + ClientFrame.text("never"))
        #expect(frames.count == 2 && frames[0] == .text(#"{"result":"OK"}"#))
        #expect(frames.last?.closeCode == 1000 && peer.isClosed)
    }

    @Test func guessingEndsIt() throws {
        let peer = try WebSocketPeer(try HTTPBench())
        let guess = ClientFrame.text(#"{"action":"AUTH","token":"sp_no_no"}"#)
        let frames = peer.send(Array(Array(repeating: guess, count: 9).joined()))
        #expect(frames.count == 6 && frames.last?.closeCode == 1008 && peer.isClosed)
    }

    @Test func theClientsEndIsAnsweredWithItsCode() throws {
        for code in [1000, 1001, 3999, 4999] as [UInt16] {
            let peer = try WebSocketPeer(try HTTPBench())
            let frames = peer.send(ClientFrame.close(code, Array("bye".utf8)) + ClientFrame.ping())
            #expect(frames.map(\.closeCode) == [Int(code)] && peer.isClosed)
        }
        let silent = try WebSocketPeer(try HTTPBench())
        #expect(silent.send(ClientFrame.close()) == [ServerFrame(opcode: 8, payload: [])])
    }

    /// By what is wrong: the bytes, and the close code.
    static let violations: [(String, [UInt8], Int)] =
        CodecTests.violations + [
            ("binary", ClientFrame.binary([1]), 1003),
            ("a close of one byte", ClientFrame(opcode: 8, payload: [3]).bytes, 1002),
            ("close code 1005", ClientFrame.close(1005), 1002),
            ("close code 999", ClientFrame.close(999), 1002),
            ("close code 5000", ClientFrame.close(5000), 1002),
            ("a reason that is not UTF-8", ClientFrame.close(1000, [0xFF]), 1007),
            ("half a character in a reason", ClientFrame.close(1000, [0xE2, 0x82]), 1007),
        ]

    @Test(arguments: violations.indices)
    func everyViolationEndsIt(_ index: Int) throws {
        let (name, bytes, code) = Self.violations[index]
        for size in [Int.max, 1] {
            let peer = try WebSocketPeer(try HTTPBench())
            let frames = peer.send(bytes, by: size)
            #expect(frames.last?.closeCode == code && peer.isClosed, "\(name): \(frames)")
            #expect(peer.peer.connection.heldBytes <= 64 << 10)
        }
    }

    @Test func ratesHoldForEveryFrame() throws {
        func flood(_ frame: [UInt8], _ target: String = "/ws") throws -> [ServerFrame] {
            let peer = try WebSocketPeer(try HTTPBench(), target, as: "metered")
            return peer.send(Array(Array(repeating: frame, count: 5).joined()))
        }
        // Three commands at once, of which the handshake was one.
        for frame in [ClientFrame.ping([1]), ClientFrame.pong()] {
            let frames = try flood(frame)
            #expect(frames.last?.closeCode == 1008)
            #expect(frames.last?.text.contains("limit=tokenCommandsPerSecond") == true)
            #expect(frames.last?.text.contains("retry_after_ms=") == true)
        }
        #expect(try flood(ClientFrame.text("x"), "/ws/echo").last?.closeCode == 1008)
        let refused = try flood(ClientFrame.text(#"{"action":"WHY"}"#))
        #expect(refused.count == 5 && refused.last?.text.contains("rate_limited") == true)
    }
}
