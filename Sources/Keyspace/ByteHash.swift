// The keyed hash that places a key; seeded a process, so that peers cannot aim collisions.

/// A 64-bit keyed hash of bytes: 128-bit multiplications folded in half, 16 bytes a step.
///
/// Source: wyhash by Wang Yi, in structure. Its published constants would let a peer choose a word that
/// cancels one of them and with it the seed, so here all four are drawn from the seed.
struct ByteHash: Sendable {
    private let state: UInt64
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    /// Bits that the result keeps; all, except in tests that want collisions.
    private let mask: UInt64

    init(seed: UInt64, mask: UInt64 = .max) {
        var generator = SplitMix(state: seed)
        state = generator.next()
        // Odd, so that no multiplication by one of them loses a bit.
        first = generator.next() | 1
        second = generator.next() | 1
        third = generator.next() | 1
        self.mask = mask
    }

    /// The hash of `bytes`.
    @inline(__always)
    func hash(_ bytes: Bytes) -> UInt64 {
        // SAFETY: every load below stays within the `count` bytes: up to 16 bytes are read as two
        // pairs of overlapping words, longer runs in steps of 16 and the last 16 once more.
        let start = UnsafeRawPointer(bytes.start)
        let count = bytes.count
        var seed = state
        var low: UInt64 = 0
        var high: UInt64 = 0
        if count <= 16 {
            if count >= 8 {
                low = word(start, 0)
                high = word(start, count &- 8)
            } else if count >= 4 {
                low = half(start, 0)
                high = half(start, count &- 4)
            } else if count > 0 {
                // The first, middle and last byte are all the bytes of a run of at most three.
                low = UInt64(bytes.start[0]) << 16 | UInt64(bytes.start[count &>> 1]) << 8
                low |= UInt64(bytes.start[count &- 1])
            }
        } else {
            var offset = 0
            while count &- offset > 16 {
                seed = mix(word(start, offset) ^ first, word(start, offset &+ 8) ^ seed)
                offset &+= 16
            }
            low = word(start, count &- 16)
            high = word(start, count &- 8)
        }
        let folded = mix(low ^ second, high ^ seed)
        return mix(folded ^ third, first ^ UInt64(truncatingIfNeeded: count)) & mask
    }

    @inline(__always)
    private func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    @inline(__always)
    private func word(_ start: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    @inline(__always)
    private func half(_ start: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        UInt64(start.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}

/// Words drawn from a seed.
///
/// Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
/// Generators", 2014.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
