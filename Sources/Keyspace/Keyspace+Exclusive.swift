// Several operations as one: nobody sees or changes their keys in between.

internal import Core

/// Which keys a thread wants for itself: see `Keyspace.exclusively`.
public struct KeySelection: Sendable {
    var shards = ShardSet()

    /// Makes a selection of no keys.
    public init() {}

    /// Adds `key`, which is a key of `keyspace`.
    public mutating func insert(_ key: Span<UInt8>, of keyspace: Keyspace) {
        shards.insert(ShardArray.index(of: keyspace.hash.hash(Bytes(key))))
    }

    /// Adds every key there is or could be.
    public mutating func insertAll() { shards = .all }
}

extension Keyspace {
    /// Calls `body` with a view of this keyspace while no other thread can read or change any key of
    /// `selection`.
    ///
    /// All operations of the view work, those that hold several locks included, and must concern keys of
    /// the selection only. The view is to be used by `body` alone, on this thread; the keyspace itself must
    /// not be called by it. Other threads that want one of these keys, or one that shares a shard with
    /// them, wait: `body` must be bounded. Source: Redis, EXEC.
    public func exclusively(_ selection: KeySelection, _ body: (Keyspace) -> Void) {
        shards.withShards(selection.shards) { _ in
            body(Keyspace(viewing: self, held: selection.shards))
        }
    }
}
