// Limits of tokens and addresses at a bench: what several connections and modes come to.
import Access
import Core
import Testing

@testable import Commands

private func above(_ limit: LimitName) -> Answer {
    .error(.rateLimited, "too many requests: limit=\(limit.rawValue)")
}

@Suite struct LimitTests {
    @Test func aTokenHasSoManyConnections() throws {
        let bench = try Bench(as: "metered")
        let first = bench.session
        try bench.begin(as: "metered")
        let second = bench.session
        try bench.begin(as: nil)
        let auth = "AUTH \(Credentials.of("metered"))"
        #expect(bench.run(auth) == above(.tokenConnections))
        #expect(bench.run("WHOAMI") == .noToken)
        #expect(bench.run("AUTH \(Credentials.of("reader"))") == .ok)
        // Refused, a session stays what it was.
        #expect(bench.run(auth) == above(.tokenConnections))
        #expect(bench.session.token?.name == "reader")
        #expect(bench.limiter.counters.refused(.tokenConnections) == 2)
        // The same token again needs no second place, and another token gives it back.
        let third = bench.session
        bench.resume(second)
        bench.wait(1000)
        #expect(bench.run(auth) == .ok)
        #expect(bench.run("AUTH \(Credentials.of("reader"))") == .ok)
        bench.resume(third)
        #expect(bench.run(auth) == .ok)
        bench.resume(first)
        bench.wait(1000)
        #expect(bench.run("RESET") == .status("RESET"))
        #expect(bench.run(auth) == .ok)
        bench.resume(second)
        #expect(bench.run(auth) == above(.tokenConnections))
        // A connection that closes gives its place back.
        first.token = nil
        #expect(bench.run(auth) == .ok)
    }

    @Test func aSessionThatIsForgottenGivesItsPlaceBack() throws {
        let bench = try Bench(as: "metered")
        for _ in 0..<10 { try bench.begin(as: "metered") }
        #expect(bench.session.token?.meter.openConnections == 1)
    }

    @Test func newRightsOfTheSameTokenKeepThePlace() throws {
        let bench = try Bench(as: "metered")
        let token = try #require(bench.session.token)
        bench.session.token = token
        #expect(token.meter.openConnections == 1)
        bench.session.token = nil
        #expect(token.meter.openConnections == 0)
    }

    @Test func bytesOfATokenAreCounted() throws {
        let bench = try Bench(as: "metered")
        #expect(bench.run("PING \(String(repeating: "x", count: 990))") != .status("PONG"))
        let refused = bench.run("PING \(String(repeating: "x", count: 100))")
        #expect(refused == above(.tokenBytesPerSecond))
        bench.wait(98)
        #expect(bench.run("PING \(String(repeating: "x", count: 96))").errorCode == nil)
    }

    @Test func anAddressPaysBeforeAToken() throws {
        let bench = try Bench(as: nil) {
            $0.commands = Rate(perSecond: 1, burst: 4)
            $0.bytes = Rate(perSecond: 1000, burst: 1000)
        }
        // All commands count: those that need no token, those that do, and those that there are not.
        #expect(bench.run("PING") == .status("PONG"))
        #expect(bench.run("GET k") == .noToken)
        #expect(bench.run("NOSUCH") == .noToken)
        #expect(bench.run("AUTH") == .arity("auth"))
        for line in ["PING", "GET k", "NOSUCH", "AUTH \(Credentials.of("root"))"] {
            #expect(bench.run(line) == above(.addressCommandsPerSecond))
        }
        #expect(!bench.session.closesAfterReply)
        bench.wait(1000)
        #expect(bench.run("AUTH \(Credentials.of("root"))") == .ok)
        // The token pays from now on, and this one has no rates.
        for _ in 0..<20 { #expect(bench.run("PING") == .status("PONG")) }
        try bench.begin(as: nil)
        bench.wait(10_000)
        #expect(bench.run("ECHO \(String(repeating: "x", count: 900))") == .noToken)
        #expect(
            bench.run("PING \(String(repeating: "x", count: 200))")
                == above(.addressBytesPerSecond)
        )
    }

    @Test func failuresEndInABanThatCloses() throws {
        let bench = try Bench(as: nil)
        for _ in 0..<20 {
            for _ in 0..<5 {
                bench.limiter.authenticationFailed(Bench.peer, now: 0)
            }
        }
        let banned = Answer.error(
            .tooManyFailures,
            "too many failed authentications: limit=addressBanMilliseconds"
        )
        #expect(bench.run("AUTH \(Credentials.of("root"))") == banned)
        #expect(bench.session.closesAfterReply)
    }

    @Test func aResetConnectionCountsForItsAddressAgain() throws {
        let bench = try Bench(as: "root")
        func open() -> Int { bench.limiter.explain(Bench.peer, now: 0).openConnections }
        #expect(open() == 0)
        #expect(bench.run("RESET") == .status("RESET"))
        #expect(open() == 1)
        #expect(bench.run("RESET") == .status("RESET"))
        #expect(open() == 1)
        #expect(bench.run("AUTH \(Credentials.of("root"))") == .ok)
        #expect(bench.run("AUTH \(Credentials.of("reader"))") == .ok)
        #expect(open() == 0)
    }

    @Test func watchedLimitsRefuseNothing() throws {
        let bench = try Bench(as: nil) {
            $0.isShadow = true
            $0.commands = Rate(perSecond: 1, burst: 1)
            $0.failedAuthentications = 1
        }
        for _ in 0..<3 { #expect(bench.run("PING") == .status("PONG")) }
        for _ in 0..<3 { #expect(bench.run("AUTH wrong") == .wrongCredential) }
        let auth = "AUTH \(Credentials.of("metered"))"
        #expect(bench.run(auth) == .ok)
        var sessions = [bench.session]
        for _ in 0..<3 {
            try bench.begin(as: "metered")
            sessions.append(bench.session)
        }
        for _ in 0..<9 { #expect(bench.run("SET a 1") == .ok) }
        let counters = bench.limiter.counters
        #expect(LimitName.allCases.allSatisfy { counters.refused($0) == 0 })
        #expect(counters.shadowed(.addressCommandsPerSecond) > 0)
        #expect(counters.shadowed(.addressFailedAuthentications) == 6)
        #expect(counters.shadowed(.tokenConnections) == 2)
        #expect(counters.shadowed(.tokenWriteCommandsPerSecond) == 7)
        try bench.begin(as: "root")
        let told = bench.run("EXPLAIN metered SET")
        #expect(told["refused"] == .boolean(false))
        #expect(told["shadow"] == .boolean(true))
        #expect(told["rule"] == .text("tokenWriteCommandsPerSecond"))
        for session in sessions { session.token = nil }
    }

    @Test func explainNamesTheFirstRuleInOrder() throws {
        let denied = try AddressBlock(parsing: "203.0.113.0/24")
        let bench = try Bench {
            $0.openConnections = 1
            $0.connections = Rate(perSecond: 1, burst: 1)
            $0.handshakes = Rate(perSecond: 1, burst: 1)
            $0.commands = Rate(perSecond: 1, burst: 1)
            $0.deny = [denied]
            $0.connections = Rate(perSecond: 1, burst: 1)
        }
        func rule(_ address: String = "198.51.100.1", _ command: String = "PING") -> String? {
            bench.run("EXPLAIN \(address) \(command)")["rule"]?.text
        }
        let peer = PeerAddress(ipv4: 0xC633_6401)
        let limiter = bench.limiter
        #expect(rule() == nil)
        #expect(rule("203.0.113.9") == "deniedAddresses")
        for _ in 0..<10 { limiter.authenticationFailed(peer, now: 0) }
        #expect(rule() == nil)
        #expect(rule("198.51.100.1", "AUTH") == "addressFailedAuthentications")
        _ = limiter.charge(peer, commands: 1, bytes: 1, now: 0)
        #expect(rule() == "addressCommandsPerSecond")
        _ = limiter.beganHandshake(peer, now: 0)
        #expect(rule() == "addressHandshakesPerSecond")
        #expect(limiter.opened(peer, now: 0) == .admitted)
        #expect(rule() == "addressOpenConnections")
        limiter.closed(peer, wasAuthenticated: false, now: 0)
        #expect(rule() == "addressConnectionsPerSecond")
        for _ in 0..<90 { limiter.authenticationFailed(peer, now: 0) }
        #expect(rule() == "addressBanMilliseconds")
        // It changed nothing: asked again it says the same.
        let twice = [bench.run("EXPLAIN 198.51.100.1 GET"), bench.run("EXPLAIN 198.51.100.1 GET")]
        #expect(twice[0] == twice[1])
        #expect(twice[0]["retry_after_ms"] == .integer(900_000))
        #expect(twice[0]["error"] == .text("too_many_failures"))
    }

    @Test func explainFindsATokenByItsIdentifier() throws {
        let entry = try #require(Credentials.entries.first { $0.name == "metered" })
        let bench = try Bench(as: "metered")
        let first = bench.session
        try bench.begin(as: "metered")
        let second = bench.session
        for _ in 0..<2 { #expect(bench.run("SET a 1") == .ok) }
        try bench.begin(as: "root")
        let told = bench.run("EXPLAIN \(entry.id) SET")
        #expect(told["subject"] == .text("metered"))
        #expect(told["rule"] == .text("tokenWriteCommandsPerSecond"))
        #expect(told["retry_after_ms"] == .integer(1000))
        #expect(bench.run("EXPLAIN metered GET")["rule"] == .null)
        #expect(bench.run("EXPLAIN metered AUTH")["rule"] == .text("tokenConnections"))
        for session in [first, second] { session.token = nil }
    }

    @Test func limitsTellEachLimitOnce() throws {
        let bench = try Bench(as: "root")
        guard case .map(let pairs) = bench.run("LIMITS") else {
            Issue.record("no map")
            return
        }
        let names = pairs.compactMap(\.name.text)
        #expect(Set(names).count == names.count && names.count == pairs.count)
        #expect(Set(LimitTable.rows.map(\.name)).isSubset(of: names))
        #expect(names.contains("tokenCommandsPerSecond"))
        for pair in pairs { #expect(pair.value["limit"] != nil && pair.value["unit"] != nil) }
    }
}
