// The overload ladder, sample by sample.
import Commands
import Core
import Reactor
import Synchronization
import Testing

@testable import Server

@Suite struct OverloadLadderTests {
    private func feed(
        _ ladder: inout OverloadLadder,
        _ sample: OverloadSample,
        _ count: Int
    ) -> [OverloadLevel] {
        (0..<count).map { _ in ladder.take(sample) }
    }

    @Test(arguments: [
        (OverloadSample(latenessShare: 0.99), OverloadLevel.normal),
        (OverloadSample(latenessShare: 1), .handshakesSlowed),
        (OverloadSample(latenessShare: 4), .lowPriorityRefused),
        (OverloadSample(latenessShare: 16), .establishedOnly),
        (OverloadSample(handshakeShare: 0.24), .normal),
        (OverloadSample(handshakeShare: 1), .handshakesSlowed),
        (OverloadSample(memoryShare: 0.69), .normal),
        (OverloadSample(memoryShare: 0.7), .handshakesSlowed),
        (OverloadSample(memoryShare: 0.85), .lowPriorityRefused),
        (OverloadSample(memoryShare: 1), .establishedOnly),
    ])
    func aSecondOfPressureLeadsUp(sample: OverloadSample, level: OverloadLevel) {
        var ladder = OverloadLadder()
        let levels = feed(&ladder, sample, OverloadLadder.windowCount)
        #expect(levels.last == level)
        #expect(levels == levels.sorted(), "it never goes down under the same pressure")
    }

    @Test func aLoopIsLateByItsLastTickOrByTheMissingOne() throws {
        let mailbox = Mailbox(try EventLoop().wakeUpHandle)
        func lateness(_ time: Int64) -> Int64 {
            mailbox.lateness(Moment(unixMilliseconds: 0, monotonicMilliseconds: time))
        }
        #expect(lateness(5000) == 0, "it has not begun")
        mailbox.tickedAt.store(1000, ordering: .relaxed)
        #expect(lateness(1100) == 0)
        #expect(lateness(1350) == 250)
        mailbox.latenessMilliseconds.store(70, ordering: .relaxed)
        #expect(lateness(1100) == 70)
        #expect(lateness(1350) == 250)
    }

    @Test func oneLateTickIsNoOverload() {
        var ladder = OverloadLadder()
        _ = feed(&ladder, OverloadSample(), 10)
        #expect(ladder.take(OverloadSample(latenessShare: 8)) == .normal)
        #expect(ladder.take(OverloadSample(latenessShare: 8)) == .handshakesSlowed)
    }

    @Test func theWayDownIsOneRungAtATimeBehindTwoCalmSeconds() {
        var ladder = OverloadLadder()
        _ = feed(&ladder, OverloadSample(memoryShare: 1), 10)
        let levels = feed(&ladder, OverloadSample(), 200)
        var seen: [(OverloadLevel, Int)] = []
        for level in levels {
            if seen.last?.0 == level {
                seen[seen.count - 1].1 += 1
            } else {
                seen.append((level, 1))
            }
        }
        let order: [OverloadLevel] = [
            .establishedOnly, .lowPriorityRefused, .handshakesSlowed, .normal,
        ]
        #expect(seen.map(\.0) == order)
        #expect(seen.dropLast().allSatisfy { $0.1 >= OverloadLadder.calmCount })
    }

    /// A measure between the ways up and down keeps a server where it is, for ever.
    @Test func thereIsHysteresis() {
        var ladder = OverloadLadder()
        _ = feed(&ladder, OverloadSample(latenessShare: 1.2), 10)
        #expect(
            Set(feed(&ladder, OverloadSample(latenessShare: 0.8), 500)) == [.handshakesSlowed]
        )
        #expect(feed(&ladder, OverloadSample(latenessShare: 0.4), 40).last == .normal)
        #expect(Set(feed(&ladder, OverloadSample(latenessShare: 0.8), 500)) == [.normal])
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func itNeverFlapsFasterThanTwoSeconds(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var ladder = OverloadLadder()
        var lastFall = -1000
        var level = OverloadLevel.normal
        for tick in 0..<20_000 {
            let lateness = Double.random(in: 0..<2.4, using: &random)
            let next = ladder.take(OverloadSample(latenessShare: lateness))
            if next < level {
                #expect(next.rawValue == level.rawValue - 1)
                #expect(tick - lastFall >= OverloadLadder.calmCount)
                lastFall = tick
            }
            level = next
        }
    }
}
