// Operations on several keys at one moment.

public import Core

extension Keyspace {
    /// Stores the pairs `key value …` that `request` holds from argument `start` on, at one moment.
    ///
    /// No reader sees some stored and others not. With `ifNoneExists` nothing is stored if any of the
    /// keys exists. The keys will not expire; of a key given twice the last value stays. True if stored.
    ///
    /// Throws `.wrongArity` if a value is missing, `.keyTooLong`, `.valueTooLarge` or `.namespaceFull`,
    /// before anything is stored. Holds the locks of all shards involved, see `ShardArray.withShards`. Source: Redis, MSET
    /// and MSETNX.
    @discardableResult
    public func setPairs(
        _ request: borrowing Request,
        from start: Int,
        ifNoneExists: Bool = false,
        now: Int64
    ) throws(ServerError) -> Bool {
        let count = request.count
        if start < 0 || start >= count || (count - start) % 2 != 0 { throw .wrongArity("mset") }
        var involved = ShardSet()
        for index in stride(from: start, to: count, by: 2) {
            let key = Bytes(request[index])
            try check(key: key)
            try check(valueCount: request[index + 1].count)
            involved.insert(ShardArray.index(of: hash.hash(key)))
        }
        // SAFETY: the bytes of every argument outlive this call, for which `request` is borrowed.
        let arguments = Arguments(request)
        return try shards.withShards(involved) { locked throws(ServerError) in
            if ifNoneExists, anyExists(arguments, from: start, locked, now) { return false }
            if policy != nil {
                removeExpired(arguments, from: start, locked, now)
                try admit(arguments, from: start, locked)
            }
            for index in stride(from: start, to: count, by: 2) {
                let key = arguments[index]
                let hash = hash.hash(key)
                let value = arguments[index + 1]
                locked.withShard(ShardArray.index(of: hash)) { shard in
                    let expiresAt = shard.defaultExpiry(key, now)
                    if shard.hook != nil {
                        shard.setObserved(key, value, hash, now, expiresAt: expiresAt)
                    } else {
                        _ = shard.setAdmitted(key, value, hash, now, expiresAt: expiresAt)
                    }
                }
            }
            return true
        }
    }

    /// Removes those of the keys whose time has come, where somebody observes keys: before anything is
    /// counted, since they would not be there any more behind it.
    private func removeExpired(
        _ arguments: Arguments,
        from start: Int,
        _ locked: borrowing ShardArray.LockedShards,
        _ now: Int64
    ) {
        for index in stride(from: start, to: arguments.count, by: 2) {
            let key = arguments[index]
            let hash = hash.hash(key)
            locked.withShard(ShardArray.index(of: hash)) { $0.removeIfExpired(key, hash, now) }
        }
    }

    /// Counts what storing all pairs adds, or throws `.namespaceFull` and counts nothing.
    private func admit(
        _ arguments: Arguments,
        from start: Int,
        _ locked: borrowing ShardArray.LockedShards
    ) throws(ServerError) {
        var changes: [RuleChange] = []
        // From the last one on: of a key given twice, that value stays.
        var seen: Set<[UInt8]> = []
        for index in stride(from: start, to: arguments.count, by: 2).reversed() {
            let key = arguments[index]
            // SAFETY: the bytes are copied within this statement.
            let copy = Array(UnsafeBufferPointer(start: key.start, count: key.count))
            if !seen.insert(copy).inserted { continue }
            let hash = hash.hash(key)
            locked.withShard(ShardArray.index(of: hash)) { shard in
                shard.note(key, hash, valueCount: arguments[index + 1].count, in: &changes)
            }
        }
        try policy?.add(changes)
    }

    private func anyExists(
        _ arguments: Arguments,
        from start: Int,
        _ locked: borrowing ShardArray.LockedShards,
        _ now: Int64
    ) -> Bool {
        for index in stride(from: start, to: arguments.count, by: 2) {
            let key = arguments[index]
            let hash = hash.hash(key)
            let isFound = locked.withShard(ShardArray.index(of: hash)) { shard in
                shard.findLive(key, hash, now) >= 0
            }
            if isFound { return true }
        }
        return false
    }

    /// Calls `body` once for each key that `request` holds from argument `start` on, in their order,
    /// with whether it exists and its value, empty if it does not; all as of one moment.
    ///
    /// Holds the locks of all shards involved, see `ShardArray.withShards`. Source: Redis, MGET.
    public func getMany(
        _ request: borrowing Request,
        from start: Int,
        now: Int64,
        _ body: (_ isFound: Bool, _ value: Span<UInt8>) -> Void
    ) {
        let arguments = Arguments(request)
        if start < 0 || start >= arguments.count { return }
        var involved = ShardSet()
        for index in start..<arguments.count {
            involved.insert(ShardArray.index(of: hash.hash(arguments[index])))
        }
        shards.withShards(involved) { locked in
            for index in start..<arguments.count {
                let key = arguments[index]
                let hash = hash.hash(key)
                locked.withShard(ShardArray.index(of: hash)) { shard in
                    let found = shard.findLive(key, hash, now)
                    if found < 0 { return body(false, Span()) }
                    shard.table[found].value.withSpan { value in body(true, value) }
                }
            }
        }
    }
}

/// The arguments of a request as plain bytes, for closures, which cannot capture a borrowed request.
private struct Arguments {
    // SAFETY: both address what the request borrows; a value is a local of the function that the
    // request is lent to, and gone when that returns.
    private let bytes: Bytes
    private let ranges: UnsafeBufferPointer<ArgumentRange>

    init(_ request: borrowing Request) {
        bytes = Bytes(request.bytes)
        ranges = request.ranges.withUnsafeBufferPointer { $0 }
    }

    var count: Int { ranges.count }

    subscript(index: Int) -> Bytes {
        let range = ranges[index]
        let start = Int(range.start)
        let end = Int(range.end)
        precondition(start <= end && end <= bytes.count, "a decoder made a range outside its bytes")
        return Bytes(start: bytes.start + start, count: end - start)
    }
}
