// One key with its value: a single block of memory.

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// What an entry's block begins with.
///
/// The key's bytes follow at offset 30, the value's behind them.
struct EntryHeader {
    /// Unix milliseconds at which the entry expires; 0 for never.
    var expiresAt: Int64 = 0
    /// The shard's change counter as it was when this entry last changed.
    var version: UInt64 = 0
    /// Bytes of the block, as the allocator gave them.
    var capacity: UInt32
    /// Bytes of the value.
    var valueCount: UInt32
    /// When the entry was last used.
    var lastUse = UseTime()
    /// Bytes of the key.
    var keyCount: UInt16
}

/// A time of use, in steps of 64 milliseconds: fine enough to tell what a busy second did, and a shift
/// away from a time in milliseconds.
struct UseTime: Equatable {
    /// The step, modulo 2^32.
    var step: UInt32 = 0

    init() {}

    /// The step at `now`, in Unix milliseconds.
    @inline(__always)
    init(_ now: Int64) { step = UInt32(truncatingIfNeeded: now &>> 6) }

    /// Milliseconds from this use to `now`, exact to a step; 0 where the clock was set back.
    ///
    /// Right for four years: a key that nobody has used for longer looks as if it had just been.
    func idleMilliseconds(_ now: Int64) -> Int64 {
        let steps = Int32(bitPattern: UseTime(now).step &- step)
        return Int64(max(steps, 0)) << 6
    }

    /// Whether this use is longer ago than `other`.
    @inline(__always)
    func isBefore(_ other: UseTime) -> Bool { Int32(bitPattern: step &- other.step) < 0 }
}

/// A reference to an entry's block: `[EntryHeader, 30 bytes][key bytes][value bytes][spare]`.
///
/// The shard that holds an entry owns its block; `free` is called once, when it leaves the table.
struct Entry: Equatable {
    // SAFETY: the address of a live block of `capacity` bytes, made by `make` and not yet freed; only
    // read or written under the lock of the shard that holds it.
    let header: UnsafeMutablePointer<EntryHeader>

    /// The size of the header without the padding a stride would add, so that no byte is lost.
    static let headerBytes = MemoryLayout<EntryHeader>.size

    /// The bytes that an entry of these lengths needs.
    @inline(__always)
    static func bytes(keyCount: Int, valueCount: Int) -> Int {
        headerBytes &+ keyCount &+ valueCount
    }

    /// Makes an entry of `key` with room for a value of `valueCount` bytes, still to be written, and
    /// at least `room` bytes in all.
    static func make(key: Bytes, valueCount: Int, room: Int = 0) -> Entry {
        let needed = bytes(keyCount: key.count, valueCount: valueCount)
        let block = Block.allocate(max(needed, room))
        // SAFETY: the block is aligned for any type by malloc and holds at least the header, the key
        // and the value; key and value lengths were held against limits that fit their fields, and
        // a capacity above the field would only be used up to what the field can say.
        let header = block.assumingMemoryBound(to: EntryHeader.self)
        header.initialize(
            to: EntryHeader(
                capacity: UInt32(clamping: Block.size(block)),
                valueCount: UInt32(truncatingIfNeeded: valueCount),
                keyCount: UInt16(truncatingIfNeeded: key.count)
            )
        )
        let entry = Entry(header: header)
        memcpy(entry.keyStart, key.start, key.count)
        return entry
    }

    /// Gives the block back; the entry must not be used again.
    @inline(__always)
    func free() {
        Block.release(UnsafeMutableRawPointer(header))
    }

    // SAFETY: the key begins behind the header, within the block.
    @inline(__always)
    private var keyStart: UnsafeMutablePointer<UInt8> {
        (UnsafeMutableRawPointer(header) + Entry.headerBytes).assumingMemoryBound(to: UInt8.self)
    }

    /// The bytes of the key.
    @inline(__always)
    var key: Bytes { Bytes(start: UnsafePointer(keyStart), count: Int(header.pointee.keyCount)) }

    /// Where the value begins.
    // SAFETY: behind the key; at the end of the block at most, where the value is empty.
    @inline(__always)
    var valueStart: UnsafeMutablePointer<UInt8> { keyStart + Int(header.pointee.keyCount) }

    /// The bytes of the value.
    @inline(__always)
    var value: Bytes {
        Bytes(start: UnsafePointer(valueStart), count: Int(header.pointee.valueCount))
    }

    /// Bytes of the block.
    @inline(__always)
    var capacity: Int { Int(header.pointee.capacity) }

    /// Unix milliseconds at which the entry expires; 0 for never.
    @inline(__always)
    var expiresAt: Int64 { header.pointee.expiresAt }

    /// Whether the entry is to be treated as missing at `now`.
    @inline(__always)
    func isExpired(_ now: Int64) -> Bool {
        let expiresAt = header.pointee.expiresAt
        return expiresAt != 0 && expiresAt <= now
    }

    /// Notes that the entry was used at `now`.
    ///
    /// A store into a line that finding the entry has just read, so it is made whether or not a policy
    /// asks for it.
    @inline(__always)
    func use(_ now: Int64) { header.pointee.lastUse = UseTime(now) }

    /// Whether the entry's key is `key`.
    @inline(__always)
    func hasKey(_ key: Bytes) -> Bool {
        // SAFETY: both runs hold `key.count` bytes once the counts are equal.
        Int(header.pointee.keyCount) == key.count && memcmp(keyStart, key.start, key.count) == 0
    }

    /// Whether a value of `valueCount` bytes may be written in place: it fits, and does not leave more
    /// than half of the block, and 64 bytes, unused.
    @inline(__always)
    func suits(valueCount: Int) -> Bool {
        let needed = Entry.bytes(keyCount: Int(header.pointee.keyCount), valueCount: valueCount)
        return needed <= capacity && capacity <= needed &* 2 &+ 64
    }

    /// Makes `value` the entry's value, for which there must be room.
    @inline(__always)
    func write(_ value: Bytes) {
        // SAFETY: the caller made sure that the block holds `value`, which lies in no block of the
        // keyspace or, where one key's value becomes another's, in another block than this.
        memcpy(valueStart, value.start, value.count)
        header.pointee.valueCount = UInt32(truncatingIfNeeded: value.count)
    }
}
