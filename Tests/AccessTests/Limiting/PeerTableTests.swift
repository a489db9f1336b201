// The memory of addresses: fixed in size, and true to whoever is being limited.
import Core
import Testing

@testable import Access

@Suite struct PeerTableTests {
    private func limiter(
        entries: Int = 64,
        _ change: (inout PeerLimits) -> Void = { _ in }
    ) -> PeerLimiter {
        var limits = PeerLimits(Limits())
        limits.tableEntries = entries
        limits.openConnections = 2
        limits.connections = Rate(perSecond: 10, burst: 3)
        change(&limits)
        return PeerLimiter(limits, hash: SipHash(key: 1, 2))
    }

    @Test func hasTheSizeThatIsAskedFor() {
        for (asked, made) in [
            (0, 8), (1, 8), (8, 8), (9, 8), (100, 128), (4096, 4096), (65_536, 65_536),
        ] {
            var limits = PeerLimits(Limits())
            limits.tableEntries = asked
            #expect(PeerTable(limits, hash: SipHash(key: 1, 2)).capacity == made)
        }
        #expect(MemoryLayout<PeerEntry>.stride == 64)
    }

    @Test func rotationInsideANetworkIsOneAddress() {
        let limiter = limiter()
        #expect(limiter.opened(ipv6(7, 1), now: 0) == .admitted)
        #expect(limiter.opened(ipv6(7, .max), now: 0) == .admitted)
        let third = limiter.opened(ipv6(7, 0x1234_5678), now: 0)
        #expect(third == .refused(LimitRefusal(limit: .addressOpenConnections)))
        #expect(limiter.opened(ipv6(8, 1), now: 0) == .admitted)
        #expect(limiter.explain(ipv6(7, 99), now: 0).openConnections == 2)
        #expect(limiter.explain(ipv6(7, 99), now: 0).address == ipv6(7, 0))
    }

    @Test func prefixLengthsAreConfigurable() {
        let limiter = limiter {
            $0.ipv4PrefixLength = 24
            $0.ipv6PrefixLength = 128
        }
        for host in 1...2 {
            #expect(limiter.opened(ipv4(0x0A00_0000 + UInt32(host)), now: 0) == .admitted)
        }
        #expect(limiter.opened(ipv4(0x0A00_0003), now: 0) != .admitted)
        #expect(limiter.opened(ipv4(0x0A00_0103), now: 0) == .admitted)
        for host in 1...5 { #expect(limiter.opened(ipv6(7, UInt64(host)), now: 0) == .admitted) }
    }

    @Test func aMillionAddressesPushNobodyOut() {
        var limits = PeerLimits(Limits())
        limits.tableEntries = 1024
        let table = PeerTable(limits, hash: SipHash(key: 3, 4))
        let limited = (0..<200).map { ipv4(UInt32($0) &* 2_654_435_761) }
        for address in limited {
            table.withEntry(address, now: 0) { entry, isShared in
                if !isShared { entry.openConnections = 7 }
            }
        }
        let kept = limited.filter { table.look($0, now: 0).entry.openConnections == 7 }
        #expect(kept.count > 190)
        for number in 0..<1_000_000 as Range<UInt64> {
            table.withEntry(ipv6(number), now: 0) { entry, _ in
                _ = entry.commands.charge(1, limits.commands, now: 0)
            }
        }
        #expect(table.capacity == 1024)
        for address in kept {
            let seen = table.look(address, now: 0)
            #expect(seen.entry.openConnections == 7 && !seen.isShared)
        }
    }

    @Test func whoFindsNoPlaceSharesOne() {
        // One set: eight places, and one to share.
        let limiter = limiter(entries: 8) { $0.connections = Rate(perSecond: 10, burst: 3) }
        for number in 0..<8 { #expect(limiter.opened(ipv4(UInt32(number)), now: 0) == .admitted) }
        #expect(!limiter.explain(ipv4(0), now: 0).isShared)
        #expect(limiter.opened(ipv4(100), now: 0) == .admitted)
        #expect(limiter.opened(ipv4(101), now: 0) == .admitted)
        #expect(
            limiter.opened(ipv4(102), now: 0)
                == .refused(LimitRefusal(limit: .addressOpenConnections))
        )
        let state = limiter.explain(ipv4(103), now: 0)
        #expect(state.isShared && state.openConnections == 2)
        // Others are as they were, and a place that says nothing any more is taken.
        #expect(limiter.opened(ipv4(3), now: 0) == .admitted)
        limiter.closed(ipv4(5), wasAuthenticated: false, now: 0)
        #expect(limiter.opened(ipv4(102), now: 99) != .admitted)
        #expect(limiter.opened(ipv4(102), now: 100) == .admitted)
        #expect(limiter.explain(ipv4(102), now: 100).openConnections == 1)
    }

    @Test func sharedConnectionsAreGivenBack() {
        let limiter = limiter(entries: 8) { $0.connections = .unlimited }
        for number in 0..<8 { _ = limiter.opened(ipv4(UInt32(number)), now: 0) }
        _ = limiter.opened(ipv4(100), now: 0)
        limiter.closed(ipv4(0), wasAuthenticated: false, now: 0)
        // Now it has one connection in the shared entry and one in its own.
        _ = limiter.opened(ipv4(100), now: 0)
        #expect(limiter.explain(ipv4(100), now: 0).openConnections == 1)
        limiter.closed(ipv4(100), wasAuthenticated: false, now: 0)
        #expect(limiter.explain(ipv4(100), now: 0).openConnections == 0)
        limiter.closed(ipv4(100), wasAuthenticated: false, now: 0)
        _ = limiter.opened(ipv4(0), now: 0)
        #expect(limiter.explain(ipv4(200), now: 0).isShared)
        #expect(limiter.explain(ipv4(200), now: 0).openConnections == 0)
    }

    @Test func failuresAreNotShared() {
        let limiter = limiter(entries: 8) { $0.failedAuthentications = 1 }
        for number in 0..<8 { _ = limiter.opened(ipv4(UInt32(number)), now: 0) }
        for _ in 0..<50 { limiter.authenticationFailed(ipv4(100), now: 0) }
        #expect(limiter.mayAuthenticate(ipv4(100), now: 0) == .admitted)
        #expect(limiter.mayAuthenticate(ipv4(101), now: 0) == .admitted)
        limiter.authenticationFailed(ipv4(1), now: 0)
        #expect(limiter.mayAuthenticate(ipv4(1), now: 0) != .admitted)
    }
}
