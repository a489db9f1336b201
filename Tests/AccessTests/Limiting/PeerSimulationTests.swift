// Honest and hostile peers at one limiter, by a seed: the honest are never refused.
import Core
import Testing

@testable import Access

/// What happens in the simulated minute: who connects when, and what for.
private struct Simulation {
    private struct Connection {
        var address: PeerAddress
        var isAuthenticated = false
    }

    let limiter: PeerLimiter
    private var random: SeededGenerator
    /// Open connections by the time at which they close.
    private var open: [Int64: [Connection]] = [:]
    private(set) var honestServed = 0
    private(set) var honestRefusals: [LimitVerdict] = []
    private(set) var hostileAdmitted = 0
    private(set) var hostileRefused = 0

    init(seed: UInt64) {
        random = SeededGenerator(state: seed)
        limiter = PeerLimiter(PeerLimits(Limits()), hash: SipHash(key: seed, ~seed))
    }

    mutating func run(milliseconds: Int64) {
        for now in 0..<milliseconds {
            closeDue(now)
            if now % 4 == 0 { beHonest(now) }
            beHostile(now)
        }
        for now in milliseconds...(milliseconds + 3000) { closeDue(now) }
    }

    private mutating func beHonest(_ now: Int64) {
        let number = UInt32.random(in: 0..<300, using: &random)
        let address = number % 2 == 0 ? ipv4(0x0A00_0000 + number) : ipv6(0xA_0000 + UInt64(number))
        let steps = [
            limiter.opened(address, now: now), limiter.beganHandshake(address, now: now),
            limiter.charge(address, commands: 1, bytes: 80, now: now),
            limiter.mayAuthenticate(address, now: now),
        ]
        honestRefusals += steps.filter { $0 != .admitted }
        if Int.random(in: 0..<20, using: &random) == 0 {
            limiter.authenticationFailed(address, now: now)
        }
        limiter.authenticated(address, now: now)
        honestServed += 1
        let end = now + .random(in: 1...2000, using: &random)
        open[end, default: []].append(Connection(address: address, isAuthenticated: true))
    }

    private mutating func beHostile(_ now: Int64) {
        // A flood of one address, one that changes its host bits, and one of many networks.
        for _ in 0..<6 { attack(ipv4(0xCB00_7101), now) }
        for _ in 0..<3 { attack(ipv6(0xBAD, .random(in: 0 ... .max, using: &random)), now) }
        for _ in 0..<3 { attack(ipv6(0xBAD_0000 + .random(in: 0..<65_536, using: &random)), now) }
    }

    private mutating func attack(_ address: PeerAddress, _ now: Int64) {
        if case .refused = limiter.opened(address, now: now) {
            hostileRefused += 1
            return
        }
        hostileAdmitted += 1
        let end = now + .random(in: 1...3000, using: &random)
        open[end, default: []].append(Connection(address: address))
        if case .refused = limiter.beganHandshake(address, now: now) { return }
        if case .refused = limiter.charge(address, commands: 5, bytes: 9000, now: now) { return }
        if limiter.mayAuthenticate(address, now: now) == .admitted {
            limiter.authenticationFailed(address, now: now)
        }
    }

    private mutating func closeDue(_ now: Int64) {
        for connection in open.removeValue(forKey: now) ?? [] {
            limiter.closed(
                connection.address,
                wasAuthenticated: connection.isAuthenticated,
                now: now
            )
        }
    }
}

@Suite struct PeerSimulationTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func theHonestAreNeverRefused(seed: UInt64) {
        var simulation = Simulation(seed: seed)
        simulation.run(milliseconds: 4000)
        #expect(simulation.honestServed == 1000)
        #expect(simulation.honestRefusals == [], "seed \(seed)")
        // The floods are held to their limits: what those admit in four seconds, and not half of all.
        #expect(simulation.hostileRefused > simulation.hostileAdmitted / 2)
        let limiter = simulation.limiter
        #expect(limiter.counters.refused(.addressFailedAuthentications) > 0)
        for address in [ipv4(0xCB00_7101), ipv6(0xBAD), ipv4(0x0A00_0002)] {
            #expect(limiter.explain(address, now: 1 << 30).openConnections == 0)
        }
    }
}
