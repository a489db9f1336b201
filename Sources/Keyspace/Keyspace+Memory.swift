// The limit on what the keyspace takes, and what came of it.

public import Core
internal import Synchronization

extension Keyspace {
    /// Whether there is a limit at all.
    @inline(__always)
    public var hasMemoryLimit: Bool { ledger.limit.load(ordering: .relaxed) != 0 }

    /// The most bytes that the keyspace may take, 0 for any number: `Limits.maxMemoryBytes`, or what was
    /// set since.
    ///
    /// Nothing is evicted by setting it.
    public var maxMemoryBytes: Int {
        get { ledger.limit.load(ordering: .relaxed) }
        set { ledger.limit.store(max(0, newValue), ordering: .relaxed) }
    }

    /// Which keys go where there is no room: `Limits.evictionPolicy`, or what was set since.
    public var evictionPolicy: EvictionPolicy {
        get { ledger.policy }
        set { ledger.policy = newValue }
    }

    /// The bytes that writes are held against: what `memory` tells and up to 256 KiB more, never less, in
    /// one load.
    public var countedBytes: Int { ledger.bytes }

    /// Whether a request that adds anything is refused: there is a limit, nothing is evicted, and no room.
    public var isFull: Bool {
        hasMemoryLimit && evictionPolicy == .noEviction && countedBytes >= maxMemoryBytes
    }

    /// Keys evicted since the start; those that had expired are none of them.
    public var evictedKeys: Int { ledger.evictedKeys }

    /// Requests refused for want of memory since the start.
    public var memoryRefusals: Int { ledger.refusals }
}
