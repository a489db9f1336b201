// A credential at the one moment it is known: when it is made.
public import Crypto

/// A new credential in clear, to be shown once, and the hash of it that is kept.
public struct IssuedToken: Sendable {
    /// The entry it belongs to.
    public let id: TokenID
    /// `sp_<id>_<secret>`, for its holder alone: never logged, never stored.
    public let credential: String
    /// The SHA-256 of the secret.
    ///
    /// A plain hash is enough: a random secret of 256 bits cannot be guessed however fast the hash is.
    /// Slow password hashes make up for secrets that people choose.
    public let digest: Digest

    /// Makes a random secret for a new, random identifier.
    public static func make() throws(CryptoError) -> IssuedToken {
        let text = try randomText(count: TokenID.characterCount, of: "abcdefghijklmnopqrstuvwxyz")
        guard let id = TokenID(text) else { throw CryptoError("cannot make a token's identifier") }
        return try make(id: id)
    }

    /// Makes a random secret for the entry `id`.
    public static func make(id: TokenID) throws(CryptoError) -> IssuedToken {
        let secret = try randomText(
            count: TokenCredential.secretCount,
            of: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        )
        let bytes = Array(secret.utf8)
        return IssuedToken(
            id: id,
            credential: "sp_\(id)_\(secret)",
            digest: try SHA256.digest(of: bytes.span)
        )
    }

    /// Random characters, each as likely as any other: of `letters` and the ten digits.
    private static func randomText(
        count: Int,
        of letters: String
    ) throws(CryptoError) -> String {
        let alphabet = Array((letters + "0123456789").utf8)
        // Bytes from the last, incomplete run of the alphabet would favour its first characters.
        let limit = 256 / alphabet.count * alphabet.count
        var text: [UInt8] = []
        while text.count < count {
            for byte in try SecureRandom.bytes(count - text.count) where Int(byte) < limit {
                text.append(alphabet[Int(byte) % alphabet.count])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
