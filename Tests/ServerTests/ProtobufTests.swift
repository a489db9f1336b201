// Protobuf, live: what the server says of its own accord, and bytes that come slowly or never end.
//
// What clients ask and are answered is tested by a client in Python: ProcessTests.
import Access
import Core
import Server
import Testing

@Suite struct ProtobufTests {
    /// `Request{why}` and its answer, `Response{integer: 42}`, which in zigzag form is 84.
    private static let why: [UInt8] = [0, 0, 0, 4, 0x08, 1, 0x42, 0]
    private static let fortyTwo: [UInt8] = [0, 0, 0, 4, 0x08, 1, 0x20, 84]
    private static let error: UInt8 = 0x12
    private static let push: UInt8 = 0x5A

    /// A client that has presented its token.
    private func client(_ server: TestServer) throws -> TestClient {
        let client = try server.connect()
        let token = Array(server.folder.token.utf8)
        let auth = [0x0A, UInt8(token.count)] + token
        let request = [0x08, 9, 0x12, UInt8(auth.count)] + auth
        try client.send([0, 0, 0, UInt8(request.count)] + request)
        #expect(try frame(client) == [0x08, 9, 0x1A, 2] + Array("OK".utf8))
        return client
    }

    /// The next message.
    private func frame(_ client: TestClient) throws -> [UInt8] {
        let length = try client.bytes(4).reduce(0) { $0 << 8 | Int($1) }
        return try client.bytes(length)
    }

    /// Expects a message without an id, of one field that holds `word`, and then the end.
    private func expectEnd(_ client: TestClient, _ field: UInt8, _ word: String) throws {
        let message = try frame(client)
        #expect(message.first == field)
        #expect(String(decoding: message, as: UTF8.self).contains(word), "\(message)")
        try client.waitUntilClosed()
    }

    @Test func shutdownIsPushed() throws {
        let server = try TestServer()
        let client = try client(server)
        try client.send(Self.why)
        server.server.shutDown()
        #expect(try client.bytes(8) == Self.fortyTwo)
        try expectEnd(client, Self.push, "shutdown")
    }

    @Test func idleConnectionsAreToldWhy() throws {
        let server = try TestServer { $0.limits.idleTimeoutMilliseconds = 200 }
        try expectEnd(try client(server), Self.error, "idle_timeout")
    }

    @Test func aFrameThatNeverEndsIsEnded() throws {
        let server = try TestServer { $0.limits.requestTimeoutMilliseconds = 200 }
        let client = try client(server)
        // 15 MiB are announced, 3 bytes come.
        try client.send([0, 0xF0, 0, 0, 0x08, 1, 0x42])
        try expectEnd(client, Self.error, "request_timeout")
    }

    @Test func withoutATokenTheTimeIsShort() throws {
        let server = try TestServer { $0.limits.authenticationTimeoutMilliseconds = 200 }
        let client = try server.connect()
        try client.send([0])
        try expectEnd(client, Self.error, "authentication_timeout")
    }

    @Test func aRevokedTokenIsToldAndEnds() throws {
        let server = try TestServer()
        let client = try client(server)
        try server.folder.editor.revoke("tester")
        try expectEnd(client, Self.error, "session_ended")
    }

    @Test func aRequestMayComeByteByByte() throws {
        let client = try client(TestServer())
        for byte in Self.why { try client.send([byte]) }
        #expect(try client.bytes(8) == Self.fortyTwo)
    }

    @Test func whatIsMalformedIsAnsweredBehindTheRequestsBeforeIt() throws {
        let client = try client(TestServer())
        try client.send(Self.why + Self.why + [0, 0, 0, 0] + Self.why)
        #expect(try client.bytes(16) == Self.fortyTwo + Self.fortyTwo)
        try expectEnd(client, Self.error, "protocol_error")
    }
}
