// Requests and replies of protobuf, HTTP and WebSocket.
import Core
import Testing

@testable import LoadKit

@Suite struct EncodingTests {
    private func bytes(_ encoding: LoadEncoding, _ request: PlannedRequest) -> [UInt8] {
        let peer = RequestWriter.Peer(authority: "host:1", token: "sp_a_b")
        let writer = RequestWriter(encoding, keyPrefix: "k:", seed: 1, peer)
        var buffer = ByteBuffer()
        writer.append(request, to: &buffer)
        return buffer.withBytes { Array($0) }
    }

    private func text(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: Array(bytes), as: UTF8.self)
    }

    private let get = PlannedRequest(command: .get, key: 7)
    private let set = PlannedRequest(command: .set, version: 3, valueBytes: 200, key: 7)

    @Test func protobufRequestsAreFrames() {
        let frame = bytes(.protobuf, get)
        // id 1, field 9 with 16 bytes: field 1 with 14.
        #expect(frame.prefix(10) == [0, 0, 0, 20, 0x08, 0x01, 0x4A, 16, 0x0A, 14])
        #expect(text(frame.dropFirst(10)) == "k:000000000007")
        #expect(bytes(.protobuf, PlannedRequest(command: .ping)) == [0, 0, 0, 4, 8, 1, 0x1A, 0])
        let long = bytes(.protobuf, set)
        #expect(long.count == 4 + 2 + 3 + 16 + 3 + 200)
        #expect(Int(long[2]) << 8 | Int(long[3]) == long.count - 4)
        let incr = bytes(.protobuf, PlannedRequest(command: .incr, key: 9))
        #expect(Array(incr[6..<9]) == [0x8A, 0x01, UInt8(incr.count - 9)])
        #expect(text(incr).contains("INCR"))
        #expect(text(incr).hasSuffix("k:counter:1:000000000009"))
    }

    @Test func protobufReplies() {
        let frames: [[UInt8]] = [
            [8, 1, 0x1A, 2, 0x4F, 0x4B],  // status OK
            [8, 1, 0x20, 3],  // integer -2
            [8, 1, 0x20, 84],  // integer 42
            [8, 1, 0x2A, 1, 0x61],  // data
            [8, 1, 0x32, 0],  // null
            [8, 1, 0x62, 3, 0x0A, 1, 0x62],  // echo
            [8, 1, 0x72, 5, 8, 1, 0x12, 1, 0x63],  // get, found
            [8, 1, 0x72, 2, 8, 1],  // get, found, empty
            [8, 1, 0x72, 0],  // get, not found
            [8, 1, 0x12, 7, 0x0A, 3, 0x62, 0x61, 0x64, 0x10, 5],  // error
            [0x5A, 3, 0x0A, 1, 0x6D],  // push
            [8, 1, 0x41, 0, 0, 0, 0, 0, 0, 0, 0],  // map is 8, fixed64
        ]
        let stream: [UInt8] = frames.flatMap { frame -> [UInt8] in
            [0, 0, 0, UInt8(frame.count)] + frame
        }
        let expected = [
            SeenReply(kind: .status, payload: "OK"),
            SeenReply(kind: .integer, payload: "", integer: -2),
            SeenReply(kind: .integer, payload: "", integer: 42),
            SeenReply(kind: .bytes, payload: "a"), SeenReply(kind: .null, payload: ""),
            SeenReply(kind: .bytes, payload: "b"), SeenReply(kind: .bytes, payload: "c"),
            SeenReply(kind: .bytes, payload: ""), SeenReply(kind: .null, payload: ""),
            SeenReply(kind: .error, payload: "bad"), SeenReply(kind: .push, payload: "\n\u{1}m"),
            SeenReply(kind: .other, payload: ""),
        ]
        #expect(ReplyBench.replies([stream], .protobuf) == expected)
        #expect(ReplyBench.replies(stream.map { [$0] }, .protobuf) == expected)
    }

    @Test(
        arguments: [
            [0, 0, 0, 0], [0xFF, 0, 0, 0], [0, 0, 0, 2, 8, 1], [0, 0, 0, 3, 0x1A, 9, 0x41],
            [0, 0, 0, 2, 0x0F, 1], [0, 0, 0, 4, 0x72, 2, 0x12, 9],
        ] as [[UInt8]]
    )
    func protobufNonsenseIsMalformed(_ bytes: [UInt8]) {
        #expect(ReplyBench.replies([bytes], .protobuf) == nil)
    }

    @Test func httpRequestsSayWhoAsks() {
        let body = "{\"action\":\"GET\",\"key\":\"k:000000000007\"}"
        #expect(
            text(bytes(.http, get)) == "POST /v1/command HTTP/1.1\r\nHost: host:1\r\n"
                + "Authorization: Bearer sp_a_b\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
        let long = text(bytes(.http, set))
        let parts = long.split(separator: "\r\n\r\n", omittingEmptySubsequences: false)
        #expect(long.contains("Content-Length: \(parts[1].utf8.count)\r\n"))
    }

    @Test func httpResponses() {
        func response(_ status: String, _ body: String) -> String {
            "HTTP/1.1 \(status)\r\nContent-Type: x\r\ncontent-LENGTH:  \(body.utf8.count) \r\n\r\n\(body)"
        }
        let text =
            response("200 OK", "{\"result\":\"a\\\"b\"}\n") + response("200 OK", "{\"result\":3}\n")
            + response("404 Not Found", "{\"error\":{\"code\":\"key_not_found\"}}\n")
            + response("403 Forbidden", "{\"error\":{\"code\":\"forbidden\"}}\n")
            + response("503 Busy", "later")
        #expect(
            ReplyBench.everyWay(text, .http) == [
                SeenReply(kind: .bytes, payload: "a\"b"),
                SeenReply(kind: .integer, payload: "3", integer: 3),
                SeenReply(kind: .null, payload: "key_not_found"),
                SeenReply(kind: .error, payload: "forbidden"),
                SeenReply(kind: .error, payload: "503"),
            ]
        )
    }

    @Test(arguments: [
        "HTTP/1.0 200 OK\r\n\r\n", "x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 \r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    ])
    func httpNonsenseIsMalformed(_ text: String) {
        #expect(ReplyBench.replies([Array(text.utf8)], .http) == nil)
    }

    @Test func encodingsAreListed() throws {
        #expect(try LoadEncoding.list("resp2, JSON,http") == [.resp, .json, .http])
        for text in ["", "resp,", "xml"] {
            #expect(throws: LoadError.self) { try LoadEncoding.list(text) }
        }
    }
}

@Suite struct WebSocketTests {
    private func written(_ payload: Int, _ mask: UInt32) -> [UInt8] {
        var buffer = ByteBuffer()
        let frame = WebSocketFrame.begin(.text, payload: payload, to: &buffer, mask: mask)
        for _ in 0..<payload { buffer.append(0x61) }
        WebSocketFrame.mask(frame, in: &buffer)
        return buffer.withBytes { Array($0) }
    }

    /// A server's frame.
    private func frame(_ first: UInt8, _ payload: String) -> [UInt8] {
        let bytes = Array(payload.utf8)
        if bytes.count < 126 { return [first, UInt8(bytes.count)] + bytes }
        return [first, 126, UInt8(bytes.count >> 8), UInt8(bytes.count & 255)] + bytes
    }

    private let upgrade = "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: abc=\r\n\r\n"

    @Test func aFrameIsMasked() {
        let bytes = written(5, 0x0102_0304)
        #expect(bytes == [0x81, 0x85, 1, 2, 3, 4, 0x60, 0x63, 0x62, 0x65, 0x60])
        #expect(written(125, 0)[1] == 0x80 | 125)
        #expect(Array(written(126, 0)[1..<4]) == [0x80 | 126, 0, 126])
        #expect(Array(written(65_536, 0)[1..<10]) == [0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 0])
        var buffer = ByteBuffer()
        WebSocketFrame.append(.pong, [UInt8](repeating: 9, count: 200), to: &buffer)
        #expect(buffer.count == 2 + 4 + WebSocketFrame.maxControlBytes)
    }

    @Test func theKeyIsAnswered() {
        // The example of RFC 6455 section 1.3.
        let answer = WebSocketKey.answer(to: "dGhlIHNhbXBsZSBub25jZQ==")
        #expect(answer == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(WebSocketKey.random() != WebSocketKey.random())
        let hash = SHA1.hash(Array("abc".utf8)).map { String($0, radix: 16) }
        #expect(hash.prefix(5) == ["a9", "99", "3e", "36", "47"])
        #expect(SHA1.hash([]).prefix(3) == [0xDA, 0x39, 0xA3])
    }

    @Test func repliesAreTextMessages() {
        let long = String(repeating: "v", count: 300)
        let stream =
            Array(upgrade.utf8) + frame(0x81, "{\"result\":\"OK\"}") + frame(0x89, "hi")
            + frame(0x81, "{\"result\":\"\(long)\"}") + frame(0x81, "{\"type\":\"pong\"}")
            + frame(0x01, "{\"resu") + frame(0x8A, "") + frame(0x80, "lt\":\"in parts\"}")
            + frame(0x81, "{\"error\":{\"code\":\"busy\"}}") + frame(0x88, "\u{3}\u{e8}")
        let expected = [
            SeenReply(kind: .status, payload: "abc="), SeenReply(kind: .bytes, payload: "OK"),
            SeenReply(kind: .push, payload: ""), SeenReply(kind: .bytes, payload: long),
            SeenReply(kind: .push, payload: ""), SeenReply(kind: .bytes, payload: "in parts"),
            SeenReply(kind: .error, payload: "busy"), SeenReply(kind: .push, payload: ""),
        ]
        #expect(ReplyBench.replies([stream], .websocket) == expected)
        #expect(ReplyBench.replies(stream.map { [$0] }, .websocket) == expected)
    }

    @Test func aRefusedUpgradeIsAnError() {
        let text = "HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno"
        let seen = ReplyBench.replies([Array(text.utf8)], .websocket)
        #expect(seen == [SeenReply(kind: .error, payload: "401")])
    }

    @Test(
        arguments: [
            [0xC1, 0], [0x83, 0], [0x81, 0x80], [0x09, 0], [0x89, 126], [0x82, 1, 0x61],
            [0x81, 126, 0, 5], [0x81, 127, 0, 0, 0, 0, 0, 0, 0, 9],
            [0x81, 127, 0x7F, 0, 0, 0, 0, 0, 0, 0], [0x01, 1, 0x7B, 0x81, 1, 0x7D],
        ] as [[UInt8]]
    )
    func nonsenseIsMalformed(_ bytes: [UInt8]) {
        #expect(ReplyBench.replies([Array(upgrade.utf8) + bytes], .websocket) == nil)
    }

    @Test func openingsAskInOrder() {
        func steps(_ encoding: LoadEncoding, token: String?, topic: UInt64? = nil) -> [String] {
            let peer = RequestWriter.Peer(authority: "h:1", token: token)
            let writer = RequestWriter(encoding, keyPrefix: "c:", seed: 1, peer)
            return writer.opening(webSocketKey: "KEY", topic: topic, keyPrefix: "c:").map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        #expect(steps(.resp, token: nil) == [])
        #expect(
            steps(.text, token: "t", topic: 3) == ["AUTH \"t\"\n", "SUBSCRIBE c:000000000003\n"]
        )
        #expect(steps(.resp3, token: "t").last?.contains("HELLO") == true)
        #expect(steps(.http, token: "t").first?.hasSuffix("{\"action\":\"PING\"}") == true)
        let upgrade = steps(.websocket, token: "t")
        #expect(upgrade.first?.hasPrefix("GET /ws HTTP/1.1\r\n") == true)
        #expect(upgrade.first?.contains("Sec-WebSocket-Key: KEY\r\n") == true)
        #expect(upgrade.first?.contains("Authorization: Bearer t\r\n") == true)
    }
}
