// Operations on one key and its value.

public import Core

extension Keyspace {
    /// Calls `body` with the value of `key`; false, without a call, if it is missing.
    public func get(_ key: Span<UInt8>, now: Int64, _ body: (Span<UInt8>) -> Void) -> Bool {
        let key = Bytes(key)
        return withShard(of: key) { shard, hash in
            let found = shard.findLive(key, hash, now)
            if found < 0 { return false }
            shard.table[found].value.withSpan(body)
            return true
        }
    }

    /// Calls `body` with the value of `key`, then changes its expiry; false if it is missing.
    ///
    /// An expiry at or before `now` removes the key. Source: Redis, GETEX.
    public func get(
        _ key: Span<UInt8>,
        settingExpiry expiry: SetOptions.Expiry,
        now: Int64,
        _ body: (Span<UInt8>) -> Void
    ) -> Bool {
        let key = Bytes(key)
        return mutate(key, now, .expire) { shard, hash in
            let found = shard.findLive(key, hash, now)
            if found < 0 { return false }
            shard.table[found].value.withSpan(body)
            shard.change(expiry, at: found, hash, now)
            return true
        }
    }

    /// Makes `value` the value of `key`, which will not expire; whether the key existed.
    ///
    /// Throws `.keyTooLong`, `.valueTooLarge` or `.namespaceFull`.
    @discardableResult
    public func set(
        _ key: Span<UInt8>,
        _ value: Span<UInt8>,
        now: Int64
    ) throws(ServerError) -> Bool {
        let key = Bytes(key)
        let value = Bytes(value)
        try check(key: key)
        try check(valueCount: value.count)
        return try mutate(key, now) { shard, hash throws(ServerError) in
            try shard.set(key, value, hash, now)
        }
    }

    /// Makes `value` the value of `key`, if the condition of `options` holds.
    ///
    /// `previous` is called with the old value if the key existed, whether or not the condition holds.
    /// An expiry at or before `now` removes the key and counts as stored. Throws `.keyTooLong`,
    /// `.valueTooLarge` or `.namespaceFull`. Source: Redis, SET.
    @discardableResult
    public func set(
        _ key: Span<UInt8>,
        _ value: Span<UInt8>,
        _ options: SetOptions,
        now: Int64,
        previous: (Span<UInt8>) -> Void = { _ in }
    ) throws(ServerError) -> SetOutcome {
        let key = Bytes(key)
        let value = Bytes(value)
        try check(key: key)
        try check(valueCount: value.count)
        return try mutate(key, now) { shard, hash throws(ServerError) in
            try shard.set(key, value, hash, options, now, previous)
        }
    }

    /// Removes `key`; whether it existed.
    @discardableResult
    public func remove(_ key: Span<UInt8>, now: Int64) -> Bool {
        remove(key, now: now) { _ in }
    }

    /// Removes `key` and calls `previous` with the value it had; whether it existed.
    public func remove(
        _ key: Span<UInt8>,
        now: Int64,
        previous: (Span<UInt8>) -> Void
    ) -> Bool {
        let key = Bytes(key)
        return mutate(key, now) { shard, hash in
            let found = shard.findLive(key, hash, now)
            if found < 0 { return false }
            shard.table[found].value.withSpan(previous)
            shard.remove(at: found)
            return true
        }
    }

    /// Whether `key` exists; asking is no use of it.
    public func contains(_ key: Span<UInt8>, now: Int64) -> Bool {
        inspect(key, now: now) { _, _ in }
    }

    /// Notes that `key` is used; whether it exists.
    ///
    /// Source: Redis, TOUCH.
    public func touch(_ key: Span<UInt8>, now: Int64) -> Bool {
        length(key, now: now) != nil
    }

    /// Calls `body` with the value of `key` and the milliseconds since its last use; false, without a
    /// call, if it is missing.
    ///
    /// Looking is no use of the key. The time is exact to 64 milliseconds. Source: Redis, OBJECT.
    public func inspect(
        _ key: Span<UInt8>,
        now: Int64,
        _ body: (_ value: Span<UInt8>, _ idleMilliseconds: Int64) -> Void
    ) -> Bool {
        let key = Bytes(key)
        return withShard(of: key) { shard, hash in
            let found = shard.peekLive(key, hash, now)
            if found < 0 { return false }
            let entry = shard.table[found]
            let idle = entry.header.pointee.lastUse.idleMilliseconds(now)
            entry.value.withSpan { body($0, idle) }
            return true
        }
    }

    /// The length of the value of `key`, in bytes; nil if it is missing.
    public func length(_ key: Span<UInt8>, now: Int64) -> Int? {
        let key = Bytes(key)
        return withShard(of: key) { shard, hash in
            let found = shard.findLive(key, hash, now)
            return found < 0 ? nil : shard.table[found].value.count
        }
    }

    /// The version of `key`, which every change to it raises; nil if it is missing.
    ///
    /// A key that was removed and stored again has a higher version than before. Versions of different
    /// keys do not compare.
    public func version(_ key: Span<UInt8>, now: Int64) -> UInt64? {
        let key = Bytes(key)
        return withShard(of: key) { shard, hash in
            let found = shard.peekLive(key, hash, now)
            return found < 0 ? nil : shard.table[found].header.pointee.version
        }
    }

    /// Adds `amount` to the integer that `key` holds, 0 if it is missing, and keeps its expiry; the sum.
    ///
    /// Throws `.notAnInteger` if the value is not what `DecimalInteger` reads, `.overflow` if the sum
    /// does not fit, `.keyTooLong` and `.namespaceFull`; the value is then unchanged. Source: Redis, INCRBY.
    @discardableResult
    public func increment(
        _ key: Span<UInt8>,
        by amount: Int64,
        now: Int64
    ) throws(ServerError) -> Int64 {
        let key = Bytes(key)
        try check(key: key)
        return try mutate(key, now) { shard, hash throws(ServerError) in
            try shard.increment(key, hash, by: amount, now)
        }
    }

    /// Puts `suffix` behind the value of `key`, empty if it is missing; the new length in bytes.
    ///
    /// Keeps the expiry. Throws `.keyTooLong`, `.valueTooLarge` if the whole would be, and
    /// `.namespaceFull`; the value is then unchanged. Source: Redis, APPEND.
    @discardableResult
    public func append(
        _ key: Span<UInt8>,
        _ suffix: Span<UInt8>,
        now: Int64
    ) throws(ServerError) -> Int {
        let key = Bytes(key)
        let suffix = Bytes(suffix)
        try check(key: key)
        let limit = maxValueBytes
        let count = try mutate(key, now) { shard, hash throws(ServerError) in
            try shard.append(key, suffix, hash, now, maxValueBytes: limit)
        }
        guard let count else {
            throw ServerError(
                .valueTooLarge,
                "value with \(suffix.count) bytes more: maxValueBytes allows \(limit)"
            )
        }
        return count
    }
}
