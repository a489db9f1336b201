// Bad input and bad peers, live: each gets its answer, and nobody else notices.
import Core
import Foundation
import Reactor
import Server
import TLS
import Testing

@Suite struct RobustnessTests {
    @Test func idleConnectionsAreClosedAndToldWhy() throws {
        let server = try TestServer { $0.limits.idleTimeoutMilliseconds = 200 }
        let client = try server.textClient()
        #expect(try client.line().hasPrefix("ERR IDLE "))
        try client.waitUntilClosed()
    }

    @Test func withoutATokenTheTimeIsShort() throws {
        let server = try TestServer { $0.limits.authenticationTimeoutMilliseconds = 200 }
        let client = try server.connect()
        #expect(try client.ask("PING") == "PONG")
        #expect(try client.line().hasPrefix("ERR AUTH_TIMEOUT "))
        try client.waitUntilClosed()
    }

    @Test func aRequestThatNeverEndsIsEnded() throws {
        let server = try TestServer { $0.limits.requestTimeoutMilliseconds = 200 }
        let client = try server.textClient()
        try client.send("ECHO never end")
        #expect(try client.line().hasPrefix("ERR REQUEST_TIMEOUT "))
        try client.waitUntilClosed()
    }

    @Test func fiveWrongTokensEndTheConnection() throws {
        let client = try TestServer().connect()
        for _ in 0..<4 { #expect(try client.ask("AUTH wrong").hasPrefix("ERR WRONGPASS ")) }
        let last = try client.ask("AUTH wrong")
        #expect(last.hasPrefix("ERR AUTH_FAILURES "))
        #expect(last.contains("limit=maxAuthenticationFailures"))
        try client.waitUntilClosed()
    }

    @Test func plaintextGetsOneLineAndHTTPA400() throws {
        let server = try TestServer()
        #expect(try plaintext(server, "WHO\r\n") == "ERR TLS this port speaks TLS only\r\n")
        #expect(try plaintext(server, "GET / HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
        #expect(try server.textClient().ask("WHY") == "42")
    }

    @Test func overlongLinesAreDiscardedInConstantMemory() throws {
        let server = try TestServer()
        let client = try server.textClient()
        let block = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
        for _ in 0..<20 { try client.send(block) }
        try client.send("\nWHY\n")
        #expect(try client.line().hasPrefix("ERR TOO_LONG "))
        #expect(try client.line() == "42")
    }

    @Test func quotesThatNeverEndAndBadIntegers() throws {
        let client = try TestServer().textClient()
        #expect(try client.ask(#"SET k "never ends"#).hasPrefix("ERR TEXT "))
        #expect(try client.ask("GET").hasPrefix("ERR ARITY "))
        #expect(try client.ask("ADD one 2").hasPrefix("ERR NOT_INTEGER "))
        #expect(try client.ask("ADD 9223372036854775807 1").hasPrefix("ERR OVERFLOW "))
        #expect(try client.ask("SET n 9223372036854775807") == "OK")
        #expect(try client.ask("INCR n").hasPrefix("ERR OVERFLOW "))
        #expect(try client.ask("GET n") == "9223372036854775807")
    }

    @Test(arguments: [
        ("*1\r\n$99999999999\r\n", "-ERR Protocol error: invalid bulk length"),
        ("*x\r\n", "-ERR Protocol error: invalid multibulk length"),
        ("*1\r\n:1\r\n", "-ERR Protocol error: expected '$', got ':'"),
    ])
    func respProtocolErrorsAreToldAndClose(_ bytes: String, _ answer: String) throws {
        let server = try TestServer()
        let connection = try server.connect()
        try connection.send(resp(["AUTH", server.folder.token]) + Array(bytes.utf8))
        #expect(try connection.line() == "+OK")
        #expect(try connection.line() == answer)
        try connection.waitUntilClosed()
    }

    @Test func beforeATokenRequestsAreSmall() throws {
        let connection = try TestServer().connect()
        try connection.send("*11\r\n")
        #expect(
            try connection.line() == "-ERR Protocol error: unauthenticated multibulk length"
        )
        try connection.waitUntilClosed()
    }

    @Test func garbageInsteadOfAHandshakeClosesAndOthersAreServed() throws {
        let server = try TestServer()
        for length in [1, 5, 300, 20_000] {
            var bytes: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00]
            bytes += (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 131 + 7) }
            let socket = try RawSocket(to: server.endpoint)
            try socket.send(bytes)
            if length >= 300 { _ = try socket.readToEnd() }
        }
        #expect(try server.textClient().ask("WHY") == "42")
    }

    @Test func aPeerThatNeverReadsIsHeldBackAndOthersAreServed() throws {
        let server = try TestServer {
            $0.limits.outboundHighWatermarkBytes = 256 << 10
            $0.limits.outboundLowWatermarkBytes = 64 << 10
        }
        let reader = try server.textClient()
        let value = String(repeating: "v", count: 60_000)
        #expect(try reader.ask("SET big \(value)") == "OK")
        // 500 replies of 60 KB are 30 MB: far more than sockets and watermarks hold.
        let greedy = try server.textClient()
        try greedy.send(String(repeating: "GET big\n", count: 500))
        #expect(try reader.ask("WHY") == "42")
        for _ in 0..<500 where try greedy.line() != value {
            Issue.record("a reply is not the value")
            return
        }
        #expect(try greedy.ask("WHY") == "42")
    }

    private func plaintext(_ server: TestServer, _ text: String) throws -> String {
        let socket = try RawSocket(to: server.endpoint)
        try socket.send(Array(text.utf8))
        return String(decoding: try socket.readToEnd(), as: UTF8.self)
    }
}
