// Random numbers that a seed determines, cheap enough for each request.

/// The SplitMix64 generator: one 64-bit word of state, one multiplication chain a number.
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
struct RandomSource: Sendable {
    static let step: UInt64 = 0x9E37_79B9_7F4A_7C15
    private var state: UInt64

    /// Makes the generator of `stream`, one of many that `seed` determines.
    init(seed: UInt64, stream: UInt64 = 0) {
        state = RandomSource.mix(RandomSource.mix(seed) &+ stream &* RandomSource.step)
    }

    /// The next number, from all 64-bit numbers.
    @inline(__always)
    mutating func next() -> UInt64 {
        state &+= RandomSource.step
        return RandomSource.mix(state)
    }

    /// The next number below `bound`, which must be above 0.
    ///
    /// Source: Lemire 2019, without the rejection: for bounds below 2^40 the bias is below 2^-24.
    @inline(__always)
    mutating func next(below bound: UInt64) -> UInt64 {
        next().multipliedFullWidth(by: bound).high
    }

    /// The finaliser: a bijection under which each bit of the input reaches each of the output.
    @inline(__always)
    static func mix(_ word: UInt64) -> UInt64 {
        var word = word
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
