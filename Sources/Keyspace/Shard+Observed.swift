// Telling the hook what became of keys; nothing of this runs while there is none.

internal import Core

extension Shard {
    /// Runs `body`, which may change `key` and no other, and tells the hook what it did.
    ///
    /// `kind` is what a change is called that leaves the key in place. A value that has expired is told
    /// first, and is gone for `body`.
    @inline(never)
    mutating func observed<Result, Failure: Error>(
        _ key: Bytes,
        _ hash: UInt64,
        _ now: Int64,
        _ kind: KeyChangeKind,
        _ body: (inout Shard, UInt64) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let interest = interest(in: key)
        if interest == .none { return try body(&self, hash) }
        removeIfExpired(key, hash, now)
        var found = table.find(hash, key)
        var before: (version: UInt64, value: [UInt8]?)?
        if found >= 0 {
            let entry = table[found]
            let value = interest == .values ? Array(entry.value.buffer) : nil
            before = (entry.header.pointee.version, value)
        }
        let result = try body(&self, hash)
        found = table.find(hash, key)
        if found < 0 {
            guard let before else { return result }
            tell(.delete, key, version: lastVersion, old: before.value)
        } else if table[found].header.pointee.version != before?.version {
            tell(kind, table[found], old: before?.value)
        }
        return result
    }

    /// As `observed`, where the hash is known and the shard at hand.
    @inline(__always)
    mutating func observing<Result>(
        _ key: Bytes,
        _ hash: UInt64,
        _ now: Int64,
        _ body: (inout Shard, UInt64) -> Result
    ) -> Result {
        if hook != nil { return observed(key, hash, now, .set, body) }
        return body(&self, hash)
    }

    /// As `setAdmitted`, and tells it.
    @inline(never)
    mutating func setObserved(
        _ key: Bytes,
        _ value: Bytes,
        _ hash: UInt64,
        _ now: Int64,
        expiresAt: Int64
    ) {
        observed(key, hash, now, .set) { shard, hash in
            _ = shard.setAdmitted(key, value, hash, now, expiresAt: expiresAt)
        }
    }

    /// Removes `key` if its time has come, where somebody observes keys.
    mutating func removeIfExpired(_ key: Bytes, _ hash: UInt64, _ now: Int64) {
        if hook != nil { _ = peekLive(key, hash, now) }
    }

    /// Removes all keys whose time has come, where somebody observes keys.
    mutating func reclaimObserved(_ now: Int64) {
        if hook == nil { return }
        var steps = Int.max
        _ = reclaim(limit: .max, steps: &steps, now)
    }

    /// Tells that `entry` is about to be removed because of `kind`.
    @inline(__always)
    func tellGone(_ entry: Entry, _ kind: KeyChangeKind) {
        if hook != nil { tellLast(entry, kind) }
    }

    /// Tells that every key that began with `prefix` was removed.
    func tellDrop(_ prefix: Bytes) {
        hook?._withUnsafeGuaranteedRef { $0.changed(KeyChange(.drop, prefix, version: 0)) }
    }

    @inline(never)
    private func tellLast(_ entry: Entry, _ kind: KeyChangeKind) {
        let change = KeyChange(kind, entry.key, version: lastVersion &+ 1, old: entry.value)
        hook?._withUnsafeGuaranteedRef { $0.changed(change) }
    }

    private func interest(in key: Bytes) -> KeyInterest {
        var interest = KeyInterest.none
        hook?._withUnsafeGuaranteedRef { hook in
            key.withSpan { interest = hook.interest($0) }
        }
        return interest
    }

    private func tell(_ kind: KeyChangeKind, _ entry: Entry, old: [UInt8]?) {
        let isPersistent = kind == .expire && entry.expiresAt == 0
        Shard.withBytes(of: old) { old in
            let change = KeyChange(
                isPersistent ? .persist : kind,
                entry.key,
                version: entry.header.pointee.version,
                expiresAt: entry.expiresAt,
                old: old,
                new: entry.value
            )
            hook?._withUnsafeGuaranteedRef { $0.changed(change) }
        }
    }

    private func tell(_ kind: KeyChangeKind, _ key: Bytes, version: UInt64, old: [UInt8]?) {
        Shard.withBytes(of: old) { old in
            let change = KeyChange(kind, key, version: version, old: old)
            hook?._withUnsafeGuaranteedRef { $0.changed(change) }
        }
    }

    private static func withBytes(of copy: [UInt8]?, _ body: (Bytes?) -> Void) {
        guard let copy else { return body(nil) }
        body(Bytes(copy.span))
    }
}

extension Keyspace {
    /// As `drop`, where somebody observes keys: at one moment for all shards, so that no change to one of
    /// the keys is told on the wrong side of it.
    func dropObserved(_ prefix: Bytes, _ now: Int64) -> Int {
        let hash = hash
        return shards.withShards(.all) { locked in
            var removed = 0
            for index in 0..<ShardArray.count {
                removed += locked.withShard(index) { $0.drop(prefix, hash, now) }
            }
            if removed > 0 { locked.withShard(0) { $0.tellDrop(prefix) } }
            return removed
        }
    }
}

extension Shard {
    /// Removes every entry whose key begins with `prefix`; how many were live.
    mutating func drop(_ prefix: Bytes, _ hash: ByteHash, _ now: Int64) -> Int {
        prefix.isNamespaced
            ? removeAll(prefix: prefix, hash, now) : removeAllByWalk(prefix: prefix, now)
    }
}
