// SHA-1 in one call, for what is no secret and asks for it by name: the WebSocket handshake.
internal import COpenSSL

/// SHA-1 as FIPS 180-4 defines it; nothing that needs to be secure may depend on it.
public enum SHA1 {
    /// The number of bytes in a digest.
    public static let byteCount = 20

    /// The 20 bytes of the digest of `bytes`.
    ///
    /// It fails only where OpenSSL has no memory or no SHA-1 (a provider that leaves it out): never
    /// because of what the bytes are.
    public static func digest(of bytes: Span<UInt8>) throws(CryptoError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        try openSSL("compute SHA-1") {
            bytes.withUnsafeBufferPointer { input in
                digest.withUnsafeMutableBufferPointer { room in
                    // SAFETY: `input` is `count` initialised bytes (a null start where it is 0, which
                    // EVP_Digest accepts) and `room` is the 20 bytes that SHA-1 fills.
                    EVP_Digest(
                        input.baseAddress,
                        input.count,
                        room.baseAddress,
                        nil,
                        EVP_sha1(),
                        nil
                    )
                }
            }
        }
        return digest
    }
}
