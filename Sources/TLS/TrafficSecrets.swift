// How a server's session learns the secrets that its handshake has agreed on.
internal import COpenSSL

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// Both directions' first secrets, from when libssl tells them until the record layer takes them.
struct TrafficSecrets: ~Copyable {
    var client = TrafficSecret()
    var server = TrafficSecret()

    init() {}

    /// Whether both are known, and as long as a hash of `digest`.
    func areKnown(_ digest: OpaquePointer) -> Bool {
        let count = Int(EVP_MD_get_size(digest))
        return client.count == count && server.count == count
    }

    /// Takes what a line of a key log says, if it is about one of the two.
    ///
    /// Layout: `LABEL client-random secret`, both in hexadecimal. Source: SSL_CTX_set_keylog_callback(3),
    /// draft-ietf-tls-keylogfile.
    mutating func take(_ line: UnsafePointer<CChar>) {
        let bytes = UnsafeRawPointer(line).assumingMemoryBound(to: UInt8.self)
        // SAFETY: the line is NUL-terminated, as the manual says, and lives for this call.
        let all = UnsafeBufferPointer(start: bytes, count: strlen(line))
        guard let space = all.lastIndex(of: UInt8(ascii: " ")) else { return }
        let secret = UnsafeBufferPointer(rebasing: all[(space + 1)...])
        if TrafficSecrets.begins(line, "CLIENT_TRAFFIC_SECRET_0 ") {
            _ = client.set(hexadecimal: secret)
        } else if TrafficSecrets.begins(line, "SERVER_TRAFFIC_SECRET_0 ") {
            _ = server.set(hexadecimal: secret)
        }
    }

    private static func begins(_ line: UnsafePointer<CChar>, _ label: StaticString) -> Bool {
        let start = UnsafeRawPointer(label.utf8Start).assumingMemoryBound(to: CChar.self)
        return strncmp(line, start, label.utf8CodeUnitCount) == 0
    }

    /// What OpenSSL calls with each secret of a handshake, on the thread that runs it.
    static let callback: @convention(c) (OpaquePointer?, UnsafePointer<CChar>?) -> Void = {
        ssl,
        line in
        guard let ssl, let line, let data = SSL_get_app_data_shim(ssl) else { return }
        // SAFETY: set by the session that owns this SSL, and is in the middle of a call to it.
        Unmanaged<TLSSession>.fromOpaque(data).takeUnretainedValue().learn(line)
    }
}
