// Operations that change a key only if it still holds what the caller has seen.

public import Core

extension Keyspace {
    /// Makes `value` the value of `key` if that exists and its value is `expected`, byte for byte.
    ///
    /// `previous` is called with the old value, and whether it is the one expected, if the key existed.
    /// An expiry at or before `now` removes the key and counts as stored. Throws `.keyTooLong` or
    /// `.valueTooLarge`. Source: Valkey 8.1, SET with IFEQ.
    @discardableResult
    public func set(
        _ key: Span<UInt8>,
        _ value: Span<UInt8>,
        ifEqual expected: Span<UInt8>,
        _ expiry: SetOptions.Expiry = .none,
        now: Int64,
        previous: (_ value: Span<UInt8>, _ isExpected: Bool) -> Void = { _, _ in }
    ) throws(ServerError) -> SetOutcome {
        let key = Bytes(key)
        let value = Bytes(value)
        let expected = Bytes(expected)
        try check(key: key)
        try check(valueCount: value.count)
        return try mutate(key, now) { shard, hash throws(ServerError) in
            let found = shard.findLive(key, hash, now)
            if found < 0 { return SetOutcome(isStored: false, hadPrevious: false) }
            let old = shard.table[found].value
            let isExpected = old.equals(expected)
            old.withSpan { previous($0, isExpected) }
            if !isExpected { return SetOutcome(isStored: false, hadPrevious: true) }
            let version = try shard.store(key, value, hash, expiry, now, at: found)
            return SetOutcome(isStored: true, hadPrevious: true, version: version)
        }
    }

    /// Removes `key` if its value is `expected`, byte for byte; whether it was removed.
    ///
    /// Source: Valkey 9.0, DELIFEQ.
    public func remove(_ key: Span<UInt8>, ifEqual expected: Span<UInt8>, now: Int64) -> Bool {
        let expected = Bytes(expected)
        return remove(key, now: now) { $0.value.equals(expected) }
    }

    /// Removes `key` if its version is still the one given, as `version` told it; whether it was removed.
    public func remove(_ key: Span<UInt8>, ifVersion version: UInt64, now: Int64) -> Bool {
        remove(key, now: now) { $0.header.pointee.version == version }
    }

    private func remove(_ key: Span<UInt8>, now: Int64, if holds: (Entry) -> Bool) -> Bool {
        let key = Bytes(key)
        return mutate(key, now) { shard, hash in
            let found = shard.findLive(key, hash, now)
            if found < 0 || !holds(shard.table[found]) { return false }
            shard.remove(at: found)
            return true
        }
    }

    /// Calls `body` with the value of `key` and the version that it has; false if it is missing.
    public func getVersioned(
        _ key: Span<UInt8>,
        now: Int64,
        _ body: (_ value: Span<UInt8>, _ version: UInt64) -> Void
    ) -> Bool {
        let key = Bytes(key)
        return withShard(of: key) { shard, hash in
            let found = shard.findLive(key, hash, now)
            if found < 0 { return false }
            let entry = shard.table[found]
            entry.value.withSpan { body($0, entry.header.pointee.version) }
            return true
        }
    }
}
