// What faults plan: shapes and scripts, determined by what is asked for and a seed.
import Testing

@testable import LoadKit

@Suite struct SiegePlanTests {
    private func script(
        _ fault: any SiegeFault.Type,
        seed: UInt64 = 1,
        peer: UInt64 = 0
    ) -> [SiegeStep] {
        var random = RandomSource(seed: seed, stream: peer)
        return fault.script(SiegeWish(), &random)
    }

    private func scripts(_ fault: any SiegeFault.Type, _ count: UInt64) -> [[SiegeStep]] {
        (0..<count).map { script(fault, peer: $0) }
    }

    @Test func namesAreUniqueAndFound() throws {
        #expect(Set(SiegeFaults.all.map { $0.name }).count == SiegeFaults.all.count)
        for fault in SiegeFaults.all { #expect(try SiegeFaults.named(fault.name) == fault) }
        let error = #expect(throws: LoadError.self) { try SiegeFaults.named("flood") }
        #expect(error?.isUsage == true)
        #expect(error?.description.contains("slowloris, slow-handshake") == true)
        for fault in SiegeFaults.list { #expect(SiegeFaults.text.contains(fault.name)) }
    }

    @Test func aSeedDeterminesEachScript() {
        for fault in SiegeFaults.all {
            #expect(script(fault, seed: 7, peer: 3) == script(fault, seed: 7, peer: 3))
        }
        for fault: any SiegeFault.Type in [Garbage.self, StoppedPeers.self, Slowloris.self] {
            #expect(script(fault, seed: 7) != script(fault, seed: 8))
            #expect(script(fault, peer: 1) != script(fault, peer: 2))
        }
    }

    /// A peer remembers one kind of request at a time.
    @Test func whatIsAskedIsAwaitedBeforeMoreIsAsked() {
        for fault in SiegeFaults.all {
            for steps in scripts(fault, 50) {
                var isOwed = false
                for step in steps {
                    switch step {
                    case .issue:
                        #expect(!isOwed, "\(fault.name)")
                        isOwed = true
                    case .awaitReplies: isOwed = false
                    case .authenticate, .guess: #expect(!isOwed, "\(fault.name)")
                    default: break
                    }
                }
            }
        }
    }

    @Test func nothingIsEncryptedBeforeTheHandshake() {
        for fault in SiegeFaults.all {
            for steps in scripts(fault, 50) {
                let handshake = steps.firstIndex { $0 == .handshake || $0 == .resumedHandshake }
                for (index, step) in steps.enumerated() {
                    switch step {
                    case .authenticate, .guess, .issue, .requestByByte, .awaitReplies, .awaitBytes:
                        #expect((handshake ?? .max) < index, "\(fault.name)")
                    default: break
                    }
                }
            }
        }
    }

    @Test func theUserHasTheLastWord() {
        let wish = SiegeWish(peers: 7, perSecond: 3)
        for fault in SiegeFaults.all {
            let shape = fault.shape(wish)
            #expect((shape.total ?? shape.open) == 7, "\(fault.name)")
            #expect(shape.perSecond == 3, "\(fault.name)")
            #expect(fault.shape(SiegeWish()).open > 0)
        }
    }

    @Test func defaultsAreThoseThatAreDescribed() {
        #expect(Slowloris.shape(SiegeWish()).open == 5000)
        #expect(IdlePeers.shape(SiegeWish()).open == 5000)
        #expect(Garbage.shape(SiegeWish()).perSecond == 500)
        #expect(Churn.shape(SiegeWish()).total == 50_000)
        #expect(Storm.shape(SiegeWish()).settingUp == 64)
        #expect(Storm.shape(SiegeWish()).perSecond == nil)
        #expect(script(DeepPipeline.self).contains(.issue(.small, 100_000)))
    }

    @Test func resetsComeAtEveryPlace() {
        let all = scripts(Resets.self, 200)
        #expect(all.allSatisfy { $0.last == .reset })
        #expect(all.contains([.reset]))
        #expect(all.contains([.halfHello, .reset]))
        #expect(all.contains([.handshake, .reset]))
        #expect(all.contains { $0.contains(.issue(.pings, 1)) && !$0.contains(.awaitReplies) })
        let places = all.flatMap { $0 }.compactMap { step in
            if case .awaitBytes(let count) = step { count } else { nil }
        }
        #expect(places.allSatisfy { $0 >= 1 && $0 <= SiegeTraffic.largeBytes })
        #expect(Set(places).count > 10)
    }

    @Test func noiseIsBoundedAndBothProtocolsComeInPlaintext() {
        for steps in scripts(Garbage.self, 100) {
            guard case .plain(let bytes) = steps.first else {
                Issue.record("no bytes")
                continue
            }
            #expect((1...Garbage.maxBytes).contains(bytes.count))
        }
        #expect(Set(scripts(Plaintext.self, 50).map { "\($0)" }).count == 2)
    }

    @Test func stoppedPeersStopWithinTheirReplies() {
        let most = StoppedPeers.requests * SiegeTraffic.largeBytes
        for steps in scripts(StoppedPeers.self, 100) {
            let places = steps.compactMap { step in
                if case .awaitBytes(let count) = step { count } else { nil }
            }
            #expect(places.count == 1 && places.allSatisfy { $0 >= 1 && $0 < most })
            #expect(steps.contains(.pause(milliseconds: 5000)))
        }
    }

    @Test func optionsAreValidated() throws {
        try SiegeOptions(fault: "storm").validate()
        let wrong: [(inout SiegeOptions) -> Void] = [
            { $0.fault = "x" }, { $0.peers = 0 }, { $0.perSecond = 0 }, { $0.perSecond = .nan },
            { $0.phaseSeconds = 0 }, { $0.warmUpSeconds = -1 }, { $0.graceSeconds = .infinity },
            { $0.spread = -1 }, { $0.spread = 16_000_001 }, { $0.source = "::1" },
            { $0.fault = "ipv6-rotation" }, { $0.load.clients = 0 },
        ]
        for change in wrong {
            var options = try SiegeOptions(fault: "storm")
            change(&options)
            #expect(throws: LoadError.self) { try options.validate() }
        }
        #expect(SiegeOptions.server("[::1]:80")?.host == "::1")
        #expect(SiegeOptions.server("localhost") == nil)
    }
}

@Suite struct SiegeCrowdTests {
    private func shape(_ change: (inout SiegeShape) -> Void = { _ in }) -> SiegeShape {
        var shape = SiegeShape(open: 10)
        change(&shape)
        return shape
    }

    private func begin(_ crowd: inout SiegeCrowd, _ now: Int64) -> Int {
        let count = crowd.allowance(now)
        for _ in 0..<count { crowd.began() }
        return count
    }

    @Test func thoseWhoLeaveAreReplaced() {
        var crowd = SiegeCrowd(shape())
        #expect(begin(&crowd, 0) == 10)
        #expect(begin(&crowd, 1000) == 0)
        crowd.hasSetUp()
        crowd.ended(wasSettingUp: false)
        crowd.ended(wasSettingUp: true)
        #expect(crowd.open == 8 && crowd.settingUp == 8)
        #expect(begin(&crowd, 1000) == 2)
        #expect(!crowd.isOver)
    }

    @Test func aRateIsKept() {
        var crowd = SiegeCrowd(
            shape {
                $0.perSecond = 100
                $0.open = 1000
            }
        )
        #expect(begin(&crowd, 5000) == 1)
        #expect(begin(&crowd, 5009) == 0)
        #expect(begin(&crowd, 5010) == 1)
        #expect(begin(&crowd, 5500) == 49)
    }

    @Test func settingUpIsBounded() {
        var crowd = SiegeCrowd(shape { $0.settingUp = 3 })
        #expect(begin(&crowd, 0) == 3)
        #expect(begin(&crowd, 0) == 0)
        crowd.hasSetUp()
        #expect(begin(&crowd, 0) == 1)
    }

    @Test func manyBeginByTurns() {
        var crowd = SiegeCrowd(
            shape {
                $0.open = 5000
                $0.settingUp = 5000
            }
        )
        #expect(begin(&crowd, 0) == SiegeCrowd.maxBegunAtOnce)
    }

    @Test func aTotalEndsIt() {
        var crowd = SiegeCrowd(shape { $0.total = 12 })
        #expect(begin(&crowd, 0) == 10)
        for _ in 0..<10 { crowd.ended(wasSettingUp: true) }
        #expect(!crowd.isOver)
        #expect(begin(&crowd, 0) == 2)
        #expect(!crowd.isOver)
        for _ in 0..<2 { crowd.ended(wasSettingUp: true) }
        #expect(crowd.isOver)
        #expect(begin(&crowd, 9000) == 0)
    }

    @Test func closedDoorsLetNobodyIn() {
        var crowd = SiegeCrowd(shape())
        _ = begin(&crowd, 0)
        crowd.close()
        #expect(!crowd.isOver)
        for _ in 0..<10 { crowd.ended(wasSettingUp: true) }
        #expect(begin(&crowd, 0) == 0)
        #expect(crowd.isOver)
    }
}

@Suite struct SiegeScheduleTests {
    private typealias Situation = SiegeSchedule.Situation
    private let working = Situation(isLoadRunning: true)

    private func schedule(_ ending: SiegeShape.Ending) -> SiegeSchedule {
        SiegeSchedule(warmUp: 100, length: 1000, grace: 500, ending: ending)
    }

    /// A schedule whose attack began at 5000.
    private func attacking(_ ending: SiegeShape.Ending) -> SiegeSchedule {
        var schedule = schedule(ending)
        _ = schedule.next(3900, working)
        _ = schedule.next(4000, working)
        #expect(schedule.next(5000, working) == .enter(.during))
        return schedule
    }

    @Test func theWholeWay() {
        var schedule = schedule(.atOnce)
        #expect(schedule.next(0, Situation()) == .nothing)
        #expect(schedule.next(9000, working) == .enter(.warmUp))
        #expect(schedule.next(9099, working) == .nothing)
        #expect(schedule.next(9100, working) == .enter(.before))
        #expect(schedule.next(10_099, working) == .nothing)
        #expect(schedule.next(10_100, working) == .enter(.during))
        #expect(schedule.next(11_100, working) == .enter(.after))
        #expect(schedule.next(12_099, working) == .nothing)
        #expect(schedule.next(12_100, working) == .enter(.over))
        #expect(schedule.next(99_999, working) == .nothing)
    }

    @Test func openAttackersMayComeToTheirEnd() {
        var schedule = attacking(.whenOpenAreDone)
        #expect(schedule.next(5999, working) == .nothing)
        #expect(schedule.next(6000, working) == .closeDoors)
        #expect(schedule.next(6001, working) == .nothing)
        var done = working
        done.isAttackOver = true
        #expect(schedule.next(6200, done) == .enter(.after))
    }

    @Test func graceIsBounded() {
        for ending in [SiegeShape.Ending.whenOpenAreDone, .whenAllAreDone] {
            var schedule = attacking(ending)
            _ = schedule.next(6000, working)
            #expect(schedule.next(6499, working) == .nothing)
            #expect(schedule.next(6500, working) == .enter(.after))
        }
    }

    @Test func aTotalMayEndThePhaseEarly() {
        var schedule = attacking(.whenAllAreDone)
        var done = working
        done.isAttackOver = true
        #expect(schedule.next(5100, done) == .enter(.after))
        var other = attacking(.whenOpenAreDone)
        #expect(other.next(5100, done) == .nothing)
    }

    @Test func withoutEstablishedClientsItIsOver() {
        var schedule = attacking(.atOnce)
        var lost = working
        lost.isLoadOver = true
        #expect(schedule.next(5100, lost) == .enter(.over))
    }

    @Test func aLateLoopIsMeasured() {
        var probe = LagProbe(0)
        #expect(probe.wait(0) == 10)
        #expect(probe.wait(9_000_001) == 1)
        probe.look(9_999_999)
        #expect(probe.lag.count == 0)
        probe.look(13_000_000)
        #expect(probe.lag.summary.max == 3000)
        // The next look is due an interval after this one, so that one delay is counted once.
        probe.look(22_999_999)
        #expect(probe.take().count == 1)
        #expect(probe.lag.count == 0)
        #expect(probe.wait(40_000_000) == 0)
    }
}
