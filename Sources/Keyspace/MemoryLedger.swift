// What all shards take together, and how much that may be.

internal import Core
internal import Synchronization

// SAFETY: a keyspace owns its ledger and the shards that hold this, and nothing outlives the keyspace.
/// How a shard knows the ledger: without counting references.
typealias LedgerReference = Unmanaged<MemoryLedger>

/// The keyspace's bytes in one number, and the limit on them.
///
/// The number is never below what the shards take and at most `slackBytes` a shard, 256 KiB in all, above:
/// a shard reports a little more than it takes, and again only when that is used up or has become too
/// much. So most writes do not touch what all threads share.
///
/// Concurrency: safe from any thread. A shard reports under its own lock, before it gives that back.
final class MemoryLedger: @unchecked Sendable {
    // SAFETY: a block that this ledger owns and frees, holding these counters from `init` to `deinit`; they
    // are atomic. It is by itself, since every thread writes it and what is below is only read.
    private let counters: UnsafeMutablePointer<Counters>
    /// The limit, in bytes; 0 is none.
    let limit: Atomic<Int>
    private let policyNumber: Atomic<UInt8>
    /// `Limits.maxEvictedKeys`.
    let maxEvictedKeys: Int

    private struct Counters: ~Copyable {
        let reported = Atomic(0)
        let evictedKeys = Atomic(0)
        let refusals = Atomic(0)
    }

    /// The most that is counted for a shard above what it takes.
    static let slackBytes = 1024

    init(_ limits: Limits) {
        limit = Atomic(limits.maxMemoryBytes)
        policyNumber = Atomic(limits.evictionPolicy.rawValue)
        maxEvictedKeys = limits.maxEvictedKeys
        // Two cache lines, since processors fetch lines in pairs.
        let block = UnsafeMutableRawPointer.allocate(byteCount: 128, alignment: 128)
        counters = block.bindMemory(to: Counters.self, capacity: 1)
        counters.initialize(to: Counters())
    }

    deinit {
        counters.deinitialize(count: 1)
        UnsafeMutableRawPointer(counters).deallocate()
    }

    var policy: EvictionPolicy {
        get { EvictionPolicy(rawValue: policyNumber.load(ordering: .relaxed)) ?? .noEviction }
        set { policyNumber.store(newValue.rawValue, ordering: .relaxed) }
    }

    /// What the shards report.
    var bytes: Int { counters.pointee.reported.load(ordering: .relaxed) }

    /// Keys evicted since the start.
    var evictedKeys: Int { counters.pointee.evictedKeys.load(ordering: .relaxed) }

    /// Requests refused since the start.
    var refusals: Int { counters.pointee.refusals.load(ordering: .relaxed) }

    /// Counts `bytes` more, or fewer where it is negative.
    func add(_ bytes: Int) {
        counters.pointee.reported.wrappingAdd(bytes, ordering: .relaxed)
    }

    func countEviction() {
        counters.pointee.evictedKeys.wrappingAdd(1, ordering: .relaxed)
    }

    func countRefusal() {
        counters.pointee.refusals.wrappingAdd(1, ordering: .relaxed)
    }
}

extension Shard {
    /// Tells the ledger what the shard takes, if what it was last told is too little, or more than
    /// `slackBytes` too much; at the end of everything that changes it.
    @inline(__always)
    mutating func account() {
        let spare = reported &- bytes
        if UInt(bitPattern: spare) > UInt(bitPattern: MemoryLedger.slackBytes) { report() }
    }

    /// Tells the ledger what the shard takes and half of the slack, but nothing of an empty one.
    @inline(never)
    private mutating func report() {
        report(bytes == 0 ? 0 : bytes &+ MemoryLedger.slackBytes / 2)
    }

    /// Makes `total` what the ledger counts for this shard.
    mutating func report(_ total: Int) {
        let change = total &- reported
        reported = total
        if change != 0 { ledger?._withUnsafeGuaranteedRef { $0.add(change) } }
    }
}
