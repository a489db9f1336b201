// Observers of keys on several loops, and the index of their patterns against trying them all.
import Core
import Synchronization
import Testing

@testable import PubSub

@Suite struct PatternIndexTests {
    private let options = ObserveOptions()

    private func matches(_ index: PatternIndex, _ key: String) -> Set<Topic> {
        var found: Set<Topic> = []
        index.forEachMatch(of: Topic(key)) { pattern, _ in found.insert(pattern) }
        return found
    }

    @Test(arguments: 0..<10 as Range<UInt64>) func findsWhatTryingAllFinds(seed: UInt64) {
        var random = SplitMix(seed)
        let letters = ["a", "b", "^", "*", "?", "[ab]", "\\*"]
        func word(_ choices: Int) -> String {
            (0..<(random.next() % 6)).map { _ in letters[Int(random.next() % UInt64(choices))] }
                .joined()
        }
        var index = PatternIndex()
        var all: [Topic: Int] = [:]
        for _ in 0..<400 {
            let pattern = Topic(word(7))
            if random.next() % 3 == 0, let count = all[pattern] {
                index.remove(pattern, options, loop: 0)
                all[pattern] = count > 1 ? count - 1 : nil
            } else {
                index.add(pattern, options, loop: 0, of: 1)
                all[pattern, default: 0] += 1
            }
            let key = Topic(word(3))
            let expected = all.keys.filter {
                Glob.matches(key.bytes.span, pattern: $0.bytes.span)
            }
            #expect(matches(index, String(decoding: key.bytes, as: UTF8.self)) == Set(expected))
            #expect(index.count == all.count)
        }
        for (pattern, count) in all {
            for _ in 0..<count { index.remove(pattern, options, loop: 0) }
        }
        #expect(index.count == 0 && matches(index, "a").isEmpty)
    }

    @Test func whatADropConcerns() {
        var index = PatternIndex()
        let patterns = ["users^42^*", "users^*^name", "users^", "users^42", "a*", "*", "users^7^x"]
        for pattern in patterns { index.add(Topic(pattern), options, loop: 0, of: 1) }
        func found(_ prefix: String) -> Set<String> {
            var found: Set<String> = []
            index.forEachOverlap(with: Topic(prefix)) { pattern, _ in
                found.insert(String(decoding: pattern.bytes, as: UTF8.self))
            }
            return found
        }
        #expect(found("users^42^") == ["users^42^*", "users^*^name", "*"])
        #expect(found("b^") == ["*"])
        #expect(found("") == Set(patterns))
        #expect(found("users^7^") == ["users^*^name", "*", "users^7^x"])
    }
}

@Suite struct ObserverTests {
    /// Some loops, and what was posted to each.
    private final class House: Sendable {
        let exchange: Exchange
        let posted: Mutex<[[Publication]]>
        let turns = Turns()

        /// It outlives the exchange.
        final class Turns: Sendable {
            let list = Mutex<[Bool]>([])
        }

        init(_ count: Int, maxWaitingBytes: Int = .max) {
            exchange = Exchange(loopCount: count)
            posted = Mutex(Array(repeating: [], count: count))
            exchange.connect(
                (0..<count).map { loop in
                    { [unowned self] one in posted.withLock { $0[loop].append(one) } }
                }
            )
            exchange.attach(maxWaitingBytes: maxWaitingBytes) { [turns] isOn in
                turns.list.withLock { $0.append(isOn) }
            }
        }

        func set(_ key: String) {
            exchange.tell(.set, Array(key.utf8).span) { hasValues in
                ObservedChange(.set, version: 1, new: hasValues ? [1] : nil)
            }
        }

        func interest(_ key: String) -> KeyInterest {
            exchange.interest(in: Array(key.utf8).span)
        }

        func take(_ loop: Int) -> [Publication] {
            posted.withLock { posted in
                defer { posted[loop] = [] }
                return posted[loop]
            }
        }
    }

    @Test func aChangeIsToldOnceToEachConnection() {
        let house = House(2)
        let loops = (0..<2).map { LoopSubscriptions(house.exchange, loop: $0) }
        #expect(loops[0].observe(1, Topic("a*"), ObserveOptions()) == 1)
        #expect(loops[0].observe(1, Topic("ab"), ObserveOptions(hasValues: true)) == 2)
        loops[0].observe(2, Topic("a*"), ObserveOptions(kinds: KeyChangeKinds(.delete)))
        loops[1].observe(3, Topic("b"), ObserveOptions())
        house.set("ab")
        house.set("ac")
        #expect(house.take(1).isEmpty)
        var told: [String] = []
        for publication in house.take(0) {
            loops[0].forEachObserver(of: publication) { told.append("\($0) \($1)") }
        }
        #expect(told == ["1 true", "1 false"])
        // Whoever comes later is not told, and who left is not.
        house.set("ab")
        loops[0].observe(4, Topic("ab"), ObserveOptions())
        loops[0].remove(1)
        for publication in house.take(0) {
            loops[0].forEachObserver(of: publication) { number, _ in Issue.record("\(number)") }
        }
        for loop in loops { for number in 1...4 { loop.remove(number) } }
        #expect(house.exchange.observedPatternCount == 0 && house.exchange.observationCount == 0)
        #expect(house.turns.list.withLock { $0 } == [true, false])
    }

    @Test func newOptionsTakeThePlaceOfOldOnes() {
        let house = House(1)
        let loop = LoopSubscriptions(house.exchange, loop: 0)
        loop.observe(1, Topic("a"), ObserveOptions(hasValues: true))
        loop.observe(1, Topic("a"), ObserveOptions(kinds: KeyChangeKinds(.delete)))
        #expect(house.exchange.observationCount == 1)
        #expect(house.interest("a") == .change)
        house.set("a")
        #expect(house.take(0).isEmpty)
        loop.unobserve(1, Topic("a"))
        #expect(house.interest("a") == .none)
    }

    @Test func whatWaitsForALoopIsBounded() {
        let house = House(1, maxWaitingBytes: 500)
        let loop = LoopSubscriptions(house.exchange, loop: 0)
        loop.observe(1, Topic("*"), ObserveOptions())
        for _ in 0..<100 { house.set("key") }
        let posted = house.take(0)
        for publication in posted { loop.receive(publication) }
        #expect(loop.takeLostChanges() == 100 - posted.count && posted.count < 10)
        #expect(loop.takeLostChanges() == 0)
        #expect(loop.takePending().count == posted.count)
        #expect(house.exchange.undeliveredBytes == 0)
    }

    @Test func aDropIsToldAsWhatIsObservedOfIt() {
        let house = House(1)
        let loop = LoopSubscriptions(house.exchange, loop: 0)
        for pattern in ["a^*", "a^b^*", "c*"] { loop.observe(1, Topic(pattern), ObserveOptions()) }
        loop.observe(2, Topic("a^b^x"), ObserveOptions())
        func told(_ prefix: String) -> [Int: Set<String>] {
            house.exchange.tell(.drop, Array(prefix.utf8).span) { _ in ObservedChange(.drop) }
            var told: [Int: Set<String>] = [:]
            for publication in house.take(0) {
                loop.forEachObserver(ofDrop: publication) { number, prefixes in
                    told[number] = Set(prefixes.map { String(decoding: $0.bytes, as: UTF8.self) })
                }
            }
            return told
        }
        #expect(told("") == [1: ["a^", "c"], 2: ["a^b^x"]])
        #expect(told("a^b^c^") == [1: ["a^b^c^"]])
        #expect(told("d^") == [:])
    }
}
