// Expiry within a shard.

internal import Core

extension Shard {
    /// Sets the expiry of `key` if it exists and `condition` holds; whether it did.
    mutating func expire(
        _ key: Bytes,
        _ hash: UInt64,
        at expiresAt: Int64,
        _ condition: ExpiryCondition,
        _ now: Int64
    ) -> Bool {
        let found = findLive(key, hash, now)
        if found < 0 || !holds(condition, table[found].expiresAt, expiresAt) { return false }
        change(.at(unixMs: expiresAt), at: found, hash, now)
        return true
    }

    private func holds(_ condition: ExpiryCondition, _ old: Int64, _ new: Int64) -> Bool {
        switch condition {
        case .always: true
        case .ifPersistent: old == 0
        case .ifVolatile: old != 0
        case .ifLater: old != 0 && new > old
        case .ifSooner: old == 0 || new < old
        case .ifVolatileAndSooner: old != 0 && new < old
        }
    }

    /// Changes the expiry of the entry at `found`, and removes it if that has passed.
    mutating func change(
        _ expiry: SetOptions.Expiry,
        at found: Int,
        _ hash: UInt64,
        _ now: Int64
    ) {
        let entry = table[found]
        var expiresAt: Int64 = 0
        switch expiry {
        case .keep: return
        case .none: break
        case .at(let time) where time <= max(now, 0): return remove(at: found)
        case .at(let time): expiresAt = time
        }
        if entry.expiresAt == expiresAt { return }
        setExpiry(entry, hash, expiresAt)
        touch(entry)
    }

    /// Takes the expiry of `key` away; whether it had one.
    mutating func persist(_ key: Bytes, _ hash: UInt64, _ now: Int64) -> Bool {
        let found = findLive(key, hash, now)
        if found < 0 || table[found].expiresAt == 0 { return false }
        change(.none, at: found, hash, now)
        return true
    }

    /// Removes up to `limit` expired entries, soonest first; how many.
    ///
    /// `steps` is what may still be spent: it goes down by 1 for each item of the queue looked at, of
    /// which those left behind by changed expiries reclaim nothing.
    mutating func reclaim(limit: Int, steps: inout Int, _ now: Int64) -> Int {
        var reclaimed = 0
        while reclaimed < limit, steps > 0, let item = queue.first, item.expiresAt <= now {
            steps -= 1
            guard let found = table.find(item.hash, expiresAt: item.expiresAt) else {
                queue.removeFirst()
                continue
            }
            tellGone(table[found], .expired)
            unlink(at: found)
            reclaimed += 1
            // Keys with the same full hash may share an item: it stays until the last is gone.
            if table.find(item.hash, expiresAt: item.expiresAt) == nil { queue.removeFirst() }
        }
        if reclaimed > 0 { tidy() } else { account() }
        return reclaimed
    }
}
