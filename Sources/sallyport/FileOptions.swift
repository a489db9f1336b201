// The options that say which files a server is made of.
internal import ArgumentParser

/// Where certificate, key and tokens are; shared by `serve` and `check`.
struct FileOptions: ParsableArguments {
    @Option(help: "PEM file: the server's certificate, then its intermediates.")
    var tlsCert: String?

    @Option(help: "PEM file: the certificate's private key, without a passphrase.")
    var tlsKey: String?

    @Option(help: "The token file; `sallyport token add` makes it.")
    var tokenFile: String?

    @Flag(help: "Make what is missing in the development folder, and use it.")
    var dev = false

    @Option(help: "The development folder.")
    var devFolder = DevelopmentFolder.defaultPath

    /// The three paths; an error says which option is missing.
    func resolve() throws -> (certificate: String, key: String, tokens: String) {
        if dev {
            let folder = DevelopmentFolder(devFolder)
            return (
                tlsCert ?? folder.certificate, tlsKey ?? folder.key, tokenFile ?? folder.tokens
            )
        }
        guard let tlsCert else { throw missing("--tls-cert") }
        guard let tlsKey else { throw missing("--tls-key") }
        guard let tokenFile else { throw missing("--token-file") }
        return (tlsCert, tlsKey, tokenFile)
    }

    private func missing(_ option: String) -> ValidationError {
        ValidationError("\(option) is needed (or --dev, which makes everything it needs).")
    }
}
