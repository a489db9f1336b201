// What a token has used: each limit, reloads, and connections.
import Core
import Testing

@testable import Access

@Suite struct TokenMeterTests {
    private let rates = TokenRates(
        TokenRateLimit(
            commandsPerSecond: 10,
            burst: 4,
            bytesPerSecond: 1000,
            connections: 2,
            categories: [.write: .init(commandsPerSecond: 1, burst: 2)]
        )
    )

    @Test func noLimitIsNotMetered() {
        #expect(!TokenRates.unlimited.areMetered)
        #expect(!TokenRates(TokenRateLimit(connections: 1)).areMetered)
        #expect(rates.areMetered)
        for limit in [
            TokenRateLimit(commandsPerSecond: 1), TokenRateLimit(bytesPerSecond: 1),
            TokenRateLimit(categories: [.admin: .init(commandsPerSecond: 1)]),
        ] { #expect(TokenRates(limit).areMetered) }
        let meter = TokenMeter()
        for _ in 0..<100 {
            #expect(meter.charge(.unlimited, .write, size: 1 << 40, now: 0) == nil)
        }
        #expect(meter.budgets(.unlimited, now: 0).allSatisfy { $0.remaining == .max })
    }

    @Test func theCategoryIsAskedFirst() {
        let meter = TokenMeter()
        #expect(meter.charge(rates, .write, size: 1, now: 0) == nil)
        #expect(meter.charge(rates, .write, size: 1, now: 0) == nil)
        let refusal = meter.charge(rates, .write, size: 1, now: 0)
        #expect(
            refusal
                == LimitRefusal(limit: .tokenWriteCommandsPerSecond, retryAfterMilliseconds: 1000)
        )
        #expect(meter.refusal(rates, .write, now: 0) == refusal)
        #expect(meter.refusal(rates, .read, now: 0) == nil)
        // The refused one cost nothing of the whole.
        #expect(meter.charge(rates, .read, size: 1, now: 0) == nil)
        #expect(meter.charge(rates, .read, size: 1, now: 0) == nil)
        #expect(
            meter.charge(rates, .read, size: 1, now: 0)
                == LimitRefusal(limit: .tokenCommandsPerSecond, retryAfterMilliseconds: 100)
        )
    }

    @Test func aRefusalCostsNothingOfAnyLimit() {
        let meter = TokenMeter()
        #expect(meter.charge(rates, .write, size: 1000, now: 0) == nil)
        let before = meter.budgets(rates, now: 0)
        #expect(
            meter.charge(rates, .write, size: 500, now: 0)
                == LimitRefusal(limit: .tokenBytesPerSecond, retryAfterMilliseconds: 500)
        )
        #expect(meter.budgets(rates, now: 0) == before)
        let names = before.filter { $0.limit > 0 }.map(\.name)
        #expect(
            names == [
                .tokenConnections, .tokenWriteCommandsPerSecond, .tokenCommandsPerSecond,
                .tokenBytesPerSecond,
            ]
        )
        #expect(before.filter { $0.limit > 0 }.map(\.remaining) == [2, 1, 3, 0])
    }

    @Test func watchedLimitsAreChargedAndTold() {
        let meter = TokenMeter()
        let limits = (0..<6).map { _ in
            meter.charge(rates, .write, size: 1, now: 0, isShadow: true)?.limit
        }
        #expect(limits.prefix(2) == [nil, nil])
        #expect(limits.dropFirst(2).allSatisfy { $0 == .tokenWriteCommandsPerSecond })
        #expect(meter.refusal(rates, .read, now: 0)?.limit == .tokenCommandsPerSecond)
    }

    @Test func connectionsAreCountedExactly() async {
        let meter = TokenMeter()
        let rates = TokenRates(TokenRateLimit(connections: 100))
        let entered = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask { (0..<50).count { _ in meter.enter(rates) } }
            }
            return await group.reduce(0, +)
        }
        #expect(entered == 100)
        meter.leave()
        #expect(meter.enter(rates))
        #expect(!meter.enter(rates))
        #expect(meter.openConnections == 100)
        for _ in 0..<3 { #expect(meter.enter(.unlimited)) }
    }

    @Test func readingTheFileAgainRefillsNothing() throws {
        let issued = try IssuedToken.make()
        func set(_ limit: TokenRateLimit?) throws -> TokenSet {
            var entry = TokenEntry.make(issued)
            entry.rateLimit = limit
            return try TokenSet([entry], catalog: catalog)
        }
        let limit = TokenRateLimit(commandsPerSecond: 1, burst: 3)
        let authority = TokenAuthority(try set(limit))
        let first = try #require(authority.snapshot[issued.id])
        for _ in 0..<3 { #expect(first.meter.charge(first.rates, .read, size: 1, now: 0) == nil) }
        authority.replace(with: try set(TokenRateLimit(commandsPerSecond: 2, burst: 3)))
        let second = try #require(authority.snapshot[issued.id])
        #expect(second !== first && second.meter === first.meter)
        #expect(second.rates.commands.perSecond == 2)
        #expect(second.meter.charge(second.rates, .read, size: 1, now: 0) != nil)
        authority.replace(with: .none)
        authority.replace(with: try set(limit))
        #expect(try #require(authority.snapshot[issued.id]).meter !== first.meter)
    }
}
