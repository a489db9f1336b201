// How a connection sends: encrypts, keeps what the socket does not take, and ends.
internal import Core
internal import Logging
internal import Reactor
internal import TLS

extension Connection {
    /// Encrypts the worker's output and sends as much as the socket takes; the rest waits in `outbound`.
    func transmit(_ now: Moment) {
        if machine.phase == .closed { return }
        if let tls, !worker.scratch.output.isEmpty {
            let isWritten = worker.scratch.output.withBytes { tls.write($0) }
            worker.scratch.output.removeAll(keepingUpTo: 2 * Worker.scratchBytes)
            if case .failed(let error) = isWritten {
                log("TLS failed", ["error": "\(error)"])
                perform(machine.broke(), now)
                return
            }
        }
        let bytes = worker.tls.output
        if bytes.isEmpty { return }
        let isSent = send(bytes)
        worker.tls.clearOutput()
        if isSent { afterSending(now) } else { perform(machine.broke(), now) }
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
        let waiting = outbound.count - outboundSent
        perform(machine.outboundChanged(waiting, now.monotonicMilliseconds), now)
        if machine.phase == .flushing { watch() }
        armTimer()
    }

    func sendEnd() {
        tls?.close()
        let bytes = worker.tls.output
        if !bytes.isEmpty { _ = socket.send(bytes) }
        worker.tls.clearOutput()
        socket.shutdownWrites()
        if hasPeerEnded {
            close()
        } else {
            watch()
            armTimer()
        }
    }
}
