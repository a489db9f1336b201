// Operations on all keys, or all below a prefix.

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

extension Keyspace {
    /// Calls `body` with about `limit` keys and returns the cursor to go on from; 0 starts, 0 is the end.
    ///
    /// A cursor is a hash: the walk goes through all hashes in ascending order, and the cursor is the
    /// least one not yet visited. So, whatever grows, shrinks or moves in between,
    /// - a key that exists during the whole walk is visited exactly once;
    /// - a key stored or removed meanwhile is visited once or not at all, a key removed and stored again
    ///   at most once;
    /// - no state is kept between calls, and any cursor may be used again or at the same time.
    ///
    /// Keys with the same hash are visited together, so a call can visit more than `limit`, though with
    /// 64 bits hardly ever does. A call looks at no more than `10 * limit + 1024` slots, and may visit
    /// few keys or none before the end. Source: Redis, SCAN.
    public func scan(
        cursor: UInt64,
        limit: Int,
        now: Int64,
        _ body: (Span<UInt8>) -> Void
    ) -> UInt64 {
        var limit = min(max(limit, 1), 1 << 32)
        var steps = 1024 + 10 * limit
        var cursor = cursor
        while true {
            let index = ShardArray.index(of: cursor)
            let next = shards.withShard(index) { shard in
                let next = shard.scan(from: cursor, limit: &limit, steps: &steps, now, body)
                shard.tidy()
                return next
            }
            if let next { return next }
            if index + 1 == ShardArray.count { return 0 }
            cursor = UInt64(index + 1) << UInt64(64 - HashTable.shardBits)
            if limit <= 0 || steps <= 0 { return cursor }
        }
    }

    /// Calls `body` with every namespace that holds keys, in byte order: its name, keys and bytes.
    ///
    /// As `namespaces(withPrefix:)` with an empty prefix.
    public func namespaces(
        now: Int64,
        _ body: (_ name: Span<UInt8>, _ keys: Int, _ bytes: Int) -> Void
    ) {
        namespaces(withPrefix: Span(), now: now, body)
    }

    /// Calls `body` with every namespace that holds keys beginning with `prefix`, in byte order.
    ///
    /// A key's namespace is what stands before its last `^`; with an empty prefix the global namespace,
    /// of the keys without one, is listed by an empty name. A namespace counts the keys directly in it,
    /// not those of namespaces below; bytes are those of its entries' blocks.
    ///
    /// One shard is locked at a time, so counts are of slightly different moments; `body` runs under no
    /// lock. Costs O(keys that match), not O(all keys).
    public func namespaces(
        withPrefix prefix: Span<UInt8>,
        now: Int64,
        _ body: (_ name: Span<UInt8>, _ keys: Int, _ bytes: Int) -> Void
    ) {
        let prefix = Bytes(prefix)
        var tally: [[UInt8]: NamespaceTally] = [:]
        for index in 0..<ShardArray.count {
            shards.withShard(index) { shard in shard.tallyNamespaces(prefix: prefix, now, &tally) }
        }
        let ordered = tally.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (name, held) in ordered { body(name.span, held.keys, held.bytes) }
    }

    /// Calls `body` with every key that begins with `prefix`, one shard at a time.
    ///
    /// Costs O(keys that match), in byte order within a shard; if `prefix` has no `^`, O(all keys), a
    /// thousand at a time.
    public func forEachKey(
        withPrefix prefix: Span<UInt8>,
        now: Int64,
        _ body: (Span<UInt8>) -> Void
    ) {
        let prefix = Bytes(prefix)
        if !prefix.isNamespaced {
            var cursor: UInt64 = 0
            repeat {
                cursor = scan(cursor: cursor, limit: 1000, now: now) { key in
                    if Bytes(key).hasPrefix(prefix) { body(key) }
                }
            } while cursor != 0
            return
        }
        for index in 0..<ShardArray.count {
            shards.withShard(index) { shard in
                shard.index.forEach(prefix: prefix) { entry in
                    if !entry.isExpired(now) { entry.key.withSpan(body) }
                }
            }
        }
    }

    /// Removes every key that begins with `prefix`, as `users^42^`; how many there were.
    ///
    /// One shard is locked at a time, or all where somebody observes keys. Costs O(keys that match); if
    /// `prefix` has no `^`, O(all keys).
    public func drop(prefix: Span<UInt8>, now: Int64) -> Int {
        let prefix = Bytes(prefix)
        let hash = hash
        var removed = 0
        for index in 0..<ShardArray.count {
            let count = shards.withShard(index) { shard in
                shard.hook == nil ? shard.drop(prefix, hash, now) : nil
            }
            // An observer that came meanwhile is told of what is left, and came too late for the rest.
            guard let count else { return removed + dropObserved(prefix, now) }
            removed += count
        }
        return removed
    }
}
