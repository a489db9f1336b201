// Sizes as people write them: `512mb`.

/// Reads sizes in bytes.
public enum ByteSize {
    /// The bytes that `text` says: a whole number, with or without a unit in letters of any case; nil if
    /// it is none, or does not fit.
    ///
    /// `k`, `m` and `g` are powers of 1000; `kb`, `mb` and `gb` are powers of 1024; `b` says nothing.
    /// Source: Redis 7.0, memtoull, but that there must be digits.
    public static func parse(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).lowercased()
        guard let value = Int(digits), let factor = units[unit] else { return nil }
        let (bytes, isBeyond) = value.multipliedReportingOverflow(by: factor)
        return isBeyond ? nil : bytes
    }

    private static let units = [
        "": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1_000_000, "mb": 1 << 20,
        "g": 1_000_000_000, "gb": 1 << 30,
    ]
}
