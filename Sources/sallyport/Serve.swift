// `sallyport serve`: runs the server in the foreground until a signal ends it.
internal import ArgumentParser
internal import Commands
internal import Core
internal import Foundation
internal import Logging
internal import Reactor
internal import Server

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the server until SIGINT or SIGTERM.",
        discussion: """
            SIGHUP reads the token file again; so does any change to the file, within a second.
            SIGINT or SIGTERM stops accepting, tells the clients, closes each between two requests, and exits 0; \
            a second one exits at once. Sockets that systemd passes (LISTEN_FDS) take the place of --listen.
            """
    )

    @OptionGroup var files: FileOptions

    @Option(help: "HOST:PORT to listen on; may be given again. [::]:9999 takes IPv4 and IPv6.")
    var listen: [String] = []

    @Flag(help: "Let another process listen on the same port: the next one, before this one ends.")
    var reusePort = false

    @Option(help: "Event loops; 0 is one per core.")
    var loops = 0

    @Option(help: "Folder for what survives a restart: the server's UUID.")
    var dataDir: String?

    @Option(
        help:
            "Seconds that a shutdown waits for clients to end what they have begun; 0 is not at all."
    )
    var shutdownTimeout = 1800.0

    @Option(help: "Seconds without a byte before a connection is closed; 0 is never.")
    var idleTimeout = 600.0

    @Option(help: "Seconds from the handshake to an accepted token.")
    var authTimeout = 30.0

    @Option(help: "The most connections at once.")
    var maxClients = Limits().maxClients

    @Option(help: "The most memory that keys and values take, as 512mb or 2gb; 0 is no limit.")
    var maxMemory = "0"

    @Option(
        help: ArgumentHelp(
            "What makes room above --max-memory: noeviction, allkeys-lru, volatile-ttl and others.",
            discussion: """
                noeviction refuses writes; allkeys-lru, allkeys-random, volatile-lru, volatile-random and \
                volatile-ttl evict keys, those that begin with volatile only such with an expiry.
                """
        )
    )
    var maxMemoryPolicy = Limits().evictionPolicy.name

    @Option(
        help: """
            A proxy's address or CIDR block, such as 10.0.0.0/8; again for others. Its connections must begin \
            with a PROXY protocol header (v1 or v2), which says where they come from.
            """
    )
    var proxyProtocol: [String] = []
    @OptionGroup var limitOptions: LimitOptions

    @Option(
        help: ArgumentHelp(
            "What a namespace may hold, as 'users^:keys=1000,bytes=1048576,ttl=3600'; again for others.",
            discussion: """
                keys and bytes limit what is stored below the prefix; ttl is the expiry, in seconds, of \
                keys that are stored without one. A write that would exceed a limit is refused.
                """
        )
    )
    var namespace: [String] = []

    @Option(
        help: ArgumentHelp(
            "Channels that keep messages for subscribers that come back, as 'news.*=1000,60s'; again for others.",
            discussion: """
                The last 1000 messages of each channel that the pattern matches, none older than 60 seconds; \
                either number may be left out. RESUME asks for them.
                """
        )
    )
    var retain: [String] = []

    @Option(
        help: """
            An origin, such as https://example.org, whose pages may open WebSockets; again for others, * for all. \
            Pages of the server itself always may, and so may clients that are no browsers.
            """
    )
    var allowOrigin: [String] = []

    @Flag(inversion: .prefixedNo, help: "Serve a page for browsers at /.")
    var dashboard = true

    @Option(
        help:
            "Seconds from one notification that every WebSocket on /ws is sent to the next; 0 is none."
    )
    var notificationInterval = 10.0

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    func validate() throws {
        for endpoint in listen where Endpoint(endpoint) == nil {
            throw ValidationError("--listen \(endpoint) is not HOST:PORT.")
        }
        if Logger.Level(rawValue: logLevel) == nil {
            throw ValidationError("--log-level \(logLevel) is none of the levels.")
        }
        for origin in allowOrigin where origin != "*" && !origin.contains("://") {
            throw ValidationError(
                "--allow-origin \(origin) is not SCHEME://HOST or SCHEME://HOST:PORT."
            )
        }
        _ = try namespaceRules()
        _ = try retentionRules()
        _ = try proxies()
        _ = try memoryLimit()
        if loops < 0 || loops > 1024 { throw ValidationError("--loops is 0 to 1024.") }
        if maxClients < 1 { throw ValidationError("--max-clients is at least 1.") }
        for (name, value) in [
            ("--shutdown-timeout", shutdownTimeout), ("--idle-timeout", idleTimeout),
            ("--auth-timeout", authTimeout), ("--notification-interval", notificationInterval),
        ] where !(value >= 0 && value <= 1e9) {
            throw ValidationError("\(name) is 0 to 1000000000 seconds.")
        }
        _ = try makeLimits()
    }

    /// What `--max-memory` and `--max-memory-policy` give; an error says what is wrong.
    private func memoryLimit() throws -> (bytes: Int, policy: EvictionPolicy) {
        guard let bytes = ByteSize.parse(maxMemory) else {
            throw ValidationError(
                "--max-memory '\(maxMemory)' is no size: bytes, or a number and k, kb, m, mb, g or gb."
            )
        }
        guard let policy = EvictionPolicy(name: maxMemoryPolicy) else {
            let names = EvictionPolicy.allCases.map(\.name).joined(separator: ", ")
            throw ValidationError(
                "--max-memory-policy '\(maxMemoryPolicy)' is none of \(names)."
            )
        }
        return (bytes, policy)
    }

    /// The rules that `--retain` gives; an error says which one is wrong, and how.
    private func retentionRules() throws -> [RetentionRule] {
        try retain.map { text in
            do {
                return try RetentionRule(parsing: text)
            } catch {
                throw ValidationError("--retain '\(text)' \(error).")
            }
        }
    }

    /// The rules that `--namespace` gives; an error says which one is wrong, and how.
    private func namespaceRules() throws -> [NamespaceRule] {
        var rules: [NamespaceRule] = []
        for text in namespace {
            do {
                let rule = try NamespaceRule(parsing: text)
                if rule.prefix.count > Limits().maxKeyBytes {
                    throw RuleError(description: "has a prefix longer than any key")
                }
                if rules.contains(where: { $0.prefix == rule.prefix }) {
                    throw RuleError(description: "is given for the second time")
                }
                rules.append(rule)
            } catch {
                throw ValidationError("--namespace '\(text)' \(error).")
            }
        }
        return rules
    }

    private func proxies() throws -> [AddressBlock] {
        var blocks: [AddressBlock] = []
        for text in proxyProtocol {
            do {
                blocks.append(try AddressBlock(parsing: text))
            } catch {
                throw ValidationError("--proxy-protocol '\(text)' \(error).")
            }
        }
        return blocks
    }

    func run() throws {
        Signals.block()
        let listeners = try Listener.inherited()
        let descriptors = DescriptorLimit.raise()
        let logger = makeLogger()
        let folder = DevelopmentFolder(files.devFolder)
        if files.dev { try folder.prepare() }
        let configuration = try makeConfiguration(listeners)
        let server = try Server(configuration, logger: logger)
        let maxClients = configuration.limits.maxClients
        if descriptors < maxClients + 64 {
            logger.warning(
                "fewer descriptors than --max-clients needs: raise `ulimit -n`",
                metadata: ["descriptors": "\(descriptors)", "max_clients": "\(maxClients)"]
            )
        }
        try server.start()
        if files.dev, let address = server.addresses.first { greet(folder, address.port) }
        ServiceManager.notify("READY=1")
        waitForSignals(server)
        server.waitUntilStopped()
    }

    private func makeLogger() -> Logger {
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "sallyport")
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        return logger
    }

    private func makeConfiguration(_ listeners: [Listener]) throws -> ServerConfiguration {
        let paths = try files.resolve()
        // A development server is for this machine alone.
        let defaultListen = files.dev ? "localhost:9999" : "[::]:9999"
        var configuration = ServerConfiguration(
            listen: (listen.isEmpty ? [defaultListen] : listen).compactMap(Endpoint.init),
            certificateFile: paths.certificate,
            privateKeyFile: paths.key,
            tokenFile: paths.tokens
        )
        configuration.loopCount = loops
        configuration.listeners = listeners
        configuration.sharesPort = reusePort
        configuration.dataDirectory = dataDir ?? (files.dev ? files.devFolder : nil)
        configuration.shutdownTimeoutMilliseconds = Int64(shutdownTimeout * 1000)
        configuration.proxies = try proxies()
        configuration.limits = try makeLimits()
        configuration.allowAddresses = try limitOptions.allowed()
        configuration.denyAddresses = try limitOptions.denied()
        configuration.deniesOtherAddresses = limitOptions.denyOthers
        configuration.notificationIntervalMilliseconds = Int64(notificationInterval * 1000)
        configuration.allowedOrigins = allowOrigin
        configuration.servesDashboard = dashboard
        configuration.limitsShadow = limitOptions.limitsShadow
        configuration.namespaces = try namespaceRules()
        configuration.retention = try retentionRules()
        return configuration
    }

    /// The limits in force; one that `--limit` names is what that says.
    private func makeLimits() throws -> Limits {
        var limits = Limits()
        limits.idleTimeoutMilliseconds = Int64(idleTimeout * 1000)
        limits.authenticationTimeoutMilliseconds = Int64(authTimeout * 1000)
        limits.maxClients = maxClients
        let memory = try memoryLimit()
        limits.maxMemoryBytes = memory.bytes
        limits.evictionPolicy = memory.policy
        try limitOptions.apply(to: &limits)
        return limits
    }

    /// Tells a person at the terminal what to paste.
    private func greet(_ folder: DevelopmentFolder, _ port: UInt16) {
        let authority = URL(fileURLWithPath: folder.authority).path
        let token = (try? String(contentsOfFile: folder.token, encoding: .utf8)) ?? ""
        print(
            """
            Sallyport \(ServerFacts.version) serves localhost:\(port). Paste into another terminal:

              openssl s_client -quiet -verify_return_error -connect localhost:\(port) -CAfile \(authority)

            and in it: AUTH \(token.trimmingCharacters(in: .whitespacesAndNewlines))
            Then try WHO, WHERE, WHY, ADD 2 3, SET k v, GET k, HELP, EXIT. Ctrl-C here stops the server.
            """
        )
        fflush(nil)
    }

    private func waitForSignals(_ server: Server) {
        while true {
            switch Signals.wait(milliseconds: 1000) {
            case .reload: server.reloadTokens()
            case nil: continue
            case .terminate:
                ServiceManager.notify("STOPPING=1")
                server.shutDown()
                endOnSecondSignal()
                return
            }
        }
    }

    private func endOnSecondSignal() {
        let watcher = try? LoopThread("second-signal") {
            while true {
                if case .terminate = Signals.wait(milliseconds: 1000) { _exit(130) }
            }
        }
        _ = watcher
    }
}
