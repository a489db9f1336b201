// Operations on parts of a value, and on numbers with a fraction.

public import Core

extension Keyspace {
    /// Writes `bytes` over the value of `key` from `offset` on, which is not negative; the new length.
    ///
    /// Zeros fill what lies between the value's end and `offset`; a missing value is empty. Without
    /// `bytes` nothing changes. Keeps the expiry. Throws `.keyTooLong`, and `.valueTooLarge` if the whole
    /// would be. Source: Redis, SETRANGE.
    @discardableResult
    public func overwrite(
        _ key: Span<UInt8>,
        from offset: Int,
        with bytes: Span<UInt8>,
        now: Int64
    ) throws(ServerError) -> Int {
        if bytes.count == 0 { return length(key, now: now) ?? 0 }
        let key = Bytes(key)
        let bytes = Bytes(bytes)
        try check(key: key)
        let (end, isBeyond) = offset.addingReportingOverflow(bytes.count)
        if offset < 0 || isBeyond { throw valueLengthError(.max) }
        try check(valueCount: end)
        return try mutate(key, now) { shard, hash throws(ServerError) in
            try shard.overwrite(key, hash, from: offset, with: bytes, now)
        }
    }

    /// Adds the number that `amount` says to the one that `key` holds, 0 if it is missing, and calls
    /// `body` with the sum as it is then stored.
    ///
    /// Keeps the expiry. Throws `.notANumber` if either is none, `.overflow` if the sum is not finite,
    /// `.keyTooLong`, and `.valueTooLarge`; the value is then unchanged. Source: Redis, INCRBYFLOAT.
    public func increment(
        _ key: Span<UInt8>,
        byDecimal amount: Span<UInt8>,
        now: Int64,
        _ body: (Span<UInt8>) -> Void
    ) throws(ServerError) {
        let key = Bytes(key)
        try check(key: key)
        guard let amount = LongDecimal(Bytes(amount)) else { throw ServerError(.notANumber) }
        try mutate(key, now) { shard, hash throws(ServerError) in
            let (sum, found) = try shard.add(amount, to: key, hash, now)
            let stored = sum.withText { text -> Result<Void, ServerError> in
                do throws(ServerError) {
                    try check(valueCount: text.count)
                    if found >= 0 {
                        try shard.overwrite(at: found, text)
                    } else {
                        try shard.insert(key, hash, valueCount: text.count, at: found, now)
                            .write(text)
                    }
                } catch {
                    return .failure(error)
                }
                text.withSpan(body)
                return .success(())
            }
            try stored.get()
        }
    }
}
