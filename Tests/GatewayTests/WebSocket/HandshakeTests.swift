// The handshake: what a request for a WebSocket must say, and what it is answered.
import Access
import Commands
import Core
import Foundation
import Synchronization
import Testing

@testable import Gateway

/// The text of a request for a WebSocket.
func upgrade(
    _ fields: [String] = [],
    at target: String = "/ws",
    as token: String? = "root",
    without: String? = nil,
    method: String = "GET"
) -> String {
    var all = [
        "Upgrade: websocket", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    if let without { all.removeAll { $0.hasPrefix(without) } }
    return request(method, target, as: token, all + fields)
}

@Suite struct HandshakeTests {
    @Test func theAnswerIsThatOfTheStandard() throws {
        let bench = try HTTPBench()
        let peer = bench.connect()
        let answer = try #require(peer.send(upgrade()).first)
        #expect(answer.status == 101)
        // RFC 6455 section 1.3.
        #expect(answer.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(answer.fields["upgrade"] == "websocket" && answer.fields["connection"] == "Upgrade")
        #expect(answer.fields["sec-websocket-protocol"] == nil)
        #expect(answer.fields["sec-websocket-extensions"] == nil)
        #expect(peer.connection.isWebSocket && !peer.isClosed && peer.connection.heldBytes == 0)
        #expect(peer.session.carrier == .webSocket)
    }

    /// By what is wrong: the request, the status and a field of the answer.
    static let refused: [(String, String, Int, (String, String)?)] = [
        ("no token", upgrade(as: nil), 401, ("www-authenticate", "Bearer realm=\"sallyport\"")),
        ("a wrong token", upgrade(as: "nobody"), 401, nil),
        ("no upgrade", request("GET", "/ws"), 426, ("upgrade", "websocket")),
        (
            "another upgrade", upgrade(["Upgrade: h2c"], without: "Upgrade"), 426,
            ("upgrade", "websocket")
        ),
        ("no Connection", upgrade(without: "Connection"), 426, nil),
        ("Connection: close", upgrade(["Connection: close"], without: "Connection"), 426, nil),
        (
            "no version", upgrade(without: "Sec-WebSocket-Version"), 426,
            ("sec-websocket-version", "13")
        ),
        (
            "version 8", upgrade(["Sec-WebSocket-Version: 8"], without: "Sec-WebSocket-Version"),
            426, ("sec-websocket-version", "13")
        ),
        (
            "two versions", upgrade(["Sec-WebSocket-Version: 8"]), 426,
            ("sec-websocket-version", "13")
        ),
        ("no key", upgrade(without: "Sec-WebSocket-Key"), 400, nil),
        ("two keys", upgrade(["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]), 400, nil),
        (
            "a short key", upgrade(["Sec-WebSocket-Key: c2hvcnQ="], without: "Sec-WebSocket-Key"),
            400, nil
        ),
        (
            "no base64",
            upgrade(["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ!!"], without: "Sec-WebSocket-Key"),
            400, nil
        ),
        (
            "17 bytes",
            upgrade(["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE="], without: "Sec-WebSocket-Key"),
            400, nil
        ),
        ("POST", upgrade(method: "POST"), 405, ("allow", "GET")),
        ("HEAD", upgrade(method: "HEAD"), 405, ("allow", "GET")),
        ("HTTP/1.0", upgrade().replacingOccurrences(of: "HTTP/1.1", with: "HTTP/1.0"), 400, nil),
        ("a body", upgrade(["Content-Length: 1"]), 400, nil),
        ("an origin", upgrade(["Origin: https://evil.example"]), 403, nil),
        ("the origin null", upgrade(["Origin: null"]), 403, nil),
        ("a plain origin", upgrade(["Origin: http://localhost"]), 403, nil),
        (
            "two origins", upgrade(["Origin: https://localhost", "Origin: https://localhost"]), 403,
            nil
        ),
        ("no ECHO", upgrade(at: "/ws/echo", as: "reader"), 403, nil),
        (
            "two tokens",
            upgrade(["Sec-WebSocket-Protocol: sallyport.v1, bearer.a, bearer.b"], as: nil), 400, nil
        ),
        ("a token alone", upgrade(["Sec-WebSocket-Protocol: bearer.a"], as: nil), 400, nil),
        (
            "a wrong subprotocol token",
            upgrade(["Sec-WebSocket-Protocol: sallyport.v1, bearer.a"], as: nil), 401, nil
        ),
        (
            "malformed extensions", upgrade(["Sec-WebSocket-Extensions: permessage-deflate; ="]),
            400, nil
        ),
        ("empty extensions", upgrade(["Sec-WebSocket-Extensions: a,,b"]), 400, nil),
    ]

    @Test(arguments: refused.indices)
    func whatIsWrongIsRefused(_ index: Int) throws {
        let (name, text, status, field) = Self.refused[index]
        for size in [Int.max, 1] {
            let peer = try HTTPBench().connect()
            let answers = peer.send(text, by: size, heads: [name == "HEAD"])
            #expect(answers.map(\.status) == [status], "\(name)")
            if let field { #expect(answers.first?.fields[field.0] == field.1, "\(name)") }
            #expect(!peer.connection.isWebSocket && peer.session.carrier != .webSocket, "\(name)")
        }
    }

    @Test func aRefusedRequestMayBeFollowedByAGoodOne() throws {
        let peer = try HTTPBench().connect()
        let bad = upgrade(["Sec-WebSocket-Version: 8"], without: "Sec-WebSocket-Version")
        #expect(peer.send(bad + upgrade()).map(\.status) == [426, 101])
        #expect(peer.connection.isWebSocket)
    }

    @Test func originsThatMayConnect() throws {
        let bench = try HTTPBench(origins: ["https://App.example", "http://localhost:3000"])
        for origin in [
            "https://app.example", "http://localhost:3000", "https://localhost",
            "https://LOCALHOST:443",
        ] {
            #expect(try bench.ask(upgrade(["Origin: \(origin)"])).status == 101, "\(origin)")
        }
        for origin in ["https://app.example:444", "https://app.example.evil", "http://localhost"] {
            #expect(try bench.ask(upgrade(["Origin: \(origin)"])).status == 403, "\(origin)")
        }
        let open = try HTTPBench(origins: ["*"])
        #expect(try open.ask(upgrade(["Origin: null"])).status == 101)
    }

    @Test func browsersPresentTheirTokenAsASubprotocol() throws {
        let bench = try HTTPBench()
        let token = Tokens.of("root")
        for field in ["sallyport.v1, bearer.\(token)", "bearer.\(token) ,other,sallyport.v1"] {
            let peer = bench.connect()
            let answers = peer.send(upgrade(["Sec-WebSocket-Protocol: \(field)"], as: nil))
            #expect(answers.map(\.status) == [101])
            #expect(answers[0].fields["sec-websocket-protocol"] == "sallyport.v1")
            #expect(!String(decoding: peer.output, as: UTF8.self).contains(token))
            #expect(peer.session.token?.name == "root")
        }
        // In two fields, which is the same.
        let fields = [
            "Sec-WebSocket-Protocol: bearer.\(token)", "Sec-WebSocket-Protocol: sallyport.v1",
        ]
        #expect(try bench.ask(upgrade(fields, as: nil)).status == 101)
        // Where Authorization is there, it counts, and the subprotocol is taken all the same.
        let both = try bench.ask(upgrade(["Sec-WebSocket-Protocol: sallyport.v1, other"]))
        #expect(both.status == 101)
        #expect(both.fields["sec-websocket-protocol"] == "sallyport.v1")
        #expect(try bench.ask(upgrade(["Sec-WebSocket-Protocol: other"])).status == 101)
    }

    @Test func nothingIsUpgradedWhileTheServerShutsDown() throws {
        let bench = try HTTPBench()
        bench.context.facts.isDraining.store(true, ordering: .relaxed)
        let answer = try bench.ask(upgrade())
        #expect(answer.status == 503 && answer.code == "shutting_down")
        #expect(answer.fields["connection"] == "close")
    }

    /// Offers, and what they are answered; nil where none is taken.
    static let offers: [(String, String?)] = [
        ("permessage-deflate", ""), ("permessage-deflate; client_max_window_bits", ""),
        ("permessage-deflate; client_max_window_bits=10", ""),
        ("permessage-deflate; server_no_context_takeover; client_no_context_takeover", ""),
        ("permessage-deflate;server_max_window_bits=\"12\"", "; server_max_window_bits=12"),
        ("permessage-deflate; server_max_window_bits=15", "; server_max_window_bits=15"),
        ("permessage-deflate; server_max_window_bits=8", nil),
        ("permessage-deflate; server_max_window_bits=16", nil),
        ("permessage-deflate; server_max_window_bits=012", nil),
        ("permessage-deflate; server_max_window_bits", nil),
        ("permessage-deflate; client_max_window_bits=7", nil),
        ("permessage-deflate; server_no_context_takeover=1", nil),
        ("permessage-deflate; client_max_window_bits; client_max_window_bits", nil),
        ("permessage-deflate; unknown", nil), ("x-webkit-deflate-frame", nil),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", ""),
        ("other; a=b, permessage-deflate; client_max_window_bits", ""),
    ]

    @Test(arguments: offers.indices)
    func compressionIsAgreedOn(_ index: Int) throws {
        let (offer, rest) = Self.offers[index]
        let answer = try HTTPBench().ask(upgrade(["Sec-WebSocket-Extensions: \(offer)"]))
        #expect(answer.status == 101, "\(offer)")
        let agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        #expect(
            answer.fields["sec-websocket-extensions"] == rest.map { agreed + $0 },
            "\(offer)"
        )
    }
}
