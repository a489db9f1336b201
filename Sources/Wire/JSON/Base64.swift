// Base64 (RFC 4648 section 4), for bytes that JSON cannot hold.
public import Core

/// Base64 with its padding.
public enum Base64 {
    /// Appends the bytes that `text` stands for; false, with `output` as it was, if it is no
    /// base64.
    ///
    /// Padding is required, and the bits that it leaves over must be 0, so that each value has one
    /// form.
    public static func append(decoding text: Span<UInt8>, to output: inout ByteBuffer) -> Bool {
        if text.count % 4 != 0 { return false }
        let before = output.count
        var padding = 0
        while padding < 2, padding < text.count,
            text[text.count - 1 - padding] == UInt8(ascii: "=")
        {
            padding += 1
        }
        var bits: UInt32 = 0
        var bitCount: UInt32 = 0
        for index in 0..<(text.count - padding) {
            guard let digit = value(of: text[index]) else {
                output.truncate(to: before)
                return false
            }
            bits = bits << 6 | digit
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                output.append(UInt8(truncatingIfNeeded: bits >> bitCount))
                bits &= (1 << bitCount) - 1
            }
        }
        if bits == 0 { return true }
        output.truncate(to: before)
        return false
    }

    /// Appends the base64 text of `bytes`, padded.
    public static func append(encoding bytes: Span<UInt8>, to output: inout ByteBuffer) {
        output.reserve((bytes.count + 2) / 3 * 4)
        var at = 0
        while at < bytes.count {
            let left = bytes.count - at
            var bits = UInt32(bytes[at]) << 16
            if left > 1 { bits |= UInt32(bytes[at + 1]) << 8 }
            if left > 2 { bits |= UInt32(bytes[at + 2]) }
            output.append(digit(bits >> 18 & 63))
            output.append(digit(bits >> 12 & 63))
            output.append(left > 1 ? digit(bits >> 6 & 63) : UInt8(ascii: "="))
            output.append(left > 2 ? digit(bits & 63) : UInt8(ascii: "="))
            at += 3
        }
    }

    private static func digit(_ value: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: value)
        return switch value {
        case 0..<26: UInt8(ascii: "A") + value
        case 26..<52: UInt8(ascii: "a") + (value - 26)
        case 52..<62: UInt8(ascii: "0") + (value - 52)
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    private static func value(of digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
