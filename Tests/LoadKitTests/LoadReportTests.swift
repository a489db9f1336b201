// Reports: their JSON form, their text, and what counts as good.
import Testing

@testable import LoadKit

@Suite struct LoadReportTests {
    private func report() -> LoadReport {
        var recorder = LatencyRecorder()
        for index in 1...1000 { recorder.record(nanoseconds: Int64(index) * 1000) }
        var report = LoadReport(
            target: LoadReport.Target(
                host: "localhost",
                port: 9999,
                address: "127.0.0.1:9999",
                encodings: [.resp],
                tlsVersion: "TLSv1.3",
                cipherSuite: "TLS_AES_128_GCM_SHA256",
                isVerified: true
            ),
            settings: LoadReport.Settings(
                clients: 1000,
                pipeline: 1,
                mix: "get=1",
                minValueBytes: 16,
                maxValueBytes: 64,
                keys: 100,
                keyPrefix: "load:",
                seed: 7
            )
        )
        report.clientsConnected = 1000
        report.elapsedSeconds = 2
        report.requests = 1_234_567
        report.requestsPerSecond = 617_283.5
        report.bytesSent = 3_000_000
        report.bytesReceived = 1_000_000
        report.service = recorder.summary
        report.serviceCurve = recorder.curve
        report.commands = [
            LoadReport.CommandRow(
                command: "get",
                replies: 1_234_567,
                missing: 3,
                errors: 0,
                wrong: 0,
                service: recorder.summary
            )
        ]
        return report
    }

    @Test func jsonRoundTrip() throws {
        var report = report()
        report.failures = [LoadReport.FailureRow(code: "timeout", detail: "x \"y\"", count: 2)]
        let json = try report.json()
        #expect(try LoadReport(json: json) == report)
        #expect(json.contains("\"schema\" : \"sallyport-load-report\""))
        #expect(json.contains("\"version\" : 2"))
        #expect(json.contains("\"p99_99_us\""))
    }

    @Test func percentilesComeFromTheHistogram() {
        let latency = report().latency
        #expect(latency.count == 1000)
        #expect(abs(latency.p50 - 500) < 2)
        #expect(abs(latency.p99 - 990) < 2)
        #expect(latency.max == 1000)
        #expect(LatencyRecorder().summary == LatencySummary())
    }

    @Test func longDurationsAreKeptAtTheLimit() {
        var recorder = LatencyRecorder()
        recorder.record(nanoseconds: .max)
        recorder.record(nanoseconds: -5)
        #expect(recorder.count == 2)
        #expect(recorder.summary.max == 60_000_000)
    }

    @Test func textSaysWhatMatters() {
        let text = report().text
        for part in [
            "TLSv1.3", "1,234,567", "617,284 requests/s", "p99.99", "2.00 MB/s", "seed 7",
            "1000 connected, 0 failed",
        ] { #expect(text.contains(part), "\(part)") }
        #expect(!text.contains("Errors"))
    }

    @Test func goodMeansThatNothingWentWrong() {
        #expect(report().isGood)
        var failed = report()
        failed.clientsFailed = 1
        #expect(!failed.isGood)
        var wrong = report()
        wrong.failures = [LoadReport.FailureRow(code: "wrong_reply", detail: "GET", count: 1)]
        #expect(!wrong.isGood)
        var idle = report()
        idle.requests = 0
        #expect(!idle.isGood)
    }

    @Test func failuresAreCountedByKind() {
        var tally = FailureTally()
        let get = PlannedRequest(command: .get, key: 5)
        for _ in 0..<7 { withSpan("$1\r\n\u{7}\r\n") { tally.countWrong(get, $0) } }
        for _ in 0..<3 { withSpan("NOPERM no") { tally.countError(get, $0.extracting(0..<6), $0) } }
        #expect(tally.rows.map(\.code) == ["wrong_reply", "error_reply"])
        #expect(tally.rows.map(\.count) == [7, 3])
        #expect(tally.total == 10)
        #expect(tally.wrongReplySamples.count == FailureTally.maxSamples)
        #expect(tally.wrongReplySamples.first == "GET key 5 -> $1\\r\\n\\x07\\r\\n")
        #expect(tally.errorReplySamples == ["GET key 5 -> NOPERM no"])
        for index in 0..<200 { tally.count(Failure(.timeout, "\(index)")) }
        #expect(tally.rows.count <= FailureTally.maxKinds + 1)
        #expect(tally.total == 210)
    }

    @Test func figuresForAPerson() {
        #expect(Figures.fixed(1234.567, 2) == "1,234.57")
        #expect(Figures.fixed(0.05, 1) == "0.1")
        #expect(Figures.fixed(.nan, 1) == "-")
        #expect(Figures.grouped(1_000_000) == "1,000,000")
        #expect(Figures.duration(microseconds: 12.34) == "12.3 us")
        #expect(Figures.duration(microseconds: 1234) == "1.23 ms")
        #expect(Figures.duration(microseconds: 2_500_000) == "2.50 s")
    }
}
