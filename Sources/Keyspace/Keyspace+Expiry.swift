// Operations on when keys expire.

internal import Core

extension Keyspace {
    /// Makes `key` expire at a Unix time in milliseconds, if `condition` holds; whether it was done.
    ///
    /// A time at or before `now` removes the key and counts as done. False if the key is missing.
    /// Source: Redis, PEXPIREAT.
    @discardableResult
    public func expire(
        _ key: Span<UInt8>,
        at unixMs: Int64,
        _ condition: ExpiryCondition = .always,
        now: Int64
    ) -> Bool {
        let key = Bytes(key)
        return mutate(key, now, .expire) { shard, hash in
            shard.expire(key, hash, at: unixMs, condition, now)
        }
    }

    /// Takes away the expiry of `key`; whether it had one.
    @discardableResult
    public func persist(_ key: Span<UInt8>, now: Int64) -> Bool {
        let key = Bytes(key)
        return mutate(key, now, .expire) { shard, hash in shard.persist(key, hash, now) }
    }

    /// How long `key` has to live.
    public func timeToLive(_ key: Span<UInt8>, now: Int64) -> TimeToLive {
        let key = Bytes(key)
        return withShard(of: key) { shard, hash in
            let found = shard.peekLive(key, hash, now)
            if found < 0 { return .missing }
            let expiresAt = shard.table[found].expiresAt
            return expiresAt == 0 ? .persistent : .milliseconds(expiresAt - now)
        }
    }

    /// Removes expired keys of `shards`, soonest first within each, up to `limit`; how many.
    ///
    /// The work is bounded: at most `4 * limit + 64` times are looked at, since some may be left over
    /// from changed expiries. Calling it on until it returns less than `limit` need not find all, but
    /// calling it again always goes on where it stopped. `shards` is clamped to `0..<shardCount`.
    public func reclaimExpired(shards: Range<Int>, limit: Int, now: Int64) -> Int {
        let shards = shards.clamped(to: 0..<ShardArray.count)
        var steps = 64 + 4 * min(max(limit, 0), 1 << 32)
        var reclaimed = 0
        for index in shards {
            if reclaimed >= limit || steps <= 0 { break }
            reclaimed += self.shards.withShard(index) { shard in
                shard.reclaim(limit: limit - reclaimed, steps: &steps, now)
            }
        }
        return reclaimed
    }
}
