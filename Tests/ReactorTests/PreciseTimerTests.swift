// A timer that a loop watches: it makes its descriptor readable once its time has come.
import Core
import Reactor
import Testing

@Suite struct PreciseTimerTests {
    private final class Handler: EventHandler {
        let timer: PreciseTimer
        var firedAt: [Int64] = []

        init(_ timer: PreciseTimer) { self.timer = timer }

        func becameReady(_: Readiness, _: Moment) {
            firedAt.append(SystemClock.monotonicNanoseconds())
            timer.drain()
        }

        func timerFired(_: Moment) {}
    }

    private func turn(_ loop: EventLoop, until handler: Handler, _ count: Int) {
        while handler.firedAt.count < count { loop.turn(maximumWaitMilliseconds: nil) }
    }

    @Test func itFiresOnceAndNotBeforeItsTime() throws {
        let loop = try EventLoop()
        let handler = Handler(try PreciseTimer())
        _ = try loop.register(handler.timer.descriptor, handler)
        let due = SystemClock.monotonicNanoseconds() + 300_000
        handler.timer.set(at: due)
        turn(loop, until: handler, 1)
        #expect((handler.firedAt.first ?? 0) >= due)
        for _ in 0..<3 { loop.turn(maximumWaitMilliseconds: 0) }
        #expect(handler.firedAt.count == 1)
    }

    @Test func aTimeThatHasPassedIsNow() throws {
        let loop = try EventLoop()
        let handler = Handler(try PreciseTimer())
        _ = try loop.register(handler.timer.descriptor, handler)
        for time: Int64 in [0, -5, 1] {
            handler.timer.set(at: time)
            turn(loop, until: handler, handler.firedAt.count + 1)
        }
        #expect(handler.firedAt.count == 3)
    }
}
