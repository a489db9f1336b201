// A server of a test's own: files in a temporary folder, port 0 on loopback, stopped at the end.
import Access
import Commands
import Core
import Crypto
import Foundation
import Logging
import Reactor
import Server
import TLS

/// A temporary folder with certificates and tokens; removed with the object.
final class TestFolder {
    let path: String
    let authority: String
    let token: String
    let editor: TokenFileEditor

    init(subscribe: [String] = [], publish: [String] = []) throws {
        path = NSTemporaryDirectory() + "sallyport-test-" + UUID().uuidString
        let certificates = try DevelopmentCertificates.make(in: path)
        authority = certificates.authorityPath
        editor = TokenFileEditor(path + "/tokens.json", catalog: CommandTable.catalog)
        let now = SystemClock.now().unixMilliseconds
        token = try editor.add(
            name: "tester",
            permissions: ["@all"],
            subscribe: subscribe,
            publish: publish,
            nowUnixMilliseconds: now
        ).credential
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func configuration() -> ServerConfiguration {
        var configuration = ServerConfiguration(
            listen: [Endpoint(host: "127.0.0.1", port: 0)],
            certificateFile: path + "/server.pem",
            privateKeyFile: path + "/server.key",
            tokenFile: path + "/tokens.json"
        )
        configuration.loopCount = 2
        configuration.shutdownTimeoutMilliseconds = 5000
        // A client object may outlive its server by a few lines and then never answers the end.
        configuration.limits.lingerTimeoutMilliseconds = 50
        // The tests' machine is often busy with other tests, and commands are not to be refused for that.
        configuration.limits.overloadLatenessMilliseconds = 0
        // Nothing comes that no test has asked for.
        configuration.notificationIntervalMilliseconds = 0
        configuration.limits.drainPauseMilliseconds = 50
        configuration.limits.drainPatienceMilliseconds = 200
        return configuration
    }
}

/// A running server and how to reach it.
final class TestServer {
    let folder: TestFolder
    let server: Server
    let endpoint: Endpoint

    init(
        subscribe: [String] = [],
        publish: [String] = [],
        _ change: (inout ServerConfiguration) -> Void = { _ in }
    ) throws {
        folder = try TestFolder(subscribe: subscribe, publish: publish)
        var configuration = folder.configuration()
        change(&configuration)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        server = try Server(configuration, logger: logger)
        try server.start()
        guard let address = server.addresses.first else {
            throw StartError("the server listens nowhere")
        }
        endpoint = Endpoint(host: address.host, port: address.port)
    }

    deinit {
        server.shutDown()
        server.waitUntilStopped()
    }

    /// A client whose TLS is up.
    func connect(preamble: [UInt8] = []) throws -> TestClient {
        TestClient(
            try ClientConnection(
                to: endpoint,
                trust: .authorities(file: folder.authority),
                preamble: preamble,
                timeoutMilliseconds: patienceMilliseconds
            ),
            self
        )
    }

    /// A text client that has presented its token.
    func textClient() throws -> TestClient {
        let client = try connect()
        guard try client.ask("AUTH \(folder.token)") == "OK" else {
            throw StartError("the test's token was refused")
        }
        return client
    }

    /// A JSON client that has presented its token.
    func jsonClient() throws -> TestClient {
        let client = try connect()
        let answer = try client.ask(#"{"action":"AUTH","token":"\#(folder.token)"}"#)
        guard answer == #"{"result":"OK"}"# else {
            throw StartError("the test's token was refused: \(answer)")
        }
        return client
    }
}

extension TestServer {
    /// A server with two loops whose token reaches every channel.
    static func ofMessages(
        _ change: (inout ServerConfiguration) -> Void = { _ in }
    ) throws -> TestServer {
        try TestServer(subscribe: ["*"], publish: ["*"]) { configuration in
            configuration.loopCount = 2
            change(&configuration)
        }
    }

    /// A client that speaks RESP of `version` and has presented its token.
    func respClient(version: Int) throws -> TestClient {
        let client = try connect()
        let words = ["HELLO", "\(version)", "AUTH", "tester", folder.token]
        let request = words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
        try client.send("*\(words.count)\r\n" + request)
        try client.send("PING\r\n")
        while try client.line() != "+PONG" {}
        return client
    }
}

/// A client that keeps its server alive.
final class TestClient {
    private let connection: ClientConnection
    private let server: TestServer

    init(_ connection: ClientConnection, _ server: TestServer) {
        self.connection = connection
        self.server = server
    }

    /// Sends `line` and waits for one line.
    func ask(_ line: String) throws -> String {
        try connection.send(line + "\n")
        return try connection.line()
    }

    /// Sends `lines` at once and waits for as many lines.
    func ask(_ lines: [String]) throws -> [String] {
        try connection.send(lines.map { $0 + "\n" }.joined())
        return try lines.map { _ in try connection.line() }
    }

    func send(_ text: String) throws { try connection.send(text) }

    func send(_ bytes: [UInt8]) throws { try connection.send(bytes) }

    func line() throws -> String { try connection.line() }

    func bytes(_ count: Int) throws -> [UInt8] { try connection.bytes(count) }

    func waitUntilClosed() throws { try connection.waitUntilClosed() }

    func close() { connection.close() }

    func reset() { connection.reset() }
}
