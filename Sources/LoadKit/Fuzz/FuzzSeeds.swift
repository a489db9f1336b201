// Requests that are not made from the command table: what they are about stands in no row of it.

/// Requests that no row of the command table describes.
enum FuzzSeeds {
    /// Requests in an encoding.
    struct Seed: Sendable {
        var encoding: FuzzEncoding
        var requests: [[UInt8]]

        init(encoding: FuzzEncoding, requests: [String]) {
            self.encoding = encoding
            self.requests = requests.map { Array($0.utf8) }
        }

        /// Text messages of a WebSocket.
        init(messages: [String]) {
            encoding = .websocket
            requests = messages.map { ClientFrames.frame(.text, Array($0.utf8)) }
        }

        /// A request for a WebSocket with further `fields`, and messages behind it.
        init(upgradingTo path: String, _ fields: String, messages: [String]) {
            self.init(messages: messages)
            encoding = .http
            let request =
                "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(ClientFrames.key)\r\n"
                + "\(fields)\r\n"
            requests.insert(Array(request.utf8), at: 0)
        }
    }

    private static let authorization = "Authorization: Bearer \(FuzzCase.token)\r\n"

    static let all: [Seed] = [
        Seed(
            encoding: .resp,
            requests: ["MULTI\r\n", "INCR @PREFIX@n\r\n", "GET\r\n", "EXEC\r\n"]
        ),
        Seed(encoding: .resp, requests: ["WATCH @PREFIX@k\r\nMULTI\r\nDISCARD\r\nUNWATCH\r\n"]),
        Seed(encoding: .resp, requests: ["*0\r\n*-1\r\nset @PREFIX@a \"b\\x41\" 'c'\r\n"]),
        Seed(
            encoding: .text,
            requests: ["SUBSCRIBE @PREFIX@c\n", "PUBLISH @PREFIX@c hello\n", "UNSUBSCRIBE\n"]
        ),
        Seed(
            encoding: .resp3,
            requests: ["PSUBSCRIBE @PREFIX@*\r\n", "PUBLISH @PREFIX@c hello\r\n"]
        ),
        Seed(
            encoding: .text,
            requests: ["ECHO  a \"b  \n", "set @PREFIX@k \"a \\x41\\n\" 'b'\r\n", "\n\n"]
        ),
        Seed(
            encoding: .json,
            requests: [
                "[{\"action\":\"PING\",\"id\":1},{\"action\":\"DEL\",\"key\":[\"@PREFIX@a\"]},[],7]\n",
                "{\"id\":\"x\",\"action\":\"ECHO\",\"value\":[1,{\"a\":\"\\u00e9\"},1e999,null]}\n",
            ]
        ),
        Seed(
            encoding: .json,
            requests: [
                "{\"namespace\":\"@PREFIX@\",\"action\":\"MSET\",\"values\":{\"a\":\"1\"}}\n\n{}\n"
            ]
        ),
        Seed(
            encoding: .http,
            requests: [
                "PUT /v1/kv/@PREFIX@k?ttl=100 HTTP/1.1\r\nHost: x\r\n\(authorization)"
                    + "Content-Length: 3\r\n\r\nabc",
                "GET /v1/kv/@PREFIX@k HTTP/1.1\r\nHost: x\r\n\(authorization)\r\n",
                "DELETE /v1/kv/@PREFIX@k HTTP/1.1\r\nHost: x\r\n\(authorization)\r\n",
            ]
        ),
        Seed(
            encoding: .http,
            requests: [
                "PUT /v1/kv/@PREFIX@c HTTP/1.1\r\nHost: x\r\n\(authorization)"
                    + "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n",
                "GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
            ]
        ),
        Seed(
            encoding: .http,
            requests: [
                "POST /v1/command HTTP/1.1\r\nHost: x\r\n\(authorization)Content-Length: 22\r\n\r\n"
                    + "[{\"action\":\"PING\"},{}]",
                "HEAD / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
            ]
        ),
        Seed(
            encoding: .protobuf,
            requests: [
                "\0\0\0\u{2}B\0\0\0\0\u{5}J\u{3}\n\u{1}k\0\0\0\u{4}\u{8}\u{1}2\0",
                "\0\0\0\u{8}Z\u{6}\n\u{1}a\n\u{1}b\0\0\0\0",
            ]
        ),
        Seed(upgradingTo: "/ws", authorization, messages: ["{\"action\":\"PING\"}"]),
        Seed(
            upgradingTo: "/ws",
            "Sec-WebSocket-Protocol: sallyport.v1, bearer.\(FuzzCase.token)\r\n"
                + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
            messages: ["{\"action\":\"GET\",\"key\":\"@PREFIX@k\"}"]
        ),
        Seed(upgradingTo: "/ws/echo", authorization, messages: ["a", "{}"]),
        Seed(
            messages: [
                "{\"type\":\"ping\",\"id\":1}", "{\"type\":\"status_request\"}", "{\"type\":\"x\"}",
            ]
        ),
        Seed(
            messages: [
                "{\"action\":\"SUBSCRIBE\",\"channel\":\"@PREFIX@c\"}",
                "{\"action\":\"PUBLISH\",\"channel\":\"@PREFIX@c\",\"message\":\"m\"}",
                "{\"action\":\"UNSUBSCRIBE\"}",
            ]
        ),
        Seed(
            messages: [
                "[{\"action\":\"PING\",\"id\":1},\r\n{\"action\":\"DEL\",\"key\":[\"@PREFIX@a\"]},[],7]",
                "{\"action\":\"MULTI\"}", "{\"action\":\"INCR\",\"key\":\"@PREFIX@n\"}",
                "{\"action\":\"EXEC\"}", "{\"action\":\"QUIT\"}", "",
            ]
        ),
    ]
}
