// The checker against histories whose verdict is known, against every permutation, and against a simulated register.
import Testing

@testable import LoadKit

/// An operation in short: times in milliseconds.
func did(
    _ client: Int,
    _ call: Int64,
    _ end: Int64?,
    _ action: HistoryAction,
    _ outcome: HistoryOutcome = .unknown
) -> HistoryOperation {
    HistoryOperation(
        client: client,
        call: call * 1_000_000,
        end: end.map { $0 * 1_000_000 },
        action,
        outcome
    )
}

private func set(_ value: String, _ ttl: Int64? = nil) -> HistoryAction {
    .set(value, ttlMilliseconds: ttl)
}

private func verdict(_ operations: [HistoryOperation], slack: Int64 = 0) -> HistoryVerdict {
    let history = KeyHistory(key: "k", operations: operations)
    return LinearizabilityChecker.check(history, slackNanoseconds: slack * 1_000_000).verdict
}

@Suite struct LinearizabilityTests {
    static let good: [(String, [HistoryOperation])] = [
        ("nothing", []),
        ("a read of nothing", [did(1, 0, 1, .get, .missing)]),
        ("one after the other", [did(1, 0, 1, set("a"), .done), did(2, 2, 3, .get, .value("a"))]),
        (
            "a read beside a write may see either",
            [
                did(1, 0, 10, set("a"), .done), did(2, 1, 2, .get, .missing),
                did(3, 3, 4, .get, .value("a")),
            ]
        ),
        ("no answer, and done", [did(1, 0, nil, set("a")), did(2, 5, 6, .get, .value("a"))]),
        ("no answer, and not done", [did(1, 0, nil, set("a")), did(2, 5, 6, .get, .missing)]),
        (
            "no answer, and done late",
            [
                did(1, 0, nil, set("a")), did(2, 5, 6, .get, .missing),
                did(2, 7, 8, .get, .value("a")),
            ]
        ),
        (
            "CAS",
            [
                did(1, 0, 1, set("a"), .done),
                did(2, 2, 9, .compareAndSet(expected: "a", "b"), .done),
                did(3, 2, 9, .compareAndSet(expected: "a", "c"), .value("b")),
                did(1, 10, 11, .get, .value("b")),
            ]
        ),
        (
            "counting",
            [
                did(1, 0, 5, .increment(1), .number(2)), did(2, 0, 5, .increment(1), .number(1)),
                did(1, 6, 7, .delete, .number(1)), did(1, 8, 9, .increment(5), .number(5)),
            ]
        ),
        (
            "it goes at its time",
            [
                did(1, 0, 2, set("a", 10), .done), did(2, 9, 10, .get, .value("a")),
                did(2, 11, 13, .get, .missing),
            ]
        ),
        (
            "it may go anywhere in the window",
            [
                did(1, 0, 5, set("a", 10), .done), did(2, 10, 11, .get, .missing),
                did(2, 12, 13, .expire(ttlMilliseconds: 5), .number(0)),
            ]
        ),
        (
            "a time to live that nobody answered for",
            [
                did(1, 0, 1, set("a"), .done), did(2, 1, nil, .expire(ttlMilliseconds: 5)),
                did(1, 20, 21, .get, .value("a")), did(1, 30, 31, .get, .missing),
            ]
        ),
        (
            "what is refused is not done",
            [
                did(1, 0, 1, set("a"), .refused("busy")), did(1, 2, 3, .get, .missing),
            ]
        ),
    ]

    static let bad: [(String, [HistoryOperation])] = [
        ("out of thin air", [did(1, 0, 1, .get, .value("a"))]),
        (
            "a stale read",
            [
                did(1, 0, 1, set("a"), .done), did(1, 2, 3, set("b"), .done),
                did(2, 4, 5, .get, .value("a")),
            ]
        ),
        (
            "back and forth",
            [
                did(1, 0, 1, set("a"), .done), did(2, 2, 20, set("b"), .done),
                did(3, 4, 5, .get, .value("b")), did(4, 6, 7, .get, .value("a")),
            ]
        ),
        (
            "a lost update",
            [
                did(1, 0, 5, .increment(1), .number(1)), did(2, 0, 5, .increment(1), .number(1)),
            ]
        ),
        (
            "done twice",
            [did(1, 0, 1, .increment(1), .number(1)), did(1, 2, 3, .increment(1), .number(3))]
        ),
        (
            "both win",
            [
                did(1, 0, 1, set("a"), .done),
                did(2, 2, 9, .compareAndSet(expected: "a", "b"), .done),
                did(3, 2, 9, .compareAndSet(expected: "a", "c"), .done),
            ]
        ),
        (
            "back from the dead",
            [
                did(1, 0, 1, set("a"), .done), did(1, 2, 3, .delete, .number(1)),
                did(1, 4, 5, .get, .value("a")),
            ]
        ),
        (
            "gone too early",
            [did(1, 0, 1, set("a", 10), .done), did(1, 2, 9, .get, .missing)]
        ),
        (
            "there too late",
            [did(1, 0, 1, set("a", 10), .done), did(1, 12, 13, .get, .value("a"))]
        ),
        (
            "gone and there again",
            [
                did(1, 0, 5, set("a", 10), .done), did(2, 11, 12, .get, .missing),
                did(2, 13, 14, .get, .value("a")),
            ]
        ),
        (
            "an order of other clients decides when it was seen",
            [
                did(1, 0, 1, set("a", 10), .done), did(2, 5, 40, .get, .value("a")),
                did(3, 30, 31, set("b"), .done), did(4, 2, 3, .get, .missing),
            ]
        ),
    ]

    @Test(arguments: good.indices) func goodHistories(_ index: Int) {
        #expect(verdict(Self.good[index].1) == .ok, "\(Self.good[index].0)")
        #expect(verdict(Self.good[index].1.reversed()) == .ok, "\(Self.good[index].0)")
    }

    @Test(arguments: bad.indices) func badHistories(_ index: Int) {
        #expect(verdict(Self.bad[index].1) == .illegal, "\(Self.bad[index].0)")
        #expect(verdict(Self.bad[index].1.shuffled()) == .illegal, "\(Self.bad[index].0)")
    }

    @Test func slackWidensTheWindow() {
        let early = [did(1, 0, 1, set("a", 10), .done), did(1, 2, 8, .get, .missing)]
        #expect(verdict(early, slack: 1) == .illegal)
        #expect(verdict(early, slack: 2) == .ok)
    }

    @Test func aBudgetThatIsTooSmallIsNotAVerdict() {
        let operations = (0..<12).map { did($0, 0, 10, .increment(1), .number(1)) }
        let history = KeyHistory(key: "k", operations: operations)
        #expect(LinearizabilityChecker.check(history, budget: 5).verdict == .unknown)
        #expect(LinearizabilityChecker.check(history).verdict == .illegal)
    }

    @Test func everyPermutationSaysTheSame() {
        var random = RandomSource(seed: 0xB0F)
        var illegal = 0
        for _ in 0..<4000 {
            let count = 1 + Int(random.next(below: 7))
            let counts = random.next(below: 3) == 0
            let operations = (0..<count).map { client in
                let call = Int64(random.next(below: 12))
                let end = random.next(below: 6) == 0 ? nil : call + Int64(random.next(below: 6))
                return did(client, call, end, Self.action(&random, counts), Self.outcome(&random))
            }
            let isLegal = PermutationChecker.isLegal(operations)
            if !isLegal { illegal += 1 }
            #expect(verdict(operations) == (isLegal ? .ok : .illegal), "\(operations)")
        }
        #expect(illegal > 500 && illegal < 3900)
    }

    private static func action(_ random: inout RandomSource, _ counts: Bool) -> HistoryAction {
        let values = counts ? ["1", "2", "3"] : ["a", "b", "c"]
        let value = values[Int(random.next(below: 3))]
        switch random.next(below: counts ? 5 : 4) {
        case 0: return .get
        case 1: return set(value)
        case 2: return .delete
        case 3: return .compareAndSet(expected: values[Int(random.next(below: 3))], value)
        default: return .increment(1)
        }
    }

    private static func outcome(_ random: inout RandomSource) -> HistoryOutcome {
        switch random.next(below: 8) {
        case 0: .missing
        case 1: .value(["a", "b", "c", "1", "2"][Int(random.next(below: 5))])
        case 2: .number(Int64(random.next(below: 4)))
        case 3, 4: .done
        default: .unknown
        }
    }

    @Test(arguments: [false, true], [false, true])
    func aRealRegisterIsAlwaysLegal(hasExpiry: Bool, counts: Bool) {
        for seed in 0..<150 as Range<UInt64> {
            var simulator = HistorySimulator(seed: seed)
            simulator.hasExpiry = hasExpiry
            simulator.counts = counts
            simulator.operations = seed % 10 == 0 ? 600 : 60
            guard let history = simulator.history() else { continue }
            let result = LinearizabilityChecker.check(history)
            #expect(result.verdict == .ok, "seed \(seed), \(result.steps) steps")
        }
    }

    @Test(arguments: HistorySimulator.Fault.allCases.filter { $0 != .none })
    func plantedFaultsAreFound(_ fault: HistorySimulator.Fault) {
        var planted = 0
        var found = 0
        for seed in 0..<60 as Range<UInt64> {
            var simulator = HistorySimulator(seed: seed)
            simulator.fault = fault
            simulator.counts = fault == .lostUpdate || fault == .duplicate
            simulator.hasExpiry = fault == .earlyExpiry
            simulator.openPercent = 0
            // With many at once, most mistakes could be something else.
            simulator.clients = 2
            simulator.maxTTLMilliseconds = 200
            guard let history = simulator.history() else { continue }
            planted += 1
            if LinearizabilityChecker.check(history).verdict == .illegal { found += 1 }
        }
        // A stale read is one for sure; what else is planted may be overwritten before anybody sees it.
        let least = fault == .staleRead ? planted : planted * 7 / 10
        #expect(planted > 20 && found >= least, "\(fault): \(found) of \(planted)")
    }
}
