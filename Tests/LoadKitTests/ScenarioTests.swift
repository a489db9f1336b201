// Scenario files: every shipped one, what overrides what, and what errors say.
import Foundation
import Testing

@testable import LoadKit

@Suite struct ScenarioTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("loadtest/scenarios")

    private static var names: [String] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).filter { $0.hasSuffix(".json") }.sorted()
    }

    @Test func theShippedOnesAreThere() {
        for name in [
            "readme", "cache", "counters", "pubsub", "churn", "handshakes", "websocket",
            "mixed-encodings", "steady",
        ] { #expect(ScenarioTests.names.contains("\(name).json")) }
    }

    @Test(arguments: names) func eachShippedOneMakesSense(_ name: String) throws {
        let path = ScenarioTests.folder.appendingPathComponent(name).path
        let scenario = try Scenario(file: path)
        #expect(scenario.description?.hasSuffix(".") == true)
        var options = try LoadOptions()
        try scenario.apply(to: &options)
        try options.validate()
        try LoadReport.validate(options.thresholds, options, hasServer: false)
    }

    @Test func whatIsSaidFirstCounts() throws {
        let file = try Scenario(
            json: #"{"clients":5,"rate":100,"requests":7,"thresholds":["p99<1s"],"preload":true}"#,
            file: "f.json"
        )
        var given = Scenario()
        given.clients = 9
        given.durationSeconds = 3
        var options = try LoadOptions()
        try given.over(file).apply(to: &options)
        #expect(options.clients == 9)
        #expect(options.rate == 100)
        #expect(options.requests == nil)
        #expect(options.durationSeconds == 3)
        #expect(options.preloads)
        #expect(options.thresholds.map(\.description) == ["p99<1s"])
        #expect(options.pipeline == 1)
    }

    @Test(arguments: [
        (#"{"clientz":5}"#, "there is no field 'clientz'"), (#"{"clients":"5"}"#, "'clients'"),
        (#"{"clients":1.5}"#, "'clients' is not what it is to be: a whole number"),
        (#"{"arrivals":"often"}"#, "'arrivals'"),
        (#"{"thresholds":["a",1]}"#, "'thresholds' is not what it is to be: a list of strings"),
        ("[]", "not a JSON object"),
        ("{", "not a JSON object"),
        ("", "not a JSON object"),
    ])
    func errorsNameTheFileAndTheField(_ text: String, _ part: String) {
        let error = #expect(throws: LoadError.self) { try Scenario(json: text, file: "my.json") }
        #expect(error?.isUsage == true)
        #expect(error?.description.hasPrefix("my.json: ") == true)
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test func aMissingFileIsNoUsageError() {
        let error = #expect(throws: LoadError.self) { try Scenario(file: "/nowhere/x.json") }
        #expect(error?.isUsage == false)
        #expect(Scenario.name(ofFile: "a/b/cache.json") == "cache")
        #expect(Scenario.name(ofFile: "cache") == "cache")
    }

    @Test func publishersAndSubscribersGoTogether() throws {
        var options = try LoadOptions()
        var scenario = Scenario()
        scenario.publishers = 2
        #expect(throws: LoadError.self) { try scenario.apply(to: &options) }
        scenario.subscribers = 3
        try scenario.apply(to: &options)
        #expect(options.clients == 5)
        try options.validate()
        let wrong: [(inout LoadOptions) -> Void] = [
            { $0.clients = 4 }, { $0.encodings = [.resp, .http] }, { $0.preloads = true },
            { $0.pubSub?.channels = 3 }, { $0.pubSub?.publishers = 0 }, { $0.loops = 6 },
        ]
        for change in wrong {
            var copy = options
            change(&copy)
            #expect(throws: LoadError.self) { try copy.validate() }
        }
    }

    @Test func combinationsThatMakeNoSenseAreRefused() throws {
        let wrong: [(inout LoadOptions) -> Void] = [
            { $0.rate = 0 }, { $0.rate = .nan }, { $0.arrivals = .poisson },
            { $0.warmUpSeconds = -1 }, { $0.warmUpSeconds = .nan }, { $0.resumes = true },
            { $0.reconnectEvery = 0 }, { $0.loops = 0 }, { $0.loops = 65 }, { $0.encodings = [] },
            { $0.maxLagMilliseconds = 0 },
            {
                $0.preloads = true
                $0.keyCount = 1_000_000_000
            },
        ]
        for (index, change) in wrong.enumerated() {
            var options = try LoadOptions()
            change(&options)
            #expect(throws: LoadError.self, "\(index)") { try options.validate() }
        }
    }
}
