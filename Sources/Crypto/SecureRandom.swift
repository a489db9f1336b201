// Random bytes that nobody can guess.
internal import COpenSSL

/// The random generator of OpenSSL, seeded by the kernel.
public enum SecureRandom {
    /// The most bytes that one call gives: 1 MiB.
    public static let maxBytes = 1 << 20

    /// Gives `count` unpredictable bytes; a `count` outside `0...maxBytes` is an error.
    public static func bytes(_ count: Int) throws(CryptoError) -> [UInt8] {
        if count < 0 || count > maxBytes {
            throw CryptoError("cannot give \(count) random bytes: at most \(maxBytes) at once")
        }
        var bytes = [UInt8](repeating: 0, count: count)
        // SAFETY: the array is passed as `count` writable bytes, and only for the call.
        try openSSL("read random bytes") { RAND_bytes(&bytes, Int32(count)) }
        return bytes
    }
}
