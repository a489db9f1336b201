// Writing floating-point numbers in decimal, for RESP as Redis does and for everybody else shortest.
#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// Floating-point numbers in decimal.
///
/// `inf`, `-inf` and `nan` stand for what has no digits. Not for the hot path.
public enum DecimalDouble {
    /// The shortest digits that read back as `value`, without a fraction where there is none: `3`,
    /// `0.1`, `1e+300`.
    ///
    /// What is finite is a number in JSON.
    public static func shortest(_ value: Double) -> String {
        if let word = word(value) { return word }
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// `value` as Redis 7.0 writes it: 17 significant digits, `%.17g` in C.
    ///
    /// Source: Redis 7.0, addReplyDouble.
    public static func redis(_ value: Double) -> String {
        if let word = word(value) { return word }
        // A sign, 17 digits, a point, `e+308`: 24 bytes and the 0 behind them.
        var room = [CChar](repeating: 0, count: 32)
        let count = withVaList([value]) { vsnprintf(&room, room.count, "%.17g", $0) }
        let digits = room.prefix(max(0, min(Int(count), room.count - 1)))
        return String(decoding: digits.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func word(_ value: Double) -> String? {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        return nil
    }
}
