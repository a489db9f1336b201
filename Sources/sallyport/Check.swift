// `sallyport check`: says whether a server could start with these files.
internal import Access
internal import ArgumentParser
internal import Commands
internal import TLS

struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks certificate, key and token file, and starts nothing.",
        discussion: "Exits 0 if a server could start with them; otherwise it says what is wrong."
    )

    @OptionGroup var files: FileOptions

    func run() throws {
        let paths = try files.resolve()
        _ = try TLSContext(
            server: TLSServerOptions(certificateFile: paths.certificate, privateKeyFile: paths.key)
        )
        print("certificate \(paths.certificate) and key \(paths.key): good")
        let tokens = try TokenFile.load(paths.tokens).compile(catalog: CommandTable.catalog)
        print("token file \(paths.tokens): good, \(tokens.count) tokens")
    }
}
