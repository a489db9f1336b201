// Valid bytes made invalid: cut, spliced, flipped, with lengths that lie.

/// Changes bytes.
struct FuzzMutator {
    /// The most bytes that come of a mutation.
    static let maxBytes = 96 << 10

    var random: RandomSource

    private mutating func below(_ bound: Int) -> Int {
        Int(random.next(below: UInt64(max(1, bound))))
    }

    /// Changes `bytes` in a few ways; `others` are requests to splice with.
    mutating func mutated(_ bytes: [UInt8], _ others: [[UInt8]]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<(1 + below(3)) { bytes = once(bytes, others) }
        return Array(bytes.prefix(FuzzMutator.maxBytes))
    }

    private mutating func once(_ bytes: [UInt8], _ others: [[UInt8]]) -> [UInt8] {
        if bytes.isEmpty { return others.isEmpty ? [0] : others[below(others.count)] }
        let at = below(bytes.count)
        var changed = bytes
        switch below(11) {
        case 0: return Array(bytes.prefix(at))
        case 1: return Array(bytes.dropFirst(at))
        case 2:
            // Half of this and half of another, of this encoding or not.
            let other = others.isEmpty ? bytes : others[below(others.count)]
            return Array(bytes.prefix(at)) + Array(other.dropFirst(below(other.count)))
        case 3:
            for _ in 0..<(1 + below(4)) {
                changed[below(changed.count)] ^= 1 << UInt8(truncatingIfNeeded: below(8))
            }
            return changed
        case 4: return lyingLength(bytes)
        case 5:
            let end = min(bytes.count, at + 1 + below(64))
            changed.insert(contentsOf: bytes[at..<end], at: at)
            return changed
        case 6:
            changed.removeSubrange(at..<min(bytes.count, at + 1 + below(16)))
            return changed
        case 7:
            changed.insert(contentsOf: telling(), at: at)
            return changed
        case 8:
            changed[at] = UInt8(truncatingIfNeeded: random.next())
            return changed
        case 9: return bytes + bytes
        default:
            // One piece, many times.
            let piece = Array(bytes[at..<min(bytes.count, at + 1 + below(16))])
            let times = 1 + below(2000)
            return Array(bytes.prefix(at)) + Array(repeating: piece, count: times).joined()
        }
    }

    /// A number in the bytes becomes another: a length of RESP or HTTP, or a protobuf frame's.
    private mutating func lyingLength(_ bytes: [UInt8]) -> [UInt8] {
        var changed = bytes
        if bytes.first == 0, bytes.count >= 4 {
            for index in 0..<4 where below(2) == 0 {
                changed[index] = UInt8(truncatingIfNeeded: random.next())
            }
            return changed
        }
        let digits = bytes.indices.filter { bytes[$0] >= 0x30 && bytes[$0] <= 0x39 }
        if digits.isEmpty { return changed + [0x30] }
        let start = digits[below(digits.count)]
        var end = start
        while end < bytes.count, bytes[end] >= 0x30, bytes[end] <= 0x39 { end += 1 }
        let lies = [
            "-1", "0", "1", "-2", "65536", "1048577", "2147483648", "4294967295",
            "9223372036854775807",
            "99999999999999999999", "00000000000000001", "1e9", "",
        ]
        changed.replaceSubrange(start..<end, with: Array(lies[below(lies.count)].utf8))
        return changed
    }

    /// Bytes that mean something to some decoder.
    private mutating func telling() -> [UInt8] {
        let pieces = [
            "\r", "\n", "\r\n", "\r\n\r\n", "\0", "*", "$", "*-1\r\n", "$-1\r\n", "*0\r\n", "{",
            "}", "[", "]",
            "\"", "\\", "\\u", "\\ud800", "'", " ", "\t", ":", "^", "HTTP/1.1\r\n",
            "GET / HTTP/1.1\r\n\r\n", "{\"action\":", "PING\r\n", "+OK\r\n", "\u{7F}",
            "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n\r\n", "*1048576\r\n",
            "EXEC\r\n",
        ]
        let choice = below(pieces.count + 3)
        if choice < pieces.count { return Array(pieces[choice].utf8) }
        return [[0xFF, 0xFE], [0x16, 3, 1, 0, 5], [0, 0, 0, 0]][choice - pieces.count]
    }
}
