// Numbers beyond 64 bits: JSON allows them, simdjson does not.
import Core

/// Makes JSON text with wide numbers parse, so that ECHO can return them as they came.
enum JSONNumbers {
    /// A copy of `text` in which each number that can be beyond 64 bits is a `0.0` of equal width.
    ///
    /// Extents stay the same, and a replaced number is not an integer, so no command takes it for
    /// one.
    static func replacingWide(_ text: Span<UInt8>) -> ByteBuffer {
        var copy = ByteBuffer(capacity: text.count)
        copy.append(text)
        var at = 0
        while at < text.count {
            if text[at] == UInt8(ascii: "\"") {
                at = JSONExtent.skipString(text, at)
            } else if isNumeric(text[at]) {
                let start = at
                while at < text.count, isNumeric(text[at]) { at += 1 }
                if isWide(text.extracting(start..<at)) { replace(start..<at, in: &copy) }
            } else {
                at += 1
            }
        }
        return copy
    }

    private static func replace(_ extent: Range<Int>, in copy: inout ByteBuffer) {
        for index in extent { copy.replaceByte(at: index, with: 0x20) }
        copy.replaceByte(at: extent.lowerBound, with: UInt8(ascii: "0"))
        copy.replaceByte(at: extent.lowerBound + 1, with: UInt8(ascii: "."))
        copy.replaceByte(at: extent.lowerBound + 2, with: UInt8(ascii: "0"))
    }

    /// Whether `number` is well formed (RFC 8259 section 6) and long enough to be beyond 64 bits.
    private static func isWide(_ number: Span<UInt8>) -> Bool {
        var at = 0
        if at < number.count, number[at] == UInt8(ascii: "-") { at += 1 }
        let integer = skipDigits(number, at)
        if integer == at || (number[at] == UInt8(ascii: "0") && integer > at + 1) { return false }
        var hasExponent = false
        at = integer
        if at < number.count, number[at] == UInt8(ascii: ".") {
            let fraction = skipDigits(number, at + 1)
            if fraction == at + 1 { return false }
            at = fraction
        }
        if at < number.count, number[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < number.count, number[at] == 0x2B || number[at] == 0x2D { at += 1 }
            let exponent = skipDigits(number, at)
            if exponent == at { return false }
            at = exponent
            hasExponent = true
        }
        return at == number.count && (number.count >= 19 || (hasExponent && number.count >= 5))
    }

    private static func skipDigits(_ number: Span<UInt8>, _ start: Int) -> Int {
        var at = start
        while at < number.count, number[at] &- UInt8(ascii: "0") < 10 { at += 1 }
        return at
    }

    private static func isNumeric(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || byte == 0x2B || byte == 0x2D || byte == 0x2E
            || byte | 0x20 == UInt8(ascii: "e")
    }
}
