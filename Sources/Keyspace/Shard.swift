// One of the keyspace's parts: a table, its expiry queue, its namespace index, and their sums.

internal import Core

/// A shard's state and the few operations that change which entries it holds.
///
/// Everything here runs under the shard's lock. `hash` is always the full hash of `key`.
struct Shard: ~Copyable {
    var table = HashTable()
    var queue = ExpiryQueue()
    var index = KeyIndex()
    /// Bytes of the blocks of all entries.
    private(set) var entryBytes = 0
    /// What the ledger counts for this shard; see `account`.
    var reported = 0
    /// Entries with an expiry.
    private(set) var volatileCount = 0
    /// Counts changes; what an entry's version is taken from, and never goes back.
    private(set) var lastVersion: UInt64
    /// The rules on namespaces; nil where there are none.
    let policy: PolicyReference?
    /// What all shards take together; nil in a shard of nobody's.
    let ledger: LedgerReference?
    /// What is told of changes; nil where nobody observes keys.
    var hook: HookReference?

    init(
        lastVersion: UInt64 = 0,
        policy: PolicyReference? = nil,
        ledger: LedgerReference? = nil,
        hook: HookReference? = nil
    ) {
        self.lastVersion = lastVersion
        self.policy = policy
        self.ledger = ledger
        self.hook = hook
    }

    /// Bytes that the shard takes, all told.
    var bytes: Int { entryBytes + table.bytes + queue.bytes + index.bytes }

    /// The slot of `key`, or the complement of where it belongs; removes it if it has expired.
    ///
    /// Counts as a use of the key.
    @inline(__always)
    mutating func findLive(_ key: Bytes, _ hash: UInt64, _ now: Int64) -> Int {
        let found = table.find(hash, key)
        if found < 0 { return found }
        let entry = table[found]
        if entry.isExpired(now) { return removeExpired(at: found, key, hash) }
        entry.use(now)
        return found
    }

    /// As `findLive`, for who only looks: it is no use of the key.
    @inline(__always)
    mutating func peekLive(_ key: Bytes, _ hash: UInt64, _ now: Int64) -> Int {
        let found = table.find(hash, key)
        if found < 0 || !table[found].isExpired(now) { return found }
        return removeExpired(at: found, key, hash)
    }

    @inline(never)
    private mutating func removeExpired(at found: Int, _ key: Bytes, _ hash: UInt64) -> Int {
        tellGone(table[found], .expired)
        remove(at: found)
        return table.find(hash, key)
    }

    /// Adds an entry for the missing `key`, without expiry, its value still to be written; the rules on
    /// namespaces have admitted it.
    mutating func place(
        _ key: Bytes,
        _ hash: UInt64,
        valueCount: Int,
        at missing: Int,
        _ now: Int64
    ) -> Entry {
        let entry = Entry.make(key: key, valueCount: valueCount)
        entry.use(now)
        table.insert(entry, hash, at: missing)
        if key.isNamespaced { index.insert(entry) }
        entryBytes &+= entry.capacity
        touch(entry)
        account()
        return entry
    }

    /// Gives the entry at `found` a block of its own for a value of `valueCount` bytes, with its key,
    /// its expiry and the old value's first `keeping` bytes.
    mutating func reallocate(
        at found: Int,
        valueCount: Int,
        keeping: Int = 0,
        room: Int = 0
    ) -> Entry {
        let old = table[found]
        let entry = Entry.make(key: old.key, valueCount: valueCount, room: room)
        entry.header.pointee.expiresAt = old.expiresAt
        entry.header.pointee.lastUse = old.header.pointee.lastUse
        // SAFETY: `keeping` is at most the count of either value.
        entry.valueStart.update(from: old.valueStart, count: keeping)
        if old.key.isNamespaced { index.replace(with: entry) }
        table.replace(at: found, with: entry)
        entryBytes &+= entry.capacity &- old.capacity
        old.free()
        account()
        return entry
    }

    /// Makes `value` the value of the entry at `found`, in place where it suits; the rules on namespaces
    /// have admitted it.
    @inline(__always)
    mutating func replaceValue(at found: Int, _ value: Bytes) {
        var entry = table[found]
        if !entry.suits(valueCount: value.count) {
            entry = reallocate(at: found, valueCount: value.count)
        }
        entry.write(value)
        touch(entry)
    }

    /// Stamps `entry` as changed.
    @inline(__always)
    mutating func touch(_ entry: Entry) {
        lastVersion &+= 1
        entry.header.pointee.version = lastVersion
    }

    /// Removes the entry at `found`, then shrinks what has become too large.
    mutating func remove(at found: Int) {
        unlink(at: found)
        tidy()
    }

    /// Shrinks what removals have left too large.
    mutating func tidy() {
        table.shrinkIfSparse()
        compactQueueIfStale()
        account()
    }

    /// Removes the entry at `found`; the table keeps its size, so that a walk can go on at `found`.
    ///
    /// The caller must `tidy` afterwards.
    mutating func unlink(at found: Int, isCounted: Bool = true) {
        let entry = table[found]
        if entry.key.isNamespaced { index.remove(entry) }
        discard(at: found, isCounted: isCounted)
    }

    /// Removes the entry at `found`, which is not or no longer in the namespace index; without
    /// `isCounted` the rules on namespaces have already forgotten it.
    private mutating func discard(at found: Int, isCounted: Bool = true) {
        let entry = table[found]
        if isCounted, policy != nil { forget(entry) }
        if entry.expiresAt != 0 { volatileCount &-= 1 }
        entryBytes &-= entry.capacity
        lastVersion &+= 1
        table.remove(at: found)
        entry.free()
    }

    /// Removes all entries whose keys begin with `prefix`, which contains `^`; how many were live.
    mutating func removeAll(prefix: Bytes, _ hash: ByteHash, _ now: Int64) -> Int {
        var removed = 0
        var index = KeyIndex()
        swap(&index, &self.index)
        index.removeAll(prefix: prefix) { entry in
            if entry.isExpired(now) { tellGone(entry, .expired) } else { removed += 1 }
            let key = entry.key
            discard(at: table.find(hash.hash(key), key))
        }
        swap(&index, &self.index)
        tidy()
        return removed
    }

    /// Sets the expiry of `entry`, whose hash this is, to Unix milliseconds; 0 is none.
    mutating func setExpiry(_ entry: Entry, _ hash: UInt64, _ expiresAt: Int64) {
        let old = entry.expiresAt
        if old == expiresAt { return }
        if old != 0 { volatileCount &-= 1 }
        entry.header.pointee.expiresAt = expiresAt
        if expiresAt != 0 {
            volatileCount &+= 1
            queue.push(ExpiryItem(expiresAt: expiresAt, hash: hash))
        }
        compactQueueIfStale()
        account()
    }

    /// Rids the queue of stale items once they outnumber the others by 64.
    ///
    /// It then holds at most one item per volatile key, so the next time is at least 64 changes and as
    /// many as there are keys away: the cost per change stays logarithmic.
    @inline(__always)
    mutating func compactQueueIfStale() {
        if queue.count > volatileCount &* 2 &+ 64 { compactQueue() }
    }

    @inline(never)
    private mutating func compactQueue() {
        var queue = ExpiryQueue()
        swap(&queue, &self.queue)
        queue.compact { item in table.find(item.hash, expiresAt: item.expiresAt) != nil }
        swap(&queue, &self.queue)
    }
}
