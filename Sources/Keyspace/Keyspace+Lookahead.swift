// Bringing keys that are about to be looked up into the processor's cache, all of them at once.

internal import CProcessor
public import Core

extension Keyspace {
    /// Asks the memory for what looking up the first argument of each request of `run` will read; `bytes` begins with
    /// the run's first.
    ///
    /// A table of some thousand keys is larger than a core's own cache, and a lookup waits for memory twice: for the
    /// slot, then for the entry that it names. Requests that came together wait for all their slots together, and then
    /// for all their entries. Source: Valkey 8, `prefetch-batch-max-size`.
    ///
    /// It is a hint alone: a lookup finds what is true by then, whatever happens in between, and what is no key costs
    /// as little as one that is not there.
    public func prefetch(_ run: borrowing RequestRun, _ bytes: Span<UInt8>) {
        var places = InlineArray<16, UInt64>(repeating: 0)
        var hashes = places.mutableSpan
        var count = 0
        for index in 0..<min(run.count, hashes.count) {
            let request = run.request(index, in: bytes)
            if request.count < 2 { continue }
            let key = Bytes(request[1])
            if key.count > Keyspace.longestPrefetchedKey { continue }
            let hash = hash.hash(key)
            hashes[count] = hash
            count &+= 1
            shards.withShard(ShardArray.index(of: hash)) { $0.table.prefetchSlot(hash) }
        }
        for index in 0..<count {
            let hash = hashes[index]
            shards.withShard(ShardArray.index(of: hash)) { $0.table.prefetchEntry(hash) }
        }
    }

    /// Bytes; hashing longer ones twice costs more than waiting for them.
    private static let longestPrefetchedKey = 256
}

extension HashTable {
    /// Asks for the line of the slot at which a search for `hash` begins.
    @inline(__always)
    fileprivate func prefetchSlot(_ hash: UInt64) { prefetch_shim(slots + home(hash)) }

    /// Asks for the first two lines of the first entry with this hash, if there is one.
    @inline(__always)
    fileprivate func prefetchEntry(_ hash: UInt64) {
        // SAFETY: an index that `firstIndex` returned; the address of a line is not read here.
        guard let entry = slots[firstIndex(from: hash)].entry else { return }
        let header = UnsafeRawPointer(entry.header)
        prefetch_shim(header)
        prefetch_shim(header + 64)
    }
}
