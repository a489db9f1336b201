// The memory of addresses: of fixed size, and nobody can be pushed out of it who is being limited.
internal import Core
internal import Synchronization

/// A set-associative table of addresses.
///
/// Each address has one set of eight places, found by a keyed hash. A place is taken from the address
/// that has it only when it says nothing any more. An address for which there is no place shares one more
/// entry with all others of its set that found none. All memory is taken at the start.
final class PeerTable: Sendable {
    /// One share of the sets, behind its own lock.
    private final class Part: Sendable {
        /// The entries of the sets, one set after the other: its places, then what is shared.
        let entries: Mutex<[PeerEntry]>

        init(setCount: Int) {
            entries = Mutex([PeerEntry](repeating: PeerEntry(), count: setCount * PeerTable.stride))
        }
    }

    /// The places of a set: 8 of 64 bytes are looked through in the time of a few cache misses.
    static let ways = 8
    private static let stride = ways + 1
    /// The most parts: enough that loops seldom wait for one another.
    private static let mostParts = 64
    /// The most sets, 8 GiB: what is asked for beyond is a mistake.
    private static let mostSets = 1 << 24

    private let limits: PeerLimits
    private let hash: SipHash
    private let setMask: Int
    private let parts: [Part]

    /// Makes the table; `hash` places the addresses.
    init(_ limits: PeerLimits, hash: SipHash) {
        self.limits = limits
        self.hash = hash
        let wanted = min(max(1, limits.tableEntries / PeerTable.ways), PeerTable.mostSets)
        var setCount = 1
        while setCount < wanted { setCount *= 2 }
        setMask = setCount - 1
        let partCount = min(setCount, PeerTable.mostParts)
        parts = (0..<partCount).map { _ in Part(setCount: setCount / partCount) }
    }

    /// The entries that belong to addresses, without those that are shared.
    var capacity: Int {
        let count = parts.reduce(0) { $0 + $1.entries.withLock { $0.count } }
        return count / PeerTable.stride * PeerTable.ways
    }

    /// Calls `body` with the entry of `key`, made if there is a place, and whether it is a shared one.
    func withEntry<Result: Sendable>(
        _ key: PeerAddress,
        now: Int64,
        _ body: (inout PeerEntry, _ isShared: Bool) -> Result
    ) -> Result {
        let (part, base) = place(key)
        return part.entries.withLock { entries in
            let index = PeerTable.position(key, base, entries, limits, now: now)
            if index == base + PeerTable.ways { return body(&entries[index], true) }
            if !entries[index].isUsed || entries[index].key != key {
                entries[index] = PeerEntry()
                entries[index].key = key
                entries[index].isUsed = true
            }
            return body(&entries[index], false)
        }
    }

    /// The entry that `key` has or would have, and whether it is a shared one; nothing changes.
    func look(_ key: PeerAddress, now: Int64) -> (entry: PeerEntry, isShared: Bool) {
        let (part, base) = place(key)
        return part.entries.withLock { entries in
            let index = PeerTable.position(key, base, entries, limits, now: now)
            if index == base + PeerTable.ways { return (entries[index], true) }
            let isItsOwn = entries[index].isUsed && entries[index].key == key
            return (isItsOwn ? entries[index] : PeerEntry(), false)
        }
    }

    /// Takes one open connection from `key`.
    ///
    /// An address that shared an entry may have its own by now. Which of its connections was counted
    /// where is not known, and need not be: its own are taken first, then the shared ones, so that
    /// when all are closed neither entry counts any of them.
    func removeConnection(_ key: PeerAddress) {
        let (part, base) = place(key)
        part.entries.withLock { entries in
            for index in base..<(base + PeerTable.ways)
            where entries[index].isUsed && entries[index].key == key
                && entries[index].openConnections > 0
            {
                entries[index].openConnections -= 1
                return
            }
            let shared = base + PeerTable.ways
            if entries[shared].openConnections > 0 { entries[shared].openConnections -= 1 }
        }
    }

    private func place(_ key: PeerAddress) -> (part: Part, base: Int) {
        let set = Int(truncatingIfNeeded: hash.hash(low: key.low, high: key.high)) & setMask
        return (parts[set % parts.count], set / parts.count * PeerTable.stride)
    }

    /// Where the entry of `key` is, or may be made, in the set at `base`; else the shared one.
    private static func position(
        _ key: PeerAddress,
        _ base: Int,
        _ entries: [PeerEntry],
        _ limits: PeerLimits,
        now: Int64
    ) -> Int {
        var silent = base + ways
        var index = base
        while index < base + ways {
            if entries[index].isUsed && entries[index].key == key { return index }
            if silent == base + ways, entries[index].isSilent(limits, now: now) { silent = index }
            index += 1
        }
        return silent
    }
}
