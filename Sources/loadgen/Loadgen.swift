// The program: finds its subcommand.
import ArgumentParser

@main
struct Loadgen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loadgen",
        abstract: "Puts load on a Sallyport server (or Redis) over TLS, and checks every reply.",
        subcommands: [RunCommand.self],
        defaultSubcommand: RunCommand.self
    )
}
