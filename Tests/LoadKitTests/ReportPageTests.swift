// The HTML page, its plots, the timeline below it, and the comparison of two reports.
import Foundation
import Testing

@testable import LoadKit

enum SampleReport {
    /// A report of an open loop with everything in it; `scale` makes all durations longer.
    static func make(scale: Int64 = 1) throws -> LoadReport {
        var options = try LoadOptions()
        options.rate = 1000
        options.title = "a <b>&\"'\u{7}"
        options.thresholds = [try Threshold("p99<1ms"), try Threshold("errors<1000")]
        var totals = LoadTotals()
        totals.clientsConnected = 50
        totals.startedAt = 1_000_000_000
        totals.lastReplyAt = 11_000_000_000
        totals.metrics.beginMeasuring(Timeline(totals.startedAt))
        for index in 0..<Int64(10_000) {
            let planned = totals.startedAt + index * 1_000_000
            let took = (200_000 + index % 1000 * 2000) * scale
            totals.metrics.count(
                index % 5 == 0 ? .set : .get,
                .good,
                arrivedAt: planned + took,
                sentAt: planned + took / 2,
                plannedAt: planned
            )
        }
        totals.metrics.fail(Failure(.errorReply, "<script>alert(1)</script>"), at: 3_000_000_000)
        totals.metrics.handshakes.record(nanoseconds: 3_000_000 * scale)
        let usage = SiegeReport.Server(
            residentBytes: 1,
            residentPeakBytes: 50_000_000,
            descriptors: 60,
            descriptorsPeak: 61,
            cpuSeconds: 0.5
        )
        return LoadReport(totals, options, usage, processID: 77)
    }
}

@Suite struct ReportPageTests {
    /// Parses the page strictly as XML, which it also is, and finds what a browser would run or load.
    private static let check = """
        import sys, xml.etree.ElementTree as tree
        text = sys.stdin.read()
        assert text.startswith("<!DOCTYPE html>"), "doctype"
        root = tree.fromstring(text)
        names = [element.tag for element in root.iter()]
        for name in ("script", "link", "img", "iframe", "object"):
            assert name not in names, name
        for element in root.iter():
            for attribute in element.attrib:
                assert not attribute.startswith("on"), attribute
                assert attribute not in ("src", "href"), attribute
        assert "url(" not in text and "@import" not in text
        assert "prefers-color-scheme: dark" in text and "viewport" in text
        print(names.count("svg"), names.count("polyline"), names.count("table"))
        """

    private func checked(_ page: String) throws -> String {
        let python = ProcessInfo.processInfo.environment["SALLYPORT_TEST_PYTHON"] ?? "python3"
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [python, "-c", ReportPageTests.check]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(page.utf8))
        try input.fileHandleForWriting.close()
        let text = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(),
            as: UTF8.self
        )
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return text
    }

    @Test func aPageIsWellFormedAndLoadsNothing() throws {
        let page = try SampleReport.make().html
        #expect(try checked(page) == "4 8 3\n")
        #expect(!page.contains("<script>"))
        #expect(page.contains("&lt;script&gt;alert(1)"))
        #expect(page.contains("a &lt;b&gt;&amp;&quot;&#39;\u{FFFD}"))
        for part in [
            "crossed: p99&lt;1ms", "holds: errors&lt;1000", "50.0 MB resident", "99.9 %", "p99.99",
            "1,000 planned",
        ] { #expect(page.contains(part), "\(part)") }
    }

    @Test func aPageOfNothingIsWellFormedToo() throws {
        let report = LoadReport(LoadTotals(), try LoadOptions(), nil)
        #expect(try checked(report.html).hasPrefix("0 0 "))
        #expect(report.html.contains("Nothing was measured."))
        #expect(report.verdict == .failed)
    }

    @Test func verdictsHaveTheirExitCodes() throws {
        var report = try SampleReport.make()
        #expect(report.verdict == .crossed)
        report.thresholds[0].failure = nil
        // A threshold on errors says how many there may be.
        #expect(report.verdict == .good)
        report.thresholds = []
        #expect(report.verdict == .failed)
        report.generator.lagP99Milliseconds = 11
        report.addReasons()
        #expect(report.verdict == .invalid)
        #expect(report.text.contains("Verdict invalid"))
        report.failures.append(LoadReport.FailureRow(code: "wrong_reply", detail: "GET", count: 1))
        #expect(report.verdict == .failed)
        let codes = [LoadReport.Verdict.good, .failed, .invalid, .crossed].map(\.exitCode)
        #expect(codes == [0, 1, 98, 99])
    }

    @Test func lateSendsMakeARunInvalid() throws {
        var report = try SampleReport.make()
        report.generator.lateness?.p99 = 9000
        report.addReasons()
        #expect(report.invalidBecause == [])
        report.generator.lateness?.p99 = 11_000
        report.addReasons()
        #expect(report.invalidBecause.count == 1)
    }

    @Test func aReportIsReadBack() throws {
        let report = try SampleReport.make()
        let text = try report.json()
        #expect(try LoadReport.reading(text, file: "a.json") == report)
        #expect(text.contains("\"p95_us\"") && text.contains("\"response_curve\""))
        let older = text.replacingOccurrences(of: "\"version\" : 2", with: "\"version\" : 1")
        let error = #expect(throws: LoadError.self) {
            try LoadReport.reading(older, file: "a.json")
        }
        #expect(error?.description.contains("a.json is sallyport-load-report, version 1") == true)
        #expect(throws: LoadError.self) { try LoadReport.reading("{}", file: "a.json") }
    }

    @Test func twoReportsAreCompared() throws {
        let (fast, slow) = (try SampleReport.make(), try SampleReport.make(scale: 3))
        var comparison = LoadComparison(fast, slow)
        let p99 = comparison.rows.first { $0.figure == "p99" }
        #expect(abs((p99?.ratio ?? 0) - 3) < 0.02)
        #expect(comparison.rows.first { $0.figure == "wrong" }?.ratio == 1)
        comparison.check([
            try comparison.threshold("p99<2"), try comparison.threshold("rate>0.9"),
            try comparison.threshold("get.service.p50<=3.1"),
        ])
        #expect(comparison.failedThresholds.count == 1)
        #expect(comparison.failedThresholds.first?.hasPrefix("p99<2: 3.0") == true)
        #expect(throws: LoadError.self) { try comparison.threshold("del.p99<2") }
        #expect(throws: LoadError.self) { try comparison.threshold("p99<2ms") }
        let text = comparison.text(isLong: false)
        #expect(text.contains("Threshold crossed (ratio): p99<2"))
        #expect(comparison.text(isLong: true).contains("get.service.p99.9"))
        #expect(text.contains("Warning: the verdict of the first run is: crossed"))
        var other = slow
        other.settings.pipeline = 9
        #expect(LoadComparison(fast, other).warnings.contains { $0.contains("settings differ") })
        other = fast
        other.settings.seed = 99
        #expect(!LoadComparison(fast, other).warnings.contains { $0.contains("settings differ") })
        #expect(try LoadComparison(json: comparison.json()) == comparison)
    }

    @Test func ticksAreRound() {
        #expect(SVGPlot.roundTicks(0, 10).map(\.label) == ["0", "2", "4", "6", "8", "10"])
        #expect(SVGPlot.roundTicks(0, 0.5).map(\.label).last == "0.5")
        #expect(SVGPlot.roundTicks(3, 3) == [])
        #expect(SVGPlot.number(-1.5) == "-1.5" && SVGPlot.number(2) == "2")
        #expect(SVGPlot.number(0.05) == "0.05" && SVGPlot.number(.nan) == "0")
    }

    @Test func aBarFills() {
        var progress = LoadProgress()
        #expect(progress.bar == "")
        progress.fraction = 0.5
        #expect(progress.bar == "[########--------] ")
        progress.fraction = 7
        #expect(progress.bar == "[################] ")
    }
}

@Suite struct TimelineTests {
    @Test func intervalsAreJoinedWhereThereAreTooMany() {
        var timeline = Timeline(0)
        for index in 0..<Int64(3000) {
            timeline.add(at: index * 100_000_000, nanoseconds: 1_000_000)
            if index % 10 == 0 { timeline.addError(at: index * 100_000_000) }
        }
        #expect(timeline.points.count <= Timeline.maxPoints)
        #expect(timeline.interval == 800_000_000)
        #expect(timeline.points.reduce(0) { $0 + $1.requests } == 3000)
        #expect(timeline.points.reduce(0) { $0 + $1.errors } == 300)
        let rows = timeline.rows
        #expect(rows.count == timeline.points.count - 1)
        #expect(rows.allSatisfy { abs($0.requestsPerSecond - 10) < 0.01 })
        #expect(rows.allSatisfy { abs($0.p50 - 1000) < 70 })
    }

    @Test func loopsAreAddedWhateverTheirIntervals() {
        var long = Timeline(0)
        long.add(at: 79_000_000_000, nanoseconds: 5_000_000)
        var short = Timeline(0)
        short.add(at: 100_000_000, nanoseconds: 1_000_000)
        short.add(at: -5, nanoseconds: 1_000_000)
        var sum = short
        sum.add(long)
        long.add(short)
        #expect(sum.interval == long.interval)
        #expect(sum.points.map(\.requests) == long.points.map(\.requests))
        #expect(sum.points.first?.requests == 2)
    }
}

@Suite struct ServerFindingTests {
    @Test func listeningSocketsAreFoundInTheTable() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:270F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1
               1: 0100007F:270F 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4712 1
               2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1
            """
        #expect(ServerProcess.listeningInodes(table, 9999) == ["4711"])
        #expect(ServerProcess.listeningInodes(table, 80) == ["4713"])
        #expect(ServerProcess.listeningInodes("", 80) == [])
        #expect(ServerProcess.isLoopback("127.0.0.1") && ServerProcess.isLoopback("::1"))
        #expect(!ServerProcess.isLoopback("10.0.0.1"))
    }
}
