// A SHA-256 digest: 32 bytes, compared in constant time, written in hexadecimal.
internal import COpenSSL

/// The 32 bytes of a SHA-256 digest.
public struct Digest: Equatable, Sendable, BitwiseCopyable {
    /// The number of bytes in a digest.
    public static let byteCount = 32

    // The digest's bytes in memory order, so the words' values depend on the machine's byte order.
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    /// Makes the digest of 32 zero bytes, which no known input has.
    public init() {}

    /// Makes a digest of its bytes; nil unless there are 32.
    public init?(_ bytes: Span<UInt8>) {
        if bytes.count != Digest.byteCount { return nil }
        withUnsafeMutableBytes { room in
            for index in 0..<Digest.byteCount { room[index] = bytes[index] }
        }
    }

    /// Whether both digests are the same, in a time that does not depend on where they differ.
    public static func == (left: Digest, right: Digest) -> Bool {
        left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                // SAFETY: both pointers are to 32 initialised bytes, alive for the call.
                CRYPTO_memcmp(left.baseAddress, right.baseAddress, Digest.byteCount) == 0
            }
        }
    }

    /// Lets `body` read the 32 bytes; the pointer must not outlive the call.
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        // SAFETY: four words are 32 initialised bytes without padding.
        Swift.withUnsafeBytes(of: words, body)
    }

    /// Lets `body` fill the 32 bytes; the pointer must not outlive the call.
    mutating func withUnsafeMutableBytes<Result>(
        _ body: (UnsafeMutableRawBufferPointer) -> Result
    ) -> Result {
        // SAFETY: four words are 32 initialised bytes without padding, and any bytes are valid words.
        Swift.withUnsafeMutableBytes(of: &words, body)
    }
}

extension Digest {
    /// The digest as 32 bytes.
    public var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    /// The digest as 64 lower-case hexadecimal digits.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        let text = withUnsafeBytes { bytes in
            bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads 64 hexadecimal digits, upper or lower case; nil for anything else.
    public init?(hex: some StringProtocol) {
        let digits = Array(hex.utf8)
        if digits.count != Digest.byteCount * 2 { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = nibble(digits[index]), let low = nibble(digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        self.init(bytes.span)
    }
}

/// The value of one hexadecimal digit; nil if it is none.
private func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}
