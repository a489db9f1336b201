// Shutting down, live: what has arrived is answered, everybody is told, nothing stays open.
import Reactor
import Server
import Testing

@Suite struct ShutdownTests {
    @Test func everyClientIsToldAndClosed() throws {
        let server = try TestServer()
        let text = try server.textClient()
        let json = try server.jsonClient()
        let resp3 = try server.connect()
        try resp3.send(resp(["HELLO", "3", "AUTH", "default", server.folder.token]))
        #expect(try resp3.line() == "%8")
        server.server.shutDown()
        #expect(try text.line().hasPrefix("> shutdown "))
        #expect(try json.line().hasPrefix(#"{"event":"shutdown","grace_ms":"#))
        for client in [text, json, resp3] { try client.waitUntilClosed() }
        for client in [text, json, resp3] { client.close() }
        server.server.waitUntilStopped()
        #expect(server.server.openConnections == 0)
        #expect(throws: ClientError.self) { try server.connect() }
    }

    @Test func whatHasArrivedIsAnswered() throws {
        let server = try TestServer()
        let clients = try (0..<10).map { _ in try server.textClient() }
        for client in clients { try client.send("ECHO a\nECHO b\nECHO c\n") }
        server.server.shutDown()
        for client in clients {
            #expect(try client.line() == "a")
            #expect(try client.line() == "b")
            #expect(try client.line() == "c")
            #expect(try client.line().hasPrefix("> shutdown "))
            try client.waitUntilClosed()
        }
    }

    @Test func aServerWithoutConnectionsStops() throws {
        let server = try TestServer()
        server.server.shutDown()
        server.server.waitUntilStopped()
        #expect(server.server.openConnections == 0)
    }
}
