// Whole runs against a server in this process.
import LoadKit
import Testing

@Suite(.serialized) struct LiveLoadTests {
    private func run(_ options: LoadOptions) async throws -> LoadReport {
        let runner = try LoadRunner(options)
        try runner.start()
        while true {
            if let result = runner.result { return try result.get() }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    @Test(arguments: LoadEncoding.allCases.filter { $0 != .websocket })
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
