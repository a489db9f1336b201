// What lets a client resume a session: the server's ticket and its secrets.
internal import COpenSSL

/// A session that a server has given a ticket for.
///
/// Belongs to the loop of the session that it was taken from.
public final class TLSTicket {
    // SAFETY: a reference of its own, freed in `deinit`.
    fileprivate let pointer: OpaquePointer

    fileprivate init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        SSL_SESSION_free(pointer)
    }
}

extension TLSSession {
    /// What a later session can resume this one with; nil while the server has sent no ticket.
    ///
    /// In TLS 1.3 a ticket comes behind the handshake, with what is read then.
    public var ticket: TLSTicket? {
        guard let ssl, let session = SSL_get1_session(ssl) else { return nil }
        let ticket = TLSTicket(owning: session)
        return SSL_SESSION_is_resumable(session) == 1 ? ticket : nil
    }

    /// Offers to resume the session of `ticket`; before the handshake, on a client of the same server.
    public func resume(_ ticket: TLSTicket) {
        _ = SSL_set_session(ssl, ticket.pointer)
    }
}

@available(*, unavailable)
extension TLSTicket: Sendable {}
