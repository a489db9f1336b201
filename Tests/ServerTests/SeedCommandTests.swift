// The first exercise, live: WHO, WHERE, WHY, unknown commands, many clients at once.
import Core
import Foundation
import Reactor
import Server
import Testing

@Suite struct SeedCommandTests {
    @Test func whoCountsAuthenticatedClientsTheAskerIncluded() throws {
        let server = try TestServer()
        let first = try server.textClient()
        #expect(try first.ask("WHO") == "1")
        let second = try server.textClient()
        #expect(try second.ask("WHO") == "2")
        // One without a token is connected but does not count.
        let third = try server.connect()
        #expect(try third.ask("PING") == "PONG")
        #expect(try first.ask("WHO") == "2")
        second.close()
        try awaitAnswer("1", from: first, to: "WHO")
    }

    @Test func whereIsOneUUIDPerServer() throws {
        let server = try TestServer()
        let other = try TestServer()
        let identifier = try server.textClient().ask("WHERE")
        #expect(UUID(uuidString: identifier) != nil)
        #expect(try server.textClient().ask("WHERE") == identifier)
        #expect(try other.textClient().ask("WHERE") != identifier)
    }

    @Test func whereIsKeptInTheDataDirectory() throws {
        let folder = try TestFolder()
        let data = folder.path + "/data"
        var identifiers: [String] = []
        for _ in 0..<2 {
            let server = try TestServer { $0.dataDirectory = data }
            identifiers.append(try server.textClient().ask("WHERE"))
        }
        #expect(identifiers[0] == identifiers[1])
    }

    @Test func whyIs42() throws {
        #expect(try TestServer().textClient().ask("WHY") == "42")
    }

    @Test func unknownCommandsAreAnErrorAndTheConnectionStays() throws {
        let client = try TestServer().textClient()
        #expect(try client.ask("NOPE").hasPrefix("ERR UNKNOWN "))
        #expect(try client.ask("why") == "42")
    }

    @Test func nothingIsServedBeforeAToken() throws {
        let client = try TestServer().connect()
        for command in ["WHO", "WHERE", "WHY", "GET k", "SET k v", "ECHO x", "NOPE"] {
            #expect(try client.ask(command) == "ERR NOAUTH Authentication required.")
        }
        #expect(try client.ask("PING") == "PONG")
    }

    @Test func aHundredClientsAtOnceAreAllServed() throws {
        let server = try TestServer()
        let clients = try (0..<100).map { _ in try server.textClient() }
        for client in clients { try client.send("WHO\nECHO hello world\n") }
        for client in clients {
            #expect(try client.line() == "100")
            #expect(try client.line() == "hello world")
        }
        // Two loops, a hundred connections: each has its half.
        #expect(server.server.connectionsPerLoop == [50, 50])
    }

    @Test func fewConnectionsAreSpreadOverTheLoops() throws {
        let server = try TestServer { $0.loopCount = 4 }
        let clients = try (0..<4).map { _ in try server.textClient() }
        #expect(server.server.connectionsPerLoop == [1, 1, 1, 1])
        #expect(clients.count == 4)
    }
}
