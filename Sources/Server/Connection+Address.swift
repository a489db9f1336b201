// Where a connection comes from: its socket's address, or what a trusted proxy says before TLS begins.
internal import Access
internal import Commands
internal import Core
internal import Logging
internal import Reactor
internal import Wire

/// The header of the PROXY protocol that a connection from a trusted proxy begins with.
///
/// An object of its own, so that connections without one, and behind it, do not carry it.
final class ProxyGate {
    var decoder = ProxyHeaderDecoder()
}

/// What kind of place a connection takes.
enum ConnectionPlace {
    /// None yet: its proxy has not said where it comes from.
    case unknown
    /// One of `maxClients`, and one of its address's.
    case ordinary
    /// One of those who are told why they are not served.
    case explained
    /// One that is kept for tokens which have one.
    case reserved
}

extension Connection {
    /// Called once, when `peer` is the address that the connection really comes from: at once, or behind
    /// the header of its proxy.
    ///
    /// What is limited by address is charged from here on. With a `refusal` the connection is not served, but
    /// told why: it has little time, and AUTH with a token that has a reserved slot is all that helps.
    func addressIsKnown(_ refusal: LimitRefusal?, _ now: Moment) {
        guard let refusal else {
            place = .ordinary
            return log("accepted")
        }
        place = .explained
        let admission = worker.shared.admission
        machine.limits = worker.explanationLimits
        session.refusal = SessionRefusal(ServerError(busy: refusal)) { [weak self] in
            guard let self, admission.takeReservedSlot() else { return false }
            place = .reserved
            machine.limits = worker.limitsOfNewConnections()
            return true
        }
        armTimer()
        log("refused", ["limit": "\(refusal.limit.rawValue)"])
    }

    /// Judges the connection by the address that its proxy gave, and ends it at once if that is refused.
    private func judgeRelayed(_ now: Moment) {
        // It is among the open ones already, itself.
        switch worker.shared.admission.judge(peer, isOpen: true, now: now.monotonicMilliseconds) {
        case .admitted: addressIsKnown(nil, now)
        case .explained(let refusal): addressIsKnown(refusal, now)
        case .refused(let refusal):
            log("refused", ["limit": "\(refusal.limit.rawValue)"])
            socket.resetOnClose()
            close()
        }
    }

    /// Gives back what admission counted.
    func leavePlace(wasAuthenticated: Bool) {
        let shared = worker.shared
        switch place {
        case .unknown: break
        case .ordinary:
            shared.limiter.closed(
                peer,
                wasAuthenticated: wasAuthenticated,
                now: worker.loop.now.monotonicMilliseconds
            )
        case .explained: shared.admission.endExplained()
        case .reserved: shared.admission.endReserved()
        }
        place = .unknown
    }

    /// Takes the proxy's header, or what has come of it, from the front of `bytes`; false if nothing is
    /// left of them, or the connection is over.
    ///
    /// The time limit of the handshake runs meanwhile.
    func takeProxyHeader(from bytes: inout UnsafeRawBufferPointer, _ now: Moment) -> Bool {
        guard let gate = proxyGate else { return true }
        switch gate.decoder.decode(Span(_unsafeBytes: bytes)) {
        case .incomplete: return false
        case .malformed(let reason):
            worker.shared.logger.notice(
                "a trusted proxy sent no good PROXY header",
                metadata: [
                    "proxy": "\(address)", "connection": "\(session.identifier)",
                    "reason": "\(reason)",
                ]
            )
            close()
            return false
        case .complete(let header, let consumed):
            proxyGate = nil
            if case .relayed(let source, let port) = header { relocate(source, port) }
            bytes = UnsafeRawBufferPointer(rebasing: bytes[consumed...])
            judgeRelayed(now)
            return machine.phase != .closed && !bytes.isEmpty
        }
    }

    private func relocate(_ source: PeerAddress, _ port: UInt16) {
        peer = source
        address = source.isIPv4 ? "\(source):\(port)" : "[\(source)]:\(port)"
        session.record.address = address
        session.peer = source
    }
}
