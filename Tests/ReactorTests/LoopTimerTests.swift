// The loop's timers, one for each registration, and what handlers do to each other's.
import Core
import Testing

@testable import Reactor

@Suite struct LoopTimerTests {
    /// A loop with two registered handlers that nothing happens to but timers.
    private final class Bench {
        let loop: EventLoop
        let handlers = [Recorder(), Recorder()]
        let registrations: [Registration]
        private let sockets: [Int32]

        init() throws {
            loop = try EventLoop()
            sockets = try Pair().release()
            var registrations: [Registration] = []
            for index in 0..<2 {
                registrations.append(try loop.register(sockets[index], handlers[index]))
            }
            self.registrations = registrations
        }

        deinit {
            for registration in registrations { loop.unregister(registration) }
            for descriptor in sockets { _ = Socket(owning: descriptor) }
        }

        var now: Int64 { loop.now.monotonicMilliseconds }
        func setTimer(_ index: Int, at deadline: Int64?) {
            loop.setTimer(registrations[index], at: deadline)
        }
        /// Turns until the timer of `index` has fired `count` times.
        func turn(untilFired index: Int, _ count: Int = 1) {
            #expect(loop.turn { handlers[index].fired.count >= count })
        }
    }

    @Test(arguments: [0, 1, 15, 40, 150])
    func firesOnceAndNotEarly(delay: Int64) throws {
        let bench = try Bench()
        let deadline = bench.now + delay
        bench.setTimer(0, at: deadline)
        bench.turn(untilFired: 0)
        #expect(bench.handlers[0].fired.first ?? 0 >= deadline)
        for _ in 0..<5 { bench.loop.turn(maximumWaitMilliseconds: 10) }
        #expect(bench.handlers[0].fired.count == 1)
        #expect(bench.handlers[1].fired.isEmpty)
    }

    @Test func aTimerIsReplacedAndCancelled() throws {
        let bench = try Bench()
        bench.setTimer(0, at: bench.now + 20)
        bench.setTimer(0, at: bench.now + 100_000)
        bench.setTimer(1, at: bench.now + 30)
        bench.turn(untilFired: 1)
        #expect(bench.handlers[0].fired.isEmpty)
        bench.setTimer(0, at: bench.now + 20)
        bench.setTimer(0, at: nil)
        bench.setTimer(1, at: bench.now + 60)
        bench.turn(untilFired: 1, 2)
        #expect(bench.handlers[0].fired.isEmpty)
    }

    @Test func aHandlerSetsItsTimerAgain() throws {
        let bench = try Bench()
        bench.handlers[0].onTimer = { [unowned bench] now in
            bench.setTimer(0, at: now.monotonicMilliseconds + 20)
        }
        bench.setTimer(0, at: bench.now)
        bench.turn(untilFired: 0, 4)
        let fired = bench.handlers[0].fired
        for (earlier, later) in zip(fired, fired.dropFirst()) { #expect(later >= earlier + 20) }
    }

    @Test func unregisteringCancels() throws {
        let bench = try Bench()
        bench.setTimer(0, at: bench.now)
        bench.loop.unregister(bench.registrations[0])
        bench.setTimer(1, at: bench.now + 40)
        bench.turn(untilFired: 1)
        #expect(bench.handlers[0].fired.isEmpty)
    }

    /// Both are due in one turn; whichever fires first cancels, postpones or unregisters the other.
    @Test(arguments: ["cancel", "postpone", "unregister"])
    func whatIsDueCanStillBeTakenBack(how: String) throws {
        let bench = try Bench()
        for (index, other) in [(0, 1), (1, 0)] {
            bench.handlers[index].onTimer = { [unowned bench] now in
                switch how {
                case "cancel": bench.setTimer(other, at: nil)
                case "postpone": bench.setTimer(other, at: now.monotonicMilliseconds + 1_000_000)
                default: bench.loop.unregister(bench.registrations[other])
                }
            }
            bench.setTimer(index, at: bench.now)
        }
        let fired = { bench.handlers[0].fired.count + bench.handlers[1].fired.count }
        #expect(bench.loop.turn { fired() > 0 })
        for _ in 0..<5 { bench.loop.turn(maximumWaitMilliseconds: 10) }
        #expect(fired() == 1)
    }

    /// The first to fire sets its own timer again, then cancels the other, which is due as well.
    @Test func cancellingWhatIsDueCancelsNothingElse() throws {
        let bench = try Bench()
        for (index, other) in [(0, 1), (1, 0)] {
            bench.handlers[index].onTimer = { [unowned bench] now in
                bench.handlers[index].onTimer = { _ in }
                bench.handlers[other].onTimer = { _ in }
                bench.setTimer(index, at: now.monotonicMilliseconds + 20)
                bench.setTimer(other, at: nil)
            }
            bench.setTimer(index, at: bench.now)
        }
        let again = { bench.handlers.contains { $0.fired.count == 2 } }
        #expect(bench.loop.turn(atMost: 50, until: again))
    }
}
