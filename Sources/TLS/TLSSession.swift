// One connection's TLS, without I/O: ciphertext in, plaintext out, and back.
internal import COpenSSL

/// How far a step of a session came.
public enum TLSProgress: Equatable, Sendable {
    /// It did what was asked; for reads and writes, this many bytes of plaintext.
    case done(Int)
    /// It needs more ciphertext from the peer.
    case incomplete
    /// The client's hello is here; what follows is expensive and begins behind `proceed`.
    case suspended
    /// The peer said that it will send no more (close_notify).
    case closed
    /// The session is over; the error says why.
    case failed(TLSError)
}

/// A connection's TLS over its loop's buffers: libssl for the handshake, and behind it either libssl or, on
/// a server that speaks TLS 1.3, a `RecordLayer`.
///
/// Before a call that reads, the caller sets the buffers' input; after any call it sends their output.
/// Belongs to one loop.
public final class TLSSession {
    // SAFETY: owned, freed in `deinit` or when the record layer takes over; the SSL owns its BIO, whose data
    // points into `buffers`.
    var ssl: OpaquePointer?
    private var records: RecordLayer?
    private var secrets = TrafficSecrets()
    /// What was negotiated, once the record layer has taken over.
    var negotiated: NegotiatedTLS?
    private let buffers: TLSBuffers
    private let context: TLSContext
    private var hasFailed = false
    private var mayProceed: Bool
    /// Whether the client's hello offered a ticket of an earlier session.
    ///
    /// Whether the ticket is any good is not known before the handshake is complete: see `isResumed`.
    public private(set) var offersResumption = false

    /// Makes a session of `context` over the loop's `buffers`, both of which it keeps alive.
    ///
    /// A client's `serverName` is the DNS name or IP address that the certificate must be for. A server's
    /// handshake that `suspendsAtHello` stops where its cost begins, until `proceed`. Fails only where
    /// memory does.
    public init(
        _ context: TLSContext,
        _ buffers: TLSBuffers,
        serverName: String? = nil,
        suspendsAtHello: Bool = false
    ) throws(TLSError) {
        clearErrors()
        guard let ssl = SSL_new(context.pointer) else {
            throw TLSError.taking("cannot make a TLS session")
        }
        let bio: OpaquePointer
        do {
            bio = try BufferBIO.make(over: buffers)
        } catch {
            SSL_free(ssl)
            throw error
        }
        // The SSL takes the one reference to the BIO, for reading and writing both.
        SSL_set_bio(ssl, bio, bio)
        self.ssl = ssl
        self.buffers = buffers
        self.context = context
        mayProceed = !suspendsAtHello
        SSL_set_msg_callback_arg_shim(ssl, buffers.pointer)
        if context.isServer {
            // SAFETY: not retained: this object frees the SSL before it goes.
            _ = SSL_set_app_data_shim(ssl, Unmanaged.passUnretained(self).toOpaque())
            SSL_set_accept_state(ssl)
            // Else libssl would read what follows the handshake, which is the record layer's.
            _ = SSL_set_read_ahead_shim(ssl, 0)
        } else {
            SSL_set_connect_state(ssl)
            if let serverName { TLSSession.expect(serverName, ssl) }
        }
    }

    deinit {
        SSL_free(ssl)
    }

    private static func expect(_ name: String, _ ssl: OpaquePointer) {
        let parameters = SSL_get0_param(ssl)
        if X509_VERIFY_PARAM_set1_ip_asc(parameters, name) != 1 {
            ERR_clear_error()
            _ = SSL_set_tlsext_host_name_shim(ssl, name)
            _ = SSL_set1_host(ssl, name)
        }
    }

    /// Whether the handshake is complete.
    public var isEstablished: Bool { ssl == nil || SSL_is_init_finished(ssl) == 1 }

    /// Goes on with the handshake; `.done(0)` once it is complete.
    public func handshake() -> TLSProgress {
        guard let ssl else { return .done(0) }
        clearErrors()
        let written = buffers.outputBytes
        let result = SSL_do_handshake(ssl)
        if result != 1 { return outcome(result, "TLS handshake failed") }
        if context.isServer { endHandshake(ssl, outputFrom: written) }
        return .done(0)
    }

    /// Takes a secret that libssl tells.
    func learn(_ line: UnsafePointer<CChar>) { secrets.take(line) }

    /// Lets a suspended handshake go on with the next call of `handshake`.
    public func proceed() { mayProceed = true }

    /// What OpenSSL calls when it has read a whole hello, the first thing that it does with it.
    ///
    /// Source: SSL_CTX_set_client_hello_cb(3).
    static let helloCallback:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?
        ) -> Int32 = { ssl, _, _ in
            guard let ssl, let data = SSL_get_app_data_shim(ssl) else {
                return SSL_CLIENT_HELLO_SUCCESS
            }
            // SAFETY: set by the session that owns this SSL, and is in the middle of a call to it.
            let session = Unmanaged<TLSSession>.fromOpaque(data).takeUnretainedValue()
            session.offersResumption = TLSSession.offersTicket(ssl)
            return session.mayProceed ? SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_RETRY
        }

    /// Whether the hello names a session: `pre_shared_key` in TLS 1.3, a ticket that is not empty in 1.2.
    private static func offersTicket(_ ssl: OpaquePointer) -> Bool {
        let extensions = [UInt32(TLSEXT_TYPE_psk), UInt32(TLSEXT_TYPE_session_ticket)]
        return extensions.contains { type in
            var bytes: UnsafePointer<UInt8>?
            var count = 0
            return SSL_client_hello_get0_ext(ssl, type, &bytes, &count) == 1 && count > 0
        }
    }

    /// Reads plaintext into `room`; call again until `.incomplete`, or until `needsRead` is false.
    ///
    /// Bytes of `room` behind those that it counts may be written to as well. A room of `recordRoom` bytes
    /// saves a copy.
    public func read(into room: UnsafeMutableRawBufferPointer) -> TLSProgress {
        if let progress = records?.read(into: room, buffers) { return progress }
        clearErrors()
        let result = SSL_read(ssl, room.baseAddress, Int32(clamping: room.count))
        return result > 0 ? .done(Int(result)) : outcome(result, "TLS read failed")
    }

    /// Bytes of room that any record can be read into.
    public static let recordRoom = RecordCipher.maxBodyBytes

    /// Whether input or buffered records are left to read.
    public var needsRead: Bool {
        if buffers.remainingInputBytes > 0 { return true }
        return records?.isInsideRecord ?? (SSL_has_pending(ssl) == 1)
    }

    /// Encrypts all of `plaintext` into the buffers' output.
    public func write(_ plaintext: UnsafeRawBufferPointer) -> TLSProgress {
        if let progress = records?.write(plaintext, buffers) { return progress }
        var offset = 0
        while offset < plaintext.count {
            clearErrors()
            let rest = UnsafeRawBufferPointer(rebasing: plaintext[offset...])
            let result = SSL_write(ssl, rest.baseAddress, Int32(clamping: rest.count))
            if result <= 0 { return outcome(result, "TLS write failed") }
            offset += Int(result)
        }
        return .done(offset)
    }

    /// Bytes that the session holds of records that have not come whole, or were not read whole.
    ///
    /// What libssl holds is not counted: up to 17 KiB, until the handshake is over or, under TLS 1.2, until
    /// `releaseBuffers`.
    @inline(__always)
    public var heldBytes: Int { records?.heldBytes ?? 0 }

    /// Gives back the memory of both of libssl's record buffers, about 34 KiB, if they are empty.
    ///
    /// The next read or write takes it again. For connections that are quiet: doing it behind every
    /// record (SSL_MODE_RELEASE_BUFFERS) costs a busy one a thousand instructions a request.
    public func releaseBuffers() {
        if let ssl, isEstablished { _ = SSL_free_buffers(ssl) }
    }

    /// Writes close_notify, once; nothing can be written behind it.
    public func close() {
        guard let ssl else {
            records?.close(buffers)
            return
        }
        // SSL_shutdown must not follow a fatal error (SSL_shutdown(3)).
        if hasFailed || !isEstablished { return }
        clearErrors()
        _ = SSL_shutdown(ssl)
        clearErrors()
    }

    /// Why the peer's certificate was refused; nil if it was not, or if nobody is asked for one.
    private var refusal: String? {
        let result = SSL_get_verify_result(ssl)
        // Where nothing is verified there is a result all the same, and it is not what failed.
        if result == X509_V_OK || SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE { return nil }
        return X509_verify_cert_error_string(result).map { String(cString: $0) }
    }

    private func outcome(_ result: Int32, _ context: String) -> TLSProgress {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .incomplete
        case SSL_ERROR_WANT_CLIENT_HELLO_CB: return .suspended
        case SSL_ERROR_ZERO_RETURN: return .closed
        default:
            hasFailed = true
            let stack = takeErrorStack()
            if buffers.keyUpdates > TLSBuffers.maxKeyUpdatesPerInput {
                return .failed(TLSError("\(context): too many key updates", stack: stack))
            }
            if let refusal { return .failed(TLSError("\(context): \(refusal)", stack: stack)) }
            return .failed(TLSError(context, stack: stack))
        }
    }
}

extension TLSSession {
    /// Ends libssl's part where the record layer can go on: a server's session of TLS 1.3, whose secrets are
    /// known and of which libssl has read nothing behind the handshake.
    ///
    /// What the call that ended the handshake wrote, from `start` on, are tickets: records that count.
    private func endHandshake(_ ssl: OpaquePointer, outputFrom start: Int) {
        defer {
            secrets.client.wipe()
            secrets.server.wipe()
        }
        let number = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl))
        let output = UnsafeRawBufferPointer(rebasing: buffers.output[start...])
        guard SSL_version(ssl) == TLS1_3_VERSION, let suite = context.suites?[number],
            secrets.areKnown(suite.digest), SSL_has_pending(ssl) == 0,
            let tickets = TLSSession.protectedRecords(output),
            let reading = RecordCipher.make(
                suite,
                &secrets.client,
                isSealing: false,
                sequence: 0
            ),
            let writing = RecordCipher.make(
                suite,
                &secrets.server,
                isSealing: true,
                sequence: tickets
            )
        else {
            // libssl goes on; now it may read as much as there is.
            _ = SSL_set_read_ahead_shim(ssl, 1)
            return
        }
        negotiated = NegotiatedTLS(ssl)
        records = RecordLayer(reading: reading, writing: writing)
        // Freed without this, a session counts as broken and its ticket as spent.
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        SSL_free(ssl)
        self.ssl = nil
        clearErrors()
    }

    /// How many records `output` is, if it is nothing but whole protected ones.
    private static func protectedRecords(_ output: UnsafeRawBufferPointer) -> UInt64? {
        var offset = 0
        var count: UInt64 = 0
        while offset < output.count {
            if output.count - offset < RecordCipher.headerBytes { return nil }
            if output[offset] != RecordType.applicationData.rawValue { return nil }
            offset += RecordCipher.headerBytes
            offset += Int(output[offset - 2]) << 8 | Int(output[offset - 1])
            count += 1
        }
        return offset == output.count ? count : nil
    }
}

/// What a handshake has settled, kept when its `SSL` is gone.
struct NegotiatedTLS {
    // SAFETY: a constant of libssl's tables, never freed.
    let cipherName: UnsafePointer<CChar>?
    let isResumed: Bool
    let applicationProtocol: String?

    init(_ ssl: OpaquePointer) {
        cipherName = SSL_get_cipher_name_shim(ssl)
        isResumed = SSL_session_reused(ssl) == 1
        applicationProtocol = NegotiatedTLS.applicationProtocol(ssl)
    }

    static func applicationProtocol(_ ssl: OpaquePointer?) -> String? {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &length)
        guard let name, length > 0 else { return nil }
        // SAFETY: borrowed from the session for the length of this copy.
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }
}

extension TLSSession {
    /// The version that was negotiated, such as `TLSv1.3`.
    public var version: String {
        guard let ssl else { return "TLSv1.3" }
        return String(cString: SSL_get_version(ssl))
    }

    /// The cipher suite that was negotiated, by OpenSSL's name.
    public var cipherSuite: String {
        let name = negotiated.map(\.cipherName) ?? SSL_get_cipher_name_shim(ssl)
        return name.map { String(cString: $0) } ?? "none"
    }

    /// Whether the handshake resumed an earlier session.
    public var isResumed: Bool { negotiated?.isResumed ?? (SSL_session_reused(ssl) == 1) }

    /// The application protocol that was negotiated (RFC 7301); nil if there is none.
    public var applicationProtocol: String? {
        if let negotiated { return negotiated.applicationProtocol }
        return NegotiatedTLS.applicationProtocol(ssl)
    }

    /// Whether libssl is done with, and the record layer has taken over.
    var hasRecordLayer: Bool { ssl == nil }

    /// Lends the `SSL`, while there is one, to `body`: for tests that make it do what no call of this type
    /// does.
    func withSSL<Result>(_ body: (OpaquePointer) -> Result) -> Result? { ssl.map(body) }
}

@available(*, unavailable)
extension TLSSession: Sendable {}
