// The three cipher suites of TLS 1.3 that a server offers, as libcrypto names them.
internal import COpenSSL

/// What protects records: a cipher with authentication, and the hash that keys are drawn with.
struct RecordSuite {
    // SAFETY: both belong to the `RecordSuites` of the context that the session keeps alive.
    let cipher: OpaquePointer
    let digest: OpaquePointer
    let keyBytes: Int
}

/// The suites of a context, looked up once: a lookup a connection would cost more than its keys.
///
/// Source: RFC 8446 appendix B.4.
final class RecordSuites: Sendable {
    // SAFETY: fetched in `init`, freed in `deinit`; OpenSSL's method objects may be used by any thread.
    private nonisolated(unsafe) let ciphers: [OpaquePointer?]
    private nonisolated(unsafe) let digests: [OpaquePointer?]

    /// By the last byte of the suite's number, less one.
    private static let names = [
        (cipher: "AES-128-GCM", digest: "SHA256", keyBytes: 16),
        (cipher: "AES-256-GCM", digest: "SHA384", keyBytes: 32),
        (cipher: "ChaCha20-Poly1305", digest: "SHA256", keyBytes: 32),
    ]

    init() {
        ciphers = RecordSuites.names.map { EVP_CIPHER_fetch(nil, $0.cipher, nil) }
        digests = RecordSuites.names.map { EVP_MD_fetch(nil, $0.digest, nil) }
    }

    deinit {
        for cipher in ciphers { EVP_CIPHER_free(cipher) }
        for digest in digests { EVP_MD_free(digest) }
    }

    /// The suite of this number, as `SSL_CIPHER_get_protocol_id` gives it; nil for any other.
    subscript(number: UInt16) -> RecordSuite? {
        guard number > 0x1300, number <= 0x1303 else { return nil }
        let index = Int(number) - 0x1301
        guard let cipher = ciphers[index], let digest = digests[index] else { return nil }
        return RecordSuite(
            cipher: cipher,
            digest: digest,
            keyBytes: RecordSuites.names[index].keyBytes
        )
    }
}
