// Reading `*<count>` and `$<length>` lines.
import Core

/// What a length line holds.
enum LengthLine: Equatable {
    /// A number, and the offset behind the line.
    case length(Int, next: Int)
    /// The line has no end yet.
    case incomplete
    /// The line is longer than any number.
    case tooLong
    /// It is not a number as Redis writes one, or its CR is not followed by LF.
    case malformed
}

extension RequestDecoder {
    /// Reads the number behind the marker at `start`.
    @inline(__always)
    mutating func lengthLine(_ rest: Span<UInt8>, at start: Int, _ limits: Limits) -> LengthLine {
        // Nine digits cannot overflow; every length that is allowed has fewer.
        let first = start + 1
        let limit = min(rest.count - 1, first + 9)
        var at = first
        var value = 0
        while at < limit {
            let digit = rest[at] &- UInt8(ascii: "0")
            if digit > 9 { break }
            value = value &* 10 &+ Int(digit)
            at += 1
        }
        if at > first, at < limit, rest[at] == UInt8(ascii: "\r"),
            rest[at + 1] == UInt8(ascii: "\n"),
            rest[first] != UInt8(ascii: "0") || at == first + 1
        {
            searched = 0
            return .length(value, next: at + 2)
        }
        return unusualLengthLine(rest, at: start, limits)
    }

    /// Reads a line that is incomplete, negative, or no length at all.
    @inline(never)
    private mutating func unusualLengthLine(
        _ rest: Span<UInt8>,
        at start: Int,
        _ limits: Limits
    ) -> LengthLine {
        let first = start + 1
        let window =
            rest.count - first <= limits.maxLineBytes
            ? rest.count : first + limits.maxLineBytes
        let from = min(max(Int(searched), first), window)
        let end = rest.firstOffset(of: UInt8(ascii: "\r"), from: from, to: window)
        if end == window {
            if window < rest.count { return .tooLong }
            searched = UInt32(clamping: window)
            return .incomplete
        }
        if end + 1 == rest.count {
            searched = UInt32(clamping: end)
            return .incomplete
        }
        searched = 0
        guard rest[end + 1] == UInt8(ascii: "\n"), let value = number(rest.extracting(first..<end))
        else { return .malformed }
        return .length(value, next: end + 2)
    }

    /// A decimal integer as Redis writes it: no plus sign, no leading zero, no overflow.
    private func number(_ digits: Span<UInt8>) -> Int? {
        if digits.count == 1, digits[0] == UInt8(ascii: "0") { return 0 }
        let isNegative = digits.count > 1 && digits[0] == UInt8(ascii: "-")
        let start = isNegative ? 1 : 0
        if start == digits.count || digits[start] == UInt8(ascii: "0") { return nil }
        var value = 0
        for index in start..<digits.count {
            let digit = digits[index] &- UInt8(ascii: "0")
            if digit > 9 { return nil }
            let (shifted, isTooBig) = value.multipliedReportingOverflow(by: 10)
            let (sum, isBeyond) = shifted.addingReportingOverflow(Int(digit))
            if isTooBig || isBeyond { return nil }
            value = sum
        }
        return isNegative ? -value : value
    }
}
