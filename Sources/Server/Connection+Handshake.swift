// How a connection's handshake waits for its turn.
internal import Access
internal import Commands
internal import Core
internal import Logging
internal import Reactor
internal import TLS

extension Connection {
    /// Puts the handshake, whose hello is complete, in the queue; nothing is read before its turn.
    func suspend(_ tls: TLSSession, _ now: Moment) {
        let rest = worker.tls.remainingInput
        // A client sends nothing behind its hello before it is answered, but for data of RFC 8446
        // section 2.3 that we never offered to take.
        if rest.count > TLSSession.recordRoom {
            log("handshake failed", ["error": "too much behind the hello"])
            return close()
        }
        heldCiphertext.append(rest)
        countMemory()
        isSuspended = true
        watch()
        let isExempt = worker.shared.admission.isExempt(peer)
        worker.queueHandshake(
            self,
            isExempt ? .exempt : tls.offersResumption ? .resumed : .full,
            now
        )
    }

    /// Goes on with the handshake when its turn has come.
    func resumeHandshake(_ now: Moment) {
        isSuspended = false
        // The private key is used for nobody who is gone.
        if socket.hasPeerGone() {
            log("closed before its handshake")
            return close()
        }
        let time = now.monotonicMilliseconds
        if place == .ordinary,
            let refusal = worker.shared.admission.judgeHandshake(peer, now: time)
        {
            log("closed", ["limit": "\(refusal.limit.rawValue)"])
            socket.resetOnClose()
            return close()
        }
        watch()
        tls?.proceed()
        var held = ByteBuffer()
        held.takeOver(&heldCiphertext)
        held.withBytes { ingest($0, now) }
    }

    /// Counts the KeyUpdate messages of this read; false if they were too many and the connection is over.
    func countKeyUpdates(_ now: Moment) -> Bool {
        let count = worker.tls.keyUpdates
        if count == 0 { return true }
        keyUpdates += count
        if keyUpdates <= worker.shared.configuration.limits.maxKeyUpdates { return true }
        cutOff(.maxKeyUpdates)
        return false
    }
}

extension Worker {
    /// Admits the handshake of a connection that was just accepted; false if it was closed instead.
    func admitHandshake(_ connection: Connection, _ now: Moment) -> Bool {
        let identifier = connection.session.identifier
        switch handshakes.accepted(identifier, now.monotonicMilliseconds) {
        case .admitted: break
        case .replaces(let other): handshaking[other]?.abandon()
        case .refused:
            connection.cutOff(.maxPendingHandshakes)
            return false
        }
        handshaking[identifier] = connection
        return true
    }

    func queueHandshake(_ connection: Connection, _ kind: HandshakeClass, _ now: Moment) {
        handshakes.gotHello(connection.session.identifier, kind, now.monotonicMilliseconds)
    }

    /// Forgets a handshake that is complete or will never be.
    func endHandshake(_ connection: Connection) {
        let identifier = connection.session.identifier
        if handshaking.removeValue(forKey: identifier) != nil { handshakes.ended(identifier) }
    }

    /// Runs the handshake whose turn it is, or closes those that have waited too long.
    func runNextHandshake(_ now: Moment) {
        let time = now.monotonicMilliseconds
        let mayRunFull = time >= nextFullHandshakeAt
        while true {
            let isFull = handshakes.isFullNext
            switch handshakes.next(admitsFull: mayRunFull, time) {
            case .none: return
            case .drop(let identifier):
                handshaking[identifier]?.cutOff(.handshakeWaitMilliseconds)
            case .run(let identifier):
                if isFull {
                    let pause = Worker.handshakePause(shared.facts.overloadLevel)
                    nextFullHandshakeAt = pause == 0 ? .min : time + pause
                }
                handshaking[identifier]?.resumeHandshake(now)
                return
            }
        }
    }

    /// When a handshake has its turn next, in monotonic milliseconds; `.max` where none waits.
    var handshakeDueAt: Int64 {
        if handshakes.waitingCount == 0 { return .max }
        return handshakes.isFullNext ? nextFullHandshakeAt : .min
    }

    /// Milliseconds from one full handshake to the next, by how far the server is overloaded.
    ///
    /// A full one takes half a millisecond: they get a fifth of a loop, then a twentieth, then a hundredth,
    /// which is there for tokens with a reserved slot.
    private static func handshakePause(_ level: OverloadLevel) -> Int64 {
        switch level {
        case .normal: 0
        case .handshakesSlowed: 3
        case .lowPriorityRefused: 10
        case .establishedOnly: 50
        }
    }
}
