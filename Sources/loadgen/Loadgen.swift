// The program: finds its subcommand.
import ArgumentParser

@main
struct Loadgen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loadgen",
        abstract: "Puts load on a Sallyport server (or Redis) over TLS, and checks every reply.",
        subcommands: [
            RunCommand.self, SiegeCommand.self, VerifyCommand.self, FuzzCommand.self,
            CompareCommand.self,
        ],
        defaultSubcommand: RunCommand.self
    )

    /// Takes options without a subcommand for those of `run`, so that `--help` shows its help.
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let isBare = arguments.first?.hasPrefix("-") ?? true
        main(isBare ? ["run"] + arguments : arguments)
    }
}
