// What a load takes down and how it is judged: answers are made up here, and no server is asked.
import Core
import Testing

@testable import LoadKit

/// A loop's history with a clock of its own, and the answers that a server might give.
private final class HistoryBench {
    let history: LoadHistory
    private var now: Int64 = 0

    init(
        run: UInt64 = 7,
        loop: Int = 0,
        _ change: (inout LoadOptions, inout LoadVerification) -> Void = { _, _ in }
    ) throws {
        var options = try LoadOptions()
        var verification = LoadVerification()
        options.keyCount = 100
        options.loops = 2
        change(&options, &verification)
        history = LoadHistory(verification, options, run: run, loop: loop)
    }

    /// The request as it is sent.
    func ask(_ command: LoadCommand, key: UInt64 = 1, by connection: Int = 0) -> PlannedRequest {
        now += 1000
        var request = PlannedRequest(command: command, valueBytes: 64, key: key)
        history.begin(&request, connection: connection, at: now)
        return request
    }

    /// The value that a SET writes.
    static func value(_ request: PlannedRequest) -> [UInt8] {
        var buffer = ByteBuffer()
        RequestWriter.appendValue(request, to: &buffer)
        return buffer.withBytes { Array($0) }
    }

    func answer(
        _ request: PlannedRequest,
        _ verdict: Verdict = .good,
        _ payload: [UInt8] = [],
        number: Int64? = nil
    ) {
        now += 1000
        history.end(request, verdict, payload.span, number: number, at: now)
    }

    /// A SET that is answered at once.
    @discardableResult
    func set(key: UInt64 = 1, by connection: Int = 0) -> PlannedRequest {
        let request = ask(.set, key: key, by: connection)
        answer(request)
        return request
    }

    /// A GET that is answered at once, with what `written` wrote; nil for no such key.
    func get(_ written: PlannedRequest?, key: UInt64 = 1) {
        let request = ask(.get, key: key, by: 1)
        if let written {
            answer(request, .good, HistoryBench.value(written))
        } else {
            answer(request, .missing)
        }
    }

    func incr(_ number: Int64) { answer(ask(.incr, key: 3), .good, number: number) }

    func judged(_ change: (inout LoadVerification) -> Void = { _ in }) -> LoadReport.Verification {
        var verification = LoadVerification()
        change(&verification)
        return LoadReport.Verification(
            History([history.notes], beginsUnknown: true),
            leftOut: history.leftOut,
            verification
        )
    }
}

@Suite struct LoadHistoryTests {
    @Test func whatIsRightIsOK() throws {
        let bench = try HistoryBench()
        bench.get(nil)
        let first = bench.set()
        bench.get(first)
        let second = bench.set(by: 2)
        bench.get(second)
        bench.answer(bench.ask(.del), .good, number: 1)
        bench.get(nil)
        bench.incr(5)
        bench.incr(6)
        bench.answer(bench.ask(.set), .error, Array("OOM".utf8))
        bench.get(nil)
        _ = bench.ask(.ping)
        let judged = bench.judged()
        #expect(judged.verdict == .ok, "\(judged)")
        #expect(judged.keys == 2 && judged.operations == 11 && judged.longest == 9)
        #expect(judged.refused == 1 && judged.open == 0 && judged.notJudged == 1)
        #expect(judged.unknownBecause == [] && !judged.isCut)
    }

    @Test func aStaleReadIsFound() throws {
        let bench = try HistoryBench()
        let first = bench.set()
        for _ in 0..<20 { bench.get(first) }
        let second = bench.set()
        bench.get(second)
        bench.get(first)
        bench.set()
        let judged = bench.judged()
        #expect(judged.verdict == .illegal)
        #expect(judged.illegalKeys == ["load:000000000001"])
        // What made it impossible, and nothing else.
        #expect(
            judged.drawings.count == 1 && judged.drawings[0].contains(" operations, of 25 in all")
        )
        #expect(judged.drawings[0].split(separator: "\n").count < 25)
    }

    @Test func aLostUpdateIsFound() throws {
        let bench = try HistoryBench()
        bench.set()
        bench.get(nil)
        #expect(bench.judged().verdict == .illegal)
        let counter = try HistoryBench()
        counter.incr(1)
        counter.incr(1)
        #expect(counter.judged().illegalKeys == ["load:counter:1:000000000003"])
    }

    @Test func aDuplicateIsFound() throws {
        let bench = try HistoryBench()
        let first = bench.set()
        let second = bench.set()
        bench.get(second)
        // The first write is done once more.
        bench.get(first)
        #expect(bench.judged().verdict == .illegal)
        let counter = try HistoryBench()
        counter.incr(1)
        counter.incr(3)
        #expect(counter.judged().verdict == .illegal)
    }

    /// What was never answered may have been done, at any time, or not at all.
    @Test(arguments: [true, false])
    func withoutAnAnswerBothMayBe(_ isDone: Bool) throws {
        let bench = try HistoryBench()
        let first = bench.set()
        let open = bench.ask(.set)
        bench.get(first)
        bench.get(isDone ? open : first)
        let judged = bench.judged()
        #expect(judged.verdict == .ok && judged.open == 1)
        // An answer that is none says nothing either.
        bench.answer(open, .wrong, Array("NO".utf8))
        #expect(bench.judged().open == 1)
    }

    @Test func whatWasThereBeforeMayBeSeen() throws {
        let earlier = try HistoryBench(run: 8)
        let old = earlier.set()
        let bench = try HistoryBench(run: 9)
        bench.get(old)
        bench.get(PlannedRequest(command: .set, version: 3, valueBytes: 64, key: 1))
        #expect(bench.judged().verdict == .unknown)
        let other = try HistoryBench(run: 9)
        other.get(old)
        let new = other.set()
        other.get(new)
        other.incr(41)
        #expect(other.judged().verdict == .ok)
    }

    /// Then nothing else that is impossible can be blamed on the server.
    @Test func whereSomebodyElseWritesNothingIsKnown() throws {
        let other = try HistoryBench(run: 8)
        let bench = try HistoryBench(run: 9)
        bench.set()
        bench.get(other.set())
        bench.set(key: 2)
        bench.get(nil, key: 2)
        let judged = bench.judged()
        #expect(judged.verdict == .unknown)
        #expect(judged.illegalKeys == [] && judged.unknownKeys.count == 2)
        #expect(judged.unknownBecause.count == 1)
        #expect(judged.unknownBecause[0].contains("somebody else writes to these keys"))
    }

    @Test func theRoomIsBounded() throws {
        let bench = try HistoryBench { $1.operations = 8 }
        for _ in 0..<4 { bench.set() }
        // No room: it is not taken down, nor is what was still to be answered.
        bench.get(nil)
        let judged = bench.judged()
        #expect(judged.verdict == .ok)
        #expect(judged.operations == 4 && judged.isCut && judged.notJudged == 1)
        #expect(judged.notes[0].contains("--verify-operations"))
    }

    @Test func whatIsNotSearchedOrNotDoneIsUnknown() throws {
        let bench = try HistoryBench()
        for _ in 0..<5 { bench.get(bench.set()) }
        #expect(bench.judged { $0.budget = 2 }.verdict == .unknown)
        #expect(
            bench.judged { $0.totalBudget = 2 }.unknownBecause[0].contains(
                "the search was given up"
            )
        )
        #expect(bench.judged().verdict == .ok)
        #expect(try HistoryBench().judged().verdict == .unknown)
        let refused = try HistoryBench()
        for _ in 0..<20 { refused.answer(refused.ask(.set), .error, Array("BUSY".utf8)) }
        #expect(refused.judged().verdict == .unknown)
    }

    @Test func aSampleOfTheKeys() throws {
        let all = KeySample(100, of: 100)
        #expect((0..<100).allSatisfy { all.contains($0) })
        let some = KeySample(1000, of: 100_000)
        let count = (0..<100_000).count { some.contains($0) }
        #expect(count > 850 && count < 1150)
        #expect((0..<KeySample.first).allSatisfy { some.contains($0) })
        let bench = try HistoryBench { options, verification in
            options.keyCount = 1_000_000_000
            verification.keys = 1
        }
        bench.set(key: 999_999)
        bench.set(key: 3)
        #expect(bench.judged().operations == 1 && bench.judged().notJudged == 1)
    }

    @Test func noTwoValuesAreAlike() throws {
        var values: Set<[UInt8]> = []
        for loop in 0..<2 {
            for run in [1, 2] as [UInt64] {
                let bench = try HistoryBench(run: run, loop: loop)
                for _ in 0..<50 { values.insert(HistoryBench.value(bench.set())) }
            }
        }
        #expect(values.count == 200)
        func isIntact(_ value: [UInt8], key: UInt64 = 1) -> Bool {
            LoadValue.isIntact(value.span, key: key)
        }
        func serial(_ value: [UInt8]) -> UInt64? { LoadValue.serial(value.span) }
        for value in values {
            #expect(isIntact(value) && serial(value) != nil)
            #expect(!isIntact(value, key: 2))
            var damaged = value
            damaged[LoadKey.digits + 1] ^= 1
            #expect(!isIntact(damaged))
        }
        let plain = HistoryBench.value(
            PlannedRequest(command: .set, version: 9, valueBytes: 64, key: 1)
        )
        #expect(serial(plain) == nil && isIntact(plain))
    }

    @Test func connectionsHaveNumbersOfTheirOwn() throws {
        let loops = [try HistoryBench(loop: 0), try HistoryBench(loop: 1)]
        let numbers = loops.flatMap { bench in (0..<3).map { _ in bench.history.newConnection() } }
        #expect(Set(numbers).count == 6)
    }
}

@Suite struct LoadVerificationTests {
    private func refusal(_ change: (inout LoadOptions) throws -> Void) throws -> String {
        var options = try LoadOptions()
        options.verification = LoadVerification()
        try change(&options)
        do throws(LoadError) {
            try options.validate()
        } catch {
            return error.isUsage ? error.description : "not the user's fault"
        }
        return ""
    }

    @Test func whatCannotBeJudgedIsRefused() throws {
        #expect(try refusal { _ in } == "")
        #expect(try refusal { $0.mix = try LoadMix("ping,echo,who") }.contains("nothing to judge"))
        #expect(try refusal { $0.mix = try LoadMix("ping,get") } == "")
        #expect(try refusal { $0.valueBytes = 35...64 }.contains("--value-size of 36"))
        #expect(
            try refusal {
                $0.valueBytes = 1...64
                $0.mix = try LoadMix("get,incr,del")
            } == ""
        )
        #expect(
            try refusal {
                $0.valueBytes = 1...64
                $0.mix = try LoadMix("get")
                $0.preloads = true
            }.contains("--value-size")
        )
        #expect(
            try refusal {
                $0.pubSub = PubSubShape(publishers: 1, subscribers: 1)
                $0.clients = 2
            }.contains("messages are always checked")
        )
        #expect(try refusal { $0.verification?.keys = 0 }.contains("--verify-keys"))
        #expect(try refusal { $0.verification?.operations = 0 }.contains("--verify-operations"))
    }

    @Test func aScenarioMaySayIt() throws {
        var options = try LoadOptions()
        try Scenario(json: #"{"verify":true,"verify_keys":5}"#, file: "x").apply(to: &options)
        #expect(options.verification?.keys == 5)
        #expect(options.verification?.operations == LoadVerification().operations)
        #expect(throws: LoadError.self) {
            try Scenario(json: #"{"verify_keys":5}"#, file: "x").apply(to: &options)
        }
    }

    private func report(_ verdict: HistoryVerdict) throws -> LoadReport {
        var report = LoadReport(LoadTotals(), try LoadOptions(), nil)
        report.clientsConnected = 1
        report.requests = 10
        var verification = LoadReport.Verification()
        verification.verdict = verdict
        if verdict == .illegal {
            verification.illegalKeys = ["load:1"]
            verification.drawings = ["a --< GET >-- b"]
        }
        if verdict == .unknown { verification.unknownBecause = ["of <this>"] }
        report.verification = verification
        return report
    }

    @Test func theReportSaysIt() throws {
        let illegal = try report(.illegal)
        #expect(illegal.verdict == .illegal && illegal.verdict.exitCode == 97)
        #expect(illegal.text.contains("a --< GET >-- b"))
        #expect(illegal.text.contains("Verdict illegal"))
        #expect(illegal.html.contains("<pre>a --&lt; GET &gt;-- b</pre>"))
        #expect(try LoadReport(json: try illegal.json()) == illegal)
        #expect(try illegal.json().contains("\"illegal_keys\""))
        let unknown = try report(.unknown)
        #expect(unknown.verdict == .unknown && unknown.verdict.exitCode == 96)
        #expect(unknown.text.contains("not known: of <this>"))
        #expect(unknown.html.contains("not known: of &lt;this&gt;"))
        #expect(try report(.ok).verdict == .good)
        #expect(
            LoadReport(LoadTotals(), try LoadOptions(), nil).html.contains("Linearizable") == false
        )
    }

    /// What is impossible is so in any case; what is not known is the least.
    @Test func theOrderOfVerdicts() throws {
        func verdict(
            _ verdict: HistoryVerdict,
            _ change: (inout LoadReport) -> Void
        ) throws -> Int32 {
            var report = try report(verdict)
            change(&report)
            return report.verdict.exitCode
        }
        let wrong = LoadReport.FailureRow(code: "wrong_reply", detail: "", count: 1)
        let late: (inout LoadReport) -> Void = { $0.invalidBecause = ["late"] }
        let crossed: (inout LoadReport) -> Void = {
            $0.thresholds = [
                LoadReport.ThresholdRow(threshold: "p99<1", figure: "p99", failure: "p99 is 2")
            ]
        }
        #expect(try verdict(.illegal) { $0.failures = [wrong] } == 97)
        #expect(try verdict(.illegal, late) == 97)
        #expect(try verdict(.illegal, crossed) == 97)
        #expect(try verdict(.unknown) { $0.failures = [wrong] } == 1)
        #expect(try verdict(.unknown, late) == 98)
        #expect(try verdict(.unknown, crossed) == 99)
        #expect(try verdict(.ok, crossed) == 99)
    }
}
