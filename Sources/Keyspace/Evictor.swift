// Making room: what is evicted so that a request can be served, and what is told where it cannot.

public import Core
internal import Synchronization

/// Holds requests against the keyspace's limit on memory, and evicts for them.
///
/// One per thread, for which it remembers whom to evict next; many work on one keyspace at once. It holds
/// one shard's lock at a time and must not be called by who holds any.
///
/// LRU is approximate: five entries of a random shard are looked at for each one that is evicted, and the
/// best sixteen ever seen and not used since are kept. The soonest expiry is exact within a shard, and
/// between shards as of when each was last looked at: at most 64 evictions of this thread before.
public final class Evictor {
    private let keyspace: Keyspace
    private var random: SplitMix
    private var pool = EvictionPool()
    private var pooledPolicy = EvictionPolicy.noEviction
    /// When each shard's soonest key expires, as last seen; `Int64.max` where none does.
    private var soonest: [Int64]
    private var soonestUses = 0

    private static let maxSoonestUses = 64

    /// Makes an evictor for one thread; without a seed its draws are random.
    public init(_ keyspace: Keyspace, seed: UInt64? = nil) {
        self.keyspace = keyspace
        random = SplitMix(state: seed ?? .random(in: 0 ... .max))
        soonest = Array(repeating: .max, count: ShardArray.count)
    }

    /// Evicts, as the policy says, until `bytes` more fit the limit; `.outOfMemory` if that is not to be.
    ///
    /// At most `Limits.maxEvictedKeys` go at once. Nothing is evicted for what can never fit.
    public func makeRoom(for bytes: Int, now: Int64) throws(ServerError) {
        let ledger = keyspace.ledger
        let limit = ledger.limit.load(ordering: .relaxed)
        if limit == 0 || ledger.bytes <= limit - bytes { return }
        if bytes <= limit, evict(downTo: limit - bytes, most: ledger.maxEvictedKeys, now) { return }
        ledger.countRefusal()
        throw ServerError(.outOfMemory)
    }

    /// Evicts keys while the keyspace is above its limit, up to `limit` of them.
    ///
    /// For what nobody's request makes room for: the limit was lowered, or what is always served, as
    /// EXPIRE is, took more than there was.
    public func evictExcess(limit count: Int, now: Int64) {
        let limit = keyspace.ledger.limit.load(ordering: .relaxed)
        if limit > 0 { _ = evict(downTo: limit, most: count, now) }
    }

    /// Evicts until at most `target` bytes are counted; whether they are.
    private func evict(downTo target: Int, most count: Int, _ now: Int64) -> Bool {
        let ledger = keyspace.ledger
        var left = count
        while ledger.bytes > target {
            let policy = ledger.policy
            if policy == .noEviction || left <= 0 { return false }
            let gone = evictOne(policy, now)
            if gone == 0 { return ledger.bytes <= target }
            left -= gone
        }
        return true
    }

    /// Removes a key, or a few that have expired; how many, 0 if no key may go.
    private func evictOne(_ policy: EvictionPolicy, _ now: Int64) -> Int {
        switch policy {
        case .noEviction: return 0
        case .allKeysRandom, .volatileRandom: return evictAny(policy, now)
        case .volatileTTL: return evictSoonest(now)
        case .allKeysLRU, .volatileLRU:
            if pooledPolicy != policy {
                pool.removeAll()
                pooledPolicy = policy
            }
            return evictOldest(policy, now)
        }
    }

    private func evictAny(_ policy: EvictionPolicy, _ now: Int64) -> Int {
        visitShards { shard in
            let reclaimed = shard.reclaimForRoom(now)
            if reclaimed > 0 { return reclaimed }
            return shard.evictAny(policy, using: &random, now) ? 1 : 0
        }
    }

    private func evictOldest(_ policy: EvictionPolicy, _ now: Int64) -> Int {
        var isAny = false
        let reclaimed = visitShards { shard in
            let reclaimed = shard.reclaimForRoom(now)
            if reclaimed > 0 { return reclaimed }
            isAny = shard.propose(policy, using: &random, to: &pool)
            return isAny ? 1 : 0
        }
        if reclaimed > 0, !isAny { return reclaimed }
        while let candidate = pool.popOldest() {
            let index = ShardArray.index(of: candidate.hash)
            let isEvicted = keyspace.shards.withShard(index) { shard in
                shard.evict(candidate, policy, now)
            }
            if isEvicted { return 1 }
        }
        // All that were proposed have been used or removed by others meanwhile: then any will do.
        return isAny ? evictAny(policy, now) : 0
    }

    /// Calls `body` with one shard after the other, from a random one on, until it does not return 0;
    /// what it returned.
    private func visitShards(_ body: (inout Shard) -> Int) -> Int {
        let start = Int(truncatingIfNeeded: random.next() >> 1)
        for offset in 0..<ShardArray.count {
            let index = (start &+ offset) & (ShardArray.count - 1)
            let result = keyspace.shards.withShard(index) { shard in
                let result = body(&shard)
                if result == 0 { shard.releaseIfEmpty() }
                return result
            }
            if result > 0 { return result }
        }
        return 0
    }

    private func evictSoonest(_ now: Int64) -> Int {
        var isFresh = soonestUses == 0
        if isFresh { lookForSoonest() }
        while true {
            soonestUses = (soonestUses + 1) % Evictor.maxSoonestUses
            var index = 0
            for other in 1..<ShardArray.count where soonest[other] < soonest[index] {
                index = other
            }
            if soonest[index] == .max {
                if isFresh { return 0 }
                isFresh = true
                lookForSoonest()
                continue
            }
            let upTo = soonest[index]
            let (isEvicted, next) = keyspace.shards.withShard(index) { shard in
                let isEvicted = shard.evictSoonest(upTo: upTo, now)
                return (isEvicted, shard.queue.first?.expiresAt ?? .max)
            }
            soonest[index] = next
            if isEvicted { return 1 }
        }
    }

    private func lookForSoonest() {
        for index in 0..<ShardArray.count {
            soonest[index] = keyspace.shards.withShard(index) { shard in
                shard.releaseIfEmpty()
                return shard.queue.first?.expiresAt ?? .max
            }
        }
    }
}

@available(*, unavailable)
extension Evictor: Sendable {}
