// Whole runs against a server in this process.
import Foundation
import LoadKit
import Testing

@Suite(.serialized) struct LiveLoadTests {
    private func run(_ options: LoadOptions) async throws -> LoadReport {
        let runner = try LoadRunner(options)
        try runner.start()
        while true {
            runner.advance()
            if let result = runner.result { return try result.get() }
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    // A WebSocket needs a server with the route /ws.
    @Test(arguments: LoadEncoding.allCases)
    func everyReplyIsRight(_ encoding: LoadEncoding) async throws {
        let target = try LoadTarget()
        var options = try target.options()
        options.encoding = encoding
        options.mix = try LoadMix("get=4,set=4,ping,echo=2,incr=2,del,who")
        let report = try await run(options)
        #expect(report.failures == [])
        #expect(report.requests == 4000)
        #expect(report.clientsConnected == 20)
        #expect(report.commands.allSatisfy { $0.replies > 0 })
        #expect(report.latency.count == 4000)
        #expect(report.isGood)
        #expect(report.target.tlsVersion == "TLSv1.3")
    }

    @Test func timeEndsARun() async throws {
        let target = try LoadTarget()
        var options = try target.options()
        options.requests = nil
        options.durationSeconds = 0.3
        let report = try await run(options)
        #expect(report.isGood)
        #expect(report.elapsedSeconds >= 0.2)
    }

    @Test func aRefusedTokenIsReported() async throws {
        let target = try LoadTarget()
        var options = try target.options()
        options.token = "sp_0000000000_wrong"
        options.clients = 2
        let report = try await run(options)
        #expect(report.failures.allSatisfy { $0.code == "auth_refused" })
        #expect(report.clientsFailed == 2)
        #expect(!report.isGood)
    }

    @Test func aForeignCertificateIsReported() async throws {
        let target = try LoadTarget()
        var options = try target.options()
        options.trust = .system
        options.clients = 2
        let report = try await run(options)
        #expect(report.failures.map(\.code) == ["tls_failed"])
        options.trust = .anyone
        #expect(try await run(options).isGood)
    }

    @Test func stoppingEndsARunEarly() async throws {
        let target = try LoadTarget()
        var options = try target.options()
        options.requests = nil
        options.durationSeconds = 60
        let runner = try LoadRunner(options)
        try runner.start()
        while runner.progress.phase != .running { try await Task.sleep(for: .milliseconds(10)) }
        runner.stop()
        while runner.result == nil { try await Task.sleep(for: .milliseconds(10)) }
        let report = try runner.result?.get()
        #expect(report?.isEndedEarly == true)
        #expect(report?.failures == [])
    }

    private func run(
        _ target: LoadTarget,
        _ change: (inout LoadOptions) throws -> Void
    ) async throws -> LoadReport {
        var options = try target.options()
        options.valueBytes = 1...300
        options.requests = 1000
        // Tests share the machine with each other: how late they are says nothing.
        options.maxLagMilliseconds = 100_000
        try change(&options)
        return try await run(options)
    }

    @Test func anOpenLoopMeasuresFromThePlan() async throws {
        let target = try LoadTarget()
        let report = try await run(target) {
            $0.rate = 2000
            $0.arrivals = .poisson
            $0.requests = 600
            $0.loops = 2
            $0.thresholds = [try Threshold("errors==0"), try Threshold("response.p50>0")]
        }
        #expect(report.verdict == .good, "\(report.text)")
        #expect(report.requests == 600)
        #expect(report.response?.count == 600)
        #expect(report.service.count == 600)
        #expect(report.latency.mean >= report.service.mean)
        #expect(report.generator.lateness != nil)
        #expect(!report.timeline.isEmpty)
        #expect(report.server?.processID == ProcessInfo.processInfo.processIdentifier)
    }

    @Test func aPlanThatIsTooFastLeavesRequestsUnsent() async throws {
        let target = try LoadTarget()
        let report = try await run(target) {
            $0.rate = 1_000_000
            $0.requests = nil
            $0.durationSeconds = 0.3
            $0.clients = 2
            $0.pipeline = 1
        }
        #expect(report.failures == [])
        #expect(report.unsent > 10_000)
        #expect(report.response?.count == report.requests + report.unsent)
        #expect(report.warnings.count == 2)
        #expect((report.response?.p50 ?? 0) > report.service.p50 * 10)
    }

    @Test func connectionsAreMadeAnewAndResumed() async throws {
        let target = try LoadTarget()
        let full = try await run(target) {
            $0.clients = 4
            $0.reconnectEvery = 50
            $0.mix = try LoadMix("incr,get,set")
        }
        #expect(full.verdict == .good, "\(full.text)")
        #expect(full.requests == 1000)
        #expect(full.reconnects >= 16)
        #expect(full.resumedHandshakes.count == 0)
        #expect(full.handshakes.count >= 20)
        let resumed = try await run(target) {
            $0.clients = 4
            $0.reconnectEvery = 50
            $0.resumes = true
        }
        #expect(resumed.verdict == .good)
        #expect(resumed.handshakes.count == 4)
        #expect(resumed.resumedHandshakes.count >= 16)
    }

    @Test func preloadedKeysAreThere() async throws {
        let target = try LoadTarget()
        let report = try await run(target) {
            $0.keyCount = 777
            $0.keyPrefix = "preloaded:"
            $0.preloads = true
            $0.loops = 3
            $0.mix = try LoadMix("get")
            $0.distribution = .zipfian(theta: 0.9)
        }
        #expect(report.verdict == .good)
        #expect(report.requests == 1000)
        #expect(report.commands.map(\.missing) == [0])
    }

    @Test func encodingsAreMixed() async throws {
        let target = try LoadTarget()
        let report = try await run(target) {
            $0.encodings = [.text, .json, .resp, .resp3, .protobuf, .http]
            $0.mix = try LoadMix("get=4,set=4,incr,echo,del")
            $0.clients = 12
        }
        #expect(report.verdict == .good, "\(report.text)")
        #expect(report.target.encodings.count == 6)
    }

    /// All encodings on the same few keys, with connections that are made anew; then again, on what is there.
    @Test func whatAllClientsSawIsJudged() async throws {
        let target = try LoadTarget()
        for round in 0..<2 {
            let report = try await run(target) {
                $0.encodings = LoadEncoding.allCases
                $0.mix = try LoadMix("get=5,set=4,del=2,incr=2,ping=1")
                $0.valueBytes = 40...300
                // On a busy machine requests overlap for long, and the search grows with how many do.
                $0.clients = LoadEncoding.allCases.count
                $0.loops = 2
                $0.keyCount = 3
                $0.pipeline = 2
                $0.requests = 3000
                $0.reconnectEvery = 60
                $0.preloads = round == 0
                $0.verification = LoadVerification()
            }
            let judged = try #require(report.verification)
            #expect(report.verdict == .good, "\(report.text)")
            #expect(judged.verdict == .ok && judged.illegalKeys == [], "\(judged)")
            // Three keys and the clients' counters; all but PING, and the keys that were set before.
            #expect(judged.keys == 3 + LoadEncoding.allCases.count)
            let preloaded: UInt64 = round == 0 ? 3 : 0
            #expect(UInt64(judged.operations) + judged.notJudged == 3000 + preloaded)
            #expect(judged.notJudged > 50 && judged.longest > 300 && judged.open == 0)
        }
    }

    @Test func aWarmUpIsNotMeasured() async throws {
        let target = try LoadTarget()
        let report = try await run(target) {
            $0.warmUpSeconds = 0.2
            $0.requests = 500
        }
        #expect(report.verdict == .good)
        // Replies to the last requests of the warm-up come while it is measured.
        #expect(report.requests >= 500 && report.requests <= 500 + 80)
    }

    @Test(arguments: [LoadEncoding.text, .json, .resp, .resp3, .protobuf])
    func messagesReachAllSubscribersInOrder(_ encoding: LoadEncoding) async throws {
        let target = try LoadTarget()
        let report = try await run(target) {
            $0.encodings = [encoding]
            $0.pubSub = PubSubShape(publishers: 3, subscribers: 9, channels: 3)
            $0.clients = 12
            $0.loops = 2
            $0.requests = 300
            $0.thresholds = [try Threshold("lost==0"), try Threshold("delivery.p99>0")]
        }
        #expect(report.verdict == .good, "\(report.text)")
        #expect(report.deliveries?.received == 900)
        #expect(report.deliveries?.expected == 900)
        #expect(report.deliveries?.latency.count == 900)
        #expect(report.failures == [])
    }

    @Test func whatIsNotMeasuredHasNoThreshold() async throws {
        let target = try LoadTarget()
        let error = await #expect(throws: LoadError.self) {
            try await run(target) { $0.thresholds = [try Threshold("del.p99<5ms")] }
        }
        #expect(error?.isUsage == true)
    }
}
