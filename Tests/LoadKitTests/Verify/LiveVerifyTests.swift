// A short verification of a server in this process, in all encodings.
import Testing

@testable import LoadKit

@Suite(.serialized) struct LiveVerifyTests {
    private func run(
        _ target: LoadTarget,
        _ change: (inout VerifyOptions) -> Void = { _ in }
    ) async throws -> (History, VerifyReport.Run) {
        var options = try VerifyOptions()
        options.load = try target.options()
        options.load.keyPrefix = "verify:"
        options.load.seed = 5
        options.reconnectEvery = 40
        options.keySeconds = 0.3
        change(&options)
        let runner = try VerifyRunner(options)
        try runner.start()
        while runner.requests < 3000 { try await Task.sleep(for: .milliseconds(10)) }
        return runner.finish()
    }

    @Test func aServerIsRight() async throws {
        let target = try LoadTarget()
        let (history, run) = try await run(target)
        var rules = HistoryJudge.Rules()
        // Tests share the machine: what is late here says nothing of the server.
        rules.slackMilliseconds = 2_000
        rules.maxLateMilliseconds = 10_000
        let report = HistoryJudge.judge(history, rules)
        #expect(run.failures == [])
        #expect(report.verdict == .ok, "\(report.text)")
        #expect(report.keys.operations > 1500)
        #expect(report.keys.refusedByCode == [:])
        #expect(report.keys.open > 0)
        #expect(run.connections > 20)
        #expect(report.messages.delivered > 100)
        #expect(report.messages.declaredLost == 0)
        let actions = Set(
            history.keys.flatMap { $0.operations.map { VerifyWords.words("", $0.action)[0] } }
        )
        #expect(actions.isSuperset(of: ["GET", "SET", "DEL", "CAS", "INCR", "INCRBY", "PEXPIRE"]))
        #expect(try HistoryFile.parse(try HistoryFile.text(history)) == history)
    }

    @Test(arguments: FuzzEncoding.allCases)
    func everyEncodingAlone(_ encoding: FuzzEncoding) async throws {
        let target = try LoadTarget()
        let (history, run) = try await run(target) { options in
            options.encoding = encoding
            options.reconnectEvery = 1_000_000
        }
        #expect(run.failures == [])
        var rules = HistoryJudge.Rules()
        rules.slackMilliseconds = 2_000
        rules.maxLateMilliseconds = 10_000
        #expect(HistoryJudge.judge(history, rules).verdict == .ok)
    }

    @Test func aRefusedTokenIsTold() async throws {
        let target = try LoadTarget()
        var options = try VerifyOptions()
        options.load = try target.options()
        options.load.token = "sp_0000000000_wrong"
        options.clients = 1
        options.subscribers = 0
        options.watchers = 1
        let runner = try VerifyRunner(options)
        try runner.start()
        try await Task.sleep(for: .milliseconds(300))
        let (_, run) = runner.finish()
        #expect(run.failures.contains { $0.contains("the token was refused") })
    }
}
