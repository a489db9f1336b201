// The options for limits, what is said of wrong ones, and the table of limits in PRODUCTION.md.
import Access
import Core
import Foundation
import Reactor
import Server
import TLS
import Testing

@Suite struct LimitOptionTests {
    @Test func limitsHoldAndAreNamed() throws {
        let server = try ServerProcess([
            "--limit", "maxKeyBytes=5", "--limit", "addressCommandsPerSecond=1",
            "--limit", "addressCommandsBurst=3",
        ])
        func client() throws -> ClientConnection {
            try ClientConnection(
                to: Endpoint(host: "localhost", port: UInt16(server.port) ?? 0),
                trust: .authorities(file: server.authority)
            )
        }
        let text = try client()
        defer { text.close() }
        try text.send("AUTH \(server.token)\nSET longer 1\nLIMITS maxKeyBytes\n")
        #expect(try text.line() == "OK")
        #expect(try text.line().contains("maxKeyBytes"))
        let json = try client()
        defer { json.close() }
        // The address has paid for one command, and time brings at most a few more.
        try json.send(String(repeating: #"{"action":"PING"}"# + "\n", count: 50))
        var refused: [String] = []
        for _ in 0..<50 {
            let line = try json.line()
            if line != #"{"result":"PONG"}"# { refused.append(line) }
        }
        let first = try #require(refused.first)
        #expect(first.contains(#""code":"rate_limited""#))
        #expect(first.contains("limit=addressCommandsPerSecond"))
        #expect(first.contains(#""retry_after_ms":"#))
    }

    @Test func tokensAreMadeWithLimits() throws {
        let folder = try TestFolder()
        let file = folder.path + "/tokens.json"
        let program = try Program.products + "/sallyport"
        let made = try Program.run([
            program, "token", "add", "limited", "--token-file", file, "--rate", "10", "--burst",
            "20", "--bytes-per-second", "1000", "--max-connections", "2", "--category-rate",
            "write=1", "--category-rate", "admin=2:5", "--reserved-slot",
        ])
        #expect(made.status == 0, "\(made.errors)")
        let entry = try #require(try folder.editor.list().last)
        #expect(entry.hasReservedSlot)
        #expect(
            entry.rateLimit
                == TokenRateLimit(
                    commandsPerSecond: 10,
                    burst: 20,
                    bytesPerSecond: 1000,
                    connections: 2,
                    categories: [
                        .write: .init(commandsPerSecond: 1),
                        .admin: .init(commandsPerSecond: 2, burst: 5),
                    ]
                )
        )
    }

    @Test(arguments: [
        (["token", "add", "a", "--rate", "0"], "--rate must be above 0"),
        (["token", "add", "a", "--burst", "5"], "--burst needs --rate"),
        (["token", "add", "a", "--category-rate", "all=5"], "is not CATEGORY=RATE"),
        (["token", "add", "a", "--category-rate", "read=x"], "is not CATEGORY=RATE"),
        (["token", "add", "a", "--category-rate", "read=1:2:3"], "is not CATEGORY=RATE"),
        (["serve", "--limit", "maxKeyByte=1"], "did you mean maxKeyBytes"),
        (["serve", "--limit", "maxKeyBytes=0"], "must be 1 to 65535"),
        (["serve", "--limit", "maxRequestBytes=1024"], "maxValueBytes is above maxRequestBytes"),
        (["serve", "--allow-address", "10.0.0.1/8"], "did you mean 10.0.0.0/8"),
        (["serve", "--deny-address", "here"], "--deny-address here is not an address"),
        (["serve", "--deny-others"], "--deny-others needs an --allow-address"),
    ])
    func whatIsWrongIsSaid(arguments: [String], sentence: String) throws {
        let result = try Program.run([try Program.products + "/sallyport"] + arguments)
        #expect(result.status == 64)
        // The program breaks long sentences into lines.
        let said = result.errors.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(said.contains(sentence), "\(result.errors)")
    }

    private static let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("PRODUCTION.md").path

    private static var table: String {
        var lines = [
            "| limit | default | unit | range | what it limits |", "|---|---|---|---|---|",
        ]
        for row in LimitTable.rows {
            let range = "\(row.range.lowerBound) to \(row.range.upperBound)"
            let value = row.value(in: Limits())
            lines.append(
                "| `\(row.name)` | \(value) | \(row.unit.rawValue) | \(range) | \(row.summary) |"
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }

    @Test func theTableOfLimitsIsFresh() throws {
        let text = try String(contentsOfFile: Self.path, encoding: .utf8)
        let begin = try #require(text.range(of: "<!-- limits: "))
        let opened = try #require(text.range(of: "-->\n", range: begin.upperBound..<text.endIndex))
        let end = try #require(text.range(of: "<!-- /limits -->"))
        if ProcessInfo.processInfo.environment["UPDATE_README"] != nil {
            let changed = text.replacingCharacters(
                in: opened.upperBound..<end.lowerBound,
                with: Self.table
            )
            try changed.write(toFile: Self.path, atomically: true, encoding: .utf8)
            return
        }
        let present = text[opened.upperBound..<end.lowerBound]
        #expect(
            present == Self.table,
            "UPDATE_README=1 ci/test --filter LimitOptionTests writes it"
        )
    }
}
