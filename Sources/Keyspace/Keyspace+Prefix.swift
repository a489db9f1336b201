// SCAN below a prefix: through the namespace index, and not through all keys.

/// Where a walk below a prefix goes on: `[shard: 8 bits][generation: 16 bits][label: 40 bits]`.
private struct PrefixCursor {
    var shard: Int
    var generation: UInt16 = 0
    /// The page to begin with; 0 for the shard's first.
    var label: UInt64 = 0

    init(shard: Int, generation: UInt16 = 0, label: UInt64 = 0) {
        self.shard = shard
        self.generation = generation
        self.label = label
    }

    init(rawValue: UInt64) {
        shard = ShardArray.index(of: rawValue)
        generation = UInt16(truncatingIfNeeded: rawValue >> 40)
        label = rawValue & (KeyIndex.labelEnd - 1)
    }

    var rawValue: UInt64 {
        UInt64(shard) << UInt64(64 - HashTable.shardBits) | UInt64(generation) << 40 | label
    }
}

extension Keyspace {
    /// Calls `body` with about `limit` keys that begin with `prefix` and returns the cursor to go on from;
    /// 0 starts, 0 is the end.
    ///
    /// A prefix that contains `^` is looked up in the namespace index: a call costs the keys that it
    /// visits and a search in each shard, however many other keys there are. It visits at most 255 keys
    /// more than `limit`, since it stops between pages of the index only. Whatever changes between calls,
    /// - a key that exists during the whole walk is visited, mostly once: again only where keys stored
    ///   meanwhile made the index split or relabel its pages;
    /// - no state is kept between calls, and any cursor may be used again or at the same time.
    ///
    /// Another prefix is looked for among all keys, as in `scan(cursor:limit:)`; a cursor belongs to the
    /// prefix that it was made for.
    public func scan(
        prefix: Span<UInt8>,
        cursor: UInt64,
        limit: Int,
        now: Int64,
        _ body: (Span<UInt8>) -> Void
    ) -> UInt64 {
        let prefix = Bytes(prefix)
        if !prefix.isNamespaced {
            return scan(cursor: cursor, limit: limit, now: now) { key in
                if Bytes(key).hasPrefix(prefix) { body(key) }
            }
        }
        var limit = min(max(limit, 1), 1 << 32)
        var place = PrefixCursor(rawValue: cursor)
        while true {
            let next = shards.withShard(place.shard) { shard in
                shard.scan(prefix, place, &limit, now, body)
            }
            if let next { return next.rawValue }
            if place.shard + 1 == ShardArray.count { return 0 }
            place = PrefixCursor(shard: place.shard + 1)
            if limit <= 0 { return place.rawValue }
        }
    }
}

extension Shard {
    fileprivate func scan(
        _ prefix: Bytes,
        _ place: PrefixCursor,
        _ limit: inout Int,
        _ now: Int64,
        _ body: (Span<UInt8>) -> Void
    ) -> PrefixCursor? {
        // Labels of another generation say nothing: the shard is walked from its first page again.
        let label = place.generation == index.generation ? place.label : 0
        let next = index.forEach(prefix: prefix, fromLabel: label, limit: &limit) { entry in
            if !entry.isExpired(now) { entry.key.withSpan(body) }
        }
        return next.map {
            PrefixCursor(shard: place.shard, generation: index.generation, label: $0)
        }
    }
}
