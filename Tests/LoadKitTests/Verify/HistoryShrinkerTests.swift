// What is left of an illegal history, and how it is drawn.
import Testing

@testable import LoadKit

@Suite struct HistoryShrinkerTests {
    private func shrunk(_ operations: [HistoryOperation]) -> KeyHistory {
        HistoryShrinker.shrink(KeyHistory(key: "k", operations: operations))
    }

    @Test func aStaleReadIsThreeOperations() {
        var operations: [HistoryOperation] = []
        for number in 0..<200 as Range<Int64> {
            let value = "v\(number)"
            operations.append(
                did(1, number * 10, number * 10 + 4, .set(value, ttlMilliseconds: nil), .done)
            )
            let seen = number == 150 ? "v148" : value
            operations.append(did(2, number * 10 + 5, number * 10 + 8, .get, .value(seen)))
        }
        let history = shrunk(operations)
        #expect(history.operations.count <= 3)
        #expect(history.operations.last?.outcome == .value("v148"))
        #expect(LinearizabilityChecker.check(history).verdict == .illegal)
    }

    @Test func aDuplicateIsTwoOperations() {
        let operations = (1...100 as ClosedRange<Int64>).map { number in
            did(
                Int(number % 3),
                number * 10,
                number * 10 + 5,
                .increment(1),
                .number(number < 70 ? number : number + 1)
            )
        }
        let history = shrunk(operations)
        #expect(history.beginsUnknown)
        #expect(history.operations.map(\.outcome) == [.number(69), .number(71)])
    }

    @Test(arguments: HistorySimulator.Fault.allCases.filter { $0 != .none })
    func whatIsLeftIsIllegal(_ fault: HistorySimulator.Fault) {
        for seed in 100..<120 as Range<UInt64> {
            var simulator = HistorySimulator(seed: seed)
            simulator.fault = fault
            simulator.counts = fault == .lostUpdate || fault == .duplicate
            simulator.hasExpiry = fault == .earlyExpiry
            guard let history = simulator.history(),
                LinearizabilityChecker.check(history).verdict == .illegal
            else { continue }
            let small = HistoryShrinker.shrink(history)
            #expect(small.operations.count < history.operations.count / 2)
            #expect(LinearizabilityChecker.check(small).verdict == .illegal)
            #expect(!HistoryDiagram.text(small).isEmpty)
        }
    }

    /// Whatever a legal history is cut down to, it stays legal: the shrinker never makes a mistake up.
    @Test func cutsOfLegalHistoriesAreLegal() {
        for seed in 0..<60 as Range<UInt64> {
            var simulator = HistorySimulator(seed: seed)
            simulator.hasExpiry = seed % 2 == 0
            simulator.counts = seed % 3 == 0
            guard let history = simulator.history() else { continue }
            var random = RandomSource(seed: seed)
            for _ in 0..<10 {
                let place = Int(random.next(below: UInt64(history.operations.count)))
                let time = history.operations[place].call
                let tail = HistoryShrinker.from(time, history)
                #expect(LinearizabilityChecker.check(tail).verdict == .ok, "seed \(seed)")
                let head = HistoryShrinker.until(time, tail)
                #expect(LinearizabilityChecker.check(head).verdict == .ok, "seed \(seed)")
                var small = head
                for index in small.operations.indices.reversed() {
                    let operation = small.operations.remove(at: index)
                    if !HistoryShrinker.mayGo(operation, from: small.operations) {
                        small.operations.insert(operation, at: index)
                    }
                }
                #expect(LinearizabilityChecker.check(small).verdict == .ok, "seed \(seed)")
            }
        }
    }

    @Test func drawing() {
        let history = KeyHistory(
            key: "k7",
            operations: [
                did(1, 0, 2, .set("a", ttlMilliseconds: nil), .done),
                did(2, 1, 6, .set("b", ttlMilliseconds: 50), .done),
                did(1, 7, nil, .compareAndSet(expected: "b", "c")),
                did(3, 8, 9, .get, .value("a")),
            ]
        )
        let expected = """
            key k7: 4 operations, of 90 in all
            at the beginning: no such key

            client 1  |- SET a -> OK -|       |- CAS b c -> ? -->
            client 2   |- SET b PX 50 -> OK -|
            client 3                           |- GET -> a -|
            """
        let text = HistoryDiagram.text(history, total: 90)
        #expect(text.contains("client 3    GET -> a"))
        #expect(text.contains("8.000 ms to 9.000 ms"))
        let picture = text.split(separator: "\n", omittingEmptySubsequences: false).prefix(6)
        #expect(picture.joined(separator: "\n") == expected, "\(text)")
    }
}
