// A certificate being made: one X509 and its owner.
internal import COpenSSL

/// An X.509 version 3 certificate, filled step by step and then signed.
struct Certificate: ~Copyable {
    // SAFETY: a live X509 owned by this value alone; calls borrow it, `deinit` frees it.
    private let pointer: OpaquePointer

    private init() throws(CryptoError) {
        pointer = try openSSL("make a certificate") { X509_new() }
    }

    deinit {
        X509_free(pointer)
    }

    /// Makes an unsigned certificate for `key`, called `commonName`, valid from an hour ago (clocks
    /// differ) for `days` days, with a random serial number of 128 bits.
    static func unsigned(
        commonName: String,
        key: borrowing PrivateKey,
        days: Int32
    ) throws(CryptoError) -> Certificate {
        let made = try Certificate()
        let (certificate, keyPointer) = (made.pointer, key.pointer)
        // X509_set_version counts from 0: 2 is version 3.
        try openSSL("set the certificate's version") { X509_set_version(certificate, 2) }
        // X509_set_pubkey takes a reference of its own to the key.
        try openSSL("set the certificate's key") { X509_set_pubkey(certificate, keyPointer) }
        try made.setRandomSerialNumber()
        try made.setValidity(days: days)
        try made.setSubject(commonName)
        return made
    }

    private func setRandomSerialNumber() throws(CryptoError) {
        let bytes = try SecureRandom.bytes(16)
        let number = try openSSL("make a serial number") {
            BN_bin2bn(bytes, Int32(bytes.count), nil)
        }
        // SAFETY: the number is ours; BN_to_ASN1_INTEGER copies it into the certificate's own field.
        defer { BN_free(number) }
        try openSSL("set the serial number") {
            BN_to_ASN1_INTEGER(number, X509_get_serialNumber(pointer)) == nil ? 0 : 1
        }
    }

    private func setValidity(days: Int32) throws(CryptoError) {
        try openSSL("set the certificate's first day") {
            X509_gmtime_adj(X509_getm_notBefore(pointer), -3600) == nil ? 0 : 1
        }
        try openSSL("set the certificate's last day") {
            X509_time_adj_ex(X509_getm_notAfter(pointer), days, 0, nil) == nil ? 0 : 1
        }
    }

    private func setSubject(_ commonName: String) throws(CryptoError) {
        // X509_get_subject_name lends the certificate's own name.
        let name = X509_get_subject_name(pointer)
        for (field, value) in [("O", "Sallyport development"), ("CN", commonName)] {
            // -1, -1, 0: the value ends at its NUL, and each field goes behind the last.
            try openSSL("name the certificate") {
                X509_NAME_add_entry_by_txt(name, field, V_ASN1_UTF8STRING, value, -1, -1, 0)
            }
        }
    }

    /// Names itself as the issuer: a certificate authority.
    func setSelfAsIssuer() throws(CryptoError) {
        // X509_set_issuer_name copies the name that the subject lends.
        try openSSL("set the issuer") {
            X509_set_issuer_name(pointer, X509_get_subject_name(pointer))
        }
    }

    /// Names `authority` as the issuer.
    func setIssuer(_ authority: borrowing Certificate) throws(CryptoError) {
        let issuer = authority.pointer
        try openSSL("set the issuer") {
            X509_set_issuer_name(pointer, X509_get_subject_name(issuer))
        }
    }

    /// Adds extensions, each written as in `openssl.cnf` (x509v3_config(5)); `authority` is the issuer.
    func addExtensions(
        _ extensions: [(nid: Int32, value: String)],
        authority: borrowing Certificate
    ) throws(CryptoError) {
        let issuer = authority.pointer
        for (nid, value) in extensions {
            var context = X509V3_CTX()
            let made = try openSSL("make the extension \(value)") {
                // SAFETY: the context only borrows both certificates, and dies with this closure.
                X509V3_set_ctx(&context, issuer, pointer, nil, nil, 0)
                return X509V3_EXT_conf_nid(nil, &context, nid, value)
            }
            // SAFETY: the extension is ours; X509_add_ext copies it into the certificate.
            defer { X509_EXTENSION_free(made) }
            try openSSL("add the extension \(value)") { X509_add_ext(pointer, made, -1) }
        }
    }

    /// Signs it with the issuer's key, by ECDSA with SHA-256.
    func sign(with key: borrowing PrivateKey) throws(CryptoError) {
        let keyPointer = key.pointer
        try openSSL("sign the certificate") { X509_sign(pointer, keyPointer, EVP_sha256()) }
    }

    /// The certificate in PEM.
    func pem() throws(CryptoError) -> [UInt8] {
        let memory = try MemoryBIO(wiped: false)
        try openSSL("write a certificate") { PEM_write_bio_X509(memory.pointer, pointer) }
        return try memory.read()
    }
}
