// Every source file against the rules of style, and the rules against files that break them.
import Testing

@Suite struct StyleTests {
    @Test func everyFileKeepsTheRules() throws {
        for file in try House.sources() {
            for finding in StyleCheck.findings(file) { Issue.record("\(finding)") }
        }
    }

    @Test func everyExceptionIsStillNeeded() throws {
        let files = try House.sources()
        for exception in StyleCheck.allowedFatal.keys {
            let words = exception.split(separator: " ")
            let file = files.first { $0.path == words.first.map(String.init) }
            let isUsed = file?.lines.contains { StyleCheck.code($0).contains(words[1]) }
            #expect(isUsed == true, "\(exception)")
        }
    }
}

/// The checker itself, on sources that are wrong.
@Suite struct StyleCheckerTests {
    private func findings(_ text: String, path: String = "Core/A.swift") -> [String] {
        StyleCheck.findings(SourceFile(path: path, text: text))
    }

    @Test func aGoodFileHasNone() {
        let text = """
            // A file that keeps the rules.
            // SAFETY: made once.
            nonisolated(unsafe) let pointer = make()  // not try! at all
            let text = "Unmanaged \\" fatalError(" + "try!"
            let handle = try? open()
            struct Box: @unchecked Sendable {
                // SAFETY: has one owner.
            }

            """
        #expect(findings(text) == [])
    }

    @Test func aLongFile() {
        let opener = "// A file of many lines.\n"
        #expect(findings(opener + String(repeating: "\n", count: 449)) == [])
        #expect(
            findings(opener + String(repeating: "\n", count: 450))
                == ["Core/A.swift: 451 lines are more than 450"]
        )
    }

    @Test(arguments: ["", "import Core\n", "\n// Late.\n", "//\n", "/// Documentation.\n"])
    func anOpenerThatSaysNothing(text: String) {
        let finding = "Core/A.swift:1: the first line does not say what the file is for"
        #expect(findings(text) == [finding])
    }

    @Test(arguments: [
        "final class Box: @unchecked Sendable {", "nonisolated(unsafe) var x = 1",
        "let object = Unmanaged.passRetained(box)", "// SAFETY: too far.\n\n\n\n\n\n\nUnmanaged",
        "// safety: not the word.\nUnmanaged", "let s = \"// SAFETY\" as Any; Unmanaged",
    ])
    func anUnprovenUse(text: String) {
        #expect(findings("// A file of the house.\n" + text).count == 1)
    }

    @Test(arguments: ["try!", "as!", "fatalError(", "preconditionFailure("])
    func aFatalCall(word: String) {
        let text = "// A file of the house.\nlet x = \(word) work()\n"
        #expect(findings(text) == ["Core/A.swift:2: \(word) can end the process"])
    }

    @Test func anExceptionHoldsForItsFileAndWordAlone() {
        let text = "// A file of the house.\nfatalError(\"out of memory\")\n"
        #expect(findings(text, path: "Core/ByteBuffer.swift") == [])
        #expect(findings(text, path: "Wire/ByteBuffer.swift").count == 1)
        #expect(
            findings("// A file of the house.\ntry! x()\n", path: "Core/ByteBuffer.swift").count
                == 1
        )
    }
}
