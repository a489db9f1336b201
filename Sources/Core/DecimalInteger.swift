// The one grammar of integers that peers write: Redis's.

/// Decimal integers as Redis reads them: exactly what it would print, and nothing else.
public enum DecimalInteger {
    /// The most bytes of a decimal `Int64`: 19 digits and a sign.
    public static let maxBytes = 20

    /// The value of `bytes`, or nil if they are not the canonical decimal form of an `Int64`.
    ///
    /// Refused: nothing at all, spaces, a leading `+`, leading zeros, `-0`, and what does not fit.
    /// Source: Redis, string2ll.
    public static func parse(_ bytes: Span<UInt8>) -> Int64? {
        let count = bytes.count
        if count == 0 || count > maxBytes { return nil }
        let isNegative = bytes[0] == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        if start == count { return nil }
        if bytes[start] == UInt8(ascii: "0") { return count == 1 ? 0 : nil }
        var magnitude: UInt64 = 0
        for index in start..<count {
            let digit = bytes[index] &- UInt8(ascii: "0")
            if digit > 9 { return nil }
            // At most 20 digits are read: only the last step can pass 2^64, and it is checked.
            let (tens, didPassTens) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, didPass) = tens.addingReportingOverflow(UInt64(digit))
            if didPassTens || didPass { return nil }
            magnitude = sum
        }
        return signed(magnitude, isNegative)
    }

    private static func signed(_ magnitude: UInt64, _ isNegative: Bool) -> Int64? {
        if !isNegative { return Int64(exactly: magnitude) }
        return magnitude <= Int64.min.magnitude ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
    }
}
