// UTF-8 that comes in pieces: the first byte that is wrong is found when it comes.
//
// Source: The Unicode Standard, table 3-7 (well-formed UTF-8 byte sequences).
internal import Core

/// Checks text piece by piece.
struct UTF8Stream: Equatable {
    /// Bytes that are to come before the character is complete.
    private var missing = 0
    /// What the next of them may be.
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xBF

    /// Whether no character is begun and not ended.
    var isComplete: Bool { missing == 0 }

    /// Takes the next bytes; false if they are no UTF-8 behind those before.
    mutating func take(_ bytes: Span<UInt8>) -> Bool {
        // SAFETY: the pointer is valid for the span's bytes and only during the call, which reads them.
        bytes.withUnsafeBytes { take($0) }
    }

    /// Takes the bytes of `buffer` from `start` on.
    mutating func take(_ buffer: borrowing ByteBuffer, from start: Int) -> Bool {
        take(buffer.span.extracting(start..<buffer.count))
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while at < bytes.count {
            if missing == 0 {
                while at + 8 <= bytes.count {
                    let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    if word & 0x8080_8080_8080_8080 != 0 { break }
                    at += 8
                }
                if at == bytes.count { return true }
            }
            if !take(bytes[at]) { return false }
            at += 1
        }
        return true
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        if missing > 0 {
            if byte < low || byte > high { return false }
            missing -= 1
            low = 0x80
            high = 0xBF
            return true
        }
        switch byte {
        case 0..<0x80: return true
        case 0xC2...0xDF: missing = 1
        case 0xE0...0xEF: missing = 2
        case 0xF0...0xF4: missing = 3
        default: return false
        }
        // No overlong form, no surrogate, nothing above U+10FFFF.
        switch byte {
        case 0xE0: low = 0xA0
        case 0xED: high = 0x9F
        case 0xF0: low = 0x90
        case 0xF4: high = 0x8F
        default: break
        }
        return true
    }
}
