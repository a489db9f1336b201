// Where a report goes, and how what cannot be done ends the program: the same for all subcommands.
import ArgumentParser
import LoadKit

/// A report for people and for machines.
protocol PrintedReport: MachineReport {
    var text: String { get }
}

extension FuzzReport: PrintedReport {}
extension SiegeReport: PrintedReport {}
extension VerifyReport: PrintedReport {}

struct ReportArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write the report as JSON to this file; - prints it instead of the summary.",
            valueName: "file"
        )
    )
    var json: String?

    @Flag(name: .shortAndLong, help: "Print the summary alone, no progress.")
    var quiet = false

    /// Shows progress only where nobody wants the report alone.
    var console: Console { Console(isQuiet: quiet || json == "-") }

    /// Prints the report below the live line, and writes it to the file that was asked for.
    func show(_ report: some PrintedReport, _ console: Console) throws(LoadError) {
        console.endLine()
        guard let json else { return console.write(report.text) }
        do {
            if json == "-" { return console.write(try report.json()) }
            console.write(report.text)
            try report.write(toFile: json)
        } catch {
            throw .unready("cannot write the report to \(json): \(error)")
        }
    }
}

extension Console {
    /// Does what a subcommand is for; what cannot be done ends the program, with 64 for options that make
    /// no sense and else with 2.
    func carryOut(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as LoadError {
            if error.isUsage { throw ValidationError(error.description) }
            complain(error.description)
            throw ExitCode(2)
        }
    }
}
