// Values that say by themselves whether they are what some generator wrote under their key.
import Core

/// The value function: from a key's number, a version and a size, to printable bytes.
///
/// Layout: `[key: 12 digits][version: v letters][check: the rest, letters]`; the key's digits only in
/// values of 32 bytes and more, v = 4, or half the size below 8 bytes. A letter, `a` to `p`, carries
/// 4 bits. The check letters are a SplitMix64 stream seeded with key, version and size, so a changed,
/// cut or mixed-up value does not verify, and no model of the writers is needed: the seed of a run has
/// no part in it. The shorter the value, the weaker the check: (size - v) × 4 bits.
///
/// Where no two values may be alike: `[key: 12 digits][serial: 16 letters][check: the rest, letters]`, the
/// serial number in letters from `A` to `P`, which tell the two layouts apart.
enum LoadValue {
    /// The smallest value that begins with its key's number.
    static let minNumberedBytes = 32

    /// The smallest value that has a serial number, and eight check letters behind it.
    static let minSerialBytes = serialEnd + 8
    private static let serialLetters = 16
    private static let serialEnd = LoadKey.digits + serialLetters

    /// The number of version letters in a value of `count` bytes.
    @inline(__always)
    private static func versionLetters(_ count: Int) -> Int { count >= 8 ? 4 : count / 2 }

    /// Where the version begins in a value of `count` bytes.
    @inline(__always)
    private static func versionStart(_ count: Int) -> Int {
        count >= minNumberedBytes ? LoadKey.digits : 0
    }

    /// What the check letters of a value are drawn from.
    @inline(__always)
    private static func checkSeed(_ key: UInt64, _ version: UInt64, _ count: Int) -> UInt64 {
        RandomSource.mix(
            RandomSource.mix(key &+ RandomSource.step) ^ version << 40 ^ UInt64(count)
        )
    }

    /// Eight check letters, the first in the lowest byte.
    @inline(__always)
    private static func letters(_ seed: UInt64, _ index: Int) -> UInt64 {
        let word = RandomSource.mix(seed &+ UInt64(index) &* RandomSource.step)
        return (word & 0x0F0F_0F0F_0F0F_0F0F) &+ 0x6161_6161_6161_6161
    }

    /// Appends the value of `count` bytes that `version` of the key numbered `key` has.
    static func append(
        key: UInt64,
        version: UInt16,
        count: Int,
        to output: inout ByteBuffer
    ) {
        if count <= 0 { return }
        let letterCount = versionLetters(count)
        let kept = UInt64(version) & (1 << (4 * UInt64(letterCount)) - 1)
        if count >= minNumberedBytes { LoadKey.append(number: key, to: &output) }
        for index in 0..<letterCount {
            output.append(0x61 + UInt8(truncatingIfNeeded: kept >> (4 * UInt64(index)) & 15))
        }
        let rest = count - versionStart(count) - letterCount
        appendCheck(rest, checkSeed(key, kept, count), to: &output)
    }

    /// Appends the value of `count` bytes, at least `minSerialBytes`, that `serial` of the key has.
    static func append(key: UInt64, serial: UInt64, count: Int, to output: inout ByteBuffer) {
        if count < minSerialBytes { return }
        LoadKey.append(number: key, to: &output)
        for index in 0..<serialLetters {
            output.append(0x41 + UInt8(truncatingIfNeeded: serial >> (4 * UInt64(index)) & 15))
        }
        appendCheck(count - serialEnd, serialSeed(key, serial, count), to: &output)
    }

    /// The serial number of a value that has one.
    @inline(__always)
    static func serial(_ value: Span<UInt8>) -> UInt64? {
        if value.count < minSerialBytes || value[LoadKey.digits] > 0x50 { return nil }
        var serial: UInt64 = 0
        for index in 0..<serialLetters {
            let nibble = value[LoadKey.digits + index] &- 0x41
            if nibble > 15 { return nil }
            serial |= UInt64(nibble) << (4 * UInt64(index))
        }
        return serial
    }

    private static func serialSeed(_ key: UInt64, _ serial: UInt64, _ count: Int) -> UInt64 {
        RandomSource.mix(
            RandomSource.mix(key &+ RandomSource.step) ^ RandomSource.mix(serial) ^ UInt64(count)
        )
    }

    private static func appendCheck(_ rest: Int, _ seed: UInt64, to output: inout ByteBuffer) {
        // Whole words are written, so up to 7 bytes behind the value are touched and not kept.
        output.withSpareRoom(rest + 8) { room in
            var offset = 0
            while offset < rest {
                let word = letters(seed, offset >> 3).littleEndian
                room.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
                offset += 8
            }
            return rest
        }
    }

    /// Whether `value` is one that some version or serial number of the key numbered `key` has.
    static func isIntact(_ value: Span<UInt8>, key: UInt64) -> Bool {
        let count = value.count
        if count == 0 { return false }
        let start = versionStart(count)
        if start > 0, !LoadKey.isNumber(value, key) { return false }
        if let serial = serial(value) {
            return hasCheck(value, from: serialEnd, serialSeed(key, serial, count))
        }
        let letterCount = versionLetters(count)
        var version: UInt64 = 0
        for index in 0..<letterCount {
            let nibble = value[start + index] &- 0x61
            if nibble > 15 { return false }
            version |= UInt64(nibble) << (4 * UInt64(index))
        }
        return hasCheck(value, from: start + letterCount, checkSeed(key, version, count))
    }

    /// Whether `value` is what `append` writes for the same arguments.
    static func isExact(
        _ value: Span<UInt8>,
        key: UInt64,
        version: UInt16,
        count: Int
    ) -> Bool {
        if value.count != count { return false }
        let start = versionStart(count)
        for index in 0..<versionLetters(count) {
            let nibble = UInt8(truncatingIfNeeded: UInt64(version) >> (4 * UInt64(index)) & 15)
            if value[start + index] != 0x61 + nibble { return false }
        }
        return isIntact(value, key: key)
    }

    private static func hasCheck(_ value: Span<UInt8>, from start: Int, _ seed: UInt64) -> Bool {
        let bytes = value.bytes
        let rest = value.count - start
        let wholeWords = rest >> 3
        for index in 0..<wholeWords {
            // SAFETY: the word ends at or before `start + rest`, which is the end of the value.
            let word = bytes.unsafeLoadUnaligned(
                fromByteOffset: start + index << 3,
                as: UInt64.self
            )
            if word.littleEndian != letters(seed, index) { return false }
        }
        var expected = letters(seed, wholeWords)
        for offset in (wholeWords << 3)..<rest {
            if value[start + offset] != UInt8(truncatingIfNeeded: expected) { return false }
            expected >>= 8
        }
        return true
    }
}
