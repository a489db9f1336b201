// Each fault, small, against a server in this process: established clients must not notice.
import LoadKit
import Testing

@Suite(.serialized) struct LiveSiegeTests {
    private func options(_ fault: String, _ target: LoadTarget) throws -> SiegeOptions {
        var options = try SiegeOptions(fault: fault)
        options.load = try target.options()
        options.load.clients = 5
        options.load.pipeline = 2
        options.load.valueBytes = 1...300
        options.load.mix = try LoadMix("get=4,set=4,incr=2,echo")
        options.load.seed = 11
        options.warmUpSeconds = 0.05
        options.phaseSeconds = 0.3
        options.graceSeconds = 60
        return options
    }

    private func run(_ options: SiegeOptions) async throws -> SiegeReport {
        let runner = try SiegeRunner(options)
        try runner.start()
        while true {
            runner.advance()
            if let result = runner.result { return try result.get() }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// What must be so whatever the fault.
    private func expectUnharmed(_ report: SiegeReport) {
        #expect(report.phases.map(\.name) == ["before", "during", "after"])
        for phase in report.phases {
            #expect(phase.errorsByCode == [], "\(phase.name)")
            #expect(phase.errors == 0 && phase.wrong == 0, "\(phase.name)")
            #expect(phase.right > 0 && phase.answered == phase.right, "\(phase.name)")
            #expect(phase.clients == 5, "\(phase.name)")
            #expect(phase.latency.count == phase.right, "\(phase.name)")
        }
        #expect(report.attackers.connected > 0)
        #expect(report.attackers.wrong == 0, "\(report.attackers.wrongSamples)")
        #expect(report.isGood)
    }

    @Test(arguments: ["slowloris", "slow-handshake", "idle"])
    func slowPeers(_ fault: String) async throws {
        let target = try LoadTarget()
        var options = try options(fault, target)
        options.peers = 30
        let report = try await run(options)
        expectUnharmed(report)
        #expect(report.attackers.openPeak == 30)
        #expect(report.attackers.unfinished + report.attackers.refused >= 30)
        #expect((report.attackers.handshakes > 0) == (fault == "slowloris"))
        #expect((report.attackers.bytesSent > 0) == (fault != "idle"))
    }

    @Test(arguments: ["garbage", "plaintext"])
    func noise(_ fault: String) async throws {
        let target = try LoadTarget()
        let report = try await run(try options(fault, target))
        expectUnharmed(report)
        #expect(report.attackers.finished > 0)
        #expect(report.attackers.bytesSent > 0)
        #expect(report.attackers.handshakes == 0)
        #expect(report.attackers.plainSamples.contains { $0.contains("TLS") })
    }

    @Test(arguments: ["storm", "storm-resumed", "ipv6-rotation"])
    func handshakes(_ fault: String) async throws {
        let target = try LoadTarget()
        var options = try options(fault, target)
        options.peers = 10
        options.spread = 20
        let report = try await run(options)
        expectUnharmed(report)
        #expect(report.attackers.handshakes > 10)
        #expect(report.attackers.handshakeTimes.count == report.attackers.handshakes)
        #expect((report.attackers.resumed > 0) == (fault == "storm-resumed"))
    }

    @Test func resets() async throws {
        let target = try LoadTarget()
        var options = try options("reset", target)
        options.phaseSeconds = 0.5
        options.peers = 20
        let report = try await run(options)
        expectUnharmed(report)
        #expect(report.attackers.finished > 10)
        #expect(report.attackers.requests > 0)
    }

    @Test func deafPeers() async throws {
        let target = try LoadTarget()
        var options = try options("deaf", target)
        options.peers = 10
        let report = try await run(options)
        expectUnharmed(report)
        #expect(report.attackers.requests > 10 * 2)
        #expect(report.attackers.finished == 0)
    }

    @Test func deepPipelines() async throws {
        let target = try LoadTarget()
        var options = try options("deep-pipeline", target)
        options.peers = 2
        let report = try await run(options)
        expectUnharmed(report)
        let attackers = report.attackers
        #expect(attackers.finished >= 2 && attackers.unfinished == 0 && attackers.refused == 0)
        // The commands and the token of each.
        #expect(attackers.right == attackers.finished * 100_001)
    }

    @Test func guesses() async throws {
        let target = try LoadTarget()
        var options = try options("guess", target)
        options.peers = 4
        let report = try await run(options)
        expectUnharmed(report)
        #expect(report.attackers.errors.contains { $0.code == "WRONGPASS" && $0.count > 0 })
        #expect(report.attackers.right == 0)
    }

    @Test func churn() async throws {
        let target = try LoadTarget()
        var options = try options("churn", target)
        options.peers = 200
        let report = try await run(options)
        expectUnharmed(report)
        #expect(report.attackers.tried == 200 && report.attackers.finished == 200)
        #expect(report.attackers.right == 400)
    }

    @Test func stoppedPeers() async throws {
        let target = try LoadTarget()
        var options = try options("stop", target)
        options.peers = 3
        let report = try await run(options)
        expectUnharmed(report)
        let attackers = report.attackers
        #expect(attackers.finished >= 3 && attackers.unfinished == 0 && attackers.refused == 0)
        // The token, the SET and the GETs of each.
        #expect(attackers.right == attackers.finished * 130)
        #expect(attackers.bytesReceived > attackers.finished * 32 << 20)
    }

    @Test func stoppingEndsASiegeEarly() async throws {
        let target = try LoadTarget()
        var options = try options("idle", target)
        options.phaseSeconds = 60
        let runner = try SiegeRunner(options)
        try runner.start()
        runner.advance()
        runner.stop()
        while runner.result == nil {
            runner.advance()
            try await Task.sleep(for: .milliseconds(5))
        }
        let report = try runner.result?.get()
        #expect(report?.isEndedEarly == true)
        #expect(report?.isGood == false)
    }

    @Test func withoutEstablishedClientsThereIsNoSiege() async throws {
        let target = try LoadTarget()
        var options = try options("storm", target)
        options.load.token = "sp_0000000000_wrong"
        let error = await #expect(throws: LoadError.self) { try await run(options) }
        #expect(error?.isUsage == false)
        #expect(error?.description.contains("auth_refused") == true)
    }
}
