// All shards with their locks, laid out so that no two share a cache line.

internal import Synchronization

/// A fixed number of shards, each behind a lock of its own.
///
/// Layout of a cell: `[Lock][padding to 16][Shard][padding]`, a multiple of 128 bytes: two cache lines, since
/// processors fetch lines in pairs.
struct ShardArray: ~Copyable, @unchecked Sendable {
    // SAFETY: a block of `count` cells that this array owns, deinitialises and frees. The address never
    // changes, so the mutexes stay where they were made. A cell's shard is touched only through
    // `withShard`, `withShards` and `deinit`: under its lock, or when no other reference is left.
    private let cells: UnsafeMutableRawPointer
    /// Whether the cells are another array's, which outlives this one.
    private let isView: Bool
    /// In a view, the shards whose locks the thread that uses it already holds.
    private let held: ShardSet

    /// The leading bits of a hash choose one of so many shards.
    static let count = 1 << HashTable.shardBits

    private static let shardOffset = 16
    private static let stride = (shardOffset + MemoryLayout<Shard>.size + 127) & ~127

    init(policy: PolicyReference?, ledger: LedgerReference, lastVersion: UInt64) {
        isView = false
        held = ShardSet()
        cells = .allocate(byteCount: ShardArray.count * ShardArray.stride, alignment: 128)
        for index in 0..<ShardArray.count {
            lock(index).initialize(to: Lock())
            shard(index).initialize(
                to: Shard(lastVersion: lastVersion, policy: policy, ledger: ledger)
            )
        }
    }

    /// Makes a view of `array` for the thread that holds the locks of `held`, for as long as it does.
    init(viewing array: borrowing ShardArray, held: ShardSet) {
        isView = true
        self.held = held
        cells = array.cells
    }

    deinit {
        if isView { return }
        for index in 0..<ShardArray.count {
            lock(index).deinitialize(count: 1)
            shard(index).deinitialize(count: 1)
        }
        cells.deallocate()
    }

    /// Which shard keys with this hash are in.
    @inline(__always)
    static func index(of hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash &>> UInt64(64 &- HashTable.shardBits))
    }

    // SAFETY: `index` is below `count`, and the types are those that `init` put at these offsets, both
    // within a cell and aligned: a lock needs no more than 16 bytes, a shard no more than alignment 16.
    @inline(__always)
    private func lock(_ index: Int) -> UnsafeMutablePointer<Lock> {
        (cells + index &* ShardArray.stride).assumingMemoryBound(to: Lock.self)
    }

    @inline(__always)
    private func shard(_ index: Int) -> UnsafeMutablePointer<Shard> {
        (cells + (index &* ShardArray.stride &+ ShardArray.shardOffset))
            .assumingMemoryBound(to: Shard.self)
    }

    /// Calls `body` with shard `index` under its lock.
    @inline(__always)
    func withShard<Result, Failure: Error>(
        _ index: Int,
        _ body: (inout Shard) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let shard = shard(index)
        if isView, held.contains(index) { return try body(&shard.pointee) }
        lock(index).pointee.acquire()
        defer { lock(index).pointee.release() }
        return try body(&shard.pointee)
    }

    /// Calls `body` with access to all shards of `set`, under all their locks at once.
    ///
    /// This is the one place where a thread holds more than one shard's lock. It cannot deadlock: locks
    /// are taken in ascending order of their index, and whoever waits for a lock holds only lower ones
    /// (or none, in `withShard`, whose bodies take no second lock). So of all threads that hold any,
    /// the one whose highest lock is the highest waits for nobody, and runs on. A view takes no lock at
    /// all as long as it is asked for nothing but what is held, which whoever makes one sees to.
    func withShards<Result, Failure: Error>(
        _ set: ShardSet,
        _ body: (borrowing LockedShards) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        for index in 0..<ShardArray.count where set.contains(index) && !held.contains(index) {
            lock(index).pointee.acquire()
        }
        defer {
            for index in 0..<ShardArray.count where set.contains(index) && !held.contains(index) {
                lock(index).pointee.release()
            }
        }
        return try body(LockedShards(base: cells + ShardArray.shardOffset, set: set))
    }

    /// Shards whose locks the current call of `withShards` holds.
    struct LockedShards: ~Copyable {
        // SAFETY: shard 0's address in the cells of the array that made this; used for indices in `set`
        // only, and only during the call that holds their locks, which lends it and never gives it away.
        fileprivate let base: UnsafeMutableRawPointer
        let set: ShardSet

        /// Calls `body` with shard `index`, which must be in the set.
        @inline(__always)
        func withShard<Result>(_ index: Int, _ body: (inout Shard) -> Result) -> Result {
            assert(set.contains(index))
            let shard = (base + index &* ShardArray.stride).assumingMemoryBound(to: Shard.self)
            return body(&shard.pointee)
        }
    }
}

/// A mutex that is taken and given back by hand, so that several can be held without nesting closures.
private struct Lock: ~Copyable {
    private let mutex = Mutex(())
    /// Orders one holder behind the one before, as the mutex already does.
    ///
    /// A waiting thread gets the mutex from the kernel, where ThreadSanitizer does not see it pass and
    /// would report every contended access; it sees this. On x86 both are plain moves.
    private let handover = Atomic<UInt32>(0)

    @inline(__always)
    borrowing func acquire() {
        mutex._unsafeLock()
        _ = handover.load(ordering: .acquiring)
    }

    @inline(__always)
    borrowing func release() {
        handover.store(0, ordering: .releasing)
        mutex._unsafeUnlock()
    }
}

/// A set of shards: a bit for each.
struct ShardSet {
    private var words = SIMD4<UInt64>()

    /// Every shard.
    static let all = ShardSet(words: SIMD4(repeating: .max))

    init() {}

    private init(words: SIMD4<UInt64>) { self.words = words }

    mutating func insert(_ index: Int) {
        words[index / 64] |= 1 << UInt64(index % 64)
    }

    func contains(_ index: Int) -> Bool {
        words[index / 64] >> UInt64(index % 64) & 1 == 1
    }
}
