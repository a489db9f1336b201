// The common case of RESP: an array that is there as a whole, and written as every client writes it.
import Core

/// Reads one array; `RequestDecoder.decode` knows all the others.
struct WholeArray {
    // SAFETY: borrowed from the span that `decodeRun` was given, for that call; every load below is at an
    // offset that was compared with `end` just before, and `end` is at most the number of bytes behind it.
    private let start: UnsafeRawPointer
    private let end: Int

    /// The array at `offset`, which is below the number of `bytes`.
    @inline(__always)
    init(_ bytes: UnsafeBufferPointer<UInt8>, from offset: Int, maxBytes: Int) {
        start = UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped) + offset
        end = min(bytes.count &- offset, maxBytes)
    }

    @inline(__always)
    func read(into ranges: inout ArgumentRanges, maxArguments: Int, maxLength: Int) -> Int {
        var at = 0
        var remaining = length(&at, marker: UInt8(ascii: "*"))
        if remaining <= 0 || remaining > maxArguments { return 0 }
        while remaining > 0 {
            let length = length(&at, marker: UInt8(ascii: "$"))
            if length < 0 || length > maxLength || end &- at < length &+ 2 { return 0 }
            let next = at &+ length
            if !isLineEnd(next) { return 0 }
            ranges.append(ArgumentRange(start: at, end: next))
            at = next &+ 2
            remaining &-= 1
        }
        return at
    }

    /// Reads `marker`, one to seven digits without a leading zero, CR and LF at `at`, and moves it behind
    /// them; -1 if there is anything else.
    @inline(__always)
    private func length(_ at: inout Int, marker: UInt8) -> Int {
        if end &- at < 4 { return -1 }
        // Four bytes at once: most lengths have one digit, and what is above `$0\r\n` then is that digit.
        let word = start.loadUnaligned(fromByteOffset: at, as: UInt32.self).littleEndian
        let one = word &- (0x0A0D_3000 | UInt32(marker))
        if one <= 0x900, one & 0xFF == 0 {
            at &+= 4
            return Int(one &>> 8)
        }
        // Most others have two: what is above `$00\r` is the second and the first.
        let two = word &- (0x0D30_3000 | UInt32(marker))
        let tens = two &>> 8 & 0xFF
        if two <= 0x09_0900, two & 0xFF == 0, tens &- 1 < 9, end &- at > 4, byte(at &+ 4) == 0x0A {
            at &+= 5
            return Int(tens &* 10 &+ two &>> 16)
        }
        let first = (word &>> 8 & 0xFF) &- UInt32(UInt8(ascii: "0"))
        if word & 0xFF != UInt32(marker) || first > 9 { return -1 }
        var value = Int(first)
        at &+= 2
        // Two bytes are left at least: the first digit's and the marker's four, less two.
        while true {
            if isLineEnd(at) {
                at &+= 2
                return value
            }
            let digit = Int(byte(at) &- UInt8(ascii: "0"))
            if digit > 9 || value == 0 || value > 999_999 { return -1 }
            value = value &* 10 &+ digit
            at &+= 1
            if end &- at < 2 { return -1 }
        }
    }

    @inline(__always)
    private func byte(_ offset: Int) -> UInt8 {
        start.load(fromByteOffset: offset, as: UInt8.self)
    }

    @inline(__always)
    private func isLineEnd(_ offset: Int) -> Bool {
        start.loadUnaligned(fromByteOffset: offset, as: UInt16.self) == UInt16(0x0A0D).littleEndian
    }
}
