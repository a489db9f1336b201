// Shutting down, live: everybody is told, what has begun is ended, nothing stays open.
import Core
import Foundation
import Reactor
import Server
import Synchronization
import TLS
import Testing

@Suite struct ShutdownTests {
    @Test func everyClientIsToldAndClosed() throws {
        let server = try TestServer()
        let text = try server.textClient()
        let json = try server.jsonClient()
        let resp3 = try server.connect()
        try resp3.send(resp(["HELLO", "3", "AUTH", "default", server.folder.token]))
        #expect(try resp3.line() == "%8")
        let resp2 = try server.connect()
        try resp2.send(resp(["AUTH", server.folder.token]))
        #expect(try resp2.line() == "+OK")
        server.server.shutDown()
        let line = try text.line()
        #expect(line.wholeMatch(of: #/> shutdown grace_ms \d+ reconnect_after_ms \d+/#) != nil)
        let object = try json.line()
        let expected = #/{"event":"shutdown","grace_ms":\d+,"reconnect_after_ms":\d+}/#
        #expect(object.wholeMatch(of: expected) != nil, "\(object)")
        for client in [text, json, resp3, resp2] { try client.waitUntilClosed() }
        #expect(throws: ClientError.self, "RESP2 has no pushes") { try resp2.line() }
        for client in [text, json, resp3, resp2] { client.close() }
        server.server.waitUntilStopped()
        #expect(server.server.openConnections == 0)
        #expect(throws: ClientError.self) { try server.connect() }
    }

    @Test func aPushOfRESP3IsNoReply() throws {
        let server = try TestServer()
        let client = try server.connect()
        try client.send(
            resp(["AUTH", server.folder.token]) + resp(["HELLO", "3"]) + resp(["PING"])
        )
        #expect(try client.line() == "+OK")
        while try client.line() != "+PONG" {}
        server.server.shutDown()
        #expect(try client.line() == ">3")
        #expect(try client.line() == "$8")
        #expect(try client.line() == "shutdown")
        #expect(try client.line().hasPrefix(":"))
        #expect(try client.line().hasPrefix(":"))
        try client.waitUntilClosed()
    }

    @Test func whatHasArrivedIsAnswered() throws {
        let server = try TestServer()
        let clients = try (0..<10).map { _ in try server.textClient() }
        for client in clients { try client.send("ECHO a\nECHO b\nECHO c\n") }
        server.server.shutDown()
        for client in clients {
            let lines = try (0..<4).map { _ in try client.line() }
            #expect(lines.filter { !$0.hasPrefix(">") } == ["a", "b", "c"])
            #expect(lines.contains { $0.hasPrefix("> shutdown ") })
            try client.waitUntilClosed()
        }
    }

    @Test func aServerWithoutConnectionsStops() throws {
        let server = try TestServer()
        server.server.shutDown()
        server.server.waitUntilStopped()
        #expect(server.server.openConnections == 0)
    }

    /// Two hundred clients ask without a break until they are told; then they send nothing more.
    @Test func everyRequestBeforeTheNoticeIsAnswered() throws {
        let server = try TestServer { $0.limits.drainPauseMilliseconds = 250 }
        let sent = Atomic<Int>(0)
        let answered = Atomic<Int>(0)
        let told = Atomic<Int>(0)
        let failed = Atomic<Int>(0)
        let endpoint = server.endpoint
        let authority = server.folder.authority
        let token = server.folder.token
        let ready = DispatchSemaphore(value: 0)
        let threads = try (0..<8).map { number in
            try LoopThread("clients-\(number)") {
                do {
                    let clients = try (0..<25).map { _ in
                        try AskingClient(endpoint, authority, token)
                    }
                    ready.signal()
                    while clients.contains(where: { !$0.isTold }) {
                        for client in clients where !client.isTold { try client.ask(7) }
                    }
                    for client in clients {
                        try client.readToEnd()
                        sent.add(client.sent, ordering: .relaxed)
                        answered.add(client.answered, ordering: .relaxed)
                        told.add(1, ordering: .relaxed)
                    }
                } catch {
                    failed.add(1, ordering: .relaxed)
                    ready.signal()
                }
            }
        }
        for _ in threads { ready.wait() }
        server.server.shutDown()
        for thread in threads { thread.join() }
        #expect(failed.load(ordering: .relaxed) == 0)
        #expect(told.load(ordering: .relaxed) == 200)
        #expect(sent.load(ordering: .relaxed) >= 1400)
        #expect(answered.load(ordering: .relaxed) == sent.load(ordering: .relaxed))
        server.server.waitUntilStopped()
    }

    @Test func aSlowReaderGetsAllItsBytes() throws {
        let server = try TestServer {
            $0.limits.outboundHighWatermarkBytes = 256 << 10
            $0.limits.outboundLowWatermarkBytes = 64 << 10
            $0.shutdownTimeoutMilliseconds = 60_000
        }
        let value = String(repeating: "v", count: 60_000)
        let greedy = try server.textClient()
        #expect(try greedy.ask("SET big \(value)") == "OK")
        // 500 replies of 60 KB are 30 MB: far more than sockets and watermarks hold.
        try greedy.send(String(repeating: "GET big\n", count: 500))
        let other = try server.textClient()
        server.server.shutDown()
        // Whoever waits for nothing is long closed before the slow one reads.
        #expect(try other.line().hasPrefix("> shutdown "))
        try other.waitUntilClosed()
        var values = 0
        while values < 500 {
            let line = try greedy.line()
            if line.hasPrefix("> shutdown ") { continue }
            if line != value {
                Issue.record("a reply is not the value")
                return
            }
            values += 1
        }
        try greedy.waitUntilClosed()
    }

    @Test func requestsAndTransactionsThatHaveBegunAreEnded() throws {
        let server = try TestServer { $0.shutdownTimeoutMilliseconds = 60_000 }
        let half = try server.textClient()
        try half.send("INFO ser")
        let queueing = try server.textClient()
        #expect(try queueing.ask(["MULTI", "SET k v"]) == ["OK", "QUEUED"])
        let idle = try server.textClient()
        server.server.shutDown()
        for client in [half, queueing, idle] {
            #expect(try client.line().hasPrefix("> shutdown "))
        }
        try idle.waitUntilClosed()
        try half.send("ver\n")
        var isDraining = false
        for _ in 0..<(Int(try half.line().dropFirst()) ?? 0) {
            isDraining = try half.line().contains("draining:1") || isDraining
        }
        #expect(isDraining)
        try half.waitUntilClosed()
        #expect(try queueing.ask(["SET l w", "EXEC"]) == ["QUEUED", "*2"])
        #expect(try queueing.line() == "OK")
        #expect(try queueing.line() == "OK")
        try queueing.waitUntilClosed()
    }

    @Test func itEndsWhenTheLastClientLeaves() throws {
        let server = try TestServer { $0.shutdownTimeoutMilliseconds = 1_800_000 }
        let client = try server.textClient()
        #expect(try client.ask("MULTI") == "OK")
        server.server.shutDown()
        #expect(try client.line().hasPrefix("> shutdown "))
        client.close()
        server.server.waitUntilStopped()
        #expect(server.server.openConnections == 0)
    }

    @Test(arguments: [0, 300])
    func whoDoesNotEndIsCutOffAtTheDeadline(_ timeout: Int64) throws {
        let server = try TestServer { $0.shutdownTimeoutMilliseconds = timeout }
        let client = try server.textClient()
        #expect(try client.ask("MULTI") == "OK")
        server.server.shutDown()
        server.server.waitUntilStopped()
        #expect(server.server.openConnections == 0)
        try client.waitUntilClosed()
    }

    @Test(arguments: ["inherited", "reuse-port"])
    func nobodyIsLostWhenTheNextProcessTakesOver(_ mode: String) throws {
        let python = ProcessInfo.processInfo.environment["SALLYPORT_TEST_PYTHON"] ?? "python3"
        let script = Program.folder.appendingPathComponent("hand_over.py").path
        let program = try Program.products + "/sallyport"
        let result = try Program.run([python, "-B", script, program, mode])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains(#""lost": 0,"#))
    }
}

/// A client that counts what it asks and what it is answered.
private final class AskingClient {
    private let connection: ClientConnection
    private(set) var sent = 0
    private(set) var answered = 0
    private(set) var isTold = false

    init(_ endpoint: Endpoint, _ authority: String, _ token: String) throws {
        connection = try ClientConnection(
            to: endpoint,
            trust: .authorities(file: authority),
            timeoutMilliseconds: patienceMilliseconds
        )
        try connection.send("AUTH \(token)\n")
        guard try connection.line() == "OK" else { throw StartError("refused") }
    }

    /// Sends `count` requests at once and reads until they are answered.
    func ask(_ count: Int) throws {
        try connection.send(String(repeating: "WHY\n", count: count))
        sent += count
        while answered < sent { try take() }
    }

    /// Reads to the end of the connection.
    func readToEnd() throws {
        do {
            while true { try take() }
        } catch ClientError.closed {}
    }

    private func take() throws {
        let line = try connection.line()
        if line.hasPrefix("> shutdown ") {
            isTold = true
        } else if line == "42" {
            answered += 1
        } else {
            throw StartError("an odd line: \(line)")
        }
    }
}
