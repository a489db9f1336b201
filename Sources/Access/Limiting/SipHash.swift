// The keyed hash that places an address; nobody who does not know the key can aim collisions.

/// SipHash-2-4 of one address.
///
/// A peer that could choose addresses of one set would make strangers share limits with it, so this is
/// a function made to withstand exactly that, and not a faster mix of multiplications. Swift's own
/// `Hasher` is of the family, but its key is the process's and can be fixed from outside (the environment
/// variable SWIFT_DETERMINISTIC_HASHING), and a seeded test could not repeat a run. An address is hashed
/// in some twenty nanoseconds, and only while no token pays.
///
/// Source: Aumasson, Bernstein, "SipHash: a fast short-input PRF", 2012.
struct SipHash: Sendable {
    private let first: UInt64
    private let second: UInt64

    init(key first: UInt64, _ second: UInt64) {
        self.first = first
        self.second = second
    }

    /// A key that nobody knows.
    static func random() -> SipHash {
        SipHash(key: .random(in: 0 ... .max), .random(in: 0 ... .max))
    }

    /// The hash of the 16 bytes of `low` and `high`, each with its lowest byte first.
    func hash(low: UInt64, high: UInt64) -> UInt64 {
        var state = State(first, second)
        state.absorb(low)
        state.absorb(high)
        // The last word holds the length in its highest byte.
        state.absorb(16 << 56)
        return state.finish()
    }

    private struct State {
        var v0: UInt64
        var v1: UInt64
        var v2: UInt64
        var v3: UInt64

        init(_ first: UInt64, _ second: UInt64) {
            v0 = first ^ 0x736f_6d65_7073_6575
            v1 = second ^ 0x646f_7261_6e64_6f6d
            v2 = first ^ 0x6c79_6765_6e65_7261
            v3 = second ^ 0x7465_6462_7974_6573
        }

        mutating func absorb(_ word: UInt64) {
            v3 ^= word
            for _ in 0..<2 { round() }
            v0 ^= word
        }

        mutating func finish() -> UInt64 {
            v2 ^= 0xFF
            for _ in 0..<4 { round() }
            return v0 ^ v1 ^ v2 ^ v3
        }

        private mutating func round() {
            v0 &+= v1
            v1 = State.rotate(v1, 13) ^ v0
            v0 = State.rotate(v0, 32)
            v2 &+= v3
            v3 = State.rotate(v3, 16) ^ v2
            v0 &+= v3
            v3 = State.rotate(v3, 21) ^ v0
            v2 &+= v1
            v1 = State.rotate(v1, 17) ^ v2
            v2 = State.rotate(v2, 32)
        }

        private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 {
            word << bits | word >> (64 - bits)
        }
    }
}
