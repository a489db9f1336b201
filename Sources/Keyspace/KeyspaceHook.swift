// Who is told of every change to a key, and what.

public import Core
internal import Synchronization

// SAFETY: a keyspace keeps the hook that its shards hold until none of them holds it any more.
/// How a shard knows the hook: without counting references.
typealias HookReference = Unmanaged<KeyspaceHook>

/// What a keyspace tells its changes to.
///
/// Both functions run under the lock of the key's shard, so that changes to one key are told in the order
/// in which they happened, on whichever thread: they must be brief and must not call the keyspace.
public final class KeyspaceHook: Sendable {
    let interest: @Sendable (Span<UInt8>) -> KeyInterest
    let changed: @Sendable (KeyChange) -> Void

    /// Makes a hook; `changed` is called for what `interest` wants, and may be called for more.
    public init(
        interest: @escaping @Sendable (Span<UInt8>) -> KeyInterest,
        changed: @escaping @Sendable (KeyChange) -> Void
    ) {
        self.interest = interest
        self.changed = changed
    }
}

/// One change, to be used only during the call that tells it.
public struct KeyChange {
    /// What happened.
    public let kind: KeyChangeKind
    /// The version that the key then has, or would have.
    ///
    /// It rises with each change to the key; 0 for a drop.
    public let version: UInt64
    /// When the key expires, in Unix milliseconds; 0 for never, and where it is gone.
    public let expiresAt: Int64
    // SAFETY: bytes that whoever tells the change keeps alive for the call.
    private let key: Bytes
    private let old: Bytes?
    private let new: Bytes?

    init(
        _ kind: KeyChangeKind,
        _ key: Bytes,
        version: UInt64,
        expiresAt: Int64 = 0,
        old: Bytes? = nil,
        new: Bytes? = nil
    ) {
        self.kind = kind
        self.version = version
        self.expiresAt = expiresAt
        self.key = key
        self.old = old
        self.new = new
    }

    /// Calls `body` with the key; with the prefix, where all keys below it were dropped.
    public func withKey(_ body: (Span<UInt8>) -> Void) { key.withSpan(body) }

    /// A copy of the value before; nil where there was none, or nobody wanted it.
    public func copyOld() -> [UInt8]? { old.map { Array($0.buffer) } }

    /// A copy of the value now; nil where there is none.
    public func copyNew() -> [UInt8]? { new.map { Array($0.buffer) } }
}

@available(*, unavailable)
extension KeyChange: Sendable {}

extension Keyspace {
    /// Tells every change from now on to `hook`, or to nobody; returns when no other hook is called any more.
    ///
    /// Takes the lock of each shard in turn. Not for a view.
    public func setHook(_ hook: KeyspaceHook?) {
        let reference = hook.map(HookReference.passUnretained)
        let before = self.hook.withLock { kept in
            let before = kept
            for index in 0..<ShardArray.count {
                shards.withShard(index) { $0.hook = reference }
            }
            kept = hook
            return before
        }
        _ = before
    }

    /// As `withShard`, for an operation that may change `key`: the hook, if there is one, is told.
    @inline(__always)
    func mutate<Result, Failure: Error>(
        _ key: Bytes,
        _ now: Int64,
        _ kind: KeyChangeKind = .set,
        _ body: (inout Shard, UInt64) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let hash = hash.hash(key)
        return try shards.withShard(ShardArray.index(of: hash)) { shard throws(Failure) in
            if shard.hook != nil { return try shard.observed(key, hash, now, kind, body) }
            return try body(&shard, hash)
        }
    }
}
