// The README's command table says what the command table says.
import Commands
import Core
import Foundation
import Testing

@Suite struct ReadmeTests {
    private static let path = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("README.md").path

    private static var table: String {
        var lines = ["| command | permission | what it does |", "|---|---|---|"]
        for spec in CommandTable.catalog.specs {
            let names = ([CommandTable.usage(spec)] + spec.aliases).joined(separator: "`, `")
            lines.append("| `\(names)` | @\(spec.category.rawValue) | \(spec.summary) |")
        }
        return lines.joined(separator: "\n")
    }

    @Test func theCommandTableIsFresh() throws {
        let text = try String(contentsOfFile: Self.path, encoding: .utf8)
        let begin = try #require(text.range(of: "<!-- commands: "))
        let opened = try #require(text.range(of: "-->\n", range: begin.upperBound..<text.endIndex))
        let end = try #require(text.range(of: "<!-- /commands -->"))
        let present = text[opened.upperBound..<end.lowerBound]
        let fresh = Self.table + "\n"
        if ProcessInfo.processInfo.environment["UPDATE_README"] != nil {
            let changed = text.replacingCharacters(
                in: opened.upperBound..<end.lowerBound,
                with: fresh
            )
            try changed.write(toFile: Self.path, atomically: true, encoding: .utf8)
            return
        }
        #expect(present == fresh, "UPDATE_README=1 ci/test --filter ReadmeTests writes it anew")
    }
}
