// The server's certificate and key: read and checked at start, with errors that name the file.
internal import COpenSSL

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

enum TLSIdentity {
    /// Puts the certificate chain and key of `options` into `context`.
    ///
    /// Refuses a file that is missing or unreadable, is not PEM, or holds a certificate that has expired
    /// or is not yet valid; a key with a passphrase; a key that is not the certificate's.
    static func load(_ options: TLSServerOptions, into context: OpaquePointer) throws(TLSError) {
        let certificate = options.certificateFile
        let key = options.privateKeyFile
        try requireReadable(certificate, "certificate")
        try requireReadable(key, "private key")
        SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in 0 }
        ERR_clear_error()
        if SSL_CTX_use_certificate_chain_file(context, certificate) != 1 {
            throw TLSError.taking("the certificate file \(certificate) is not a PEM certificate")
        }
        if SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 {
            let stack = takeErrorStack()
            if stack.contains(where: { $0.contains("key values mismatch") }) {
                throw mismatch(certificate, key)
            }
            throw TLSError(
                "the private key file \(key) is not a PEM private key without a passphrase",
                stack: stack
            )
        }
        if SSL_CTX_check_private_key(context) != 1 {
            ERR_clear_error()
            throw mismatch(certificate, key)
        }
        try requireValidNow(context, certificate)
    }

    private static func mismatch(_ certificate: String, _ key: String) -> TLSError {
        TLSError("the private key in \(key) does not belong to the certificate in \(certificate)")
    }

    private static func requireReadable(_ path: String, _ what: String) throws(TLSError) {
        if access(path, R_OK) != 0 {
            let reason = String(cString: strerror(errno))
            throw TLSError("cannot read the \(what) file \(path): \(reason)")
        }
    }

    private static func requireValidNow(
        _ context: OpaquePointer,
        _ file: String
    ) throws(TLSError) {
        // Borrowed from the context.
        guard let certificate = SSL_CTX_get0_certificate(context) else {
            throw TLSError("the certificate file \(file) holds no certificate")
        }
        if X509_cmp_current_time(X509_get0_notAfter(certificate)) <= 0 {
            let when = text(of: X509_get0_notAfter(certificate))
            throw TLSError("the certificate in \(file) expired on \(when)")
        }
        if X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0 {
            let when = text(of: X509_get0_notBefore(certificate))
            throw TLSError("the certificate in \(file) is not valid before \(when)")
        }
    }

    private static func text(of time: UnsafePointer<ASN1_TIME>?) -> String {
        guard let bio = BIO_new(BIO_s_mem()) else { return "an unknown date" }
        defer { BIO_free(bio) }
        _ = ASN1_TIME_print(bio, time)
        // SAFETY: the buffer is as long as OpenSSL is told; what it wrote is its result.
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
            let count = BIO_read(bio, buffer.baseAddress, Int32(buffer.count))
            return String(decoding: buffer.prefix(max(0, Int(count))), as: UTF8.self)
        }
    }
}
