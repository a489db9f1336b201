// The log of what the limits of tokens refuse, with a clock turned by hand.
import Access
import Testing

@testable import Server

@Suite struct TokenLimitReportTests {
    @Test func whatIsNewIsToldOnceInTenSeconds() {
        let counters = LimitCounters()
        var report = TokenLimitReport()
        func refuse(_ limit: LimitName, _ times: Int = 1, shadow: Bool = false) {
            for _ in 0..<times {
                let refusal = LimitRefusal(limit: limit)
                counters.count(shadow ? .shadowed(refusal) : .refused(refusal))
            }
        }
        #expect(report.take(counters, 0).isEmpty)
        refuse(.tokenCommandsPerSecond, 3)
        refuse(.tokenConnections, shadow: true)
        refuse(.addressCommandsPerSecond)
        let first: [TokenLimitReport.Line] = [
            .init(limit: .tokenConnections, isShadow: true, count: 1),
            .init(limit: .tokenCommandsPerSecond, isShadow: false, count: 3),
        ]
        #expect(report.take(counters, 100) == first)
        refuse(.tokenCommandsPerSecond, 2)
        #expect(report.take(counters, 10_099).isEmpty)
        let second = [
            TokenLimitReport.Line(limit: .tokenCommandsPerSecond, isShadow: false, count: 2)
        ]
        #expect(report.take(counters, 10_100) == second)
        #expect(report.take(counters, 30_000).isEmpty)
    }
}
