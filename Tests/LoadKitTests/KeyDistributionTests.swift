// Which keys are drawn how often, by fixed seeds.
import Testing

@testable import LoadKit

@Suite struct KeyDistributionTests {
    private func counts(
        _ distribution: KeyDistribution,
        keys: UInt64,
        _ draws: Int
    ) -> [UInt64: Int] {
        let chooser = KeyChooser(distribution, keyCount: keys)
        var random = RandomSource(seed: 42)
        var counts: [UInt64: Int] = [:]
        for _ in 0..<draws { counts[chooser.next(&random), default: 0] += 1 }
        return counts
    }

    @Test(arguments: ["uniform", "zipfian", "zipfian:0.5", "hot", "hot:0.01,0.99"])
    func keysAreInRange(_ text: String) throws {
        let distribution = try KeyDistribution(text)
        for keys in [1, 2, 3, 1000] as [UInt64] {
            #expect(counts(distribution, keys: keys, 2000).keys.allSatisfy { $0 < keys })
        }
        #expect(try KeyDistribution(distribution.description) == distribution)
    }

    @Test func uniformKeysAreAlike() {
        let all = counts(.uniform, keys: 100, 100_000)
        #expect(all.count == 100)
        // Five standard deviations of a binomial distribution are below 160 here.
        #expect(all.values.allSatisfy { abs($0 - 1000) < 160 })
    }

    @Test func zipfianKeysFollowTheirRank() {
        let all = counts(.zipfian(theta: 0.99), keys: 1000, 200_000)
        // The sum of 1/n^0.99 to 1000 is 7.73, so that the first key has 12.9 % of all.
        let first = Double(all[0, default: 0]) / 200_000
        #expect(abs(first - 0.129) < 0.005)
        let second = Double(all[1, default: 0]) / 200_000
        #expect(abs(second - first / 1.986) < 0.005)
        let top = (0..<100).reduce(0) { $0 + all[UInt64($1), default: 0] }
        #expect(abs(Double(top) / 200_000 - 0.68) < 0.03)
    }

    @Test func manyKeysNeedNoLongSum() {
        let all = counts(.zipfian(theta: 0.99), keys: 1_000_000_000_000, 20_000)
        #expect(all.keys.contains { $0 > 1_000_000_000 })
        #expect(all[0, default: 0] > 300)
    }

    @Test func hotKeysGetTheirShare() {
        let all = counts(.hot(fraction: 0.1, share: 0.9), keys: 1000, 100_000)
        let hot = all.filter { $0.key < 100 }.values.reduce(0, +)
        #expect(abs(hot - 90_000) < 600)
        #expect(all.count > 990)
    }

    @Test(arguments: [
        "", "zipf", "zipfian:1", "zipfian:0", "zipfian:x", "uniform:1", "hot:2,0.5", "hot:0.1",
        "hot:0.1,1.5", "zipfian:",
    ])
    func nonsenseIsRefused(_ text: String) {
        let error = #expect(throws: LoadError.self) { try KeyDistribution(text) }
        #expect(error?.isUsage == true)
    }
}
