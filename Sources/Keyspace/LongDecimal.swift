// Numbers with a fraction as Redis reads, adds and writes them.

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A number in the machine's longest floating point that Swift knows: what a C `long double` is on x86-64.
///
/// Elsewhere it is a `Double`, whose sums may differ from those of Redis in the 17th digit.
struct LongDecimal: Equatable {
    #if arch(x86_64)
    typealias Value = Float80
    #else
    typealias Value = Double
    #endif

    var value: Value

    /// Decimal texts of so many bytes or more are refused, and none that is written is as long: the
    /// largest number has 4,933 digits in front of the point, and 17 behind it are kept.
    ///
    /// Source: Redis, MAX_LONG_DOUBLE_CHARS.
    static let textLimit = 5 << 10

    init(_ value: Value) { self.value = value }

    /// The number that `bytes` say, or nil where that is none, or is too large or too small.
    ///
    /// Read is what C reads, exponents, hexadecimal and infinities included, without white space
    /// around it. Source: Redis, string2ld.
    init?(_ bytes: Bytes) {
        let count = bytes.count
        if count == 0 || count >= LongDecimal.textLimit || isspace(Int32(bytes.start[0])) != 0 {
            return nil
        }
        var isWhole = false
        value = withUnsafeTemporaryAllocation(of: CChar.self, capacity: count + 1) { text in
            // SAFETY: the text has room for `count` bytes and the zero that ends it; reading stops at
            // that zero at the latest, so `end` lies within the text or behind its last byte.
            let start = text.baseAddress.unsafelyUnwrapped
            UnsafeMutableRawPointer(start).copyMemory(from: bytes.start, byteCount: count)
            start[count] = 0
            var end: UnsafeMutablePointer<CChar>?
            errno = 0
            let value = LongDecimal.read(start, &end)
            let isOutOfRange = errno == ERANGE && (value.isInfinite || value == 0)
            isWhole = end == start + count && !isOutOfRange && !value.isNaN
            return value
        }
        if !isWhole { return nil }
    }

    private static func read(
        _ text: UnsafePointer<CChar>,
        _ end: inout UnsafeMutablePointer<CChar>?
    ) -> Value {
        #if arch(x86_64)
        strtold(text, &end)
        #else
        strtod(text, &end)
        #endif
    }

    /// Calls `body` with the number, which must be finite, in decimal: without exponent, with up to 17
    /// digits behind the point and no zero at their end.
    ///
    /// Source: Redis, ld2string with LD_STR_HUMAN.
    func withText<Result>(_ body: (Bytes) -> Result) -> Result {
        #if arch(x86_64)
        LongDecimal.withText(value, "%.17Lf", body)
        #else
        LongDecimal.withShortText(value, body)
        #endif
    }

    /// Calls `body` with the fewest digits behind the point that read back as `value`, at most 17.
    ///
    /// So what a `Double` cannot hold exactly does not show: 10.6 and not 10.59999999999999964.
    static func withShortText<Result>(_ value: Double, _ body: (Bytes) -> Result) -> Result {
        var format = "%.17f"
        for digits in 0..<17 {
            let shorter = "%.\(digits)f"
            let isSame = withText(value, shorter) { text in
                String(decoding: text.buffer, as: UTF8.self)
            }
            if Double(isSame) == value {
                format = shorter
                break
            }
        }
        return withText(value, format, body)
    }

    /// Calls `body` with `value` as `format` writes it, less the zeros at the end of its fraction.
    private static func withText<Result>(
        _ value: some CVarArg,
        _ format: String,
        _ body: (Bytes) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: textLimit) { text in
            // SAFETY: at most `textLimit` bytes are written, the zero at the end included, and the
            // count is held to what was.
            let start = text.baseAddress.unsafelyUnwrapped
            let written = withVaList([value]) { vsnprintf(start, textLimit, format, $0) }
            var count = min(max(Int(written), 0), textLimit - 1)
            let bytes = UnsafeRawPointer(start).assumingMemoryBound(to: UInt8.self)
            if memchr(start, Int32(UInt8(ascii: ".")), count) != nil {
                while bytes[count - 1] == UInt8(ascii: "0") { count -= 1 }
                if bytes[count - 1] == UInt8(ascii: ".") { count -= 1 }
            }
            // What rounds to nothing has no sign.
            let isMinusZero =
                count == 2 && bytes[0] == UInt8(ascii: "-") && bytes[1] == UInt8(ascii: "0")
            let skipped = isMinusZero ? 1 : 0
            return body(Bytes(start: bytes + skipped, count: count - skipped))
        }
    }
}
