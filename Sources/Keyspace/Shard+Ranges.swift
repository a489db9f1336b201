// Changing parts of values, and numbers with a fraction, within a shard.

internal import Core

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

extension Shard {
    /// Writes `bytes`, which are not none, over the value of `key` from `offset` on; the new length.
    ///
    /// A value that ends before `offset` is filled up with zeros; a missing one is empty. The sum of
    /// `offset` and the count is one that a value may have.
    mutating func overwrite(
        _ key: Bytes,
        _ hash: UInt64,
        from offset: Int,
        with bytes: Bytes,
        _ now: Int64
    ) throws(ServerError) -> Int {
        let found = findLive(key, hash, now)
        let end = offset + bytes.count
        let count = found < 0 ? 0 : table[found].value.count
        let total = max(count, end)
        let entry =
            found < 0
            ? try insert(key, hash, valueCount: total, at: found, now)
            : try grow(at: found, toValueCount: total)
        // SAFETY: the block holds a value of `total` bytes, and every byte from the old count up to
        // `end` is written here, first zeros, then `bytes`, which lie outside the keyspace.
        if offset > count { memset(entry.valueStart + count, 0, offset - count) }
        memcpy(entry.valueStart + offset, bytes.start, bytes.count)
        entry.header.pointee.valueCount = UInt32(truncatingIfNeeded: total)
        touch(entry)
        return total
    }

    /// Adds `amount` to the number that `key` holds, 0 if it is missing; the sum, which is finite.
    mutating func add(
        _ amount: LongDecimal,
        to key: Bytes,
        _ hash: UInt64,
        _ now: Int64
    ) throws(ServerError) -> (sum: LongDecimal, found: Int) {
        let found = findLive(key, hash, now)
        var sum = amount
        if found >= 0 {
            guard let present = LongDecimal(table[found].value) else {
                throw ServerError(.notANumber)
            }
            sum.value += present.value
        }
        if !sum.value.isFinite {
            throw ServerError(.overflow, "increment would produce NaN or Infinity")
        }
        return (sum, found)
    }
}
