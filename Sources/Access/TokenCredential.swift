// What a client presents: `sp_<id>_<secret>`, taken apart without copying.

/// The parts of a credential, borrowed from the bytes it was read from.
///
/// Layout: `sp_`, 12 characters of `a-z0-9`, `_`, 43 characters of `A-Za-z0-9`: 59 bytes. Neither part
/// can hold a `_`. The secret is 43 characters because 62 to the power of 43 is above 2 to the 256.
public struct TokenCredential: ~Escapable {
    /// The number of characters in the secret.
    public static let secretCount = 43
    /// The number of bytes in a credential.
    public static let byteCount = 3 + TokenID.characterCount + 1 + secretCount

    /// Which token it claims to be.
    public let id: TokenID
    /// The part that only its holder knows: hash it, never keep it.
    public let secret: Span<UInt8>

    /// Takes `text` apart; nil if it does not have the form of a credential.
    @_lifetime(copy text)
    public init?(_ text: Span<UInt8>) {
        let idStart = 3
        let idEnd = idStart + TokenID.characterCount
        if text.count != TokenCredential.byteCount { return nil }
        if text[0] != UInt8(ascii: "s") || text[1] != UInt8(ascii: "p") { return nil }
        if text[2] != UInt8(ascii: "_") || text[idEnd] != UInt8(ascii: "_") { return nil }
        guard let id = TokenID(text.extracting(idStart..<idEnd)) else { return nil }
        let secret = text.extracting((idEnd + 1)...)
        for index in 0..<secret.count where !TokenCredential.isAllowed(secret[index]) {
            return nil
        }
        self.id = id
        self.secret = secret
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
