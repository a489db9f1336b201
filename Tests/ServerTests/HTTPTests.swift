// HTTP, live: what curl and Python's client say to a server, time limits, drain, and bad requests without end.
import Core
import Foundation
import Glibc
import Reactor
import Server
import TLS
import Testing

@Suite struct HTTPTests {
    private func get(_ target: String, _ token: String? = nil, host: String = "x") -> String {
        let field = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        return "GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\(field)\r\n"
    }

    /// Reads a response: its status line, its fields, and its body.
    private func response(
        _ client: TestClient
    ) throws -> (status: String, fields: [String], body: String) {
        let status = try client.line()
        var fields: [String] = []
        while case let line = try client.line(), !line.isEmpty { fields.append(line) }
        let prefix = "Content-Length: "
        let length = fields.first { $0.hasPrefix(prefix) }.flatMap {
            Int($0.dropFirst(prefix.count))
        }
        return (status, fields, String(decoding: try client.bytes(length ?? 0), as: UTF8.self))
    }

    private func curl(_ server: ServerProcess, _ arguments: [String]) throws -> ProgramResult {
        try Program.run(["curl", "-sS", "--cacert", server.authority] + arguments)
    }

    @Test func curlIsServed() throws {
        let server = try ServerProcess()
        let base = "https://localhost:\(server.port)"
        let token = ["-H", "Authorization: Bearer \(server.token)"]
        var result = try curl(server, ["-i", base + "/healthz"])
        #expect(result.output.hasPrefix("HTTP/1.1 200 OK\r\n"), "\(result.output)\(result.errors)")
        #expect(result.output.contains("\"status\":\"ok\""))
        result = try curl(server, token + ["-T", server.authority, base + "/v1/kv/file"])
        #expect(result.status == 0 && result.output.isEmpty, "\(result.errors)")
        result = try curl(server, token + [base + "/v1/kv/file"])
        #expect(result.output == (try String(contentsOfFile: server.authority, encoding: .utf8)))
        let json = ["--json", #"{"action":"ADD","a":2,"b":3}"#]
        result = try curl(server, token + json + [base + "/v1/command"])
        #expect(result.output == "{\"result\":5}\n")
        let subscribe = ["--json", #"{"action":"SUBSCRIBE","channel":["news"]}"#]
        result = try curl(server, token + subscribe + [base + "/v1/command"])
        #expect(result.output.contains("a connection of HTTP cannot be sent messages"))
        result = try curl(server, ["-o", "/dev/null", "-w", "%{http_code}", base + "/status"])
        #expect(result.output == "401")
        result = try curl(server, token + ["-I", base + "/status", base + "/metrics"])
        #expect(result.output.components(separatedBy: "HTTP/1.1 200 OK").count == 3)
    }

    @Test func pythonsClientIsServed() throws {
        let result = try Program.session(["python3"], "http_session.py", try ServerProcess())
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.contains("http session: good"))
    }

    @Test func aConnectionWithoutALPNIsKnownByItsRequestLine() throws {
        let server = try TestServer()
        let client = try server.connect()
        let target = get("/v1/kv/k", server.folder.token)
        let piped = Array((target + target + get("/nothing")).utf8)
        for byte in piped { try client.send([byte]) }
        #expect(try response(client).status == "HTTP/1.1 404 Not Found")
        #expect(try response(client).status == "HTTP/1.1 404 Not Found")
        let last = try response(client)
        #expect(
            last.body.contains("\"code\":\"not_found\"")
                && last.fields.contains("Content-Type: application/json")
        )
        try client.send("WHO\r\n")
        #expect(try response(client).status == "HTTP/1.1 400 Bad Request")
        try client.waitUntilClosed()
    }

    @Test func aTargetThatIsTooLongIsSaidSoWithoutALPN() throws {
        let server = try TestServer()
        let longest = try server.connect()
        try longest.send(get("/" + String(repeating: "a", count: 8191), server.folder.token))
        #expect(try response(longest).status == "HTTP/1.1 404 Not Found")
        let client = try server.connect()
        try client.send(get("/" + String(repeating: "a", count: 9000)))
        #expect(try response(client).status == "HTTP/1.1 414 URI Too Long")
        try client.waitUntilClosed()
    }

    @Test func clientListTellsHTTP() throws {
        let server = try TestServer()
        let client = try server.connect()
        let list = #"{"action":"CLIENT","subcommand":"LIST"}"#
        try client.send(
            get("/v1/command", server.folder.token).replacingOccurrences(of: "GET", with: "POST")
                .dropLast()
                + "Content-Type: application/json\r\nContent-Length: \(list.count)\r\n\r\n"
                + list
        )
        #expect(try response(client).body.contains(" encoding=http "))
    }

    @Test func aRequestThatDoesNotEndIsTimedOut() throws {
        let server = try TestServer {
            $0.limits.requestTimeoutMilliseconds = 100
            $0.limits.authenticationTimeoutMilliseconds = 300
        }
        let slow = try server.connect()
        try slow.send(get("/v1/kv/k", server.folder.token))
        #expect(try response(slow).status == "HTTP/1.1 404 Not Found")
        let put = get("/v1/kv/k", server.folder.token).replacingOccurrences(of: "GET", with: "PUT")
        try slow.send(put.dropLast(1) + "Content-Length: 3\r\n\r\nab")
        let timeout = try response(slow)
        #expect(timeout.status == "HTTP/1.1 408 Request Timeout")
        #expect(timeout.body.contains("limit=requestTimeoutMilliseconds"))
        #expect(timeout.fields.contains("Connection: close"))
        try slow.waitUntilClosed()
        // Nothing is said to a connection that has nothing under way.
        let quiet = try server.connect()
        try quiet.send(get("/health"))
        #expect(try response(quiet).status == "HTTP/1.1 200 OK")
        #expect(throws: ClientError.self) { try quiet.line() }
    }

    @Test func largeRepliesWaitForTheirReader() throws {
        let server = try TestServer()
        let client = try server.connect()
        let value = [UInt8](repeating: UInt8(ascii: "v"), count: 4 << 20)
        let put = get("/v1/kv/k", server.folder.token).replacingOccurrences(of: "GET", with: "PUT")
        try client.send(
            Array((put.dropLast(1) + "Content-Length: \(value.count)\r\n\r\n").utf8) + value
        )
        #expect(try response(client).status == "HTTP/1.1 204 No Content")
        let asks = 20
        try client.send(String(repeating: get("/v1/kv/k", server.folder.token), count: asks))
        for _ in 0..<asks { #expect(try response(client).body.utf8.count == value.count) }
    }

    @Test func drainEndsBehindTheNextResponse() throws {
        let server = try TestServer {
            $0.limits.drainSpreadPerThousandMilliseconds = 60_000
            $0.limits.drainPatienceMilliseconds = 60_000
            $0.shutdownTimeoutMilliseconds = 60_000
        }
        let client = try server.connect()
        try client.send(get("/health"))
        #expect(try response(client).status == "HTTP/1.1 200 OK")
        server.server.shutDown()
        // The shutdown is told to the loops by another thread.
        var answer = ("HTTP/1.1 200 OK", [""], "")
        while !answer.1.contains("Connection: close") {
            try client.send(get("/readyz"))
            answer = try response(client)
        }
        #expect(answer.0 == "HTTP/1.1 503 Service Unavailable")
        #expect(answer.2 == "{\"status\":\"draining\"}\n")
        try client.waitUntilClosed()
        client.close()
    }

    /// `SALLYPORT_BAD_REQUESTS` sets how many there are.
    @Test func badRequestsLeaveNothingBehind() throws {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["SALLYPORT_BAD_REQUESTS"].flatMap(Int.init) ?? 2_000
        // One address sends them all, faster than any address may.
        let rates = ["Commands", "Handshakes", "Connections"].flatMap { name in
            ["--limit", "address\(name)PerSecond=0"]
        }
        let server = try ServerProcess(["--loops", "1"] + rates)
        let endpoint = Endpoint(host: "127.0.0.1", port: UInt16(server.port) ?? 0)
        let good = get("/health")
        let bad = [
            get("/health", host: "a b"), "GET /health HTTP/1.1\r\n\r\n",
            good.replacingOccurrences(of: "\r\n\r\n", with: "\r\nContent-Length : 3\r\n\r\n"),
            good.replacingOccurrences(
                of: "\r\n\r\n",
                with: "\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            ),
            get("/" + String(repeating: "a", count: 9_000)), get("/status", "sp_no_no"),
            good.replacingOccurrences(of: "\r\n\r\n", with: "\r\nContent-Length: 99999\r\n\r\n"),
        ]
        var kept: Connection?
        func run(_ count: Int) throws {
            for index in 0..<count {
                if kept == nil || index % 100 == 0 {
                    kept = try Connection(endpoint, server.authority)
                }
                guard let connection = kept else { continue }
                // Those that the connection outlives, many on one; the others once each.
                if index % 10 == 0 {
                    try connection.ask(bad[index / 10 % bad.count])
                    kept = nil
                } else {
                    try connection.ask(get("/nothing\(index)"))
                }
            }
            kept = nil
        }
        try run(count / 4)
        let memory = try server.residentKiB()
        let descriptors = try server.descriptorCount()
        try run(count)
        #expect(try server.descriptorCount() <= descriptors + 2)
        let growth = try server.residentKiB() - memory
        #expect(growth < 4_096, "\(growth) KiB more behind \(count) bad requests")
    }
}

/// A connection on which each request is answered by one error.
private final class Connection {
    private let client: ClientConnection

    init(_ endpoint: Endpoint, _ authority: String) throws {
        client = try ClientConnection(to: endpoint, trust: .authorities(file: authority))
    }

    deinit { client.close() }

    func ask(_ text: String) throws {
        try client.send(text)
        let status = try client.line()
        #expect(status.hasPrefix("HTTP/1.1 4"), "\(status)")
        var length = 0
        while case let line = try client.line(), !line.isEmpty {
            let prefix = "Content-Length: "
            if line.hasPrefix(prefix) { length = Int(line.dropFirst(prefix.count)) ?? 0 }
        }
        _ = try client.bytes(length)
    }
}
