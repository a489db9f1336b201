// Reports of sieges: JSON, text, warnings, thresholds, and what is counted for them.
import Glibc
import Testing

@testable import LoadKit

@Suite struct SiegeReportTests {
    private func report() -> SiegeReport {
        var report = SiegeReport(
            fault: "storm",
            settings: SiegeReport.Settings(
                server: "localhost:9999",
                encoding: .resp,
                clients: 100,
                pipeline: 1,
                mix: "get=1",
                open: 64,
                total: nil,
                perSecond: nil,
                spread: 0,
                phaseSeconds: 10,
                seed: 7
            )
        )
        for (name, scale) in [("before", 1), ("during", 5), ("after", 1)] {
            var recorder = LatencyRecorder()
            for index in 1...1000 { recorder.record(nanoseconds: Int64(index * scale) * 1000) }
            var phase = SiegeReport.Phase(name: name)
            phase.seconds = 10
            phase.clients = 100
            phase.answered = 1000
            phase.right = 1000
            phase.rightPerSecond = 100
            phase.latency = recorder.summary
            phase.generatorLagMilliseconds = 2
            phase.server = SiegeReport.Server(
                residentBytes: 10 << 20,
                residentPeakBytes: 20 << 20,
                descriptors: 120,
                descriptorsPeak: 184,
                cpuSeconds: 5
            )
            report.phases.append(phase)
        }
        report.attackers.tried = 5000
        report.attackers.connected = 4000
        report.attackers.refused = 1000
        report.attackers.refusals = [
            LoadReport.FailureRow(code: "refused", detail: "reset inside TLS", count: 1000)
        ]
        report.attackers.errors = [
            SiegeReport.AttackError(
                code: "BUSY limit=maxClients",
                count: 12,
                retryAfterMilliseconds: 500,
                sample: "-BUSY too many clients"
            )
        ]
        return report
    }

    @Test func jsonRoundTrip() throws {
        let json = try report().json()
        #expect(try SiegeReport(json: json) == report())
        for part in [
            "\"schema\" : \"sallyport-siege-report\"", "\"version\" : 1", "\"p99_us\"",
            "\"generator_lag_ms\" : 2", "\"rss_peak_bytes\"", "\"retry_after_ms\" : 500",
        ] {
            #expect(json.contains(part), "\(part)")
        }
    }

    @Test func textSaysWhatMatters() {
        let text = report().text
        for part in [
            "Siege: storm\n", "100 established clients", "before", "during", "after", "4.95 ms",
            "20.0 MiB", "5,000 tried, 4,000 made, 1,000 refused", "1,000  reset inside TLS",
            "12  BUSY limit=maxClients, retry after up to 500 ms", "0.50",
        ] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(!text.contains("Warning"))
        let widths = text.split(separator: "\n").filter { $0.hasPrefix("  during") }.map(\.count)
        #expect(widths.count == 2)
    }

    @Test func whatTheEstablishedClientsFeelDecides() {
        #expect(report().isGood)
        let wrong: [(inout SiegeReport) -> Void] = [
            { $0.phases[1].errors = 1 }, { $0.phases[2].wrong = 1 }, { $0.phases[0].right = 0 },
            { $0.phases.removeLast() }, { $0.attackers.connected = 0 }, { $0.attackers.wrong = 1 },
            { $0.failedThresholds = ["x"] },
        ]
        for change in wrong {
            var report = report()
            change(&report)
            #expect(!report.isGood)
        }
    }

    @Test func lateLoopsAndLostClientsAreWarnedOf() {
        var report = report()
        report.phases[0].generatorLagP99Milliseconds = 5
        report.phases[1].generatorLagMilliseconds = 51
        report.phases[2].clients = 98
        report.attackers.connected = 0
        report.addWarnings()
        #expect(report.warnings.count == 3)
        #expect(
            report.warnings.first?.hasPrefix("during: the established clients' own loop") == true
        )
        report.phases[0].generatorLagP99Milliseconds = 6
        report.addWarnings()
        #expect(report.warnings.count == 7)
        #expect(report.text.contains("Warning: after: 2 established clients were lost"))
    }

    @Test(arguments: [
        ("during.errors==0", true), ("during.errors>0", false), ("during.p99<before.p99*20", true),
        ("during.p99 <= before.p99 * 4", false), ("during.p99<before.p99", false),
        ("before.max<=1", true), ("after.rate>=during.rate*1", true), ("during.p99.9>4.9", true),
        ("attackers.refused==1000", true), ("attackers.tried<=attackers.connected*1.2", false),
        ("during.rss_peak==20971520", true), ("during.cpu<=before.cpu", true),
    ])
    func thresholdsHoldOrNot(_ text: String, _ holds: Bool) throws {
        var report = report()
        report.check([try SiegeReport.threshold(text)])
        #expect(report.failedThresholds.isEmpty == holds)
        #expect(report.isGood == holds)
        if !holds { #expect(report.text.contains("Threshold failed: \(text): ")) }
    }

    @Test(arguments: [
        "", "during.errors", "during.errors=0", "errors==0", "during.x==0", "warmup.errors==0",
        "during.errors==", "during.errors==x", "during.p99<before.p99*x", "attackers.p99==1",
        "==0",
    ])
    func thresholdsThatMakeNoSenseAreRefused(_ text: String) {
        let error = #expect(throws: LoadError.self) { try SiegeReport.threshold(text) }
        #expect(error?.isUsage == true)
    }

    @Test func errorsOfAttackersAreCountedByLimit() {
        var tally = SiegeTally()
        func count(_ text: String, _ tokenBytes: Int) {
            withSpan(text) { tally.countError($0.extracting(1..<tokenBytes), $0) }
        }
        count("-BUSY later: limit=maxClients retry_after_ms=250\r\n", 5)
        count("-BUSY later: limit=maxClients retry_after_ms=900\r\n", 5)
        count("-BUSY later: limit=maxClients retry_after_ms=100\r\n", 5)
        count("-WRONGPASS no\r\n", 10)
        let figures = SiegeReport.Attackers(tally)
        #expect(figures.errors.map(\.code) == ["BUSY limit=maxClients", "WRONGPASS"])
        #expect(figures.errors.map(\.count) == [3, 1])
        #expect(figures.errors.map(\.retryAfterMilliseconds) == [900, nil])
        #expect(figures.errors.last?.sample == "-WRONGPASS no")
        for index in 0..<200 { tally.countRefusal("\(index)") }
        #expect(tally.refusals.count <= SiegeTally.maxKinds + 1)
        #expect(SiegeReport.Attackers(tally).refused == 200)
        for index in 0..<200 { count("-E\(index) x", 2 + "\(index)".count) }
        #expect(tally.errors.count <= SiegeTally.maxKinds + 1)
    }

    @Test func theServersProcessIsRead() {
        #expect(
            ServerProcess.residentBytes("Name:\tx\nVmRSS:\t    2048 kB\nThreads: 3\n") == 2 << 20
        )
        #expect(ServerProcess.residentBytes("Name: x\n") == nil)
        let stat = "77 (a ) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0"
        #expect(ServerProcess.cpuSeconds(stat) == 2)
        #expect(ServerProcess.cpuSeconds("77 (a) S 1") == nil)
        let own = ServerProcess(id: getpid()).sample()
        #expect(own.map { $0.residentBytes > 1 << 20 && $0.descriptors > 2 } == true)
        #expect(ServerProcess(id: -5).sample() == nil)
    }

    @Test func usageIsFromTheFirstSampleToTheLast() {
        typealias Sample = ServerProcess.Sample
        var usage = ServerUsage()
        #expect(usage.figures == nil)
        usage.add(Sample(residentBytes: 10, descriptors: 5, cpuSeconds: 1))
        usage.add(Sample(residentBytes: 30, descriptors: 9, cpuSeconds: 2))
        usage.add(Sample(residentBytes: 20, descriptors: 7, cpuSeconds: 4))
        #expect(usage.figures?.residentBytes == 20)
        #expect(usage.figures?.residentPeakBytes == 30)
        #expect(usage.figures?.descriptors == 7)
        #expect(usage.figures?.descriptorsPeak == 9)
        #expect(usage.figures?.cpuSeconds == 3)
    }
}
