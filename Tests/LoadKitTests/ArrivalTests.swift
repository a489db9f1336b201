// Planned starts, who makes them, and that a stall of the server cannot hide from the response time.
import Testing

@testable import LoadKit

@Suite struct ArrivalTests {
    private func schedule(
        _ arrivals: Arrivals,
        _ perSecond: Double,
        loop: Int = 0,
        loops: Int = 1
    ) -> ArrivalSchedule {
        ArrivalSchedule(
            arrivals,
            perSecond: perSecond,
            beganAt: 1000,
            loop: loop,
            loops: loops,
            seed: 7
        )
    }

    private func take(_ schedule: ArrivalSchedule, _ count: Int) -> [Int64] {
        var schedule = schedule
        return (0..<count).map { _ in schedule.take() }
    }

    @Test func constantStartsKeepTheirDistance() {
        #expect(take(schedule(.constant, 1000), 3) == [1000, 1_001_000, 2_001_000])
        // A third of a second is not a whole number of nanoseconds, and the sum does not drift.
        var thirds = schedule(.constant, 3)
        for _ in 0..<300_000 { _ = thirds.take() }
        #expect(thirds.next == Int64(100_000) * 1_000_000_000 + 1000)
    }

    @Test func severalLoopsInterlock() {
        let all = (0..<4).flatMap { take(schedule(.constant, 1000, loop: $0, loops: 4), 25) }
        #expect(all.sorted() == take(schedule(.constant, 1000), 100))
    }

    @Test func randomStartsAreAsManyAndAsUneven() {
        let starts = take(schedule(.poisson, 1000), 20_000)
        #expect(starts == take(schedule(.poisson, 1000), 20_000))
        #expect(starts == starts.sorted())
        let gaps = zip(starts, starts.dropFirst()).map { Double($1 - $0) / 1e6 }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
        // Mean and deviation of an exponential distribution are the same: a millisecond.
        #expect(abs(mean - 1) < 0.05)
        #expect(abs(variance.squareRoot() - 1) < 0.1)
    }

    @Test func nothingIsPlannedBehindTheEnd() {
        var schedule = schedule(.constant, 1000)
        schedule.end = 2_001_000
        #expect(!schedule.isDue(999))
        #expect(schedule.isDue(1000))
        _ = schedule.take()
        #expect(!schedule.isDue(1_000_999))
        #expect(schedule.isDue(9_000_000))
        _ = schedule.take()
        #expect(!schedule.isDue(9_000_000))
    }

    @Test func clientsTakeTurns() {
        var dispatcher = Dispatcher(schedule(.constant, 1000), clients: 3)
        #expect(dispatcher.next(5_000_000) { _ in true } == nil)
        for client in [2, 0, 2, 1] { dispatcher.becameFree(client) }
        let now: Int64 = 9_000_000
        #expect(dispatcher.next(now) { _ in true }?.client == 2)
        // One that has failed since is passed over, and no start is lost.
        #expect(dispatcher.next(now) { $0 != 0 }?.client == 1)
        #expect(dispatcher.next(now) { _ in true } == nil)
        dispatcher.becameFree(2)
        let third = dispatcher.next(now) { _ in true }
        #expect(third?.plannedAt == 2_001_000)
        #expect(third?.waitedForClient == true)
    }

    @Test func whoIsLateIsTold() {
        var dispatcher = Dispatcher(schedule(.constant, 1000), clients: 1)
        dispatcher.becameFree(0)
        #expect(dispatcher.next(999) { _ in true } == nil)
        // A client was free: what is late is the generator.
        #expect(dispatcher.next(700_000) { _ in true }?.waitedForClient == false)
        #expect(dispatcher.next(1_200_000) { _ in true } == nil)
        dispatcher.becameFree(0)
        #expect(dispatcher.next(1_300_000) { _ in true }?.waitedForClient == true)
        dispatcher.becameFree(0)
        #expect(dispatcher.next(2_100_000) { _ in true }?.waitedForClient == false)
    }
}

/// A server without sockets: it answers each request after a millisecond, but for one stall.
@Suite struct CoordinatedOmissionTests {
    private let millisecond: Int64 = 1_000_000

    /// A thousand requests a second for ten seconds; the server stalls for one second at 5 s.
    private func run(clients: Int) -> LoadMetrics {
        let schedule = ArrivalSchedule(.constant, perSecond: 1000, beganAt: 0, seed: 1)
        var dispatcher = Dispatcher(schedule, clients: clients)
        dispatcher.schedule.end = 10_000 * millisecond
        var metrics = LoadMetrics()
        var busy: [(client: Int, start: Dispatcher.Assignment, sentAt: Int64)] = []
        for client in 0..<clients { dispatcher.becameFree(client) }
        for tick in 0..<Int64(12_000) {
            let now = tick * millisecond
            let isStalled = (5000..<6000).contains(tick)
            for answered in isStalled ? [] : busy {
                metrics.count(
                    .get,
                    .good,
                    arrivedAt: now,
                    sentAt: answered.sentAt,
                    plannedAt: max(1, answered.start.plannedAt)
                )
                dispatcher.becameFree(answered.client)
            }
            if !isStalled { busy = [] }
            while let start = dispatcher.next(now, isFree: { _ in true }) {
                busy.append((start.client, start, now))
            }
        }
        return metrics
    }

    @Test func aStallShowsInResponseTimesAndHidesFromServiceTimes() {
        let metrics = run(clients: 4)
        #expect(metrics.requests == 10_000)
        let (service, response) = (metrics.service.summary, metrics.response.summary)
        #expect(service.count == 10_000 && response.count == 10_000)
        // Four requests at most were in flight during the stall: 0.04 % of all.
        #expect(service.p99 < 1100)
        #expect(service.max > 900_000)
        // A thousand were due in that second, and waited half of it on average.
        #expect(response.p50 < 1100)
        #expect(response.p90 > 10_000)
        #expect(response.p99 > 800_000)
        #expect(response.max > 990_000)
    }

    @Test func whatWasNeverSentCountsAsItsWaiting() {
        var metrics = LoadMetrics()
        metrics.countUnsent(.get, plannedAt: 0, endedAt: 3_000_000_000)
        #expect(metrics.unsent == 1)
        #expect(metrics.requests == 0)
        #expect(metrics.service.count == 0)
        #expect(metrics.response.summary.max > 2_990_000)
    }
}
