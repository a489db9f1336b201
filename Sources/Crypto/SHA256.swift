// SHA-256 in one call.
internal import COpenSSL

/// SHA-256 as FIPS 180-4 defines it.
public enum SHA256 {
    /// The digest of `bytes`.
    ///
    /// It fails only where OpenSSL has no memory or no SHA-256 (a broken `openssl.cnf`): never
    /// because of what the bytes are.
    public static func digest(of bytes: Span<UInt8>) throws(CryptoError) -> Digest {
        var digest = Digest()
        try openSSL("compute SHA-256") {
            bytes.withUnsafeBufferPointer { input in
                digest.withUnsafeMutableBytes { room in
                    // SAFETY: `input` is `count` initialised bytes (a null start where it is 0, which
                    // EVP_Digest accepts) and `room` is the 32 bytes that SHA-256 fills.
                    EVP_Digest(
                        input.baseAddress,
                        input.count,
                        room.baseAddress?.assumingMemoryBound(to: UInt8.self),
                        nil,
                        EVP_sha256(),
                        nil
                    )
                }
            }
        }
        return digest
    }
}
