// The fuzzer against a server in this process: no failures, the corpus, and a bug that it must find.
import Foundation
import Testing

@testable import LoadKit

@Suite(.serialized) struct LiveFuzzTests {
    private func options(_ target: LoadTarget, seed: UInt64) throws -> FuzzOptions {
        var options = try FuzzOptions()
        options.load = try target.options()
        options.seed = seed
        // Tests share the machine.
        options.healthMilliseconds = 20_000
        options.patienceMilliseconds = 30_000
        return options
    }

    private func folder() -> String {
        NSTemporaryDirectory() + "sallyport-fuzz-" + UUID().uuidString
    }

    @Test(arguments: [1, 2] as [UInt64])
    func aServerTakesAFewHundredCases(_ seed: UInt64) throws {
        let target = try LoadTarget()
        var options = try options(target, seed: seed)
        options.maxCases = 150
        let report = try FuzzRunner(options).run { _ in }
        #expect(report.findings == [], "\(report.text)")
        #expect(report.cases == 150 && report.checked > 300)
        #expect(report.refused < 40)
        #expect(try FuzzReport(json: try report.json()) == report)
    }

    /// Whatever once failed must not fail again.
    @Test func theCorpus() throws {
        let target = try LoadTarget()
        var options = try options(target, seed: 1)
        options.corpus =
            URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../loadtest/corpus").standardized.path
        options.durationSeconds = 0
        let report = try FuzzRunner(options).run { _ in }
        #expect(report.replayed > 0)
        #expect(report.findings == [], "\(report.text)")
    }

    @Test func aBugIsFoundMadeSmallAndReplayed() throws {
        let target = try LoadTarget()
        let load = try target.options()
        let relay = try CanaryRelay(to: load, isPoisonous: true)
        defer { relay.stop() }
        var options = try options(target, seed: 3)
        options.load.port = relay.port
        options.isPlain = true
        options.corpus = folder()
        options.maxFailures = 1
        let runner = try FuzzRunner(options)
        let report = try runner.run { _ in }
        let finding = try #require(report.findings.first)
        #expect(finding.kind == .health && finding.isReproduced, "\(report.text)")
        #expect(finding.detail.contains("PANG"))
        #expect(finding.smallestSteps == 1 && finding.smallestBytes <= 4, "\(finding.smallest)")
        // The next run finds it in the corpus, before anything else.
        options.durationSeconds = 0
        let again = try FuzzRunner(options).run { _ in }
        #expect(again.replayed == 1 && again.findings.first?.kind == .health)
        // Once it is mended, the same file passes.
        let mended = try CanaryRelay(to: load, isPoisonous: false)
        defer { mended.stop() }
        options.load.port = mended.port
        let passed = try FuzzRunner(options).run { _ in }
        #expect(passed.isGood && passed.replayed == 1, "\(passed.text)")
        try FileManager.default.removeItem(atPath: options.corpus ?? "")
    }

    @Test func aServerThatIsNotThereIsNotFuzzed() throws {
        let target = try LoadTarget()
        var options = try options(target, seed: 1)
        options.load.token = "sp_0000000000_wrong"
        let runner = try FuzzRunner(options)
        #expect(throws: LoadError.self) { try runner.run { _ in } }
    }
}
