// A P-256 private key: one EVP_PKEY and its owner.
internal import COpenSSL

/// A private key on the curve P-256; it is wiped from memory when the value goes.
struct PrivateKey: ~Copyable {
    // SAFETY: a live EVP_PKEY owned by this value alone; calls borrow it, `deinit` frees it.
    let pointer: OpaquePointer

    /// Takes over the EVP_PKEY at `pointer`.
    private init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        EVP_PKEY_free(pointer)
    }

    /// Makes a new key.
    static func generateP256() throws(CryptoError) -> PrivateKey {
        let context = try openSSL("prepare a P-256 key") {
            EVP_PKEY_CTX_new_from_name(nil, "EC", nil)
        }
        // SAFETY: the context is ours, and nothing keeps it.
        defer { EVP_PKEY_CTX_free(context) }
        try openSSL("prepare a P-256 key") { EVP_PKEY_keygen_init(context) }
        try openSSL("choose the curve P-256") { EVP_PKEY_CTX_set_group_name(context, "P-256") }
        var key: OpaquePointer?
        try openSSL("make a P-256 key") { EVP_PKEY_generate(context, &key) }
        guard let key else { throw CryptoError("cannot make a P-256 key") }
        // EVP_PKEY_generate gives us the key to own.
        return PrivateKey(owning: key)
    }

    /// The key in PEM, as PKCS #8 without a password.
    func pem() throws(CryptoError) -> [UInt8] {
        let memory = try MemoryBIO(wiped: true)
        try openSSL("write a private key") {
            PEM_write_bio_PKCS8PrivateKey(memory.pointer, pointer, nil, nil, 0, nil, nil)
        }
        return try memory.read()
    }
}
