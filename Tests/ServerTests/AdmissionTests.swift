// Who is let in, who is told why not, and that every place is given back.
import Access
import Core
import Reactor
import Server
import TLS
import Testing

@Suite struct AdmissionTests {
    /// A token with a reserved slot, and whether the server knows it already.
    private func reservedToken(_ server: TestServer) throws -> String {
        let token = try server.folder.editor.add(
            name: "keeper",
            permissions: ["@all"],
            hasReservedSlot: true,
            nowUnixMilliseconds: SystemClock.now().unixMilliseconds
        ).credential
        server.server.reloadTokens()
        return token
    }

    private func waitForConnections(_ count: Int, _ server: TestServer) throws {
        let probe = try server.textClient()
        try awaitLine("connected_clients:\(count + 1)", from: probe)
        probe.close()
    }

    /// The lines of a section of INFO; none where buffers take so much that the server puts INFO off.
    private func info(_ client: TestClient, _ section: String) throws -> [String] {
        let head = try client.ask("INFO \(section)")
        if head.contains("limit=overload ") { return [] }
        let count = try #require(Int(head.dropFirst()), "\(head)")
        return try (0..<count).map { _ in try client.line() }
    }

    /// Asks INFO until a line of it is `line`.
    private func awaitLine(_ line: String, from client: TestClient) throws {
        try eventually("INFO says \(line)") { try info(client, "clients").contains(line) }
    }

    @Test func theRefusedAreToldInTheirEncoding() throws {
        let server = try TestServer { $0.limits.maxClients = 1 }
        let steady = try server.textClient()
        #expect(try server.connect().ask("WHO") == "ERR BUSY limit=maxClients retry_after_ms=1000")
        let json = try server.connect().ask(#"{"action":"PING"}"#)
        #expect(
            json
                == #"{"error":{"code":"busy","message":"limit=maxClients","retry_after_ms":1000}}"#
        )
        let resp = try server.connect()
        try resp.send("*1\r\n$4\r\nPING\r\n")
        #expect(try resp.line() == "-BUSY limit=maxClients retry_after_ms=1000")
        try resp.waitUntilClosed()
        // A token without a reserved slot changes nothing.
        let other = try server.connect()
        #expect(try other.ask("AUTH \(server.folder.token)").hasPrefix("ERR BUSY limit=maxClients"))
        try other.waitUntilClosed()
        #expect(try steady.ask("WHO") == "1")
        #expect(try info(steady, "limits").contains("refused_maxClients:4"))
    }

    @Test func aTokenWithAReservedSlotGetsIn() throws {
        let server = try TestServer {
            $0.limits.maxClients = 1
            $0.limits.reservedClients = 1
        }
        let token = try reservedToken(server)
        let steady = try server.textClient()
        var keeper = steady
        // The file is read soon; until then the token is nobody's.
        try eventually("the token is let in") {
            keeper = try server.connect()
            return try keeper.ask("AUTH \(token)") == "OK"
        }
        #expect(try keeper.ask("WHO") == "2")
        // There was one slot.
        let second = try server.connect()
        #expect(try second.ask("AUTH \(token)").hasPrefix("ERR BUSY"))
        try second.waitUntilClosed()
        keeper.close()
        try awaitAnswer("1", from: steady, to: "WHO")
        let third = try server.connect()
        #expect(try third.ask("AUTH \(token)") == "OK")
    }

    @Test func pastTheBudgetTheRefusedAreClosedAtOnce() throws {
        let server = try TestServer {
            $0.limits.maxClients = 1
            $0.limits.maxExplainedRefusals = 2
        }
        let steady = try server.textClient()
        let told = try (0..<2).map { _ in try server.connect() }
        #expect(throws: ClientError.self) { try server.connect() }
        for client in told { #expect(try client.ask("PING").hasPrefix("ERR BUSY")) }
        for client in told { try client.waitUntilClosed() }
        for client in told { client.close() }
        try awaitLine("connected_clients:1", from: steady)
        #expect(try server.connect().ask("PING").hasPrefix("ERR BUSY"), "their places are free")
    }

    @Test func anAddressPaysUntilItsTokenDoes() throws {
        let server = try TestServer { $0.limits.addressOpenConnections = 2 }
        let first = try server.connect()
        let second = try server.connect()
        #expect(try first.ask("PING") == "PONG")
        let third = try server.connect()
        #expect(try third.ask("PING") == "ERR BUSY limit=addressOpenConnections")
        #expect(try second.ask("AUTH \(server.folder.token)") == "OK")
        let fourth = try server.textClient()
        let fifth = try server.textClient()
        #expect(try fifth.ask("WHO") == "3")
        for client in [first, second, fourth, fifth] { client.close() }
        try waitForConnections(0, server)
        let again = try (0..<2).map { _ in try server.connect() }
        for client in again { #expect(try client.ask("PING") == "PONG") }
        #expect(try server.connect().ask("PING").hasPrefix("ERR BUSY"))
    }

    @Test func deniedAddressesAreClosedAtOnce() throws {
        let block = try AddressBlock(parsing: "127.0.0.0/8")
        let server = try TestServer { $0.denyAddresses = [block] }
        #expect(throws: ClientError.self) { try server.connect() }
        let open = try TestServer {
            $0.denyAddresses = [block]
            $0.limitsShadow = true
        }
        let client = try open.textClient()
        #expect(try info(client, "limits").contains("would_refuse_deniedAddresses:1"))
    }

    @Test func handshakesOfAnAddressAreLimited() throws {
        let server = try TestServer {
            $0.limits.addressHandshakesPerSecond = 1
            $0.limits.addressHandshakesBurst = 3
        }
        let clients = try (0..<3).map { _ in try server.connect() }
        for client in clients { #expect(try client.ask("PING") == "PONG") }
        // Time brings one more a second, and a connection takes less.
        #expect(throws: ClientError.self) {
            try eventually("a handshake is refused") {
                _ = try server.connect()
                return false
            }
        }
        #expect(try clients[0].ask("AUTH \(server.folder.token)") == "OK")
        let limits = try info(clients[0], "limits")
        #expect(limits.contains { $0.hasPrefix("refused_addressHandshakesPerSecond:") })
    }

    @Test func behindAProxyItsClientsPayAndNotTheProxy() throws {
        let proxy = try AddressBlock(parsing: "127.0.0.1")
        let denied = try AddressBlock(parsing: "203.0.113.0/24")
        let server = try TestServer {
            $0.proxies = [proxy]
            $0.denyAddresses = [denied]
            $0.limits.addressOpenConnections = 1
        }
        func connect(from address: String) throws -> TestClient {
            try server.connect(
                preamble: Array("PROXY TCP4 \(address) 192.0.2.1 1000 9999\r\n".utf8)
            )
        }
        let first = try connect(from: "198.51.100.1")
        let other = try connect(from: "198.51.100.2")
        #expect(try other.ask("PING") == "PONG")
        let second = try connect(from: "198.51.100.1")
        #expect(try second.ask("PING") == "ERR BUSY limit=addressOpenConnections")
        #expect(throws: ClientError.self) { try connect(from: "203.0.113.7") }
        // Its place is free again when its token pays.
        #expect(try first.ask("AUTH \(server.folder.token)") == "OK")
        #expect(try connect(from: "198.51.100.1").ask("PING") == "PONG")
        let told = try first.ask("CLIENT LIST")
        #expect(!told.isEmpty)
    }

    /// Peers that do not read, each within its own limits: the largest go until the rest fits.
    @Test func theBuffersOfAllConnectionsTogetherAreLimited() throws {
        let server = try TestServer { $0.limits.maxConnectionMemoryBytes = 8 << 20 }
        let steady = try server.textClient()
        let value = String(repeating: "v", count: 60_000)
        for number in 0..<20 { #expect(try steady.ask("SET k\(number) \(value)") == "OK") }
        let many = (0..<20).map { "GET k\($0)\n" }.joined()
        let deaf = try (0..<4).map { _ in try server.textClient() }
        // Ten times 1.2 MB for each of them, of which the kernel takes a few.
        for client in deaf { try client.send(String(repeating: many, count: 10)) }
        func figure(_ name: String) throws -> Int? {
            let line = try info(steady, "limits").first { $0.contains(name + ":") }
            return line.flatMap { Int($0.drop { $0 != ":" }.dropFirst()) }
        }
        try eventually("one of them is closed") {
            try figure("maxConnectionMemoryBytes") ?? 0 >= 1
        }
        // The others may still be filling theirs, until they are closed as well.
        try eventually("what is held is within the limit") {
            try figure("connection_buffer_bytes") ?? .max <= 8 << 20
        }
        try awaitAnswer(value, from: steady, to: "GET k7")
        for client in deaf { client.reset() }
    }

    @Test func everyPlaceIsGivenBack() throws {
        let server = try TestServer {
            $0.limits.addressOpenConnections = 20
            $0.limits.maxClients = 30
        }
        for round in 0..<300 {
            let client = try server.connect()
            switch round % 4 {
            case 0: _ = try client.ask("AUTH \(server.folder.token)")
            case 1: _ = try client.ask(["AUTH \(server.folder.token)", "RESET"])
            case 2: _ = try client.ask("PING")
            default: break
            }
            if round % 3 == 0 { client.reset() } else { client.close() }
            if round % 10 == 9 { try waitForConnections(0, server) }
        }
        try waitForConnections(0, server)
        let probe = try server.textClient()
        let refused = try info(probe, "limits").contains { $0.hasPrefix("refused_") }
        #expect(!refused, "nobody had to be refused")
    }
}
