// `loadgen compare`: two reports side by side, with ratios.
import ArgumentParser
import Foundation
import LoadKit

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compares two JSON reports of loadgen, figure by figure.",
        discussion: """
            Prints each figure of both reports and the second over the first. Thresholds are on that \
            ratio, so they hold on machines of any speed, if both runs were made on the same one:

              loadgen --json before.json ...
              loadgen --json after.json ...
              loadgen compare before.json after.json --threshold 'p99<1.2' --threshold 'rate>0.9'

            Durations are in milliseconds. Exit codes: 0 all thresholds hold; 2 a report cannot be \
            read; 64 options that make no sense; 99 a threshold was crossed.
            """
    )

    @Argument(help: "The report of the first run.")
    var first: String

    @Argument(help: "The report of the second run.")
    var second: String

    @Option(
        help: ArgumentHelp(
            "What must hold of the ratios, such as 'p99<1.2'; repeatable.",
            valueName: "comparison"
        )
    )
    var threshold: [String] = []

    @Flag(help: "All figures that both runs measured, and not the main ones alone.")
    var all = false

    @Option(help: ArgumentHelp("Write the comparison as JSON to this file.", valueName: "file"))
    var json: String?

    mutating func run() throws {
        let console = Console(isQuiet: false)
        try console.carryOut {
            var comparison = LoadComparison(try report(first), try report(second))
            var thresholds: [Threshold] = []
            for text in threshold { thresholds.append(try comparison.threshold(text)) }
            comparison.check(thresholds)
            console.write(comparison.text(isLong: all))
            if let json { try write(comparison, json) }
            if !comparison.failedThresholds.isEmpty {
                throw ExitCode(LoadReport.Verdict.crossed.exitCode)
            }
        }
    }

    private func report(_ file: String) throws(LoadError) -> LoadReport {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw .unready("cannot read \(file)")
        }
        return try LoadReport.reading(String(decoding: data, as: UTF8.self), file: file)
    }

    private func write(_ comparison: LoadComparison, _ file: String) throws(LoadError) {
        do {
            try comparison.write(toFile: file)
        } catch {
            throw .unready("cannot write the comparison to \(file): \(error)")
        }
    }
}
