// A client's decisions, by events and a clock that the test moves.
import Testing

@testable import LoadKit

@Suite struct ClientStateMachineTests {
    private func machine(
        addresses: Int = 1,
        token: Bool = true
    ) -> ClientStateMachine {
        var limits = ClientStateMachine.Limits()
        limits.addressCount = addresses
        limits.hasToken = token
        return ClientStateMachine(limits)
    }

    private func running() -> ClientStateMachine {
        var machine = machine(token: false)
        _ = machine.begin(0)
        _ = machine.connected()
        _ = machine.handshakeCompleted()
        _ = machine.start()
        return machine
    }

    @Test func theWholeWay() {
        var machine = machine()
        #expect(machine.begin(0) == .connect(attempt: 0))
        #expect(machine.connected() == .handshake)
        #expect(machine.isSettingUp)
        #expect(machine.handshakeCompleted() == .authenticate)
        #expect(machine.tokenAnswered(refusal: nil) == .reportReady)
        #expect(!machine.isSettingUp)
        #expect(machine.start() == .issue)
        machine.sent(3, 100)
        #expect(machine.received(2, 110) == .issue)
        #expect(machine.inFlight == 1)
        #expect(machine.stop(120) == .nothing)
        #expect(machine.state == .draining)
        #expect(machine.received(1, 130) == .close)
        #expect(machine.state == .done)
        #expect(machine.peerClosed() == .nothing)
        #expect(machine.timePassed(1_000_000) == .nothing)
    }

    @Test func withoutATokenTheHandshakeIsEnough() {
        var machine = machine(token: false)
        _ = machine.begin(0)
        _ = machine.connected()
        #expect(machine.handshakeCompleted() == .reportReady)
    }

    @Test func addressesAreTriedInOrder() {
        var machine = machine(addresses: 2)
        let refused = Failure(.connectRefused)
        _ = machine.begin(0)
        #expect(machine.connectFailed(refused) == .connect(attempt: 1))
        #expect(machine.connectFailed(refused) == .fail(refused))
        #expect(machine.state == .failed(refused))
        #expect(machine.connectFailed(refused) == .nothing)
    }

    @Test func aRefusedTokenFails() {
        var machine = machine()
        _ = machine.begin(0)
        _ = machine.connected()
        _ = machine.handshakeCompleted()
        let failure = Failure(.authRefused, "WRONGPASS no")
        #expect(machine.tokenAnswered(refusal: "WRONGPASS no") == .fail(failure))
    }

    @Test func settingUpHasOneDeadline() {
        var machine = machine(addresses: 2)
        _ = machine.begin(500)
        _ = machine.connectFailed(Failure(.connectFailed))
        #expect(machine.timePassed(10_499) == .nothing)
        #expect(machine.connected() == .handshake)
        let failure = Failure(.timeout, "during the TLS handshake")
        #expect(machine.timePassed(10_500) == .fail(failure))
    }

    @Test func readyClientsWaitForEver() {
        var machine = machine(token: false)
        _ = machine.begin(0)
        _ = machine.connected()
        _ = machine.handshakeCompleted()
        #expect(machine.timePassed(.max - 1) == .nothing)
        #expect(machine.stop(5) == .close)
    }

    @Test func aReplyThatDoesNotComeIsATimeout() {
        var machine = running()
        machine.sent(2, 1000)
        _ = machine.received(1, 5000)
        #expect(machine.timePassed(34_999) == .nothing)
        #expect(machine.timePassed(35_000) == .fail(Failure(.timeout, "while waiting for a reply")))
    }

    @Test func nothingInFlightHasNoDeadline() {
        var machine = running()
        machine.sent(1, 1000)
        _ = machine.received(1, 1001)
        #expect(machine.timePassed(1_000_000) == .nothing)
    }

    @Test func drainingIsBounded() {
        var machine = running()
        machine.sent(1, 1000)
        _ = machine.stop(2000)
        #expect(machine.timePassed(6999) == .nothing)
        let failure = Failure(.timeout, "while waiting for the last replies")
        #expect(machine.timePassed(7000) == .fail(failure))
    }

    @Test func stoppingBeforeTheRunClosesWithoutFailure() {
        var waiting = machine()
        #expect(waiting.stop(0) == .close)
        var connecting = machine()
        _ = connecting.begin(0)
        #expect(connecting.stop(0) == .close)
        #expect(connecting.connected() == .nothing)
    }

    @Test func aPeerThatClosesFailsTheClient() {
        var machine = running()
        machine.sent(1, 0)
        let failure = Failure(.closedByPeer, "while waiting for a reply: recv: reset")
        #expect(machine.peerClosed("recv: reset") == .fail(failure))
        #expect(machine.received(1, 1) == .nothing)
    }

    @Test func abandonedRepliesAreMissed() {
        var idle = running()
        #expect(idle.abandon() == .close)
        #expect(idle.abandon() == .nothing)
        var busy = running()
        busy.sent(5, 0)
        #expect(busy.abandon() == .fail(Failure(.timeout, "replies not waited for")))
    }

    @Test func aConnectionIsMadeAnewBehindItsLastRequest() {
        var limits = ClientStateMachine.Limits()
        limits.requestsPerConnection = 3
        var machine = ClientStateMachine(limits)
        _ = machine.begin(0)
        _ = machine.connected()
        #expect(machine.handshakeCompleted() == .reportReady)
        #expect(machine.room(pipeline: 2) == 0)
        #expect(machine.start() == .issue)
        #expect(machine.room(pipeline: 2) == 2)
        machine.sent(2, 1)
        #expect(machine.received(2, 2) == .issue)
        #expect(machine.room(pipeline: 2) == 1)
        machine.sent(1, 3)
        #expect(machine.room(pipeline: 2) == 0)
        #expect(machine.received(1, 4) == .reconnect)
        #expect(machine.state == .connecting(attempt: 0))
        // It goes on at once, without telling anybody that it is ready.
        _ = machine.connected()
        #expect(machine.handshakeCompleted() == .issue)
        #expect(machine.room(pipeline: 9) == 3)
        machine.sent(3, 5)
        _ = machine.stop(6)
        #expect(machine.received(3, 7) == .close)
    }

    @Test func stoppingWhileConnectingAnewIsNoFailure() {
        var limits = ClientStateMachine.Limits()
        limits.requestsPerConnection = 1
        var machine = ClientStateMachine(limits)
        _ = machine.begin(0)
        _ = machine.connected()
        _ = machine.handshakeCompleted()
        _ = machine.start()
        machine.sent(1, 1)
        #expect(machine.received(1, 2) == .reconnect)
        #expect(machine.timePassed(10_001) == .nothing)
        #expect(machine.stop(10_001) == .close)
    }

    @Test func rampBoundsHandshakesInFlight() {
        var ramp = Ramp(maxSettingUp: 4, perSecond: nil)
        #expect(ramp.allowance(settingUp: 0, 0) == 4)
        ramp.began(4)
        #expect(ramp.allowance(settingUp: 4, 0) == 0)
        #expect(ramp.allowance(settingUp: 9, 0) == 0)
        #expect(ramp.allowance(settingUp: 3, 0) == 1)
    }

    @Test func rampBoundsTheRate() {
        var ramp = Ramp(maxSettingUp: 64, perSecond: 10)
        #expect(ramp.allowance(settingUp: 0, 5000) == 1)
        ramp.began(1)
        #expect(ramp.allowance(settingUp: 0, 5050) == 0)
        #expect(ramp.allowance(settingUp: 0, 5100) == 1)
        #expect(ramp.allowance(settingUp: 0, 6000) == 10)
    }

    @Test func pendingRequestsKeepTheirOrder() {
        var pending = PendingRequests(capacity: 3)
        for round in 0..<10 {
            for index in 0..<3 {
                pending.append(PlannedRequest(command: .get, key: UInt64(round * 3 + index)))
            }
            pending.stamp(last: 2, sentAt: 9)
            #expect(pending.takeFirst()?.sentAt == 0)
            #expect(pending.takeFirst()?.sentAt == 9)
            #expect(pending.takeFirst()?.key == UInt64(round * 3 + 2))
            #expect(pending.takeFirst() == nil)
        }
    }
}
