// Walking a shard: in the order of hashes for SCAN, in the order of keys for namespaces.

internal import Core

extension Shard {
    /// Calls `body` with live keys from `cursor` on, until `limit` keys or `steps` slots are used up.
    ///
    /// Both go down as they are used. The result is the hash to go on from; nil if the shard is done.
    /// Entries of one hash are visited together, however many they are. The caller must `tidy` then.
    mutating func scan(
        from cursor: UInt64,
        limit: inout Int,
        steps: inout Int,
        _ now: Int64,
        _ body: (Span<UInt8>) -> Void
    ) -> UInt64? {
        var position = table.firstIndex(from: cursor)
        var last: UInt64?
        while position < table.capacity {
            let slot = table.slots[position]
            guard let entry = slot.entry else {
                if position >= table.homes { break }
                if steps <= 0 { return cursor & ~(.max >> 8) | table.leastHash(homeAt: position) }
                steps -= 1
                position += 1
                continue
            }
            if limit <= 0 || steps <= 0, slot.hash != last { return slot.hash }
            last = slot.hash
            steps -= 1
            if entry.isExpired(now) {
                tellGone(entry, .expired)
                unlink(at: position)
            } else {
                entry.key.withSpan(body)
                limit -= 1
                position += 1
            }
        }
        return nil
    }

    /// Removes every entry whose key begins with `prefix`, which may lack `^`, by a walk over all.
    mutating func removeAllByWalk(prefix: Bytes, _ now: Int64) -> Int {
        var removed = 0
        var position = 0
        while position < table.capacity {
            if let entry = table.slots[position].entry, entry.key.hasPrefix(prefix) {
                if entry.isExpired(now) { tellGone(entry, .expired) } else { removed += 1 }
                unlink(at: position)
            } else {
                position += 1
            }
        }
        tidy()
        return removed
    }

    /// Adds what each namespace of keys that begin with `prefix` holds to `tally`; expired keys go.
    mutating func tallyNamespaces(
        prefix: Bytes,
        _ now: Int64,
        _ tally: inout [[UInt8]: NamespaceTally]
    ) {
        var steps = Int.max
        _ = reclaim(limit: .max, steps: &steps, now)
        var namespaced = NamespaceTally()
        var run = NamespaceTally()
        var name: Bytes?
        func close() {
            guard let name else { return }
            // SAFETY: the name lies in an entry's key; nothing is removed during this walk.
            let bytes = UnsafeBufferPointer(start: name.start, count: name.count)
            tally[Array(bytes), default: NamespaceTally()].add(run)
        }
        index.forEach(prefix: prefix) { entry in
            let key = entry.key
            let next = Bytes(start: key.start, count: key.namespaceLength ?? 0)
            let isSame = name.map { $0.count == next.count && next.hasPrefix($0) } ?? false
            if !isSame {
                close()
                run = NamespaceTally()
                name = next
            }
            run.add(NamespaceTally(keys: 1, bytes: entry.capacity))
            namespaced.add(NamespaceTally(keys: 1, bytes: entry.capacity))
        }
        close()
        let global = table.count - namespaced.keys
        if prefix.count == 0, global > 0 {
            let rest = NamespaceTally(keys: global, bytes: entryBytes - namespaced.bytes)
            tally[[], default: NamespaceTally()].add(rest)
        }
    }
}

/// What a namespace holds.
struct NamespaceTally {
    var keys = 0
    /// Bytes of its entries' blocks.
    var bytes = 0

    mutating func add(_ other: NamespaceTally) {
        keys += other.keys
        bytes += other.bytes
    }
}
