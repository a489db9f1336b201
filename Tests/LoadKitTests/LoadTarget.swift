// A server in this process for whole runs and sieges.
import Access
import Commands
import Core
import Crypto
import Foundation
import LoadKit
import Logging
import Reactor
import Server

/// A server with a folder of its own, on a port that the kernel chose.
final class LoadTarget {
    let folder: String
    let server: Server
    private let token: String
    private let port: UInt16

    init() throws {
        folder = NSTemporaryDirectory() + "sallyport-load-" + UUID().uuidString
        _ = try DevelopmentCertificates.make(in: folder)
        let editor = TokenFileEditor(folder + "/tokens.json", catalog: CommandTable.catalog)
        token = try editor.add(
            name: "load",
            permissions: ["@all"],
            subscribe: ["*"],
            publish: ["*"],
            nowUnixMilliseconds: SystemClock.now().unixMilliseconds
        ).credential
        var configuration = ServerConfiguration(
            listen: [Endpoint(host: "127.0.0.1", port: 0)],
            certificateFile: folder + "/server.pem",
            privateKeyFile: folder + "/server.key",
            tokenFile: folder + "/tokens.json"
        )
        configuration.limits.overloadLatenessMilliseconds = 0
        configuration.loopCount = 1
        configuration.limits.lingerTimeoutMilliseconds = 50
        var logger = Logger(label: "load-test")
        logger.logLevel = .critical
        server = try Server(configuration, logger: logger)
        try server.start()
        port = server.addresses.first?.port ?? 0
    }

    deinit {
        server.shutDown()
        server.waitUntilStopped()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func options() throws -> LoadOptions {
        var options = try LoadOptions()
        options.host = "127.0.0.1"
        options.port = port
        options.trust = .authorities(file: folder + "/ca.pem")
        options.token = token
        options.clients = 20
        options.pipeline = 4
        options.requests = 4000
        options.keyCount = 50
        options.valueBytes = 1...3000
        return options
    }
}
