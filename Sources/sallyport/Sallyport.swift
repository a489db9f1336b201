// The `sallyport` program: one subcommand a file.
internal import ArgumentParser
internal import Commands

@main
struct Sallyport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sallyport",
        abstract: "One guarded port for internal services: TLS, a token, commands and keys.",
        version: ServerFacts.version,
        subcommands: [Serve.self, Tokens.self, Check.self, HealthCheck.self, Schema.self],
        defaultSubcommand: nil
    )
}
