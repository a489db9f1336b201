// The PROXY protocol, live: whose header is required, whose is refused, and what it changes.
import Core
import Foundation
import Reactor
import Server
import TLS
import Testing

@Suite struct ProxyTests {
    private func proxied(
        _ change: (inout ServerConfiguration) -> Void = { _ in }
    ) throws -> TestServer {
        try TestServer {
            $0.proxies = [try? AddressBlock(parsing: "127.0.0.0/8")].compactMap { $0 }
            change(&$0)
        }
    }

    private static let second: [UInt8] =
        [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10, 0x21, 0x21, 0, 36, 0x20, 0x01]
        + [0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]
        + [UInt8](repeating: 0, count: 15) + [2, 0x9C, 0x41, 0x01, 0xBB]

    static let headers: [([UInt8], String)] = [
        (Array("PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n".utf8), "addr=192.0.2.1:40000 "),
        (second, "addr=[2001:db8::1]:40001 "),
        (Array("PROXY UNKNOWN\r\n".utf8), "addr=127.0.0.1:"),
    ]

    @Test(arguments: 0..<headers.count)
    func theAddressIsThatOfTheHeader(_ index: Int) throws {
        let (header, address) = Self.headers[index]
        let server = try proxied()
        let client = try server.connect(preamble: header)
        #expect(try client.ask("AUTH \(server.folder.token)") == "OK")
        for command in ["CLIENT INFO", "CLIENT LIST"] {
            #expect(try client.ask(command) == "*1")
            #expect(try client.line().contains(address))
        }
    }

    @Test func headersMayComeInPiecesAndWithTheHandshake() throws {
        let server = try proxied()
        for (header, _) in Self.headers {
            // The first bytes of a handshake behind the header in one write: its answer is an alert.
            let socket = try RawSocket(to: server.endpoint)
            for byte in header.dropLast() { try socket.send([byte]) }
            try socket.send(header.suffix(1) + [0x16, 3, 1, 0, 4, 0xFF, 0, 0, 0])
            #expect(try socket.readToEnd().first == 0x15)
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n\r\n", "PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n", "\u{16}\u{3}\u{1}",
    ])
    func trustedProxiesMustSendAHeader(_ text: String) throws {
        let server = try proxied()
        let socket = try RawSocket(to: server.endpoint)
        try socket.send(Array(text.utf8))
        #expect(try socket.readToEnd() == [])
        #expect(throws: ClientError.self) { try server.connect() }
    }

    @Test func aHeaderThatDoesNotComeHasTheHandshakesTime() throws {
        let server = try proxied { $0.limits.handshakeTimeoutMilliseconds = 200 }
        let socket = try RawSocket(to: server.endpoint)
        try socket.send(Array("PROXY TCP4 192.0.2.1 ".utf8))
        #expect(try socket.readToEnd() == [])
    }

    @Test func nobodyElseMaySendOne() throws {
        let server = try TestServer {
            $0.proxies = [try? AddressBlock(parsing: "192.0.2.0/24")].compactMap { $0 }
        }
        for (header, _) in Self.headers {
            let socket = try RawSocket(to: server.endpoint)
            try socket.send(header)
            let answer = String(decoding: try socket.readToEnd(), as: UTF8.self)
            #expect(
                answer == "ERR PROXY the PROXY protocol is not accepted from this address\r\n"
            )
        }
        #expect(try server.textClient().ask("WHY") == "42")
    }

    @Test func theProgramTakesBlocksAndNamesWrongOnes() throws {
        let server = try ServerProcess(["--proxy-protocol", "::1", "--proxy-protocol", "127.0.0.1"])
        let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(server.port) ?? 0)
        let client = try ClientConnection(
            to: endpoint,
            trust: .authorities(file: server.authority),
            serverName: "localhost",
            preamble: Self.headers[0].0
        )
        try client.send("AUTH \(server.token)\nCLIENT INFO\n")
        #expect(try client.line() == "OK")
        #expect(try client.line() == "*1")
        #expect(try client.line().contains("addr=192.0.2.1:40000 "))
        let program = try Program.products + "/sallyport"
        let wrong = try Program.run([program, "serve", "--proxy-protocol", "10.0.0.1/8"])
        #expect(wrong.errors.contains("--proxy-protocol '10.0.0.1/8' has bits set behind"))
    }
}
