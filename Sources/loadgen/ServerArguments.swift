// The options that say which server, whom to trust, and as whom to speak.
import ArgumentParser
import Foundation
import LoadKit

struct ServerArguments: ParsableArguments {
    /// The variable that keeps a token out of the list of processes.
    static let tokenVariable = "SALLYPORT_TOKEN"

    @Option(help: "Host name or address; the server's certificate must be for it.")
    var host = "localhost"

    @Option(name: .shortAndLong, help: "Port.")
    var port: UInt16 = 9999

    @Option(
        help: ArgumentHelp(
            "The server as HOST:PORT, instead of --host and --port.",
            valueName: "host:port"
        )
    )
    var address: String?

    @Option(
        help: ArgumentHelp(
            "Folder with ca.pem and token (default: .sallyport here or in a parent folder).",
            valueName: "folder"
        )
    )
    var devFolder: String?

    @Option(
        help: ArgumentHelp(
            "PEM file of the certificate authorities to trust, or 'system'.",
            valueName: "file"
        )
    )
    var ca: String?

    @Flag(help: "Trust any certificate: neither its chain nor its name is checked.")
    var insecure = false

    @Option(
        help: """
            Token to present, for Redis the password; empty for none. It shows in the list of \
            processes: a file or \(ServerArguments.tokenVariable) does not.
            """
    )
    var token: String?

    @Option(help: ArgumentHelp("File that holds the token.", valueName: "file"))
    var tokenFile: String?

    @Flag(help: "Present no token.")
    var noAuth = false

    @Option(
        help: ArgumentHelp(
            "How long a client may take to connect, complete TLS and be accepted.",
            valueName: "seconds"
        )
    )
    var connectTimeout = 10.0

    @Option(help: ArgumentHelp("How long a reply may take.", valueName: "seconds"))
    var replyTimeout = 30.0

    func apply(to options: inout LoadOptions) throws(LoadError) {
        let folder = try developmentFolder()
        (options.host, options.port) = try place()
        options.connectTimeoutSeconds = connectTimeout
        options.replyTimeoutSeconds = replyTimeout
        options.trust = try trust(folder)
        options.token = try credential(folder)
    }

    /// The host and port; in `HOST:PORT` an IPv6 host stands in brackets.
    private func place() throws(LoadError) -> (host: String, port: UInt16) {
        guard let address else { return (host, port) }
        guard let place = SiegeOptions.server(address) else {
            throw .usage("--address '\(address)' is not HOST:PORT")
        }
        return place
    }

    private func developmentFolder() throws(LoadError) -> DevelopmentFolder? {
        guard let devFolder else { return DevelopmentFolder.find() }
        let folder = DevelopmentFolder(path: devFolder)
        if FileManager.default.fileExists(atPath: folder.authorityFile) { return folder }
        throw .unready(
            "\(devFolder) holds no ca.pem: start the server with --dev, or run certs/make"
        )
    }

    private func trust(_ folder: DevelopmentFolder?) throws(LoadError) -> LoadTrust {
        if insecure, ca != nil { throw .usage("--insecure and --ca contradict each other") }
        if insecure { return .anyone }
        if ca == "system" { return .system }
        if let ca { return .authorities(file: ca) }
        if let folder { return .authorities(file: folder.authorityFile) }
        throw .unready(
            """
            There is no folder \(DevelopmentFolder.name) here or in a parent folder. Start the \
            server here with `sallyport serve --dev` (or ci/dev), name the folder with \
            --dev-folder, or name the certificate authority with --ca and the token with \
            --token-file.
            """
        )
    }

    private func credential(_ folder: DevelopmentFolder?) throws(LoadError) -> String? {
        if [token != nil, tokenFile != nil, noAuth].count(where: \.self) > 1 {
            throw .usage("--token, --token-file and --no-auth contradict each other")
        }
        if noAuth || token == "" { return nil }
        if let token { return token }
        if let tokenFile { return try DevelopmentFolder.token(inFile: tokenFile) }
        let environment = ProcessInfo.processInfo.environment
        if let token = environment[ServerArguments.tokenVariable], !token.isEmpty { return token }
        if let folder, FileManager.default.fileExists(atPath: folder.tokenFile) {
            return try DevelopmentFolder.token(inFile: folder.tokenFile)
        }
        throw .unready(
            """
            There is no token: name one with --token-file or the environment variable \
            \(ServerArguments.tokenVariable), or say --no-auth.
            """
        )
    }
}
