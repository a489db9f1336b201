// The public part of a token's credential: which entry it is.

/// The 12 characters that name a token's entry, each of `a-z0-9`.
///
/// It is no secret: logs and error messages may hold it.
public struct TokenID: Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
    /// The number of characters in an identifier.
    public static let characterCount = 12

    // The characters, eight in `low` and four in `high`, the first in the lowest byte.
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// Reads an identifier; nil unless it is 12 characters of `a-z0-9`.
    public init?(_ text: Span<UInt8>) {
        if text.count != TokenID.characterCount { return nil }
        for index in 0..<TokenID.characterCount {
            let byte = text[index]
            if !TokenID.isAllowed(byte) { return nil }
            if index < 8 {
                low |= UInt64(byte) << UInt64(index * 8)
            } else {
                high |= UInt64(byte) << UInt64((index - 8) * 8)
            }
        }
    }

    /// Reads an identifier; nil unless it is 12 characters of `a-z0-9`.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        self.init(bytes.span)
    }

    /// The 12 characters.
    public var description: String {
        var bytes: [UInt8] = []
        for index in 0..<TokenID.characterCount {
            let word = index < 8 ? low : high
            bytes.append(UInt8(truncatingIfNeeded: word >> UInt64((index & 7) * 8)))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}
