// The keys and values of a server, shared by all its threads.

public import Core
internal import Synchronization

/// A table of keys and values, split into 256 shards with a lock each.
///
/// Concurrency: safe from any thread. An operation locks the one shard that its key is in, for as long
/// as it takes to find the key and copy the value; only the operations in `Keyspace+Many.swift` and
/// `Keyspace+Transfer.swift`, `removeAll` and `exclusively` hold several locks. The closures that
/// operations take run under a shard's lock: they must
/// be brief, and must not call the keyspace, which would wait for itself.
///
/// Time: `now` is Unix milliseconds and comes from the caller. A key that expires at `now` or before is
/// missing to every operation, and the first one to meet it removes it; `reclaimExpired` removes those
/// that nobody asks for.
///
/// Keys longer than the limit can never have been stored, so reading one finds nothing. Operations that
/// store check and throw `.keyTooLong` or `.valueTooLarge`, which name the limit and its value, and
/// `.namespaceFull` where the rules on namespaces have no room for what they would add.
public final class Keyspace: Sendable {
    let shards: ShardArray
    /// The rules on namespaces; nil where there are none.
    let policy: NamespacePolicy?
    /// What all shards take together.
    let ledger: MemoryLedger
    /// What is told of changes; it is kept here for the shards.
    let hook = Mutex<KeyspaceHook?>(nil)
    let hash: ByteHash
    let maxKeyBytes: Int
    let maxValueBytes: Int

    /// Shards are numbered from 0; their number is fixed.
    public static let shardCount = ShardArray.count

    /// Makes an empty keyspace.
    ///
    /// `seed` decides where keys lie and in which order `scan` finds them; without one it is random, so
    /// that no peer can choose keys that collide. Of `limits`, key and value lengths matter, and those on
    /// memory; a key's length is held to 65,535 bytes and a value's to 2 GiB at most, which is what an entry can record. Writes
    /// are held to the rules in `namespaces`, see `NamespacePolicy`. Versions rise from `lastVersion`.
    public convenience init(
        limits: Limits,
        namespaces: [NamespaceRule] = [],
        seed: UInt64? = nil,
        lastVersion: UInt64 = 0
    ) {
        let hash = ByteHash(seed: seed ?? .random(in: 0 ... .max))
        self.init(limits: limits, namespaces: namespaces, hash: hash, lastVersion: lastVersion)
    }

    /// A version to begin with at `now`, above all that a server started earlier has given.
    ///
    /// It is the Unix second, shifted by 20 bits for the changes to a shard in that second; below 2^53
    /// until the year 2242, so that a JSON number holds it exactly everywhere.
    public static func firstVersion(now: Int64) -> UInt64 {
        UInt64(max(0, now / 1000)) << 20
    }

    init(
        limits: Limits,
        namespaces: [NamespaceRule] = [],
        hash: ByteHash,
        lastVersion: UInt64 = 0
    ) {
        policy = namespaces.isEmpty ? nil : NamespacePolicy(namespaces)
        ledger = MemoryLedger(limits)
        // SAFETY: policy and ledger live as long as this keyspace, whose shards nobody else has.
        shards = ShardArray(
            policy: policy.map(PolicyReference.passUnretained),
            ledger: .passUnretained(ledger),
            lastVersion: lastVersion
        )
        self.hash = hash
        maxKeyBytes = min(limits.maxKeyBytes, Int(UInt16.max))
        maxValueBytes = min(limits.maxValueBytes, Int(Int32.max))
    }

    /// Makes a view of `keyspace` for the thread that holds the locks of `held`; see `exclusively`.
    init(viewing keyspace: Keyspace, held: ShardSet) {
        shards = ShardArray(viewing: keyspace.shards, held: held)
        policy = keyspace.policy
        ledger = keyspace.ledger
        hash = keyspace.hash
        maxKeyBytes = keyspace.maxKeyBytes
        maxValueBytes = keyspace.maxValueBytes
    }

    /// The number of keys, expired ones that are not yet reclaimed included (DBSIZE).
    public var count: Int { memory.keys }

    /// What the keyspace holds and takes: the sum of counters that each shard keeps.
    ///
    /// It is exact for each shard at the moment it is read; about 256 lock operations, 5 microseconds.
    public var memory: KeyspaceMemory {
        var sum = KeyspaceMemory(keys: 0, volatileKeys: 0, bytes: 0)
        for index in 0..<ShardArray.count {
            shards.withShard(index) { shard in
                sum.keys += shard.table.count
                sum.volatileKeys += shard.volatileCount
                sum.bytes += shard.bytes
            }
        }
        return sum
    }

    /// Removes every key, at one moment for all shards.
    ///
    /// Their memory is given back afterwards, when no lock is held. Those whose time has come at `now` are
    /// told of as expired where somebody observes keys. Source: Redis, FLUSHALL.
    public func removeAll(now: Int64 = 0) {
        // SAFETY: initialised from 0 on, one shard a step, then deinitialised and freed, here alone.
        let removed = UnsafeMutablePointer<Shard>.allocate(capacity: ShardArray.count)
        shards.withShards(.all) { locked in
            var isEmpty = true
            for index in 0..<ShardArray.count {
                locked.withShard(index) { shard in
                    shard.reclaimObserved(now)
                    if shard.table.count > 0 { isEmpty = false }
                    // Versions go on rising: a key stored again must not look unchanged.
                    var empty = Shard(
                        lastVersion: shard.lastVersion &+ 1,
                        policy: shard.policy,
                        ledger: shard.ledger,
                        hook: shard.hook
                    )
                    shard.report(0)
                    swap(&empty, &shard)
                    (removed + index).initialize(to: empty)
                }
            }
            policy?.forgetEverything()
            // No bytes begin every key.
            if !isEmpty { locked.withShard(0) { $0.tellDrop(Bytes(Span())) } }
        }
        removed.deinitialize(count: ShardArray.count)
        removed.deallocate()
    }

    /// Throws unless `key` can be stored.
    @inline(__always)
    func check(key: Bytes) throws(ServerError) {
        if key.count == 0 || key.count > maxKeyBytes { throw keyLengthError(key.count) }
    }

    /// Throws unless a value of `count` bytes can be stored.
    @inline(__always)
    func check(valueCount count: Int) throws(ServerError) {
        if count > maxValueBytes { throw valueLengthError(count) }
    }

    @inline(never)
    private func keyLengthError(_ count: Int) -> ServerError {
        ServerError(
            .keyTooLong,
            "key of \(count) bytes: maxKeyBytes allows 1 to \(maxKeyBytes)"
        )
    }

    @inline(never)
    func valueLengthError(_ count: Int) -> ServerError {
        ServerError(
            .valueTooLarge,
            "value of \(count) bytes: maxValueBytes allows \(maxValueBytes)"
        )
    }

    /// Calls `body` with the shard of `key`, under its lock, and the hash of `key`.
    @inline(__always)
    func withShard<Result, Failure: Error>(
        of key: Bytes,
        _ body: (inout Shard, UInt64) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let hash = hash.hash(key)
        return try shards.withShard(ShardArray.index(of: hash)) { shard throws(Failure) in
            try body(&shard, hash)
        }
    }
}
