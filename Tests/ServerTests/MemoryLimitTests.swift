// `serve --max-memory`, and CONFIG SET of it while clients write: the limit holds, live.
import Foundation
import Reactor
import Server
import TLS
import Testing

@Suite struct LiveMemoryLimitTests {
    /// The number behind `name` in INFO.
    private func figure(_ name: String, _ client: TestClient) throws -> Int {
        let heading = try client.ask("INFO memory stats")
        let lines = try (0..<(Int(heading.dropFirst()) ?? 0)).map { _ in try client.line() }
        let line = lines.first { $0.hasPrefix("\(name):") } ?? ""
        return try #require(Int(line.dropFirst(name.count + 1)), "no \(name) in \(lines)")
    }

    @Test func theLimitIsSetAndHoldsUnderLoad() throws {
        let server = try TestServer { $0.loopCount = 4 }
        let admin = try server.textClient()
        let clients = try (0..<6).map { _ in try server.textClient() }
        let value = String(repeating: "v", count: 1000)
        let rounds = 12
        let batch = 200
        for round in 0..<rounds {
            for (index, client) in clients.enumerated() {
                let lines = (0..<batch).map { "SET key:\(index):\(round):\($0) \(value)\n" }
                try client.send(lines.joined())
            }
            if round == rounds / 2 {
                #expect(
                    try admin.ask("CONFIG SET maxmemory 2mb maxmemory-policy allkeys-lru") == "OK"
                )
            }
            for client in clients {
                for _ in 0..<batch { #expect(try client.line() == "OK") }
            }
            if round > rounds / 2 {
                // What one request of each loop adds to what was there when it asked for room.
                let held = try figure("used_memory_dataset", admin)
                #expect(held <= (2 << 20) + 4 * 8192, "\(held) bytes after round \(round)")
            }
        }
        let keys = try #require(Int(try admin.ask("DBSIZE")))
        #expect(keys > 500 && keys < 2000)
        #expect(try figure("evicted_keys", admin) == rounds * batch * clients.count - keys)
        #expect(try figure("out_of_memory_refusals", admin) == 0)
    }

    @Test func aLowerLimitIsReachedWithoutRequests() throws {
        let server = try TestServer { $0.loopCount = 2 }
        let client = try server.textClient()
        let value = String(repeating: "v", count: 1000)
        for number in 0..<1000 { #expect(try client.ask("SET key:\(number) \(value)") == "OK") }
        #expect(try client.ask("CONFIG SET maxmemory 512kb") == "OK")
        #expect(
            try client.ask("SET other 1")
                == "ERR MEMORY command not allowed when used memory > 'maxmemory'."
        )
        #expect(try figure("out_of_memory_refusals", client) == 1)
        #expect(try client.ask("DBSIZE") == "1000")
        #expect(try client.ask("CONFIG SET maxmemory-policy allkeys-random") == "OK")
        // The loops' ticks evict; INFO is no write.
        try eventually("the excess is evicted") {
            try figure("used_memory_dataset", client) <= 512 << 10
        }
        let left = try #require(Int(try client.ask("DBSIZE")))
        #expect(left > 50)
        #expect(try figure("evicted_keys", client) == 1000 - left)
        #expect(try client.ask("SET other 1") == "OK")
    }

    @Test func theOptionsAreHeld() throws {
        let server = try ServerProcess([
            "--max-memory", "100kb", "--max-memory-policy", "volatile-ttl",
        ])
        let client = try ClientConnection(
            to: Endpoint(host: "localhost", port: UInt16(server.port) ?? 0),
            trust: .authorities(file: server.authority)
        )
        defer { client.close() }
        let json = #"{"action":"AUTH","token":"\#(server.token)"}"#
        let long = String(repeating: "v", count: 60_000)
        try client.send("\(json)\n")
        #expect(try client.line() == #"{"result":"OK"}"#)
        try client.send(#"{"action":"CONFIG","subcommand":"GET","argument":"maxmemory*"}"# + "\n")
        #expect(
            try client.line()
                == #"{"result":{"maxmemory":"102400","maxmemory-policy":"volatile-ttl"}}"#
        )
        try client.send(#"{"action":"SET","key":"a","value":"\#(long)"}"# + "\n")
        #expect(try client.line() == #"{"result":"OK"}"#)
        try client.send(#"{"action":"SET","key":"b","value":"\#(long)"}"# + "\n")
        #expect(
            try client.line()
                == #"{"error":{"code":"out_of_memory","message":"command not allowed when used "#
                + #"memory > 'maxmemory'."}}"#
        )
    }

    @Test(arguments: [
        (
            ["--max-memory", "lots"],
            "--max-memory 'lots' is no size: bytes, or a number and k, kb, m"
        ),
        (["--max-memory=-1"], "--max-memory '-1' is no size"),
        (["--max-memory", "1.5gb"], "--max-memory '1.5gb' is no size"),
        (
            ["--max-memory-policy", "allkeys-lfu"],
            "--max-memory-policy 'allkeys-lfu' is none of noeviction, allkeys-lru, allkeys-random,"
        ),
    ])
    func whatIsWrongIsSaid(options: [String], sentence: String) throws {
        let program = try Program.products + "/sallyport"
        let result = try Program.run([program, "serve"] + options)
        #expect(result.status == 64)
        #expect(result.errors.contains(sentence), "\(result.errors)")
    }
}
