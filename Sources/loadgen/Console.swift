// What is printed, and how it differs on a terminal.
import Foundation
import LoadKit

/// Standard output and standard error, as this program uses them.
final class Console {
    private let isQuiet: Bool
    private let isTerminal: Bool
    private var openLineLength = 0

    init(isQuiet: Bool) {
        self.isQuiet = isQuiet
        isTerminal = isatty(STDOUT_FILENO) == 1
    }

    /// Shows the live line: in place on a terminal, else a line of its own.
    func show(_ progress: LoadProgress) {
        if isQuiet || progress.phase == .finished || progress.seconds == 0 { return }
        let bar = isTerminal ? progress.bar : ""
        show(line: bar + progress.text)
    }

    /// Shows a live line: in place on a terminal, else a line of its own.
    func show(line text: String) {
        if isQuiet { return }
        if isTerminal {
            let padding = String(repeating: " ", count: max(0, openLineLength - text.count))
            write("\r\(text)\(padding)")
            openLineLength = text.count
        } else {
            write("\(text)\n")
        }
    }

    /// Shows the summary, below the live line.
    func show(_ report: LoadReport) {
        endLine()
        write(report.text)
    }

    /// Leaves the live line as it is; what follows goes below it.
    func endLine() {
        if openLineLength > 0 { write("\n") }
        openLineLength = 0
    }

    /// Says why nothing was done.
    func complain(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data("loadgen: \(text)\n".utf8))
    }

    /// Writes to standard output.
    func write(_ text: String) {
        // Where nobody reads the output any more, there is nobody to tell.
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }
}
