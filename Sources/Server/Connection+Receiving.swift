// How a connection takes in bytes: socket, handshake, plaintext.
internal import Commands
internal import Core
internal import Logging
internal import Reactor
internal import Synchronization
internal import TLS

extension Connection {
    /// Receives once and serves what came; false if nothing did.
    func receive(_ now: Moment) -> Bool {
        switch socket.receive(into: worker.ciphertext) {
        case .wouldBlock: return false
        case .failed:
            perform(machine.broke(), now)
            return false
        case .end:
            hasPeerEnded = true
            peerEnded(now)
            return false
        case .bytes(let count):
            machine.heard(now.monotonicMilliseconds)
            hasHeard = true
            holdsBuffers = true
            if machine.phase == .lingering || machine.phase == .flushing { return true }
            ingest(UnsafeRawBufferPointer(rebasing: worker.ciphertext[..<count]), now)
            return machine.phase != .closed
        }
    }

    func peerEnded(_ now: Moment) {
        // What it sent before its end is still answered, once it has taken the replies before.
        if machine.servesRequests, machine.isPaused || isYielding { return }
        perform(machine.peerEnded(now.monotonicMilliseconds), now)
        if machine.phase == .closed { return }
        afterSending(now)
    }

    /// Takes one read's ciphertext: handshake, then plaintext, then the requests in it.
    func ingest(_ received: UnsafeRawBufferPointer, _ now: Moment) {
        var ciphertext = received
        if proxyGate != nil, !takeProxyHeader(from: &ciphertext, now) { return }
        assert(worker.isScratchEmpty, "an earlier event left a peer's bytes in the scratch")
        defer { worker.resetScratch() }
        guard let tls = tls ?? beginTLS(ciphertext, now) else { return }
        worker.tls.setInput(ciphertext)
        if machine.phase == .handshaking, !handshake(tls, now) { return }
        serveInput(tls, now)
    }

    /// Reads the rest of the ciphertext and runs the requests in it.
    private func serveInput(_ tls: TLSSession, _ now: Moment) {
        worker.plaintext.takeOver(&inbound)
        switch readPlaintext(tls) {
        case .failed(let error):
            log("TLS failed", ["error": "\(error)"])
            transmit(now)
            perform(machine.broke(), now)
            return
        case .closed: hasPeerEnded = true
        default: break
        }
        if !countKeyUpdates(now) { return }
        runRequests(now)
        if hasPeerEnded, machine.phase != .closed { peerEnded(now) }
    }

    /// Makes the TLS session if the first byte is that of a handshake record (RFC 8446 section 5.1).
    func beginTLS(_ first: UnsafeRawBufferPointer, _ now: Moment) -> TLSSession? {
        guard first.first == 0x16 else {
            refusePlaintext(first)
            return nil
        }
        do {
            tls = try TLSSession(worker.shared.tls, worker.tls, suspendsAtHello: true)
        } catch {
            worker.shared.logger.error("cannot serve TLS", metadata: ["error": "\(error)"])
            close()
        }
        return tls
    }

    func refusePlaintext(_ first: UnsafeRawBufferPointer) {
        log("plaintext refused")
        let answer = PlaintextAnswer.bytes(to: first)
        answer.withUnsafeBytes { _ = socket.send($0) }
        socket.shutdownWrites()
        close()
    }

    /// Goes on with the handshake; true once it is complete.
    func handshake(_ tls: TLSSession, _ now: Moment) -> Bool {
        switch tls.handshake() {
        case .done:
            machine.handshakeCompleted(now.monotonicMilliseconds)
            worker.endHandshake(self)
            worker.shared.facts.handshakes.add(1, ordering: .relaxed)
            if tls.isResumed {
                worker.shared.facts.resumedHandshakes.add(1, ordering: .relaxed)
            }
            return true
        case .suspended:
            suspend(tls, now)
            return false
        case .incomplete:
            transmit(now)
            return false
        case .closed:
            close()
            return false
        case .failed(let error):
            log("handshake failed", ["error": "\(error)"])
            // The alert that says why is in the output.
            transmit(now)
            if machine.phase != .closed { close() }
            return false
        }
    }

    func readPlaintext(_ tls: TLSSession) -> TLSProgress {
        var progress = TLSProgress.incomplete
        repeat {
            worker.plaintext.withSpareRoom(TLSSession.recordRoom) { room in
                progress = tls.read(into: room)
                guard case .done(let count) = progress else { return 0 }
                return count
            }
            guard case .done = progress else { return progress }
        } while tls.needsRead
        return progress
    }
}
