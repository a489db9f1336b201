// The rate limiter against an exact model of a bucket of tokens.
import Testing

@testable import Access

/// A bucket that fills steadily, in billionths of a unit: exact where a nanosecond brings whole ones.
private struct Bucket {
    let rate: Rate
    var level: Int128
    var time: Int64 = 0

    init(_ rate: Rate) {
        self.rate = rate
        level = Int128(rate.burst) * 1_000_000_000
    }

    mutating func charge(_ cost: Int, now: Int64) -> Bool {
        let full = Int128(rate.burst) * 1_000_000_000
        level = min(full, level + Int128(now - time) * 1_000_000 * Int128(rate.perSecond))
        time = now
        let price = Int128(cost) * 1_000_000_000
        // What is larger than the bucket may pass when it is full, and leaves a debt.
        if level < min(price, full) { return false }
        level -= price
        return true
    }
}

@Suite struct GCRATests {
    @Test(arguments: [1, 2, 8, 1000, 4000, 1_000_000, 500_000_000])
    func agreesWithABucket(perSecond: Int) {
        for seed in 0..<20 {
            var random = SeededGenerator(state: UInt64(seed * 7919 + perSecond))
            let rate = Rate(perSecond: perSecond, burst: .random(in: 1...100, using: &random))
            var state = GCRA()
            var bucket = Bucket(rate)
            var now: Int64 = 0
            for step in 0..<500 {
                now += .random(in: 0...3, using: &random)
                if step % 50 == 0 { now += .random(in: 0...200_000, using: &random) }
                let most = step % 10 == 0 ? rate.burst * 2 : max(1, rate.burst / 4)
                let cost = Int.random(in: 1...most, using: &random)
                let before = state
                let verdict = state.charge(cost, rate, now: now)
                #expect((verdict == .conforms) == bucket.charge(cost, now: now), "seed \(seed)")
                if case .retry(let wait) = verdict {
                    #expect(state == before)
                    #expect(state.verdict(cost, rate, now: now + wait) == .conforms)
                    #expect(wait >= 1)
                    #expect(state.verdict(cost, rate, now: now + wait - 1) != .conforms)
                }
            }
        }
    }

    @Test(arguments: [3, 7, 999, 333_333, 700_000, 4 << 20, 700_000_000])
    func admitsTheRateAndNoMore(perSecond: Int) {
        let rate = Rate(perSecond: perSecond, burst: max(1, perSecond / 10))
        let cost = max(1, perSecond / 1000)
        var state = GCRA()
        var admitted = 0
        let seconds: Int64 = 20
        for now in 0...(seconds * 1000) {
            while state.charge(cost, rate, now: now) == .conforms { admitted += cost }
        }
        // Of a burst each unit counts as if it came alone, rounded up to a nanosecond.
        let burst = Double(rate.burstNanoseconds) * Double(perSecond) / 1e9
        let most = perSecond * Int(seconds) + Int(burst)
        #expect(admitted <= most + most / 1000 + cost)
        #expect(admitted >= perSecond * Int(seconds) - perSecond * Int(seconds) / 100 - cost)
    }

    @Test func aBurstOfUnitsIsExact() {
        for perSecond in [1, 3, 7, 1000, 333_333, 700_000] {
            let rate = Rate(perSecond: perSecond, burst: 1000)
            var state = GCRA()
            #expect(state.remaining(rate, now: 5) == 1000)
            for count in (0..<1000).reversed() {
                #expect(state.charge(1, rate, now: 5) == .conforms)
                #expect(state.remaining(rate, now: 5) == count)
            }
            #expect(state.charge(1, rate, now: 5) != .conforms)
        }
    }

    @Test func noRateIsNoLimit() {
        var state = GCRA()
        for rate in [Rate.unlimited, Rate(perSecond: 0, burst: 1), Rate(perSecond: -5)] {
            for _ in 0..<100 { #expect(state.charge(.max, rate, now: 0) == .conforms) }
            #expect(state.remaining(rate, now: 0) == .max)
        }
        #expect(state == GCRA())
    }

    @Test func noInputOverflows() {
        let numbers = [Int.min, -1, 0, 1, 2, 1000, 1 << 31, 1 << 60, .max - 1, .max]
        let times = [Int64.min, -1, 0, 1, 1 << 40, 1 << 61, .max - 1, .max]
        for perSecond in numbers {
            for burst in numbers {
                let rate = Rate(perSecond: perSecond, burst: burst)
                for first in times {
                    var state = GCRA()
                    for cost in numbers {
                        for now in [first, .max, first] {
                            if case .retry(let wait) = state.charge(cost, rate, now: now) {
                                #expect(wait > 0)
                            }
                            #expect(state.remaining(rate, now: now) >= 0)
                        }
                    }
                }
            }
        }
    }

    @Test func sharedStateAgreesWithPlainState() {
        var random = SeededGenerator(state: 11)
        let rate = Rate(perSecond: 333, burst: 20)
        let shared = AtomicGCRA()
        var plain = GCRA()
        var now: Int64 = 0
        for _ in 0..<2000 {
            now += .random(in: 0...10, using: &random)
            let cost = Int.random(in: 1...6, using: &random)
            let verdict = plain.charge(cost, rate, now: now)
            #expect(shared.charge(cost, rate, now: now) == verdict)
            #expect(shared.snapshot == plain)
            if verdict == .conforms, cost == 6 {
                let next = plain.theoreticalNanoseconds
                shared.refund(cost, rate)
                #expect(shared.snapshot.theoreticalNanoseconds == next - rate.nanoseconds(6))
                _ = shared.charge(cost, rate, now: now)
                plain = shared.snapshot
            }
        }
    }

    @Test func racingChargesShareOneBurst() async {
        let rate = Rate(perSecond: 1, burst: 5000)
        final class Shared: Sendable { let state = AtomicGCRA() }
        let shared = Shared()
        let admitted = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    (0..<2000).count { _ in shared.state.charge(1, rate, now: 9) == .conforms }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(admitted == 5000)
    }

    @Test func theHashIsTheOneOfItsPaper() {
        let hash = SipHash(key: 0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)
        let seen = hash.hash(low: 0x0706_0504_0302_0100, high: 0x0f0e_0d0c_0b0a_0908)
        #expect(seen == 0x3f2a_cc7f_57c2_9bdb)
    }
}
