// Tokens, live: rights, revoking, rotating, expiring.
import Access
import Core
import Reactor
import Server
import Testing

@Suite struct LiveAccessTests {
    private func now() -> Int64 { SystemClock.now().unixMilliseconds }

    private func client(_ server: TestServer, _ token: String) throws -> TestClient {
        var client = try server.connect()
        // The server notices a new token within a second; until then it is refused.
        try eventually("the token is accepted") {
            client = try server.connect()
            return try client.ask("AUTH \(token)") == "OK"
        }
        return client
    }

    @Test func aTokenMayDoWhatItsEntrySays() throws {
        let server = try TestServer()
        let issued = try server.folder.editor.add(
            name: "reader",
            permissions: ["@read", "@information", "+SET"],
            read: ["users^*"],
            write: ["users^7^*"],
            nowUnixMilliseconds: now()
        )
        let client = try client(server, issued.credential)
        #expect(try client.ask("WHOAMI") == "reader")
        #expect(try client.ask("GET users^1") == "(nil)")
        #expect(try client.ask("GET other").hasPrefix("ERR NOPERM "))
        #expect(try client.ask("SET users^7^a 1") == "OK")
        #expect(try client.ask("SET users^8^a 1").hasPrefix("ERR NOPERM "))
        #expect(try client.ask("DEL users^7^a").hasPrefix("ERR NOPERM "))
        #expect(try client.ask("KEYS *").hasPrefix("ERR NOPERM "))
    }

    @Test func sessionsOfARevokedTokenEnd() throws {
        let server = try TestServer()
        let issued = try server.folder.editor.add(name: "guest", nowUnixMilliseconds: now())
        let client = try client(server, issued.credential)
        let steady = try server.textClient()
        try server.folder.editor.revoke("guest")
        #expect(try client.line().hasPrefix("ERR SESSION "))
        try client.waitUntilClosed()
        #expect(try steady.ask("WHY") == "42")
        #expect(
            try server.connect().ask("AUTH \(issued.credential)")
                .hasPrefix("ERR WRONGPASS ")
        )
    }

    @Test func sessionsOfAnExpiredTokenEnd() throws {
        let server = try TestServer()
        let issued = try server.folder.editor.add(
            name: "brief",
            expiresAtUnixMilliseconds: now() + 3000,
            nowUnixMilliseconds: now()
        )
        let client = try client(server, issued.credential)
        #expect(try client.line().hasPrefix("ERR SESSION "))
        try client.waitUntilClosed()
    }

    @Test func rightsThatChangeChangeOpenSessions() throws {
        let server = try TestServer()
        let issued = try server.folder.editor.add(name: "guest", nowUnixMilliseconds: now())
        let open = try client(server, issued.credential)
        let rotated = try server.folder.editor.rotate("guest", nowUnixMilliseconds: now())
        #expect(try open.line().hasPrefix("ERR SESSION "))
        #expect(try client(server, rotated.credential).ask("WHOAMI") == "guest")
    }
}
