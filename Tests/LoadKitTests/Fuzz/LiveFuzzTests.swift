// The fuzzer against a server in this process: no failures, the corpus, and a bug that it must find.
import Foundation
import Reactor
import Synchronization
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

    private final class Outcome: Sendable {
        let result = Mutex<Result<FuzzReport, LoadError>?>(nil)
    }

    /// Runs on a thread of its own, since it blocks, and tests share few.
    private func run(_ options: FuzzOptions) async throws -> FuzzReport {
        let outcome = Outcome()
        let thread = try LoopThread("fuzz-test") {
            let result = Result { () throws(LoadError) in
                try FuzzRunner(options).run { _ in }
            }
            outcome.result.withLock { $0 = result }
        }
        while outcome.result.withLock({ $0 == nil }) {
            try await Task.sleep(for: .milliseconds(20))
        }
        thread.join()
        return try #require(outcome.result.withLock { $0 }).get()
    }

    private func folder() -> String {
        NSTemporaryDirectory() + "sallyport-fuzz-" + UUID().uuidString
    }

    @Test(arguments: [1, 2] as [UInt64])
    func aServerTakesAFewHundredCases(_ seed: UInt64) async throws {
        let target = try LoadTarget()
        var options = try options(target, seed: seed)
        options.maxCases = 150
        let report = try await run(options)
        #expect(report.findings == [], "\(report.text)")
        #expect(report.cases == 150 && report.checked > 300)
        #expect(report.refused < 40)
        #expect(try FuzzReport(json: try report.json()) == report)
    }

    /// Whatever once failed must not fail again.
    @Test func theCorpus() async throws {
        let target = try LoadTarget()
        var options = try options(target, seed: 1)
        options.corpus =
            URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../loadtest/corpus").standardized.path
        options.durationSeconds = 0
        let report = try await run(options)
        #expect(report.replayed > 0)
        #expect(report.findings == [], "\(report.text)")
    }

    /// Cases through `relay` until the first failure, which is kept in a folder of its own.
    private func canaryOptions(
        _ target: LoadTarget,
        _ relay: CanaryRelay,
        seed: UInt64
    ) throws -> FuzzOptions {
        var options = try options(target, seed: seed)
        options.load.port = relay.port
        options.isPlain = true
        options.corpus = folder()
        options.maxFailures = 1
        options.durationSeconds = 600
        options.maxCases = 2_000
        return options
    }

    @Test func aBugIsFoundMadeSmallAndReplayed() async throws {
        let target = try LoadTarget()
        let load = try target.options()
        let relay = try CanaryRelay(to: load, poison: CanaryRelay.negativeBulk)
        defer { relay.stop() }
        var options = try canaryOptions(target, relay, seed: 5)
        let report = try await run(options)
        let finding = try #require(report.findings.first)
        #expect(finding.kind == .health && finding.isReproduced, "\(report.text)")
        #expect(finding.detail.contains("PANG"))
        #expect(finding.smallestSteps == 1 && finding.smallestBytes <= 4, "\(finding.smallest)")
        // The next run finds it in the corpus, before anything else.
        options.durationSeconds = 0
        let again = try await run(options)
        #expect(again.replayed == 1 && again.findings.first?.kind == .health)
        // Once it is mended, the same file passes.
        let mended = try CanaryRelay(to: load, poison: nil)
        defer { mended.stop() }
        options.load.port = mended.port
        let passed = try await run(options)
        #expect(passed.isGood && passed.replayed == 1, "\(passed.text)")
        try FileManager.default.removeItem(atPath: options.corpus ?? "")
    }

    /// A server that minds a message whose first frame is empty, which a client may well send.
    @Test func aBugInFramesIsFoundAndMadeSmall() async throws {
        let target = try LoadTarget()
        let relay = try CanaryRelay(to: try target.options(), poison: CanaryRelay.emptyFragment)
        defer { relay.stop() }
        var options = try canaryOptions(target, relay, seed: 12)
        let report = try await run(options)
        let finding = try #require(report.findings.first, "\(report.text)")
        #expect(finding.kind == .health && finding.isReproduced, "\(report.text)")
        #expect(finding.smallestSteps == 1, "\(finding.smallest)")
        let smallest = try FuzzCase(json: finding.smallest)
        #expect(smallest.encoding == .websocket)
        options.durationSeconds = 0
        let again = try await run(options)
        #expect(again.replayed == 1 && again.findings.first?.kind == .health)
        try FileManager.default.removeItem(atPath: options.corpus ?? "")
    }

    /// Messages in all forms are answered as the model says, keys behind masks among them.
    @Test func webSocketsAreHeldAgainstTheModel() async throws {
        let target = try LoadTarget()
        var options = try options(target, seed: 12)
        options.maxCases = 1
        let generator = FuzzGenerator(seed: 12)
        var checked = 0
        var runs = 0
        for number in 0..<400 as Range<UInt64> {
            let made = generator.make(number)
            if made.encoding != .websocket || !made.isStrict || runs == 12 { continue }
            options.onlyCase = number
            let report = try await run(options)
            #expect(report.findings == [], "\(report.text)")
            checked += report.checked
            runs += 1
        }
        #expect(runs == 12 && checked > 50)
    }

    @Test func aServerThatIsNotThereIsNotFuzzed() async throws {
        let target = try LoadTarget()
        var options = try options(target, seed: 1)
        options.load.token = "sp_0000000000_wrong"
        await #expect(throws: LoadError.self) { try await run(options) }
    }
}
