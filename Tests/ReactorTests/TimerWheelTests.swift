// The timer wheel by a clock of the test's own.
import Testing

@testable import Reactor

@Suite struct TimerWheelTests {
    private static let tick = TimerWheel.tickMilliseconds
    /// Some time that is not a multiple of anything.
    private static let start: Int64 = 1_000_003

    private func advance(_ wheel: inout TimerWheel, to now: Int64) -> [UInt64] {
        var due: [UInt64] = []
        wheel.advance(to: now, into: &due)
        return due
    }

    @Test(arguments: [0, 1, 15, 16, 17, 100, 1000, 32_767, 32_768, 32_769, 100_000, 3_600_000])
    func firesNeverEarlyAndAtMostOneTickLate(delay: Int64) {
        var wheel = TimerWheel(now: Self.start)
        _ = wheel.schedule(at: Self.start + delay, 7)
        var now = Self.start
        var due: [UInt64] = []
        while due.isEmpty, now <= Self.start + delay + Self.tick {
            now += 1
            due = advance(&wheel, to: now)
        }
        #expect(due == [7])
        #expect(now >= Self.start + delay)
        #expect(now <= Self.start + delay + Self.tick)
        #expect(wheel.count == 0)
        #expect(advance(&wheel, to: now + 1_000_000).isEmpty)
    }

    @Test(arguments: [Self.start - 1, 0, -1, Int64.min])
    func whatIsOverdueFiresAtTheNextTick(deadline: Int64) {
        var wheel = TimerWheel(now: Self.start)
        _ = wheel.schedule(at: deadline, 7)
        #expect(advance(&wheel, to: Self.start + Self.tick) == [7])
    }

    @Test func theEndOfTimeDoesNotCome() {
        var wheel = TimerWheel(now: Self.start)
        var handle = wheel.schedule(at: .max, 7)
        #expect(advance(&wheel, to: Int64.max / 2).isEmpty)
        #expect(wheel.count == 1)
        wheel.cancel(&handle)
        #expect(wheel.count == 0)
    }

    @Test func cancelledTimersDoNotFire() {
        var wheel = TimerWheel(now: 0)
        // All in one slot, so that the first, a middle one and the last of a chain are taken out.
        var handles = (0..<5).map { wheel.schedule(at: 100, UInt64($0)) }
        for index in [0, 2, 4] { wheel.cancel(&handles[index]) }
        #expect(handles[0] == .none && handles[2] == .none && handles[4] == .none)
        #expect(wheel.count == 2)
        wheel.cancel(&handles[0])
        #expect(wheel.count == 2)
        #expect(Set(advance(&wheel, to: 200)) == [1, 3])
        #expect(wheel.count == 0)
    }

    @Test func aSlotHoldsTimersOfSeveralTurns() {
        var wheel = TimerWheel(now: 0)
        let turn = 2048 * Self.tick
        for number in 0..<4 { _ = wheel.schedule(at: 160 + Int64(number) * turn, UInt64(number)) }
        for number in 0..<4 {
            let deadline = 160 + Int64(number) * turn
            #expect(advance(&wheel, to: deadline - 1).isEmpty)
            #expect(advance(&wheel, to: deadline) == [UInt64(number)])
        }
    }

    @Test func afterALongPauseEverythingDueFires() {
        var wheel = TimerWheel(now: 0)
        for number in 0..<3000 { _ = wheel.schedule(at: Int64(number) * 40, UInt64(number)) }
        _ = wheel.schedule(at: 10_000_000, 9999)
        #expect(Set(advance(&wheel, to: 1_000_000)) == Set(0..<3000))
        #expect(wheel.count == 1)
    }

    @Test func timeThatGoesBackFiresNothingAndLosesNothing() {
        var wheel = TimerWheel(now: 10_000)
        _ = wheel.schedule(at: 10_100, 7)
        #expect(advance(&wheel, to: 5000).isEmpty)
        #expect(advance(&wheel, to: 10_099).isEmpty)
        #expect(advance(&wheel, to: 10_112) == [7])
    }

    /// Waiting as long as the wheel says loses no timer and takes few turns.
    @Test(arguments: [1, 2, 3, 4])
    func itsOwnWaitsAreEnough(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        var wheel = TimerWheel(now: Self.start)
        var deadlines: [Int64] = []
        for number in 0..<100 {
            let deadline = Self.start + Int64.random(in: 1...200_000, using: &random)
            deadlines.append(deadline)
            _ = wheel.schedule(at: deadline, UInt64(number))
        }
        var now = Self.start
        var turns = 0
        var fired = 0
        while let wait = wheel.millisecondsUntilNext(from: now, limit: 1000) {
            #expect(wait >= 0)
            now += wait
            turns += 1
            for number in advance(&wheel, to: now) {
                let deadline = deadlines[Int(number)]
                #expect(now >= deadline && now <= deadline + Self.tick)
                fired += 1
            }
            try #require(turns < 1000, "the wheel spins")
        }
        #expect(fired == 100)
        #expect(wheel.millisecondsUntilNext(from: now, limit: 1000) == nil)
    }
}

/// Thousands of random timers against a sorted array.
@Suite struct TimerWheelModelTests {
    private struct Model {
        struct Timer {
            var deadline: Int64
            /// The latest time at which it may fire.
            var limit: Int64
            var payload: UInt64
            var handle: TimerHandle
        }

        var wheel: TimerWheel
        var now: Int64
        var timers: [Timer] = []
        var payloads: UInt64 = 0

        init(now: Int64) {
            wheel = TimerWheel(now: now)
            self.now = now
        }

        mutating func schedule(at deadline: Int64) {
            payloads += 1
            let handle = wheel.schedule(at: deadline, payloads)
            let limit = max(deadline, now) + TimerWheel.tickMilliseconds
            let index = timers.firstIndex { $0.deadline > deadline } ?? timers.count
            let timer = Timer(
                deadline: deadline,
                limit: limit,
                payload: payloads,
                handle: handle
            )
            timers.insert(timer, at: index)
        }

        mutating func cancel(_ index: Int) {
            var timer = timers.remove(at: index)
            wheel.cancel(&timer.handle)
        }

        mutating func advance(by milliseconds: Int64) {
            now += milliseconds
            var due: [UInt64] = []
            wheel.advance(to: now, into: &due)
            let fired = Set(due)
            #expect(fired.count == due.count, "a timer fired twice")
            let candidates = timers.prefix { $0.deadline <= now }
            let known = Set(candidates.map(\.payload))
            #expect(fired.isSubset(of: known), "a timer fired early, or after it was cancelled")
            let late = candidates.filter { $0.limit <= now && !fired.contains($0.payload) }
            #expect(late.isEmpty, "a timer is more than a tick late")
            timers.removeAll { fired.contains($0.payload) }
            #expect(wheel.count == timers.count)
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func agreesWithASortedArray(seed: UInt64) {
        var random = SeededGenerator(state: seed)
        var model = Model(now: Int64.random(in: 0...1_000_000, using: &random))
        for _ in 0..<6000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let reach: Int64 = Bool.random(using: &random) ? 500 : 150_000
                model.schedule(at: model.now + Int64.random(in: -50...reach, using: &random))
            case 5..<7 where !model.timers.isEmpty:
                model.cancel(Int.random(in: 0..<model.timers.count, using: &random))
            case 9:
                model.advance(by: Int64.random(in: 0...20_000, using: &random))
            default:
                model.advance(by: Int64.random(in: 0...40, using: &random))
            }
        }
        model.advance(by: 200_000)
        #expect(model.timers.isEmpty)
    }
}
