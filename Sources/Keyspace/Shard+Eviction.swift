// Evicting within a shard: whom to propose, and to remove one so that its bytes count as free at once.

internal import Core

/// An entry that may be evicted: known by its hash, and by its last use as long as nobody has used it since.
struct EvictionCandidate {
    var hash: UInt64
    var lastUse: UseTime
}

extension Shard {
    /// Samples that a proposal is made of.
    ///
    /// Source: Redis, maxmemory-samples.
    static let evictionSamples = 5

    /// Removes keys whose time has come, a few; how many.
    ///
    /// They go before any other of the shard has to.
    mutating func reclaimForRoom(_ now: Int64) -> Int {
        guard let item = queue.first, item.expiresAt <= now else { return 0 }
        let spare = reported &- bytes
        var steps = 64
        let reclaimed = reclaim(limit: 16, steps: &steps, now)
        settle(spare)
        return reclaimed
    }

    /// Proposes some entries that `policy` lets go, drawn at random, to `pool`; false if there is none.
    func propose(
        _ policy: EvictionPolicy,
        using random: inout some RandomNumberGenerator,
        to pool: inout EvictionPool
    ) -> Bool {
        var left = Shard.evictionSamples
        visit(policy, using: &random) { position in
            let slot = table.slots[position]
            let lastUse = table[position].header.pointee.lastUse
            pool.insert(EvictionCandidate(hash: slot.hash, lastUse: lastUse))
            left -= 1
            return left > 0
        }
        return left < Shard.evictionSamples
    }

    /// Evicts an entry that `policy` lets go, drawn at random; false if there is none.
    mutating func evictAny(
        _ policy: EvictionPolicy,
        using random: inout some RandomNumberGenerator,
        _ now: Int64
    ) -> Bool {
        var drawn: Int?
        visit(policy, using: &random) { position in
            drawn = position
            return false
        }
        guard let drawn else { return false }
        evict(at: drawn, now)
        return true
    }

    /// Evicts `candidate` unless it is gone, was used, or is no longer to go; whether it did.
    mutating func evict(
        _ candidate: EvictionCandidate,
        _ policy: EvictionPolicy,
        _ now: Int64
    ) -> Bool {
        var position = table.firstIndex(from: candidate.hash)
        while let entry = table.slots[position].entry,
            table.slots[position].hash == candidate.hash
        {
            let mayGo = entry.expiresAt != 0 || !policy.sparesPersistentKeys
            if mayGo, entry.header.pointee.lastUse == candidate.lastUse {
                evict(at: position, now)
                return true
            }
            position += 1
        }
        return false
    }

    /// Evicts the entry that expires soonest, if it does so at `expiresAt` or before; whether it did.
    ///
    /// If not, the queue then begins with the entry that really expires soonest.
    mutating func evictSoonest(upTo expiresAt: Int64, _ now: Int64) -> Bool {
        while let item = queue.first {
            guard let found = table.find(item.hash, expiresAt: item.expiresAt) else {
                queue.removeFirst()
                continue
            }
            if item.expiresAt > expiresAt { break }
            evict(at: found, now)
            // Keys with the same full hash may share an item: it stays until the last is gone.
            if queue.first == item, table.find(item.hash, expiresAt: item.expiresAt) == nil {
                queue.removeFirst()
                account()
            }
            return true
        }
        account()
        return false
    }

    /// Gives back what a shard without entries still holds.
    mutating func releaseIfEmpty() {
        if table.count > 0 || bytes == 0 { return }
        table = HashTable()
        queue = ExpiryQueue()
        index = KeyIndex()
        report(0)
    }

    /// Removes the entry at `found` as DEL does, so that a transaction that watches it sees it.
    private mutating func evict(at found: Int, _ now: Int64) {
        let spare = reported &- bytes
        let isExpired = table[found].isExpired(now)
        tellGone(table[found], isExpired ? .expired : .evicted)
        unlink(at: found)
        tidy()
        settle(spare)
        if !isExpired { ledger?._withUnsafeGuaranteedRef { $0.countEviction() } }
    }

    /// Tells the ledger exactly how much less the shard takes, by leaving the slack as it was.
    private mutating func settle(_ spare: Int) {
        if table.count == 0 { releaseIfEmpty() } else { report(bytes &+ spare) }
    }

    /// Calls `body` with the slots of entries that `policy` lets go, from a random one on or at random,
    /// until it returns false; at least once if there is any.
    ///
    /// Slots lie in the order of a keyed hash, so neighbours have nothing to do with one another.
    private func visit(
        _ policy: EvictionPolicy,
        using random: inout some RandomNumberGenerator,
        _ body: (Int) -> Bool
    ) {
        if policy.sparesPersistentKeys { return visitVolatile(using: &random, body) }
        if table.count == 0 { return }
        var position = Int.random(in: 0..<table.capacity, using: &random)
        var hasVisited = false
        // A table is at least an eighth full, or small.
        for step in 0..<table.capacity {
            if table.slots[position].entry != nil {
                if !body(position) { return }
                hasVisited = true
            }
            if hasVisited, step >= 64 { return }
            position = position + 1 == table.capacity ? 0 : position + 1
        }
    }

    private func visitVolatile(
        using random: inout some RandomNumberGenerator,
        _ body: (Int) -> Bool
    ) {
        guard volatileCount > 0, let items = queue.items else { return }
        var hasVisited = false
        // Each by a draw of its own: neighbours in the queue were often written one after the other.
        for _ in 0..<16 {
            let item = items[Int.random(in: 0..<queue.count, using: &random)]
            guard let found = table.find(item.hash, expiresAt: item.expiresAt) else { continue }
            if !body(found) { return }
            hasVisited = true
        }
        // At most two items for a key and 64 more are stale: one is current, wherever it is.
        var position = 0
        while !hasVisited, position < queue.count {
            let item = items[position]
            position += 1
            guard let found = table.find(item.hash, expiresAt: item.expiresAt) else { continue }
            if !body(found) { return }
            hasVisited = true
        }
    }
}

/// The best candidates of all samples lately, the one used longest ago last.
///
/// Source: Redis, EVPOOL_SIZE: keeping what earlier samples found comes close to true LRU.
struct EvictionPool {
    private var candidates: [EvictionCandidate] = []

    private static let capacity = 16

    init() { candidates.reserveCapacity(EvictionPool.capacity + 1) }

    var isEmpty: Bool { candidates.isEmpty }

    /// Keeps `candidate` if it was used longer ago than the worst that is kept, or there is room.
    mutating func insert(_ candidate: EvictionCandidate) {
        if let known = candidates.firstIndex(where: { $0.hash == candidate.hash }) {
            candidates.remove(at: known)
        } else if candidates.count == EvictionPool.capacity {
            if !candidate.lastUse.isBefore(candidates[0].lastUse) { return }
            candidates.remove(at: 0)
        }
        var index = candidates.count
        while index > 0, !candidate.lastUse.isBefore(candidates[index - 1].lastUse) { index -= 1 }
        candidates.insert(candidate, at: index)
    }

    /// Takes out the candidate that was used longest ago; nil if there is none.
    mutating func popOldest() -> EvictionCandidate? { candidates.popLast() }

    mutating func removeAll() { candidates.removeAll(keepingCapacity: true) }
}
