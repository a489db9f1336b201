// How a connection sends: encrypts, keeps what the socket does not take, and ends.
internal import Core
internal import Logging
internal import Reactor
internal import TLS

extension Connection {
    /// Encrypts the worker's output and sends as much as the socket takes; the rest waits in `outbound`.
    func transmit(_ now: Moment) {
        if isInOutbox { worker.flushOutbox(now) }
        if !encrypt(now) { return }
        let start = worker.outbox.byteCount
        let end = worker.tls.outputBytes
        if start == end { return }
        let isSent = send(UnsafeRawBufferPointer(rebasing: worker.tls.output[start..<end]))
        worker.tls.truncateOutput(to: start)
        if isSent { afterSending(now) } else { perform(machine.broke(), now) }
    }

    /// Encrypts the worker's output and leaves it to be sent with that of others, behind this turn's events.
    func putOff(_ now: Moment) {
        if !encrypt(now) || worker.tls.outputBytes == worker.outbox.byteCount { return }
        worker.outbox.append(self, end: worker.tls.outputBytes)
    }

    /// Sends what `putOff` left, which is `range` of the TLS output.
    func sendPutOff(_ range: Range<Int>, _ now: Moment) {
        if machine.phase == .closed { return }
        let isSent = send(UnsafeRawBufferPointer(rebasing: worker.tls.output[range]))
        if isSent { afterSending(now) } else { perform(machine.broke(), now) }
    }

    /// Encrypts the worker's output; false if the connection is over.
    private func encrypt(_ now: Moment) -> Bool {
        if machine.phase == .closed { return false }
        if let tls, !worker.scratch.output.isEmpty {
            let isWritten = worker.scratch.output.withBytes { tls.write($0) }
            worker.scratch.output.removeAll(keepingUpTo: 2 * Worker.scratchBytes)
            if case .failed(let error) = isWritten {
                log("TLS failed", ["error": "\(error)"])
                perform(machine.broke(), now)
                return false
            }
        }
        return true
    }

    /// Sends `bytes` behind what waits already; false if the connection is broken.
    func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var sent = 0
        if outbound.isEmpty {
            switch socket.send(bytes) {
            case .bytes(let count): sent = count
            case .failed: return false
            case .wouldBlock, .end: break
            }
        }
        if sent < bytes.count {
            let wasEmpty = outbound.isEmpty
            outbound.append(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
            if wasEmpty { watch() }
        }
        return true
    }

    /// Sends what waits in `outbound`.
    func sendOutbound(_ now: Moment) {
        if outbound.isEmpty { return }
        let result = outbound.withBytes { bytes in
            socket.send(UnsafeRawBufferPointer(rebasing: bytes[outboundSent...]))
        }
        switch result {
        case .wouldBlock, .end: return
        case .failed:
            perform(machine.broke(), now)
            return
        case .bytes(let count): outboundSent += count
        }
        if outboundSent == outbound.count {
            outbound.release()
            outboundSent = 0
            watch()
        }
        afterSending(now)
    }

    /// Tells the machine how much waits to be sent, and does what it says.
    func afterSending(_ now: Moment) {
        // Replies that were put off come first; sending them leads back here.
        if isInOutbox { return worker.flushOutbox(now) }
        let waiting = outbound.count - outboundSent
        perform(machine.outboundChanged(waiting, now.monotonicMilliseconds), now)
        if machine.phase == .flushing { watch() }
        if messages != nil { resumeSoon() }
        countMemory()
        armTimer()
    }

    func sendEnd() {
        tls?.close()
        let start = worker.outbox.byteCount
        let bytes = worker.tls.output[start...]
        if !bytes.isEmpty { _ = socket.send(UnsafeRawBufferPointer(rebasing: bytes)) }
        worker.tls.truncateOutput(to: start)
        socket.shutdownWrites()
        if hasPeerEnded {
            close()
        } else {
            watch()
            armTimer()
        }
    }
}
