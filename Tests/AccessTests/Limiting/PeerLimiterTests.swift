// What the limits say of one address: each limit, bans and their end, lists, and shadow mode.
import Core
import Testing

@testable import Access

private let peer = ipv4(0xC000_0201)

@Suite struct PeerLimiterTests {
    private func limiter(_ change: (inout PeerLimits) -> Void = { _ in }) -> PeerLimiter {
        var limits = PeerLimits(Limits())
        limits.tableEntries = 64
        change(&limits)
        return PeerLimiter(limits, hash: SipHash(key: 5, 6))
    }

    private func refused(_ limit: LimitName, _ wait: Int64? = nil) -> LimitVerdict {
        .refused(LimitRefusal(limit: limit, retryAfterMilliseconds: wait))
    }

    @Test func connectionsCountUntilATokenPays() {
        let limiter = limiter { $0.openConnections = 2 }
        #expect(limiter.opened(peer, now: 0) == .admitted)
        #expect(limiter.opened(peer, now: 0) == .admitted)
        #expect(limiter.opened(peer, now: 0) == refused(.addressOpenConnections))
        limiter.authenticated(peer, now: 0)
        #expect(limiter.opened(peer, now: 0) == .admitted)
        limiter.closed(peer, wasAuthenticated: true, now: 0)
        #expect(limiter.opened(peer, now: 0) == refused(.addressOpenConnections))
        limiter.closed(peer, wasAuthenticated: false, now: 0)
        #expect(limiter.explain(peer, now: 0).openConnections == 1)
        limiter.signedOut(peer, now: 0)
        #expect(limiter.opened(peer, now: 0) == refused(.addressOpenConnections))
        for _ in 0..<9 { limiter.closed(peer, wasAuthenticated: false, now: 0) }
        #expect(limiter.explain(peer, now: 0).openConnections == 0)
        #expect(limiter.counters.refused(.addressOpenConnections) == 3)
    }

    @Test func ratesRefuseAndRecover() {
        let limiter = limiter {
            $0.connections = Rate(perSecond: 10, burst: 1)
            $0.handshakes = Rate(perSecond: 5, burst: 1)
            $0.commands = Rate(perSecond: 2, burst: 2)
            $0.bytes = Rate(perSecond: 1000, burst: 100)
        }
        #expect(limiter.opened(peer, now: 0) == .admitted)
        #expect(limiter.opened(peer, now: 1) == refused(.addressConnectionsPerSecond, 99))
        #expect(limiter.opened(peer, now: 100) == .admitted)
        #expect(limiter.beganHandshake(peer, now: 0) == .admitted)
        #expect(limiter.beganHandshake(peer, now: 0) == refused(.addressHandshakesPerSecond, 200))
        #expect(limiter.charge(peer, commands: 1, bytes: 100, now: 0) == .admitted)
        #expect(
            limiter.charge(peer, commands: 1, bytes: 50, now: 0)
                == refused(.addressBytesPerSecond, 50)
        )
        // What is refused costs nothing, of no limit.
        #expect(limiter.charge(peer, commands: 1, bytes: 50, now: 50) == .admitted)
        #expect(
            limiter.charge(peer, commands: 1, bytes: 0, now: 50)
                == refused(.addressCommandsPerSecond, 450)
        )
        let budgets = limiter.explain(peer, now: 50).budgets
        #expect(budgets.map(\.remaining) == [2046, 0, 0, 0, 0])
        #expect(budgets.map(\.retryAfterMilliseconds) == [0, 150, 150, 450, 1])
        #expect(
            limiter.explain(peer, now: 50).refusals.map(\.limit) == [
                .addressConnectionsPerSecond, .addressHandshakesPerSecond,
                .addressCommandsPerSecond, .addressBytesPerSecond,
            ]
        )
    }

    @Test func failuresBackOffDoublingUpToABan() {
        let limiter = limiter()
        var now: Int64 = 1000
        for _ in 0..<9 { limiter.authenticationFailed(peer, now: now) }
        #expect(limiter.mayAuthenticate(peer, now: now) == .admitted)
        for doubling in 0..<10 {
            limiter.authenticationFailed(peer, now: now)
            let wait: Int64 = 1000 << Int64(doubling)
            #expect(
                limiter.mayAuthenticate(peer, now: now)
                    == refused(.addressFailedAuthentications, wait)
            )
            #expect(limiter.opened(peer, now: now) == .admitted)
            #expect(limiter.mayAuthenticate(peer, now: now + wait - 1) != .admitted)
            now += wait
            #expect(limiter.mayAuthenticate(peer, now: now) == .admitted)
        }
        limiter.authenticationFailed(peer, now: now)
        #expect(
            limiter.mayAuthenticate(peer, now: now) == refused(.addressBanMilliseconds, 900_000)
        )
        #expect(limiter.opened(peer, now: now + 1) == refused(.addressBanMilliseconds, 899_999))
        #expect(limiter.explain(peer, now: now).isBanned)
        #expect(limiter.explain(peer, now: now).refusals.first?.limit == .addressBanMilliseconds)
        now += 900_000
        #expect(limiter.opened(peer, now: now) == .admitted)
        #expect(limiter.explain(peer, now: now).failures == 20)
    }

    @Test func failuresAreForgottenByHalves() {
        let limiter = limiter()
        for _ in 0..<12 { limiter.authenticationFailed(peer, now: 0) }
        // The wait of 4 s comes first, and nothing is forgotten in it.
        for (now, failures) in [
            (0, 12), (4000, 12), (63_999, 12), (64_000, 6), (124_000, 3), (184_000, 1),
            (244_000, 0),
        ] as [(Int64, Int)] {
            #expect(limiter.explain(peer, now: now).failures == failures, "at \(now)")
        }
        limiter.authenticationFailed(peer, now: 64_000)
        #expect(limiter.explain(peer, now: 64_000).failures == 7)
        #expect(limiter.mayAuthenticate(peer, now: 64_000) == .admitted)
        // A success forgets nothing: who has one token could otherwise guess on.
        limiter.authenticated(peer, now: 64_000)
        #expect(limiter.explain(peer, now: 64_000).failures == 7)
    }

    @Test func failuresCanBeIgnored() {
        for change in [
            { $0.failedAuthentications = 0 }, { $0.banMilliseconds = 0 },
        ] as [(inout PeerLimits) -> Void] {
            let limiter = limiter(change)
            for _ in 0..<20_000 { limiter.authenticationFailed(peer, now: 0) }
            #expect(limiter.mayAuthenticate(peer, now: 0) == .admitted)
            #expect(limiter.opened(peer, now: 0) == .admitted)
        }
    }

    @Test func noTimeOverflows() {
        let limiter = limiter {
            $0.banMilliseconds = .max
            $0.failedAuthentications = 1
        }
        for now in [Int64.min, -1, 0, .max - 5, .max, 0, .min] {
            for _ in 0..<70 { limiter.authenticationFailed(peer, now: now) }
            _ = limiter.mayAuthenticate(peer, now: now)
            _ = limiter.opened(peer, now: now)
            _ = limiter.charge(peer, commands: .max, bytes: .max, now: now)
            _ = limiter.explain(peer, now: now)
        }
    }

    @Test func listsComeFirst() throws {
        let all = try AddressBlock(parsing: "192.0.2.0/24")
        let one = try AddressBlock(parsing: "192.0.2.9")
        let limiter = limiter {
            $0.deny = [all]
            $0.allow = [one]
            $0.openConnections = 1
            $0.commands = Rate(perSecond: 1, burst: 1)
        }
        #expect(limiter.opened(peer, now: 0) == refused(.deniedAddresses))
        #expect(limiter.explain(peer, now: 0).refusals.map(\.limit) == [.deniedAddresses])
        let friend = ipv4(0xC000_0209)
        for _ in 0..<50 {
            #expect(limiter.opened(friend, now: 0) == .admitted)
            #expect(limiter.charge(friend, commands: 5, bytes: 5, now: 0) == .admitted)
            limiter.authenticationFailed(friend, now: 0)
            #expect(limiter.mayAuthenticate(friend, now: 0) == .admitted)
        }
        #expect(limiter.explain(friend, now: 0).refusals == [])
        #expect(limiter.explain(friend, now: 0).openConnections == 0)
        #expect(limiter.opened(ipv4(1), now: 0) == .admitted)
        let closed = self.limiter {
            $0.denyOthers = true
            $0.allow = [one]
        }
        #expect(closed.opened(ipv4(1), now: 0) == refused(.deniedAddresses))
        #expect(closed.opened(friend, now: 0) == .admitted)
    }

    @Test func shadowModeCountsAndAdmits() throws {
        let denied = try AddressBlock(parsing: "198.51.100.0/24")
        let limiter = limiter {
            $0.isShadow = true
            $0.openConnections = 1
            $0.connections = Rate(perSecond: 1, burst: 2)
            $0.handshakes = Rate(perSecond: 1, burst: 1)
            $0.commands = Rate(perSecond: 1, burst: 1)
            $0.failedAuthentications = 1
            $0.deny = [denied]
        }
        func shadowed(_ limit: LimitName, _ wait: Int64? = nil) -> LimitVerdict {
            .shadowed(LimitRefusal(limit: limit, retryAfterMilliseconds: wait))
        }
        #expect(limiter.opened(peer, now: 0) == .admitted)
        #expect(limiter.opened(peer, now: 0) == shadowed(.addressOpenConnections))
        #expect(limiter.opened(peer, now: 0) == shadowed(.addressOpenConnections))
        #expect(limiter.explain(peer, now: 0).openConnections == 3)
        #expect(limiter.opened(ipv4(0xC633_6401), now: 0) == shadowed(.deniedAddresses))
        #expect(limiter.explain(ipv4(0xC633_6401), now: 0).openConnections == 1)
        #expect(limiter.beganHandshake(peer, now: 0) == .admitted)
        #expect(limiter.beganHandshake(peer, now: 0) == shadowed(.addressHandshakesPerSecond, 1000))
        #expect(limiter.charge(peer, commands: 1, bytes: 1, now: 0) == .admitted)
        #expect(
            limiter.charge(peer, commands: 1, bytes: 1, now: 0)
                == shadowed(.addressCommandsPerSecond, 1000)
        )
        limiter.authenticationFailed(peer, now: 0)
        #expect(
            limiter.mayAuthenticate(peer, now: 0) == shadowed(.addressFailedAuthentications, 1000)
        )
        #expect(LimitName.allCases.allSatisfy { limiter.counters.refused($0) == 0 })
        #expect(limiter.counters.shadowed(.addressOpenConnections) == 2)
    }

    @Test func theDefaultsServeAThousandClientsOfOneAddress() {
        let limiter = PeerLimiter(PeerLimits(Limits()))
        for client in 0..<1000 {
            let now = Int64(client / 100)
            #expect(limiter.opened(peer, now: now) == .admitted)
            #expect(limiter.beganHandshake(peer, now: now) == .admitted)
        }
        for client in 0..<1000 {
            let now = Int64(10 + client / 100)
            #expect(limiter.charge(peer, commands: 2, bytes: 200, now: now) == .admitted)
            #expect(limiter.mayAuthenticate(peer, now: now) == .admitted)
            limiter.authenticated(peer, now: now)
        }
        #expect(limiter.explain(peer, now: 20).openConnections == 0)
    }
}
