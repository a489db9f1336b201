// WebSockets, live: what Python's websockets says to a server, time limits, shutdown, and bad frames without end.
import Access
import Core
import Foundation
import Glibc
import Reactor
import Server
import TLS
import Testing

@Suite struct WebSocketTests {
    private func session(_ names: String, _ arguments: [String] = []) throws {
        let server = try ServerProcess(["--allow-origin", "https://good.example"] + arguments)
        let environment = ["SESSIONS": names, "SALLYPORT_PID": "\(server.processIdentifier)"]
        let result = try Program.python("websocket_session.py", server, environment)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        for name in names.split(separator: " ") {
            #expect(result.output.contains("\(name): good"))
        }
    }

    @Test(arguments: ["echo", "commands", "ends handshakes", "messages"])
    func pythonIsServed(_ names: String) throws {
        try session(names, ["--notification-interval", "0"])
    }

    @Test func everyWebSocketIsNotifiedFromTimeToTime() throws {
        try session("periodic", ["--notification-interval", "0.2"])
    }

    @Test func whatDoesNotEndOrAnswerIsTimedOut() throws {
        let limits = ["requestTimeout=300", "webSocketPing=100", "webSocketPong=500"]
        let arguments = limits.flatMap { limit in
            ["--limit", limit.replacingOccurrences(of: "=", with: "Milliseconds=")]
        }
        try session("timeouts", arguments + ["--notification-interval", "0"])
    }

    @Test func shuttingDownIsSaidBeforeTheEnd() throws {
        try session("shutdown", ["--notification-interval", "0"])
    }

    @Test func aSlowSubscriberIsToldWhatItLost() throws {
        let limits = ["messageHoldBytes=4096", "maxHeldMessages=8"]
        try session("slow", limits.flatMap { ["--limit", $0] } + ["--notification-interval", "0"])
    }

    @Test func aTokenThatIsRevokedEndsItsWebSockets() throws {
        let server = try TestServer()
        let credential = try server.folder.editor.add(
            name: "visitor",
            permissions: ["@all"],
            nowUnixMilliseconds: SystemClock.now().unixMilliseconds
        ).credential
        server.server.reloadTokens()
        let text = try server.textClient()
        // The file is read by another thread, in its own time.
        var client: TestClient?
        while client == nil { client = try? upgraded(server, credential) }
        #expect(try text.ask("WHO") == "2")
        try server.folder.editor.revoke("visitor")
        server.server.reloadTokens()
        let bytes = try #require(client).bytes(4)
        #expect(bytes[0] == 0x88 && Int(bytes[2]) << 8 | Int(bytes[3]) == 3000)
        try client?.waitUntilClosed()
    }

    private func upgraded(
        _ server: TestServer,
        _ token: String,
        _ target: String = "/ws"
    ) throws -> TestClient {
        let client = try server.connect()
        try client.send(Handshake.request(target, token))
        if try client.line() != "HTTP/1.1 101 Switching Protocols" { throw StartError("refused") }
        while try client.line() != "" {}
        return client
    }

    /// `SALLYPORT_BAD_FRAMES` sets how many there are.
    @Test func badFramesLeaveNothingBehind() throws {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["SALLYPORT_BAD_FRAMES"].flatMap(Int.init) ?? 2_000
        let rates = ["Commands", "Handshakes", "Connections"].flatMap { name in
            ["--limit", "address\(name)PerSecond=0"]
        }
        let server = try ServerProcess(["--loops", "1", "--notification-interval", "0"] + rates)
        let abuser = try Abuser(server)
        for index in 0..<(count / 4) { try abuser.turn(index) }
        let memory = try server.residentKiB()
        let descriptors = try server.descriptorCount()
        for index in 0..<count { try abuser.turn(index) }
        #expect(try server.descriptorCount() <= descriptors + 2)
        let growth = try server.residentKiB() - memory
        if environment["SALLYPORT_BAD_FRAMES"] != nil {
            let after = try server.descriptorCount()
            let text =
                "\(count) times: descriptors \(descriptors) to \(after), KiB \(memory) + \(growth)\n"
            FileHandle.standardError.write(Data(text.utf8))
        }
        #expect(growth < 6_144, "\(growth) KiB more behind \(count) bad frames")
    }
}

/// What a client says to open a WebSocket.
enum Handshake {
    static func request(
        _ target: String,
        _ token: String?,
        key: String = "dGhlIHNhbXBsZSBub25jZQ==",
        version: Int = 13,
        _ fields: [String] = []
    ) -> String {
        let all =
            [
                "GET \(target) HTTP/1.1", "Host: localhost", "Upgrade: websocket",
                "Connection: Upgrade", "Sec-WebSocket-Version: \(version)",
                "Sec-WebSocket-Key: \(key)",
            ] + (token.map { ["Authorization: Bearer \($0)"] } ?? []) + fields
        return all.joined(separator: "\r\n") + "\r\n\r\n"
    }
}

/// Says what is wrong, in turn: bad handshakes, many on one connection, and bad frames, one on each.
private final class Abuser {
    private let endpoint: Endpoint
    private let server: ServerProcess
    private var kept: ClientConnection?

    init(_ server: ServerProcess) throws {
        self.server = server
        endpoint = Endpoint(host: "127.0.0.1", port: UInt16(server.port) ?? 0)
    }

    private var handshakes: [String] {
        [
            Handshake.request("/ws", nil), Handshake.request("/ws", server.token, version: 8),
            Handshake.request("/ws", server.token, key: "short"),
            Handshake.request("/ws/echo", server.token, ["Origin: https://evil.example"]),
            Handshake.request("/ws", server.token, ["Sec-WebSocket-Extensions: ;"]),
        ]
    }

    /// Frames, all masked with zeros where they are masked.
    private static let frames: [[UInt8]] = [
        [0x81, 0x01, 0x61], [0xC1, 0x80, 0, 0, 0, 0], [0x83, 0x80, 0, 0, 0, 0],
        [0x80, 0x80, 0, 0, 0, 0], [0x81, 0x82, 0, 0, 0, 0, 0xC0, 0xAF],
        [0x82, 0x81, 0, 0, 0, 0, 1], [0x88, 0x81, 0, 0, 0, 0, 3],
        [0x82, 0xFF, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0x01, 0x81, 0, 0, 0, 0, 0x61, 0x81, 0x80, 0, 0, 0, 0],
    ]

    func turn(_ index: Int) throws {
        if index % 4 != 0 {
            let client = try kept ?? connect()
            kept = client
            try client.send(handshakes[index % handshakes.count])
            #expect(try status(client).hasPrefix("HTTP/1.1 4"))
            return
        }
        let client = try connect()
        defer { client.close() }
        try client.send(Handshake.request("/ws", server.token))
        #expect(try status(client).hasPrefix("HTTP/1.1 101"))
        try client.send(Abuser.frames[index / 4 % Abuser.frames.count])
        #expect(try client.bytes(1) == [0x88])
        try client.waitUntilClosed()
    }

    private func connect() throws -> ClientConnection {
        try ClientConnection(to: endpoint, trust: .authorities(file: server.authority))
    }

    /// Reads a response and tells its status line.
    private func status(_ client: ClientConnection) throws -> String {
        let status = try client.line()
        var length = 0
        while case let line = try client.line(), !line.isEmpty {
            if line == "Connection: close" { kept = nil }
            let prefix = "Content-Length: "
            if line.hasPrefix(prefix) { length = Int(line.dropFirst(prefix.count)) ?? 0 }
        }
        _ = try client.bytes(length)
        return status
    }
}
