// Messages, times to live, recorders, files and the report.
import Testing

@testable import LoadKit

@Suite struct PublishOrderTests {
    private let publications = (1...6 as ClosedRange<Int64>).map {
        Publication(publisher: 1, channel: "c", number: $0, call: $0 * 10, end: $0 * 10 + 5)
    }

    private func verdict(
        _ numbers: [Int64],
        gap: Int64 = 0,
        until: Int64? = nil,
        from: Int64 = 0
    ) -> PublishOrder.Result {
        var events = numbers.map { Listening.Event(publisher: 1, number: $0, at: 1000) }
        if gap > 0 { events.append(Listening.Event(publisher: nil, number: gap, at: 1000)) }
        let listening = Listening(
            subscriber: 7,
            channel: "c",
            from: from,
            until: until,
            events: events
        )
        return PublishOrder.check(publications, [listening])
    }

    @Test func whatIsRight() {
        #expect(verdict([1, 2, 3, 4, 5, 6], until: 500).verdict == .ok)
        #expect(verdict([3, 4, 5, 6], until: 500, from: 25).verdict == .ok)
        #expect(verdict([2, 3]).verdict == .ok)
        #expect(verdict([]).verdict == .ok)
        #expect(verdict([1, 4, 5, 6], gap: 2, until: 500).verdict == .ok)
    }

    @Test func whatIsWrong() {
        #expect(verdict([1, 3, 2]).findings.count == 1)
        #expect(verdict([1, 2, 2, 3]).findings.count == 1)
        #expect(verdict([1, 2, 4]).findings.count == 1)
        #expect(verdict([1, 2, 3], until: 500).findings.count == 3)
        #expect(verdict([1, 4, 5, 6], gap: 1, until: 500).findings.count == 1)
        #expect(verdict([9]).findings.count == 1)
        let early = Listening(
            subscriber: 7,
            channel: "c",
            from: 0,
            events: [Listening.Event(publisher: 1, number: 6, at: 59)]
        )
        #expect(PublishOrder.check(publications, [early]).verdict == .illegal)
    }

    @Test func whatMayBeMissing() {
        var some = publications
        some[2].isRefused = true
        some[3].end = nil
        let events = [1, 2, 5, 6].map { Listening.Event(publisher: 1, number: $0, at: 1000) }
        let listening = Listening(subscriber: 7, channel: "c", from: 0, until: 500, events: events)
        #expect(PublishOrder.check(some, [listening]).verdict == .ok)
        #expect(PublishOrder.check(publications, [listening]).wrong == 2)
        // A message that was refused must not come.
        some[1].isRefused = true
        #expect(PublishOrder.check(some, [listening]).wrong == 1)
    }
}

@Suite struct ExpiryAccuracyTests {
    private func samples(_ operations: [HistoryOperation]) -> [ExpirySample] {
        ExpiryAccuracy.samples(KeyHistory(key: "k", operations: operations))
    }

    @Test func lateAndEarly() throws {
        let write = did(1, 0, 2, .set("a", ttlMilliseconds: 100), .done)
        let late = try #require(
            samples([
                write, did(2, 110, 111, .get, .value("a")), did(2, 120, 121, .get, .missing),
            ]).first
        )
        #expect(late.late == 8_000_000 && late.early < 0 && late.lateAtMost == 21_000_000)
        let early = try #require(samples([write, did(2, 50, 60, .get, .missing)]).first)
        #expect(early.early == 40_000_000)
    }

    @Test func whatIsDisturbedSaysNothing() {
        let write = did(1, 5, 7, .set("a", ttlMilliseconds: 100), .done)
        let read = did(2, 50, 60, .get, .missing)
        #expect(samples([write, read]).count == 1)
        #expect(samples([did(3, 0, nil, .delete), write, read]).isEmpty)
        #expect(samples([did(3, 6, 9, .delete, .number(1)), write, read]).isEmpty)
        #expect(samples([write, did(3, 40, 55, .delete, .number(1)), read]).isEmpty)
        #expect(samples([did(1, 5, 7, .set("a", ttlMilliseconds: nil), .done), read]).isEmpty)
    }
}

@Suite struct HistoryRecorderTests {
    private func recorded(capacity: Int = 100) -> [HistoryNotes] {
        let first = HistoryRecorder(capacity: capacity)
        let second = HistoryRecorder()
        let set = first.begin("k", client: 1, .set("a", ttlMilliseconds: nil), at: 10)
        first.end(set, .done, at: 20)
        let open = second.begin("k", client: 2, .get, at: 15)
        _ = open
        let get = first.begin("k", client: 1, .get, at: 30)
        first.end(get, .value("a"), at: 40)
        let other = first.begin("j", client: 1, .increment(1), at: 50)
        first.end(other, .number(1), at: 60)
        second.publications = [Publication(publisher: 1, channel: "c", number: 1, call: 5, end: 9)]
        second.listenings = [
            Listening(
                subscriber: 3,
                channel: "c",
                from: 1,
                until: 20,
                events: [Listening.Event(publisher: 1, number: 1, at: 7)]
            )
        ]
        return [first.notes, second.notes]
    }

    @Test func loopsArePutTogether() {
        let history = History(recorded())
        #expect(history.keys.map(\.key) == ["j", "k"])
        #expect(history.keys[1].operations.map(\.client) == [1, 2, 1])
        #expect(history.keys[1].operations[1].end == nil)
        #expect(!history.isCut)
        let report = HistoryJudge.judge(history)
        #expect(report.verdict == .ok && report.exitCode == 0)
        #expect(report.keys.operations == 4 && report.keys.open == 1)
        #expect(report.messages.delivered == 1)
    }

    @Test func aFullRecorderStaysSound() {
        let history = History(recorded(capacity: 2))
        #expect(history.isCut)
        #expect(history.keys.map(\.key) == ["k"])
        #expect(HistoryJudge.judge(history).verdict == .ok)
        let cut = History(recorded(capacity: 1))
        #expect(cut.keys.first?.operations.count == 1)
    }

    @Test func filesKeepEverything() throws {
        var history = History(recorded())
        history.keys.append(
            KeyHistory(
                key: "z",
                beginsUnknown: true,
                operations: [
                    did(1, 0, 1, .set("a\"b", ttlMilliseconds: 5), .refused("busy")),
                    did(1, 2, 3, .compareAndSet(expected: "a", "b"), .missing),
                    did(1, 4, nil, .expire(ttlMilliseconds: 9)), did(2, 5, 6, .delete, .number(0)),
                ]
            )
        )
        history.keys[2].mayVanish = true
        let text = try HistoryFile.text(history)
        #expect(try HistoryFile.parse(text) == history)
        #expect(throws: LoadError.self) { try HistoryFile.parse("{}\n") }
        #expect(throws: LoadError.self) { try HistoryFile.parse(text + "{\"key\":\"k\"}\n") }
        #expect(throws: LoadError.self) { try HistoryFile.parse(text + "nonsense\n") }
    }

    @Test func valuesHaveNames() {
        func name(_ text: String) -> String {
            let bytes = Array(text.utf8)
            return HistoryRecorder.name(bytes.span)
        }
        #expect(name("v1") == "v1")
        #expect(name("a b").hasPrefix("#3-"))
        #expect(name("0123456789abcdef") != name("0123456789abcdeg"))
        #expect(name("") == "#0-33nlz9jmdqfsl" || name("").hasPrefix("#0-"))
    }

    @Test func verdictsAndExitCodes() throws {
        let operations = (0..<12).map { did($0, 0, 10, .increment(1), .number(1)) }
        let history = History(keys: [KeyHistory(key: "k", operations: operations)])
        var rules = HistoryJudge.Rules()
        rules.budget = 5
        let unknown = HistoryJudge.judge(history, rules)
        #expect(unknown.verdict == .unknown && unknown.exitCode == 96)
        #expect(unknown.text.contains("not searched to the end"))
        let illegal = HistoryJudge.judge(history)
        #expect(illegal.verdict == .illegal && illegal.exitCode == 97)
        #expect(illegal.text.contains("INCR -> 1"))
        #expect(try VerifyReport(json: try illegal.json()) == illegal)
        #expect(try illegal.json().contains("\"schema\" : \"sallyport-verify-report\""))
    }

    @Test func aHistoryOfRefusalsIsNotOK() {
        var operations = (0..<19 as Range<Int64>).map { did(1, $0, $0, .get, .refused("busy")) }
        operations.append(did(1, 30, 31, .get, .missing))
        let report = HistoryJudge.judge(
            History(keys: [KeyHistory(key: "k", operations: operations)])
        )
        #expect(report.verdict == .unknown && report.keys.refusedByCode == ["busy": 19])
        #expect(report.text.contains("refused with busy: 19"))
    }

    @Test func keysThatGoAtTheWrongTime() {
        var rules = HistoryJudge.Rules()
        rules.slackMilliseconds = 5
        rules.maxLateMilliseconds = 20
        let write = did(1, 0, 2, .set("a", ttlMilliseconds: 100), .done)
        func judge(_ read: HistoryOperation) -> VerifyReport {
            HistoryJudge.judge(
                History(keys: [KeyHistory(key: "k", operations: [write, read])]),
                rules
            )
        }
        #expect(judge(did(2, 50, 60, .get, .missing)).expiry.findings.count == 1)
        #expect(judge(did(2, 123, 124, .get, .value("a"))).expiry.findings.count == 1)
        #expect(judge(did(2, 90, 96, .get, .missing)).verdict == .ok)
        #expect(judge(did(2, 104, 106, .get, .value("a"))).verdict == .ok)
    }
}
