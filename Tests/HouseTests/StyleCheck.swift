// The rules of style that a machine can hold a source file against.

/// What is wrong with a file's style: one sentence each, `path:line: what`.
enum StyleCheck {
    static let maxLines = 450
    /// How far above a use its `// SAFETY` may stand, in lines.
    static let safetyReach = 6

    /// Words that need a proof beside them.
    static let unproven = ["@unchecked Sendable", "nonisolated(unsafe)", "Unmanaged"]
    /// Words that end the process.
    static let fatal = ["try!", "as!", "fatalError(", "preconditionFailure("]

    /// Where the process may end after all, and why.
    static let allowedFatal: [String: String] = [
        "Core/ByteBuffer.swift fatalError(":
            "out of memory: every size is bounded by Limits, and nothing is left to serve with",
        "Keyspace/Block.swift fatalError(":
            "out of memory: the limit on the keyspace is below what the machine has",
        "Core/CommandCatalog.swift preconditionFailure(":
            "a mistake in the command table, met when the process starts",
    ]

    static func findings(_ file: SourceFile) -> [String] {
        length(file) + opening(file) + safety(file) + fatality(file)
    }

    private static func length(_ file: SourceFile) -> [String] {
        // The text ends in a line feed, behind which is no line.
        let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
        return count > maxLines ? ["\(file.path): \(count) lines are more than \(maxLines)"] : []
    }

    private static func opening(_ file: SourceFile) -> [String] {
        let isSaid = file.lines.first.map { $0.hasPrefix("// ") && $0.count > 10 } ?? false
        return isSaid ? [] : ["\(file.path):1: the first line does not say what the file is for"]
    }

    private static func safety(_ file: SourceFile) -> [String] {
        let lines = file.lines
        return lines.indices.flatMap { index in
            let code = code(lines[index])
            let used = unproven.filter { code.contains($0) }
            // Above it, or on the first line of what it opens.
            let reach = lines[max(0, index - safetyReach)...min(index + 1, lines.count - 1)]
            let isProven = reach.contains { $0.trimmed.hasPrefix("// SAFETY") }
            return isProven ? [] : used.map { "\(file.path):\(index + 1): \($0) without // SAFETY" }
        }
    }

    private static func fatality(_ file: SourceFile) -> [String] {
        file.lines.enumerated().flatMap { index, line in
            let code = code(line)
            return fatal.filter { code.contains($0) && allowedFatal["\(file.path) \($0)"] == nil }
                .map { "\(file.path):\(index + 1): \($0) can end the process" }
        }
    }

    /// `line` without its comment and without what its string literals hold.
    static func code(_ line: Substring) -> String {
        var code = ""
        var isInString = false
        var isEscaped = false
        for character in line {
            if isInString {
                if character == "\"", !isEscaped { isInString = false }
                isEscaped = character == "\\" && !isEscaped
                continue
            }
            if character == "/", code.hasSuffix("/") { return String(code.dropLast()) }
            if character == "\"" { isInString = true }
            code.append(character)
        }
        return code
    }
}
