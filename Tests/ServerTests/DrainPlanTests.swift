// When connections of a server that shuts down are closed: with a manual clock, and simulated by seeds.
import Core
import Server
import Testing

@Suite struct DrainPlanTests {
    private var random = SystemRandomNumberGenerator.seeded(1)

    private func schedule(_ timeout: Int64, _ connections: Int) -> DrainSchedule {
        DrainSchedule(limits: Limits(), began: 1000, timeout: timeout, connections: connections)
    }

    /// The plan of an old connection whose own moment is as early as can be.
    private mutating func plan() -> DrainPlan {
        schedule(1_800_000, 0).plan(made: -100_000, using: &random)
    }

    @Test func closesAreSpreadByTheNumberOfConnections() {
        #expect(schedule(1_800_000, 0).spread == 0)
        #expect(schedule(1_800_000, 1).spread == 5)
        #expect(schedule(1_800_000, 10_000).spread == 50_000)
        #expect(schedule(20_000, 10_000).spread == 10_000, "at most half of the time")
        #expect(schedule(0, 10_000).spread == 0)
        #expect(schedule(-5, 10_000).deadline == 1000)
    }

    @Test mutating func anIdleConnectionIsClosedAtItsMoment() {
        let plan = plan()
        #expect(plan.moment == 1250)
        let idle = DrainPlan.Situation(lastHeard: 0)
        #expect(!plan.closes(idle, 1249))
        #expect(plan.closes(idle, 1250))
    }

    @Test mutating func aBusyOneIsClosedInItsFirstPause() {
        let plan = plan()
        #expect(!plan.closes(DrainPlan.Situation(lastHeard: 1200), 1250))
        #expect(!plan.closes(DrainPlan.Situation(lastHeard: 1200), 1449))
        #expect(plan.closes(DrainPlan.Situation(lastHeard: 1200), 1450))
        #expect(!plan.closes(DrainPlan.Situation(lastHeard: 3200), 3249))
        #expect(plan.closes(DrainPlan.Situation(lastHeard: 3250), 3250), "patience is over")
    }

    @Test mutating func nothingThatHasBegunIsCutOff() {
        let plan = plan()
        var situations = [DrainPlan.Situation](repeating: .init(lastHeard: 0), count: 3)
        situations[0].isInRequest = true
        situations[1].isInTransaction = true
        situations[2].unsentBytes = 1
        for situation in situations { #expect(!plan.closes(situation, .max)) }
        var receiving = DrainPlan.Situation(lastHeard: 0)
        receiving.isReceiving = true
        #expect(!plan.closes(receiving, 3249))
        #expect(plan.closes(receiving, 3250), "a byte that means nothing yet does not hold it up")
    }

    @Test mutating func aNewConnectionHasTimeForItsFirstRequest() {
        let plan = schedule(1_800_000, 0).plan(made: 5000, using: &random)
        #expect(plan.moment == 7000)
    }

    @Test mutating func everyPartComesBeforeTheDeadline() {
        for timeout: Int64 in [0, 1, 8, 100, 5000, 1_800_000] {
            let schedule = schedule(timeout, 10_000)
            for _ in 0..<100 {
                let plan = schedule.plan(made: schedule.began, using: &random)
                #expect(plan.moment <= schedule.deadline)
                #expect(plan.moment >= schedule.began)
            }
        }
    }

    @Test mutating func clientsDoNotComeBackAllAtOnce() {
        let schedule = schedule(1_800_000, 2000)
        var closes = [Int](repeating: 0, count: 11)
        var returns = [Int](repeating: 0, count: 11)
        for _ in 0..<2000 {
            let plan = schedule.plan(made: -100_000, using: &random)
            #expect((1250...11_250).contains(plan.moment))
            #expect((0...10_000).contains(plan.reconnectAfter))
            closes[Int((plan.moment - 1250) / 1000)] += 1
            returns[Int(plan.reconnectAfter / 1000)] += 1
        }
        for second in 0..<10 {
            #expect((100...300).contains(closes[second]))
            #expect((100...300).contains(returns[second]))
        }
    }

    @Test func progressIsToldEveryFiveSecondsIfItHasChanged() {
        var progress = DrainProgress(began: 0)
        func isDue(_ connections: Int, _ unsentBytes: Int, _ now: Int64) -> Bool {
            progress.isDue(connections: connections, unsentBytes: unsentBytes, now)
        }
        #expect(isDue(9, 0, 4999) == false)
        #expect(isDue(9, 0, 5000) == true)
        #expect(isDue(8, 0, 9999) == false)
        #expect(isDue(9, 0, 10_000) == false)
        #expect(isDue(9, 7, 14_999) == false)
        #expect(isDue(9, 7, 15_000) == true)
    }
}

/// A client as the plan sees it: requests of some length, transactions, replies taken slowly, pauses.
private struct SimulatedClient {
    var situation: DrainPlan.Situation
    let plan: DrainPlan
    var closedAt: Int64?
    /// Until when it does what it does.
    private var until: Int64 = 0
    private let isRestless: Bool

    init(_ plan: DrainPlan, isRestless: Bool) {
        self.plan = plan
        self.isRestless = isRestless
        situation = DrainPlan.Situation(lastHeard: 0)
    }

    var isBetweenRequests: Bool {
        !situation.isInRequest && !situation.isInTransaction && situation.unsentBytes == 0
    }

    /// Goes on to `now`: ends what is over and may begin something else.
    mutating func live(_ now: Int64, _ random: inout SeededGenerator) {
        if situation.isInRequest || situation.isInTransaction {
            situation.lastHeard = now - Int64.random(in: 0...100, using: &random)
        }
        if now < until { return }
        situation.isInRequest = false
        situation.isInTransaction = false
        situation.unsentBytes = 0
        let choice = Int.random(in: 0..<(isRestless ? 4 : 8), using: &random)
        if choice > 3 { return }
        situation.lastHeard = now
        until = now + Int64.random(in: 0...2000, using: &random)
        situation.isInRequest = choice == 0
        situation.isInTransaction = choice == 1
        situation.unsentBytes = choice == 2 ? 1000 : 0
    }
}

@Suite struct DrainSimulationTests {
    /// Whatever clients do: nobody is closed early or in the middle of something, and everybody is closed
    /// soon behind his moment unless he is in the middle of something whenever it is looked at.
    @Test(arguments: 0..<50)
    func everybodyIsClosedInTimeAndNobodyCutOff(_ seed: Int) {
        var random = SystemRandomNumberGenerator.seeded(UInt64(seed))
        let count = Int.random(in: 1...300, using: &random)
        let schedule = DrainSchedule(
            limits: Limits(),
            began: 0,
            timeout: 1_800_000,
            connections: count
        )
        var clients = (0..<count).map { _ in
            SimulatedClient(
                schedule.plan(made: Int64.random(in: -5000...0, using: &random), using: &random),
                isRestless: .random(using: &random)
            )
        }
        var open = count
        for now in stride(from: Int64(0), to: 120_000, by: 100) {
            for index in clients.indices where clients[index].closedAt == nil {
                clients[index].live(now, &random)
                let client = clients[index]
                if client.plan.closes(client.situation, now) {
                    #expect(now >= client.plan.moment)
                    #expect(client.isBetweenRequests)
                    clients[index].closedAt = now
                    open -= 1
                } else if now >= client.plan.moment + 2000 {
                    #expect(!client.isBetweenRequests, "still open in a pause at \(now)")
                }
            }
        }
        #expect(open == 0, "two minutes of requests of two seconds have pauses")
    }
}
