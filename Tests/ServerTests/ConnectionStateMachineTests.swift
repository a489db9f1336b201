// Every decision of a connection's life, with a manual clock and no socket.
import Access
import Core
import Server
import Testing

@Suite struct ConnectionStateMachineTests {
    private static var limits: Limits {
        var limits = Limits()
        limits.handshakeTimeoutMilliseconds = 100
        limits.authenticationTimeoutMilliseconds = 300
        limits.idleTimeoutMilliseconds = 1000
        limits.requestTimeoutMilliseconds = 500
        limits.lingerTimeoutMilliseconds = 50
        limits.outboundHighWatermarkBytes = 1000
        limits.outboundLowWatermarkBytes = 100
        limits.outboundSoftLimitBytes = 500
        limits.outboundSoftLimitMilliseconds = 800
        limits.unreadReplyTimeoutMilliseconds = 200
        limits.outboundHardLimitBytes = 10_000
        limits.subscriberOutboundHardLimitBytes = 2_000
        return limits
    }

    private func accepted() -> ConnectionStateMachine {
        ConnectionStateMachine(limits: Self.limits, now: 0)
    }

    private func active() -> ConnectionStateMachine {
        var machine = accepted()
        machine.handshakeCompleted(10)
        machine.authenticated(20)
        machine.heard(20)
        return machine
    }

    @Test func phasesInOrder() {
        var machine = accepted()
        #expect(machine.phase == .handshaking)
        #expect(!machine.servesRequests)
        machine.authenticated(5)
        #expect(machine.phase == .handshaking, "nobody is authenticated before TLS is up")
        machine.handshakeCompleted(10)
        #expect(machine.phase == .unauthenticated)
        #expect(machine.servesRequests)
        machine.authenticated(20)
        #expect(machine.phase == .active)
        machine.handshakeCompleted(30)
        #expect(machine.phase == .active)
        machine.finish(40)
        #expect(machine.phase == .flushing)
        #expect(!machine.servesRequests)
        #expect(machine.outboundChanged(0, 41) == .sendEnd)
        #expect(machine.phase == .lingering)
        #expect(machine.peerEnded(42) == .close)
        #expect(machine.phase == .closed)
        #expect(machine.broke() == .none)
    }

    @Test func theHandshakeHasADeadline() {
        var machine = accepted()
        #expect(machine.deadline == 100)
        machine.heard(90)
        #expect(machine.timerFired(99) == .wait(until: 100), "hearing bytes does not extend it")
        #expect(machine.timerFired(100) == .close)
    }

    @Test func authenticationHasADeadline() {
        var machine = accepted()
        machine.handshakeCompleted(60)
        #expect(machine.deadline == 360)
        #expect(machine.timerFired(100) == .wait(until: 360))
        guard case .refuse(let error) = machine.timerFired(360) else {
            Issue.record("the deadline passed unnoticed")
            return
        }
        #expect(error.code == .authenticationTimeout)
        #expect(error.message.contains("limit=authenticationTimeoutMilliseconds"))
        #expect(machine.phase == .flushing)
    }

    @Test func aSubscriberIsNeverIdle() {
        var machine = active()
        machine.isSubscriber = true
        #expect(machine.deadline == nil)
        #expect(machine.timerFired(1_000_000) == .none && machine.phase == .active)
        // Once it is none any more, its silence counts.
        machine.isSubscriber = false
        #expect(machine.deadline == 1020)
    }

    @Test func idlenessCountsFromTheLastByte() {
        var machine = active()
        #expect(machine.deadline == 1020)
        machine.heard(700)
        #expect(machine.timerFired(1020) == .wait(until: 1700))
        guard case .refuse(let error) = machine.timerFired(1700) else {
            Issue.record("the deadline passed unnoticed")
            return
        }
        #expect(error.code == .idleTimeout)
    }

    @Test func anUnfinishedRequestCountsFromItsFirstByte() {
        var machine = active()
        machine.processed(hasPartial: true, 100)
        for time in stride(from: Int64(150), to: 600, by: 50) {
            machine.heard(time)
            machine.processed(hasPartial: true, time)
            #expect(machine.deadline == 600, "a byte now and then buys no time")
        }
        guard case .refuse(let error) = machine.timerFired(600) else {
            Issue.record("the deadline passed unnoticed")
            return
        }
        #expect(error.code == .requestTimeout)
    }

    @Test func aFinishedRequestIsForgotten() {
        var machine = active()
        machine.processed(hasPartial: true, 100)
        machine.heard(400)
        machine.processed(hasPartial: false, 400)
        #expect(machine.deadline == 1400)
    }

    @Test func withoutAnIdleLimitNothingIsDue() {
        var limits = Self.limits
        limits.idleTimeoutMilliseconds = 0
        var machine = ConnectionStateMachine(limits: limits, now: 0)
        machine.handshakeCompleted(1)
        machine.authenticated(2)
        #expect(machine.deadline == nil)
        #expect(machine.timerFired(.max) == .none)
        machine.processed(hasPartial: true, 10)
        #expect(machine.deadline == 510)
    }

    @Test func readingPausesAboveTheHighMarkAndResumesBelowTheLow() {
        var machine = active()
        #expect(machine.outboundChanged(1000, 30) == .none)
        #expect(machine.outboundChanged(1001, 31) == .pauseReading)
        #expect(machine.isPaused)
        #expect(machine.outboundChanged(5000, 32) == .none)
        #expect(machine.outboundChanged(101, 33) == .none, "hysteresis")
        #expect(machine.outboundChanged(100, 34) == .resumeReading)
        #expect(!machine.isPaused)
    }

    @Test func aPeerThatTakesNothingIsCutOff() {
        var machine = active()
        #expect(machine.outboundChanged(300, 100) == .none)
        #expect(machine.deadline == 300)
        // More that waits buys no time, a byte that is taken does.
        #expect(machine.outboundChanged(400, 200) == .none)
        #expect(machine.timerFired(299) == .wait(until: 300))
        #expect(machine.outboundChanged(399, 250) == .none)
        #expect(machine.timerFired(300) == .wait(until: 450))
        #expect(machine.timerFired(450) == .cutOff(limit: .unreadReplyTimeoutMilliseconds))
        #expect(machine.phase == .closed)
        #expect(machine.timerFired(1000) == .none)
    }

    @Test func aPeerThatTakesEverythingIsNot() {
        var machine = active()
        _ = machine.outboundChanged(300, 100)
        #expect(machine.outboundChanged(0, 290) == .none)
        #expect(machine.deadline == 1020, "idleness alone")
        _ = machine.outboundChanged(300, 900)
        #expect(machine.deadline == 1020)
        machine.heard(1000)
        #expect(machine.deadline == 1100)
    }

    @Test func aSlowTrickleIsCutOffInTheEnd() {
        var machine = active()
        var waiting = 900
        var time: Int64 = 100
        #expect(machine.outboundChanged(waiting, time) == .none)
        while time < 850 {
            time += 50
            waiting -= 10
            machine.heard(time)
            #expect(machine.outboundChanged(waiting, time) == .none)
        }
        #expect(machine.timerFired(899) == .wait(until: 900))
        #expect(machine.timerFired(900) == .cutOff(limit: .outboundSoftLimitBytes))
        // Below the soft limit it begins anew.
        var other = active()
        _ = other.outboundChanged(501, 100)
        _ = other.outboundChanged(500, 700)
        _ = other.outboundChanged(501, 750)
        #expect(other.deadline == 900, "what was taken at 700 counts")
    }

    private func webSocket() -> ConnectionStateMachine {
        var limits = Self.limits
        limits.idleTimeoutMilliseconds = 0
        limits.webSocketPingMilliseconds = 300
        limits.webSocketPongMilliseconds = 100
        var machine = ConnectionStateMachine(limits: limits, now: 0)
        machine.handshakeCompleted(10)
        machine.authenticated(20)
        machine.heard(20)
        machine.answersPings = true
        return machine
    }

    @Test func aSilentWebSocketIsAskedWhetherItIsThere() {
        var machine = webSocket()
        #expect(machine.deadline == 320)
        machine.heard(100)
        #expect(machine.timerFired(320) == .wait(until: 400))
        #expect(machine.timerFired(400) == .ping)
        #expect(machine.timerFired(450) == .wait(until: 500))
        // Any byte is an answer, even in the same millisecond.
        machine.heard(400)
        #expect(machine.timerFired(500) == .wait(until: 700))
        #expect(machine.timerFired(700) == .ping)
        guard case .refuse(let error) = machine.timerFired(800) else {
            Issue.record("it is not closed")
            return
        }
        #expect(error.code == .idleTimeout)
        #expect(error.message.contains("limit=webSocketPongMilliseconds"))
        #expect(machine.phase == .flushing)
    }

    @Test func aWebSocketThatIsNotReadIsNotAsked() {
        var machine = webSocket()
        #expect(machine.outboundChanged(1001, 100) == .pauseReading)
        #expect(machine.timerFired(320) == .cutOff(limit: .unreadReplyTimeoutMilliseconds))
        var limits = Self.limits
        limits.idleTimeoutMilliseconds = 0
        limits.webSocketPingMilliseconds = 0
        var quiet = ConnectionStateMachine(limits: limits, now: 0)
        quiet.handshakeCompleted(10)
        quiet.authenticated(20)
        quiet.answersPings = true
        #expect(quiet.deadline == nil)
    }

    @Test func pingsDoNotProlongAMessage() {
        var machine = webSocket()
        machine.processed(hasPartial: true, 100)
        machine.heard(550)
        machine.processed(hasPartial: true, 550)
        guard case .refuse(let error) = machine.timerFired(600) else {
            Issue.record("it is not refused")
            return
        }
        #expect(error.code == .requestTimeout)
    }

    @Test func aNewRequestHasATimeOfItsOwn() {
        var machine = active()
        machine.processed(hasPartial: true, 100)
        machine.heard(400)
        // Each read ends within a request, and each time it is another one.
        machine.processed(hasPartial: true, hasFinished: true, 400)
        #expect(machine.deadline == 900)
        machine.processed(hasPartial: true, 800)
        #expect(machine.deadline == 900)
    }

    @Test func theHardLimitCutsOffAtOnce() {
        var machine = active()
        #expect(machine.outboundChanged(10_000, 30) == .pauseReading)
        #expect(machine.outboundChanged(10_001, 31) == .cutOff(limit: .outboundHardLimitBytes))
        var subscriber = active()
        subscriber.isSubscriber = true
        #expect(subscriber.outboundChanged(2000, 30) == .pauseReading)
        let action = subscriber.outboundChanged(2001, 31)
        #expect(action == .cutOff(limit: .subscriberOutboundHardLimitBytes))
        var flushing = active()
        flushing.finish(20)
        #expect(flushing.outboundChanged(10_001, 30) == .cutOff(limit: .outboundHardLimitBytes))
    }

    @Test func closingWaitsForWhatIsUnderWayWhileItMoves() {
        var machine = active()
        machine.finish(100)
        #expect(machine.outboundChanged(900, 100) == .none)
        #expect(machine.deadline == 150)
        // The peer takes some of it: the wait begins anew.
        #expect(machine.outboundChanged(500, 140) == .none)
        #expect(machine.timerFired(150) == .wait(until: 190))
        #expect(machine.timerFired(190) == .close)
    }

    @Test func thePeersEndIsAnsweredFirst() {
        var machine = active()
        #expect(machine.peerEnded(100) == .none)
        #expect(machine.phase == .flushing)
        #expect(machine.outboundChanged(0, 101) == .sendEnd)
        var young = accepted()
        #expect(young.peerEnded(1) == .close)
    }

    @Test func breakingClosesInEveryPhase() {
        for events in 0..<5 {
            var machine = accepted()
            if events > 0 { machine.handshakeCompleted(1) }
            if events > 1 { machine.authenticated(2) }
            if events > 2 { machine.finish(3) }
            if events > 3 { _ = machine.outboundChanged(0, 4) }
            #expect(machine.broke() == .close)
            #expect(machine.deadline == nil)
        }
    }

    /// Whatever happens in whatever order: nothing is served after the end, and every phase that waits
    /// for a peer has a deadline.
    @Test func randomEventsKeepTheInvariants() {
        var random = SystemRandomNumberGenerator.seeded(42)
        for _ in 0..<2000 {
            var machine = accepted()
            var now: Int64 = 0
            var isOver = false
            for _ in 0..<40 {
                now += Int64.random(in: 0..<120, using: &random)
                switch Int.random(in: 0..<9, using: &random) {
                case 0: machine.handshakeCompleted(now)
                case 1: machine.authenticated(now)
                case 2: machine.heard(now)
                case 3: machine.processed(hasPartial: .random(using: &random), now)
                case 4: _ = machine.outboundChanged(.random(in: 0..<2000, using: &random), now)
                case 5: machine.finish(now)
                case 6: _ = machine.peerEnded(now)
                case 7: _ = machine.timerFired(now)
                default: if Int.random(in: 0..<10, using: &random) == 0 { _ = machine.broke() }
                }
                if isOver { #expect(!machine.servesRequests) }
                isOver = isOver || !machine.servesRequests && machine.phase != .handshaking
                #expect((machine.deadline == nil) == (machine.phase == .closed))
            }
        }
    }
}

/// A small generator with a seed, so that a failure can be had again.
///
/// Source: SplitMix64, Steele, Lea and Flood 2014.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension SystemRandomNumberGenerator {
    static func seeded(_ seed: UInt64) -> SeededGenerator { SeededGenerator(state: seed) }
}
