// Descriptors and connections that run out: nothing spins, and service goes on when they come back.
import Core
import Foundation
import Glibc
import Reactor
import Server
import TLS
import Testing

@Suite struct ExhaustionTests {
    @Test func descriptorsThatRunOutPauseAcceptingAndNothingElse() throws {
        let server = try ServerProcess(["--loops", "1"], maxDescriptors: 32)
        let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(server.port) ?? 0)
        let trust = TLSTrust.authorities(file: server.authority)
        let steady = try ClientConnection(to: endpoint, trust: trust)
        try steady.send("AUTH \(server.token)\n")
        #expect(try steady.line() == "OK")
        // Forty connections that say nothing: more than there are descriptors for.
        var idle = try (0..<40).map { _ in try RawSocket(to: endpoint) }
        for _ in 0..<200 {
            try steady.send("WHY\n")
            #expect(try steady.line() == "42")
        }
        #expect(try server.descriptorCount() >= 32, "the flood did use up the descriptors")
        let before = try server.cpuMilliseconds()
        let waiter = try ServerProcess()
        _ = waiter
        let spent = try server.cpuMilliseconds() - before
        #expect(spent < 200, "a server that cannot accept must not spin: \(spent) ms of CPU")
        idle.removeAll()
        let late = try ClientConnection(to: endpoint, trust: trust)
        try late.send("PING\n")
        #expect(try late.line() == "PONG")
    }

    @Test func connectionsAboveTheLimitAreRefused() throws {
        let server = try TestServer { $0.limits.maxClients = 3 }
        var clients = try (0..<3).map { _ in try server.textClient() }
        let refused = try server.connect()
        #expect(
            try refused.ask("PING") == "ERR BUSY limit=maxClients retry_after_ms=1000"
        )
        try refused.waitUntilClosed()
        #expect(try clients[0].ask("WHO") == "3")
        clients.removeLast()
        try awaitAnswer("2", from: clients[0], to: "WHO")
        clients.append(try server.textClient())
        #expect(try clients[0].ask("WHO") == "3")
    }
}
