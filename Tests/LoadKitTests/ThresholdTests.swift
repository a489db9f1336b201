// Thresholds: how they are written, what they hold, and that none passes unmeasured.
import Testing

@testable import LoadKit

@Suite struct ThresholdTests {
    private let figures: [String: Figure] = [
        "p99": Figure(12, .milliseconds), "get.p99": Figure(3, .milliseconds),
        "errors": Figure(0), "rate": Figure(5200), "server.rss": Figure(50e6, .bytes),
        "server.cpu": Figure(1.5, .seconds), "del.p99": Figure(nil, .milliseconds),
    ]

    @Test(arguments: [
        ("p99<20ms", true), ("p99 < 20", true), ("p99<0.012s", false), ("p99<=0.012s", true),
        ("p99<12000us", false), ("p99>=12000us", true), ("errors==0", true), ("rate>5000", true),
        ("rate<5000", false), ("get.p99<p99*0.5", true), ("p99<get.p99*2", false),
        ("p99<get.p99", false), ("server.rss<64MiB", true), ("server.rss<40MB", false),
        ("server.cpu<2s", true), ("server.cpu<1400ms", false), ("errors>-1", true),
    ])
    func holdsOrNot(_ text: String, _ holds: Bool) throws {
        let threshold = try Threshold(text)
        try threshold.validate(figures, known: "")
        #expect((threshold.failure(figures) == nil) == holds)
        #expect(threshold.description == text)
    }

    @Test(arguments: [
        ("", "none of =="), ("p99", "none of =="), ("p99=3", "none of =="),
        ("<20ms", "names no figure"),
        ("p99<", "nothing to compare"), ("p99<20xs", "'xs'"), ("p99<1.2.3", "'1.2.3'"),
        ("p99<p50*x", "'x'"),
    ])
    func errorsNameThePart(_ text: String, _ part: String) {
        let error = #expect(throws: LoadError.self) { try Threshold(text) }
        #expect(error?.isUsage == true)
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: ["p98<20ms", "set.p99<5ms", "p99<p98", "rate>5000ms", "p99<5MB", "errors<1KB"])
    func whatIsNotMeasuredIsAnError(_ text: String) throws {
        let threshold = try Threshold(text)
        let error = #expect(throws: LoadError.self) {
            try threshold.validate(figures, known: "p99 and others")
        }
        #expect(error?.isUsage == true)
    }

    @Test func aFigureWithoutSamplesHoldsNothing() throws {
        let threshold = try Threshold("del.p99<5ms")
        try threshold.validate(figures, known: "")
        #expect(threshold.failure(figures) == "del.p99<5ms: del.p99 was not measured")
        #expect(try Threshold("p99<del.p99").failure(figures) != nil)
    }

    @Test func failuresSayBothSidesInOneUnit() throws {
        let failure = try Threshold("p99<9000us").failure(figures)
        #expect(failure == "p99<9000us: 12.000 ms < 9.000 ms does not hold")
    }

    @Test func aRunKnowsBeforehandWhatItMeasures() throws {
        var options = try LoadOptions()
        func check(_ text: String, hasServer: Bool = false) throws {
            try LoadReport.validate([try Threshold(text)], options, hasServer: hasServer)
        }
        for text in [
            "p99<1s", "get.p99.9<1s", "set.service.p50<1", "errors==0", "handshake.p99<1s",
        ] {
            try check(text)
        }
        for text in ["response.p99<1s", "del.p99<1", "resumed.p99<1", "lost==0", "server.rss<1GB"] {
            #expect(throws: LoadError.self, "\(text)") { try check(text) }
        }
        try check("server.rss<1GB", hasServer: true)
        options.rate = 100
        try check("response.p99<1s")
        try check("get.response.p99<1s")
        options.pubSub = PubSubShape(publishers: 1, subscribers: 1)
        try check("delivery.p99<1s")
        try check("publish.p99<1s")
        #expect(throws: LoadError.self) { try check("get.p99<1s") }
    }
}
