// A shard's table: open addressing whose slots lie in the order of their hashes.

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// One place of a table, in 16 bytes: an entry and its hash, or neither.
struct Slot {
    var hash: UInt64
    var entry: Entry?
}

/// Linear probing kept sorted by hash (Robin Hood order), with room behind the end instead of a wrap.
///
/// A hash has one home, found from its bits behind the shard's by shifting, so homes rise with hashes.
/// Invariants: an entry lies at its home or behind it; no slot between the two is empty; slots are in
/// the order of their hashes. So a search ends at the first greater hash, and a walk in slot order is a
/// walk in hash order, whatever size the table has. Load is at most 3/4; the last slot is always empty.
/// Source: Celis, Larson, Munro, "Robin Hood hashing", 1985, in the ordered form of Amble and Knuth,
/// "Ordered hash tables", 1974.
struct HashTable: ~Copyable {
    // SAFETY: a block of `capacity` slots that this table owns and frees, or, while `bits` is 0, the
    // one empty slot shared by all empty tables, which is never written. An index that `find` or
    // `firstIndex` returned is below `capacity`, since the last slot stops every walk.
    private(set) var slots: UnsafeMutablePointer<Slot>
    /// Slots, those behind the last home and the final empty one included.
    private(set) var capacity = 1
    /// Entries.
    private(set) var count = 0
    /// The logarithm of the number of homes; 0 before the first entry.
    private var bits = 0
    /// `63 - bits`, what `home` shifts by.
    private var shift: UInt64 = 63

    /// Leading bits of a hash that choose the shard and so say nothing within it.
    static let shardBits = 8
    private static let minBits = 3
    /// Slots behind the last home: at load 3/4 fewer than one in five thousand tables runs over 16.
    private static let slackSlots = 16

    // SAFETY: initialised once and only ever read: it is where empty tables look and find nothing.
    private nonisolated(unsafe) static let none = {
        let slot = UnsafeMutablePointer<Slot>.allocate(capacity: 1)
        slot.initialize(to: Slot(hash: 0, entry: nil))
        return slot
    }()

    init() { slots = HashTable.none }

    deinit {
        for index in 0..<capacity {
            if let entry = slots[index].entry { entry.free() }
        }
        if bits > 0 { Block.release(slots) }
    }

    /// Bytes that the slots take.
    private(set) var bytes = 0

    /// Slots that are the home of some hash.
    var homes: Int { 1 << bits }

    /// The entry in slot `index`, which must hold one.
    @inline(__always)
    subscript(index: Int) -> Entry {
        // SAFETY: the caller has the index of a full slot from this table.
        slots[index].entry.unsafelyUnwrapped
    }

    /// The slot that `hash` would have in an empty table.
    @inline(__always)
    func home(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: ((hash &<< UInt64(HashTable.shardBits)) &>> 1) &>> shift)
    }

    /// The least hash, of shard 0, whose home is slot `index`.
    func leastHash(homeAt index: Int) -> UInt64 {
        UInt64(index) << UInt64(64 - HashTable.shardBits - bits)
    }

    /// The slot of `key`, or, if it is missing, the complement of the slot where it belongs.
    @inline(__always)
    func find(_ hash: UInt64, _ key: Bytes) -> Int {
        var index = home(hash)
        while true {
            let slot = slots[index]
            guard let entry = slot.entry, slot.hash <= hash else { return ~index }
            if slot.hash == hash, entry.hasKey(key) { return index }
            index &+= 1
        }
    }

    /// The first slot from `hash`'s home on that is empty or holds a hash not below `hash`.
    func firstIndex(from hash: UInt64) -> Int {
        var index = home(hash)
        while slots[index].entry != nil, slots[index].hash < hash { index &+= 1 }
        return index
    }

    /// The slot of the entry with this hash and expiry, whichever key it has; nil if there is none.
    func find(_ hash: UInt64, expiresAt: Int64) -> Int? {
        var index = firstIndex(from: hash)
        while let entry = slots[index].entry, slots[index].hash == hash {
            if entry.expiresAt == expiresAt { return index }
            index &+= 1
        }
        return nil
    }

    /// Adds an entry at the complement of what `find` has just returned for it.
    mutating func insert(_ entry: Entry, _ hash: UInt64, at missing: Int) {
        var index = ~missing
        if (count &+ 1) &* 4 > homes &* 3 {
            rebuild(bits: max(bits + 1, HashTable.minBits))
            index = firstIndex(from: hash)
        }
        var end = firstEmpty(from: index)
        if end == capacity - 1 {
            rebuild(bits: bits)
            index = firstIndex(from: hash)
            end = firstEmpty(from: index)
        }
        // SAFETY: `end` is an empty slot below the last, so the run `index ..< end` may move by one.
        memmove(slots + index + 1, slots + index, (end &- index) &* MemoryLayout<Slot>.stride)
        slots[index] = Slot(hash: hash, entry: entry)
        count &+= 1
    }

    private func firstEmpty(from start: Int) -> Int {
        var index = start
        while slots[index].entry != nil { index &+= 1 }
        return index
    }

    /// Puts `entry` in the place of the one at `index`, which has the same key.
    @inline(__always)
    mutating func replace(at index: Int, with entry: Entry) {
        slots[index].entry = entry
    }

    /// Takes out the entry at `index` and moves those behind it, up to the first at its home, back by
    /// one, so that `index` then holds the next greater hash or is empty.
    ///
    /// Never changes the size.
    mutating func remove(at index: Int) {
        var end = index &+ 1
        while slots[end].entry != nil, home(slots[end].hash) < end { end &+= 1 }
        // SAFETY: `end` is at most the last slot, which is empty; the run in front of it moves.
        let moved = (end &- 1 &- index) &* MemoryLayout<Slot>.stride
        memmove(slots + index, slots + index + 1, moved)
        slots[end &- 1] = Slot(hash: 0, entry: nil)
        count &-= 1
    }

    /// Quarters the table if less than an eighth of its homes is in use.
    @inline(__always)
    mutating func shrinkIfSparse() {
        if bits > HashTable.minBits, count &* 8 < homes {
            rebuild(bits: max(bits - 2, HashTable.minBits))
        }
    }

    /// Moves all entries to a table of `2^bits` homes, with at least `slackSlots` empty behind them.
    private mutating func rebuild(bits newBits: Int) {
        let old = slots
        let oldCapacity = capacity
        let isOwned = bits > 0
        bits = newBits
        shift = UInt64(63 - newBits)
        let end = endAfterMoving(old, oldCapacity)
        // Where entries run over the last home, twice as many slots as they took: entries that all
        // have the last home then cost a constant share of moves each, whatever their number.
        let overrun = max(0, end - homes)
        capacity = homes + overrun * 2 + HashTable.slackSlots + 1
        // SAFETY: zero bytes are an empty slot: hash 0 and the null entry.
        let block = Block.allocateZeroed(capacity * MemoryLayout<Slot>.stride)
        slots = block.bindMemory(to: Slot.self, capacity: capacity)
        bytes = Block.size(block)
        var next = 0
        for index in 0..<oldCapacity where old[index].entry != nil {
            next = max(next, home(old[index].hash))
            slots[next] = old[index]
            next += 1
        }
        if isOwned { Block.release(old) }
    }

    /// The slot behind the last one that the entries of `old` take with the present homes.
    private func endAfterMoving(_ old: UnsafeMutablePointer<Slot>, _ oldCapacity: Int) -> Int {
        var next = 0
        for index in 0..<oldCapacity where old[index].entry != nil {
            next = max(next, home(old[index].hash)) + 1
        }
        return next
    }
}
