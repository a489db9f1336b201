// Giving a value another key: RENAME and COPY.

public import Core

/// What became of a value that was to be moved or copied.
public enum TransferOutcome: Equatable, Sendable {
    /// It is there under the new key.
    case done
    /// There is no such value.
    case sourceMissing
    /// The new key exists, and was not to be replaced.
    case destinationExists
}

extension Keyspace {
    /// Gives the value of `source`, with its expiry, the key `destination`, at one moment.
    ///
    /// What `destination` held is replaced if `isReplacing`. A value without expiry gets the default one
    /// of the new key's namespace. Throws `.keyTooLong` or `.namespaceFull`; nothing has changed then.
    /// Source: Redis, RENAME and RENAMENX.
    @discardableResult
    public func rename(
        _ source: Span<UInt8>,
        to destination: Span<UInt8>,
        isReplacing: Bool = true,
        now: Int64
    ) throws(ServerError) -> TransferOutcome {
        let plan = TransferPlan(isMove: true, isReplacing: isReplacing, now: now)
        return try transfer(Bytes(source), to: Bytes(destination), plan)
    }

    /// Stores the value of `source`, with its expiry, under the key `destination` too, at one moment.
    ///
    /// As `rename`, but that `source` stays. Source: Redis, COPY.
    @discardableResult
    public func copyValue(
        of source: Span<UInt8>,
        to destination: Span<UInt8>,
        isReplacing: Bool = false,
        now: Int64
    ) throws(ServerError) -> TransferOutcome {
        let plan = TransferPlan(isMove: false, isReplacing: isReplacing, now: now)
        return try transfer(Bytes(source), to: Bytes(destination), plan)
    }

    private func transfer(
        _ source: Bytes,
        to destination: Bytes,
        _ plan: TransferPlan
    ) throws(ServerError) -> TransferOutcome {
        try check(key: destination)
        let from = Located(source, hash)
        let to = Located(destination, hash)
        var involved = ShardSet()
        involved.insert(from.shard)
        involved.insert(to.shard)
        return try shards.withShards(involved) { locked throws(ServerError) in
            // SAFETY: the entry stays where it is while its shard is locked and until it is removed
            // below; a block does not move when tables are rebuilt.
            guard let entry = locked.withShard(from.shard, { $0.live(from, plan.now) }) else {
                return .sourceMissing
            }
            let isTaken = locked.withShard(to.shard) { $0.live(to, plan.now) } != nil
            if isTaken, !plan.isReplacing { return .destinationExists }
            if source.equals(destination) { return .done }
            if policy != nil { try admit(entry, to, plan, locked) }
            locked.withShard(to.shard) { shard in
                shard.observing(to.key, to.hash, plan.now) { shard, _ in
                    shard.store(entry, as: to, plan.now)
                }
            }
            if plan.isMove {
                locked.withShard(from.shard) { shard in
                    shard.observing(from.key, from.hash, plan.now) { shard, _ in
                        shard.removeUncounted(from)
                    }
                }
            }
            return .done
        }
    }

    /// Counts what the transfer of `entry` adds to each rule and takes away, or throws `.namespaceFull`.
    private func admit(
        _ entry: Entry,
        _ to: Located,
        _ plan: TransferPlan,
        _ locked: borrowing ShardArray.LockedShards
    ) throws(ServerError) {
        var changes: [RuleChange] = []
        locked.withShard(to.shard) { shard in
            shard.note(to.key, to.hash, valueCount: entry.value.count, in: &changes)
        }
        if plan.isMove {
            let bytes = entry.key.count + entry.value.count
            policy?.note(entry.key, keys: -1, bytes: -bytes, in: &changes)
        }
        try policy?.add(changes)
    }
}

/// How a value is to be moved or copied.
private struct TransferPlan {
    var isMove: Bool
    var isReplacing: Bool
    var now: Int64
}

/// A key and where it belongs.
private struct Located {
    let key: Bytes
    let hash: UInt64

    init(_ key: Bytes, _ hash: ByteHash) {
        self.key = key
        self.hash = hash.hash(key)
    }

    var shard: Int { ShardArray.index(of: hash) }
}

extension Shard {
    fileprivate mutating func live(_ place: Located, _ now: Int64) -> Entry? {
        let found = findLive(place.key, place.hash, now)
        return found < 0 ? nil : table[found]
    }

    /// Stores what `source` holds, which lies outside what is replaced, as the rules have admitted it.
    fileprivate mutating func store(_ source: Entry, as place: Located, _ now: Int64) {
        let expiresAt =
            source.expiresAt != 0 ? source.expiresAt : defaultExpiry(place.key, now)
        _ = setAdmitted(place.key, source.value, place.hash, now, expiresAt: expiresAt)
    }

    fileprivate mutating func removeUncounted(_ place: Located) {
        let found = table.find(place.hash, place.key)
        if found < 0 { return }
        unlink(at: found, isCounted: false)
        tidy()
    }
}
