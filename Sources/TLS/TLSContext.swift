// The configuration that sessions share: versions, suites, certificate, trust.
internal import COpenSSL

/// What a server's TLS is made of.
public struct TLSServerOptions: Sendable {
    /// PEM file: the server's certificate, then its intermediates.
    public var certificateFile: String
    /// PEM file: the private key of the first certificate, without a passphrase.
    public var privateKeyFile: String
    /// The application protocols to accept, in order of preference (RFC 7301).
    public var applicationProtocols: [String]

    /// Makes options; see the properties.
    public init(
        certificateFile: String,
        privateKeyFile: String,
        applicationProtocols: [String] = []
    ) {
        self.certificateFile = certificateFile
        self.privateKeyFile = privateKeyFile
        self.applicationProtocols = applicationProtocols
    }
}

/// Whom a client trusts.
public enum TLSTrust: Sendable, Equatable {
    /// The certificate authorities of a PEM file.
    case authorities(file: String)
    /// The system's certificate authorities.
    case system
    /// Anybody: for tests by hand only.
    case anyone
}

/// An OpenSSL `SSL_CTX`, shared by all loops.
///
/// Versions are TLS 1.2 and 1.3, suites Mozilla's "intermediate", groups X25519, P-256, P-384.
/// Source: wiki.mozilla.org/Security/Server_Side_TLS, version 5.7.
public final class TLSContext: Sendable {
    // SAFETY: an SSL_CTX may be used by several threads once it is configured, which ends with `init`;
    // owned by this object and freed in `deinit`, while each SSL holds its own reference to it.
    nonisolated(unsafe) let pointer: OpaquePointer
    // SAFETY: OpenSSL's ALPN callback borrows this box by address, so it lives as long as the context.
    let protocols: ProtocolList
    let isServer: Bool
    /// What protects the records of a server's sessions behind the handshake.
    let suites: RecordSuites?

    /// Makes a server's context; the error says which file is wrong and how.
    public init(server options: TLSServerOptions) throws(TLSError) {
        let context = try TLSContext.make(TLS_server_method())
        pointer = context
        protocols = ProtocolList(options.applicationProtocols)
        isServer = true
        suites = RecordSuites()
        _ = SSL_CTX_set_options(context, sallyport_server_options())
        _ = SSL_CTX_set_session_cache_mode_shim(context, Int(SSL_SESS_CACHE_OFF))
        _ = SSL_CTX_set_num_tickets(context, 1)
        _ = SSL_CTX_set_dh_auto_shim(context, 1)
        // SAFETY: not retained: this object keeps the list, and each session keeps this object.
        let callbackData = Unmanaged.passUnretained(protocols).toOpaque()
        SSL_CTX_set_alpn_select_cb(context, selectProtocol, callbackData)
        SSL_CTX_set_client_hello_cb(context, TLSSession.helloCallback, nil)
        SSL_CTX_count_key_updates_shim(context)
        SSL_CTX_set_keylog_callback(context, TrafficSecrets.callback)
        try TLSIdentity.load(options, into: context)
    }

    /// Makes a client's context that offers `applicationProtocols`, the preferred first (RFC 7301).
    public init(
        client trust: TLSTrust,
        applicationProtocols: [String] = []
    ) throws(TLSError) {
        let context = try TLSContext.make(TLS_client_method())
        pointer = context
        protocols = ProtocolList(applicationProtocols)
        isServer = false
        suites = nil
        let offer = protocols.names.flatMap { [UInt8(truncatingIfNeeded: $0.count)] + $0 }
        // Unlike all others, this call answers 0 where it succeeded.
        if !protocols.names.allSatisfy({ (1...255).contains($0.count) })
            || SSL_CTX_set_alpn_protos(context, offer, UInt32(clamping: offer.count)) != 0
        {
            throw TLSError("an application protocol's name must be 1 to 255 bytes long")
        }
        _ = SSL_CTX_set_options(context, sallyport_client_options())
        switch trust {
        case .anyone:
            SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
        case .system:
            _ = SSL_CTX_set_default_verify_paths(context)
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        case .authorities(let file):
            ERR_clear_error()
            if SSL_CTX_load_verify_locations(context, file, nil) != 1 {
                throw TLSError.taking("cannot read certificate authorities from \(file)")
            }
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        }
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    private static let suites12 = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
        "DHE-RSA-AES128-GCM-SHA256", "DHE-RSA-AES256-GCM-SHA384", "DHE-RSA-CHACHA20-POLY1305",
    ]
    private static let suites13 = [
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
    ]

    private static func make(_ method: OpaquePointer?) throws(TLSError) -> OpaquePointer {
        ERR_clear_error()
        guard let context = SSL_CTX_new(method) else {
            throw TLSError.taking("cannot make a TLS context")
        }
        let isConfigured =
            SSL_CTX_set_min_proto_version_shim(context, TLS1_2_VERSION) == 1
            && SSL_CTX_set_max_proto_version_shim(context, TLS1_3_VERSION) == 1
            && SSL_CTX_set_cipher_list(context, suites12.joined(separator: ":")) == 1
            && SSL_CTX_set_ciphersuites(context, suites13.joined(separator: ":")) == 1
            && SSL_CTX_set1_groups_list_shim(context, "X25519:P-256:P-384") == 1
        if !isConfigured {
            SSL_CTX_free(context)
            throw TLSError.taking("cannot configure TLS")
        }
        _ = SSL_CTX_set_mode_shim(context, sallyport_session_modes())
        // A record's header and body are read from the buffers at once, not each by a call of its own.
        _ = SSL_CTX_set_read_ahead_shim(context, 1)
        return context
    }
}

/// The protocols that a server accepts, in a box that OpenSSL's callback can be pointed to.
final class ProtocolList: Sendable {
    let names: [[UInt8]]

    init(_ names: [String]) {
        self.names = names.map { Array($0.utf8) }
    }
}

/// Picks the server's first protocol that the client offers; none in common ends the handshake.
///
/// Layout of the offer: `[length: UInt8][name]`, repeated. Source: RFC 7301 section 3.2.
private func selectProtocol(
    _ ssl: OpaquePointer?,
    _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenLength: UnsafeMutablePointer<UInt8>?,
    _ offer: UnsafePointer<UInt8>?,
    _ offerLength: UInt32,
    _ data: UnsafeMutableRawPointer?
) -> Int32 {
    guard let chosen, let chosenLength, let offer, let data else {
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    // SAFETY: the context, which keeps the list alive, outlives each of its sessions' handshakes.
    let list = Unmanaged<ProtocolList>.fromOpaque(data).takeUnretainedValue()
    let offered = UnsafeBufferPointer(start: offer, count: Int(offerLength))
    for name in list.names {
        var offset = 0
        while offset < offered.count {
            let length = Int(offered[offset])
            let end = offset + 1 + length
            if end > offered.count { return SSL_TLSEXT_ERR_ALERT_FATAL }
            if offered[(offset + 1)..<end].elementsEqual(name) {
                // SAFETY: points into the client's offer, which OpenSSL keeps until it has copied it.
                chosen.pointee = offer + offset + 1
                chosenLength.pointee = offered[offset]
                return SSL_TLSEXT_ERR_OK
            }
            offset = end
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
