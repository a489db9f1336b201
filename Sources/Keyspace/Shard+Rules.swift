// Where a shard asks the rules on namespaces: everything that adds bytes or keys passes through here.

internal import Core

extension Shard {
    /// Adds an entry for the missing `key`, its value still to be written.
    ///
    /// It expires when a rule on its namespace says so, otherwise never. Throws `.namespaceFull`, and
    /// then has changed nothing.
    @inline(__always)
    mutating func insert(
        _ key: Bytes,
        _ hash: UInt64,
        valueCount: Int,
        at missing: Int,
        _ now: Int64
    ) throws(ServerError) -> Entry {
        if policy != nil { return try insertRuled(key, hash, valueCount, at: missing, now) }
        return place(key, hash, valueCount: valueCount, at: missing, now)
    }

    @inline(never)
    private mutating func insertRuled(
        _ key: Bytes,
        _ hash: UInt64,
        _ valueCount: Int,
        at missing: Int,
        _ now: Int64
    ) throws(ServerError) -> Entry {
        try count(key, keys: 1, bytes: key.count + valueCount)
        let entry = place(key, hash, valueCount: valueCount, at: missing, now)
        let expiresAt = ruledExpiry(key, now)
        if expiresAt != 0 { setExpiry(entry, hash, expiresAt) }
        return entry
    }

    /// Makes `value` the value of the entry at `found`, in place where it suits.
    ///
    /// Throws `.namespaceFull`, and then has changed nothing.
    @inline(__always)
    mutating func overwrite(at found: Int, _ value: Bytes) throws(ServerError) {
        if policy != nil { try count(growthOf: found, toValueCount: value.count) }
        replaceValue(at: found, value)
    }

    /// The entry at `found` with room for a value of `valueCount` bytes, at least as many as it has, of
    /// which the present ones are kept.
    ///
    /// The caller writes the others and makes `valueCount` the entry's. Where the block is too small
    /// the new one has room for as much again, at most 1 MiB, so that n appends copy O(n) bytes while
    /// values are small. Throws `.namespaceFull`, and then has changed nothing. Source: Redis,
    /// sdsMakeRoomFor.
    mutating func grow(at found: Int, toValueCount valueCount: Int) throws(ServerError) -> Entry {
        if policy != nil { try count(growthOf: found, toValueCount: valueCount) }
        let entry = table[found]
        let needed = Entry.bytes(keyCount: entry.key.count, valueCount: valueCount)
        if needed <= entry.capacity { return entry }
        return reallocate(
            at: found,
            valueCount: valueCount,
            keeping: entry.value.count,
            room: needed + min(needed, 1 << 20)
        )
    }

    /// When a key stored now without an expiry expires all the same; 0 for never.
    @inline(__always)
    func defaultExpiry(_ key: Bytes, _ now: Int64) -> Int64 {
        policy == nil ? 0 : ruledExpiry(key, now)
    }

    /// As `set`, where there are rules.
    @inline(never)
    mutating func setRuled(
        _ key: Bytes,
        _ value: Bytes,
        _ hash: UInt64,
        _ now: Int64
    ) throws(ServerError) -> Bool {
        let found = table.find(hash, key)
        if found >= 0 {
            try count(growthOf: found, toValueCount: value.count)
        } else {
            try count(key, keys: 1, bytes: key.count + value.count)
        }
        return setAdmitted(key, value, hash, now, expiresAt: ruledExpiry(key, now))
    }

    /// What storing a value of `valueCount` bytes as `key` adds to the rules' counts.
    func note(
        _ key: Bytes,
        _ hash: UInt64,
        valueCount: Int,
        in changes: inout [RuleChange]
    ) {
        guard let policy = policy?.takeUnretainedValue() else { return }
        let found = table.find(hash, key)
        let old = found < 0 ? -key.count : table[found].value.count
        policy.note(key, keys: found < 0 ? 1 : 0, bytes: valueCount - old, in: &changes)
    }

    /// Takes `entry` out of the counts.
    @inline(never)
    func forget(_ entry: Entry) {
        let bytes = entry.key.count + entry.value.count
        policy?._withUnsafeGuaranteedRef { $0.remove(entry.key, keys: 1, bytes: bytes) }
    }

    @inline(never)
    private func ruledExpiry(_ key: Bytes, _ now: Int64) -> Int64 {
        policy?._withUnsafeGuaranteedRef { $0.expiry(of: key, now) } ?? 0
    }

    private func count(growthOf found: Int, toValueCount count: Int) throws(ServerError) {
        let entry = table[found]
        try self.count(entry.key, keys: 0, bytes: count - entry.value.count)
    }

    @inline(never)
    private func count(_ key: Bytes, keys: Int, bytes: Int) throws(ServerError) {
        guard let policy = policy?.takeUnretainedValue() else { return }
        try policy.add(key, keys: keys, bytes: bytes)
    }
}
