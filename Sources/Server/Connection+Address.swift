// Where a connection comes from: its socket's address, or what a trusted proxy says before TLS begins.
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

extension Connection {
    /// Called once, when `peer` is the address that the connection really comes from: at once, or behind
    /// the header of its proxy.
    ///
    /// What is limited by address is charged from here on.
    func addressIsKnown(_ now: Moment) {
        log("accepted")
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
            addressIsKnown(now)
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
