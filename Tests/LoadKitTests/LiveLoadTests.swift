// Whole runs against a server in this process.
import Access
import Commands
import Core
import Crypto
import Foundation
import LoadKit
import Logging
import Reactor
import Server
import Testing

/// A server with a folder of its own, on a port that the kernel chose.
private final class LoadTarget {
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
            nowUnixMilliseconds: SystemClock.now().unixMilliseconds
        ).credential
        var configuration = ServerConfiguration(
            listen: [Endpoint(host: "127.0.0.1", port: 0)],
            certificateFile: folder + "/server.pem",
            privateKeyFile: folder + "/server.key",
            tokenFile: folder + "/tokens.json"
        )
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

@Suite(.serialized) struct LiveLoadTests {
    private func run(_ options: LoadOptions) async throws -> LoadReport {
        let runner = try LoadRunner(options)
        try runner.start()
        while true {
            if let result = runner.result { return try result.get() }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    @Test(arguments: LoadEncoding.allCases)
    func everyReplyIsRight(_ encoding: LoadEncoding) async throws {
        let target = try LoadTarget()
        var options = try target.options()
        options.encoding = encoding
        options.mix = try LoadMix("get=4,set=4,ping,echo=2,incr=2,del,who")
        let report = try await run(options)
        #expect(report.failures == [])
        #expect(report.requests == 4000)
        #expect(report.clientsConnected == 20)
        #expect(report.commands.allSatisfy { $0.replies > 0 })
        #expect(report.latency.count == 4000)
        #expect(report.isGood)
        #expect(report.target.tlsVersion == "TLSv1.3")
    }

    @Test func timeEndsARun() async throws {
        let target = try LoadTarget()
        var options = try target.options()
        options.requests = nil
        options.durationSeconds = 0.3
        let report = try await run(options)
        #expect(report.isGood)
        #expect(report.elapsedSeconds >= 0.2)
    }

    @Test func aRefusedTokenIsReported() async throws {
        let target = try LoadTarget()
        var options = try target.options()
        options.token = "sp_0000000000_wrong"
        options.clients = 2
        let report = try await run(options)
        #expect(report.failures.allSatisfy { $0.code == "auth_refused" })
        #expect(report.clientsFailed == 2)
        #expect(!report.isGood)
    }

    @Test func aForeignCertificateIsReported() async throws {
        let target = try LoadTarget()
        var options = try target.options()
        options.trust = .system
        options.clients = 2
        let report = try await run(options)
        #expect(report.failures.map(\.code) == ["tls_failed"])
        options.trust = .anyone
        #expect(try await run(options).isGood)
    }

    @Test func stoppingEndsARunEarly() async throws {
        let target = try LoadTarget()
        var options = try target.options()
        options.requests = nil
        options.durationSeconds = 60
        let runner = try LoadRunner(options)
        try runner.start()
        while runner.progress.phase != .running { try await Task.sleep(for: .milliseconds(10)) }
        runner.stop()
        while runner.result == nil { try await Task.sleep(for: .milliseconds(10)) }
        let report = try runner.result?.get()
        #expect(report?.isEndedEarly == true)
        #expect(report?.failures == [])
    }
}
