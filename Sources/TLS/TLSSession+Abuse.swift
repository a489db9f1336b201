// What no decent client does to a server, for those who test that it does not matter.
internal import COpenSSL

extension TLSSession {
    /// Asks the peer for another handshake inside of this one, as TLS 1.2 once allowed (RFC 5246 section 7.4.1.1).
    ///
    /// For a client that tests a server; what the server makes of it comes with what is read next.
    public func renegotiate() {
        guard let ssl else { return }
        clearErrors()
        _ = SSL_clear_options(ssl, noRenegotiation)
        _ = SSL_renegotiate(ssl)
        _ = SSL_do_handshake(ssl)
        clearErrors()
    }

    /// Changes the keys and asks the peer to do so too (RFC 8446 section 4.6.3); nothing in TLS 1.2.
    public func updateKeys() {
        guard let ssl else { return }
        clearErrors()
        _ = SSL_key_update(ssl, Int32(SSL_KEY_UPDATE_REQUESTED))
        _ = SSL_do_handshake(ssl)
        clearErrors()
    }

    /// Option bit 30 (SSL_CTX_set_options(3)): a macro that Swift does not import.
    private var noRenegotiation: UInt64 { 1 << 30 }
}

extension TLSContext {
    /// Speaks no version above TLS 1.2; to be called before the first session is made.
    public func limitToVersion12() {
        _ = SSL_CTX_set_max_proto_version_shim(pointer, TLS1_2_VERSION)
    }
}
