// A key drawn at random.

extension Keyspace {
    /// Calls `body` with keys drawn at random until it takes one by returning true; whether it did.
    ///
    /// Each draw gives every key the same chance. At most 100 are made, so where `body` takes few of many
    /// keys it may get none that it takes. Source: Redis, RANDOMKEY.
    public func randomKey(
        using random: inout some RandomNumberGenerator,
        now: Int64,
        _ body: (Span<UInt8>) -> Bool
    ) -> Bool {
        var counts: [Int] = []
        for index in 0..<ShardArray.count {
            counts.append(shards.withShard(index) { $0.table.count })
        }
        let total = counts.reduce(0, +)
        if total == 0 { return false }
        for _ in 0..<100 {
            var rank = Int.random(in: 0..<total, using: &random)
            var index = 0
            while rank >= counts[index] {
                rank -= counts[index]
                index += 1
            }
            let isTaken = shards.withShard(index) { shard in
                shard.drawKey(using: &random, now, body)
            }
            if isTaken { return true }
        }
        return false
    }
}

extension Shard {
    /// Calls `body` with one key drawn at random, unless that has expired; whether it took it.
    fileprivate func drawKey(
        using random: inout some RandomNumberGenerator,
        _ now: Int64,
        _ body: (Span<UInt8>) -> Bool
    ) -> Bool {
        if table.count == 0 { return false }
        // A table is at least an eighth full, or small: slots are tried until one is not empty.
        while true {
            let position = Int.random(in: 0..<table.capacity, using: &random)
            guard let entry = table.slots[position].entry else { continue }
            if entry.isExpired(now) { return false }
            var isTaken = false
            entry.key.withSpan { isTaken = body($0) }
            return isTaken
        }
    }
}
