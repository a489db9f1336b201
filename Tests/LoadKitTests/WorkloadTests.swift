// The mix, its distribution, and that a seed determines everything.
import Core
import Testing

@testable import LoadKit

@Suite struct WorkloadTests {
    private func options(_ mix: String, seed: UInt64 = 1) throws -> LoadOptions {
        var options = try LoadOptions()
        options.mix = try LoadMix(mix)
        options.seed = seed
        options.keyCount = 1000
        options.valueBytes = 10...20
        return options
    }

    private func requests(_ options: LoadOptions, client: Int, _ count: Int) -> [PlannedRequest] {
        let workload = Workload(options)
        var random = workload.randomSource(client: client)
        return (0..<count).map { _ in workload.next(&random, client: client) }
    }

    @Test func aSeedDeterminesTheRequestsOfEachConnection() throws {
        let mix = "get=5,set=5,ping,echo=2,incr,del,who"
        let first = requests(try options(mix, seed: 9), client: 3, 500)
        #expect(first == requests(try options(mix, seed: 9), client: 3, 500))
        #expect(first != requests(try options(mix, seed: 9), client: 4, 500))
        #expect(first != requests(try options(mix, seed: 10), client: 3, 500))
    }

    @Test func commandsComeAsOftenAsTheyWeigh() throws {
        let all = requests(try options("get=80,set=15,del=5"), client: 0, 20_000)
        let counts = Dictionary(grouping: all, by: \.command).mapValues(\.count)
        #expect(counts.keys.count == 3)
        // Five standard deviations of a binomial distribution are below 300 here.
        #expect(abs(counts[.get, default: 0] - 16_000) < 300)
        #expect(abs(counts[.set, default: 0] - 3000) < 300)
        #expect(abs(counts[.del, default: 0] - 1000) < 300)
    }

    @Test func keysAndSizesFillTheirRanges() throws {
        let all = requests(try options("set"), client: 0, 20_000)
        #expect(all.allSatisfy { $0.key < 1000 && (10...20).contains(Int($0.valueBytes)) })
        #expect(Set(all.map(\.key)).count > 990)
        let sizes = Dictionary(grouping: all, by: \.valueBytes).mapValues(\.count)
        #expect(sizes.count == 11)
        #expect(sizes.values.allSatisfy { abs($0 - 1818) < 300 })
        #expect(Set(all.map(\.version)).count > 15_000)
    }

    @Test func countersBelongToTheirConnection() throws {
        #expect(requests(try options("incr"), client: 17, 10).allSatisfy { $0.key == 17 })
    }

    @Test func mixesAreParsed() throws {
        let mix = try LoadMix("GET=80, set=20,ping")
        #expect(mix.description == "get=80,set=20,ping=1")
        #expect(try LoadMix("get=1,set=0").shares.map(\.command) == [.get])
        #expect(try LoadMix(mix.description) == mix)
    }

    @Test(arguments: [
        ("", "is not a command"), ("get=80,", "is not a command"), ("put=1", "'put'"),
        ("get=x", "'x'"), ("get=-1", "'-1'"), ("get=1000001", "1000000"), ("get=1,get=2", "twice"),
        ("get=0", "above 0"), ("get=", "''"),
    ])
    func mixErrorsNameThePart(_ text: String, _ part: String) {
        let error = #expect(throws: LoadError.self) { try LoadMix(text) }
        #expect(error?.isUsage == true)
        #expect(error?.description.contains(part) == true)
    }

    @Test func valueSizesAreParsed() throws {
        #expect(try LoadOptions.valueBytes("16") == 16...16)
        #expect(try LoadOptions.valueBytes("16-1024") == 16...1024)
        for text in ["", "0", "-5", "5-", "9-3", "a", "1-2-3", "99999999"] {
            #expect(throws: LoadError.self) { try LoadOptions.valueBytes(text) }
        }
    }

    @Test func optionsAreValidated() throws {
        try LoadOptions().validate()
        let wrong: [(inout LoadOptions) -> Void] = [
            { $0.clients = 0 }, { $0.pipeline = 0 }, { $0.durationSeconds = 0 },
            { $0.durationSeconds = .nan }, { $0.requests = 0 }, { $0.keyCount = 0 },
            { $0.keyPrefix = "a b" }, { $0.token = "a\nb" }, { $0.connectionsPerSecond = -1 },
            { $0.maxHandshakes = 0 }, { $0.connectTimeoutSeconds = 0 },
        ]
        for change in wrong {
            var options = try LoadOptions()
            change(&options)
            #expect(throws: LoadError.self) { try options.validate() }
        }
    }
}
