// Keys and values as text or arrays, random numbers from a seed, and an audit of a keyspace's inside.

import Core
import Testing

@testable import Keyspace

/// The UTF-8 of `text`.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

extension Keyspace {
    /// A keyspace with default limits and a fixed seed; `mask` keeps only some bits of every hash.
    convenience init(
        mask: UInt64 = .max,
        _ namespaces: [NamespaceRule] = [],
        limits: Limits = Limits()
    ) {
        let hash = ByteHash(seed: 42, mask: mask)
        self.init(limits: limits, namespaces: namespaces, hash: hash)
    }

    /// A keyspace of at most `bytes` bytes.
    convenience init(maxMemoryBytes bytes: Int, _ policy: EvictionPolicy) {
        var limits = Limits()
        limits.maxMemoryBytes = bytes
        limits.evictionPolicy = policy
        self.init(limits: limits)
    }

    func value(_ key: [UInt8], now: Int64 = 1) -> [UInt8]? {
        var found: [UInt8]?
        let isFound = get(key.span, now: now) { found = copy($0) }
        #expect(isFound == (found != nil))
        return found
    }

    func text(_ key: String, now: Int64 = 1) -> String? {
        value(bytes(key), now: now).map { String(decoding: $0, as: UTF8.self) }
    }

    @discardableResult
    func set(_ key: String, _ value: String, now: Int64 = 1) throws -> Bool {
        try set(bytes(key).span, bytes(value).span, now: now)
    }

    @discardableResult
    func set(
        _ key: String,
        _ value: String,
        _ condition: SetOptions.Condition = .always,
        _ expiry: SetOptions.Expiry = .none,
        now: Int64 = 1
    ) throws -> SetOutcome {
        let options = SetOptions(condition: condition, expiry: expiry)
        return try set(bytes(key).span, bytes(value).span, options, now: now)
    }

    func touch(_ key: String, now: Int64) -> Bool { touch(bytes(key).span, now: now) }

    func version(_ key: String, now: Int64 = 1) -> UInt64? { version(bytes(key).span, now: now) }

    @discardableResult
    func remove(_ key: String, now: Int64 = 1) -> Bool { remove(bytes(key).span, now: now) }

    func remove(_ key: [UInt8], now: Int64 = 1) -> Bool { remove(key.span, now: now) }

    func persist(_ key: [UInt8], now: Int64 = 1) -> Bool { persist(key.span, now: now) }

    /// MSET, or MSETNX, of keys and values by turns.
    @discardableResult
    func setPairs(_ pairs: [[UInt8]], ifNoneExists: Bool = false, now: Int64 = 1) throws -> Bool {
        try withRequest([bytes("mset")] + pairs) { request in
            try setPairs(request, from: 1, ifNoneExists: ifNoneExists, now: now)
        }
    }

    @discardableResult
    func expire(
        _ key: String,
        at time: Int64,
        _ condition: ExpiryCondition = .always,
        now: Int64 = 1
    ) -> Bool {
        expire(bytes(key).span, at: time, condition, now: now)
    }

    func timeToLive(_ key: String, now: Int64 = 1) -> TimeToLive {
        timeToLive(bytes(key).span, now: now)
    }

    @discardableResult
    func increment(_ key: String, by amount: Int64 = 1, now: Int64 = 1) throws -> Int64 {
        try increment(bytes(key).span, by: amount, now: now)
    }

    @discardableResult
    func append(_ key: String, _ suffix: String, now: Int64 = 1) throws -> Int {
        try append(bytes(key).span, bytes(suffix).span, now: now)
    }

    @discardableResult
    func rename(
        _ source: String,
        to destination: String,
        isReplacing: Bool = true,
        now: Int64 = 1
    ) throws -> TransferOutcome {
        let (source, destination) = (bytes(source), bytes(destination))
        return try rename(
            source.span,
            to: destination.span,
            isReplacing: isReplacing,
            now: now
        )
    }

    @discardableResult
    func copyValue(
        of source: String,
        to destination: String,
        isReplacing: Bool = false,
        now: Int64 = 1
    ) throws -> TransferOutcome {
        let (source, destination) = (bytes(source), bytes(destination))
        return try copyValue(
            of: source.span,
            to: destination.span,
            isReplacing: isReplacing,
            now: now
        )
    }

    /// One batch of a scan below a prefix: the keys and the next cursor.
    func batch(
        _ prefix: String,
        _ cursor: UInt64,
        limit: Int,
        now: Int64 = 1
    ) -> (keys: [[UInt8]], next: UInt64) {
        var keys: [[UInt8]] = []
        let prefix = bytes(prefix)
        let next = scan(prefix: prefix.span, cursor: cursor, limit: limit, now: now) {
            keys.append(copy($0))
        }
        return (keys, next)
    }

    func drop(_ prefix: String, now: Int64 = 1) -> Int {
        drop(prefix: bytes(prefix).span, now: now)
    }

    /// One batch of a scan: the keys and the next cursor.
    func batch(_ cursor: UInt64, limit: Int, now: Int64 = 1) -> (keys: [[UInt8]], next: UInt64) {
        var keys: [[UInt8]] = []
        let next = scan(cursor: cursor, limit: limit, now: now) { keys.append(copy($0)) }
        return (keys, next)
    }

    /// The names, keys and bytes of the namespaces of keys that begin with `prefix`.
    func listing(_ prefix: String = "", now: Int64 = 1) -> [Listed] {
        var listed: [Listed] = []
        namespaces(withPrefix: bytes(prefix).span, now: now) { name, keys, bytes in
            let name = String(decoding: copy(name), as: UTF8.self)
            listed.append(Listed(name: name, keys: keys, bytes: bytes))
        }
        return listed
    }
}

struct Listed: Equatable {
    var name: String
    var keys: Int
    var bytes: Int
}

func copy(_ span: Span<UInt8>) -> [UInt8] { span.withUnsafeBufferPointer { Array($0) } }

/// Runs `body` with a request made of `arguments`.
func withRequest<Result>(
    _ arguments: [[UInt8]],
    _ body: (borrowing Request) throws -> Result
) rethrows -> Result {
    var ranges: [ArgumentRange] = []
    var all: [UInt8] = []
    for argument in arguments {
        ranges.append(ArgumentRange(start: all.count, end: all.count + argument.count))
        all += argument
    }
    return try body(Request(bytes: all.span, ranges: ranges.span))
}

/// Random numbers that a seed repeats (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

extension Keyspace {
    /// Recounts everything from the memory itself and holds each invariant against it.
    func audit() {
        var keys = 0
        var volatileKeys = 0
        var total = 0
        var reported = 0
        for index in 0..<Keyspace.shardCount {
            shards.withShard(index) { shard in
                let bytes = shard.auditTable(index, hash) + shard.auditQueue() + shard.auditIndex()
                total += bytes
                reported += shard.reported
                let spare = shard.reported - bytes
                if spare < 0 || spare > MemoryLedger.slackBytes {
                    Issue.record("\(shard.reported) bytes are reported for \(bytes)")
                }
                keys += shard.table.count
                volatileKeys += shard.volatileCount
            }
        }
        #expect(memory == KeyspaceMemory(keys: keys, volatileKeys: volatileKeys, bytes: total))
        #expect(countedBytes == reported)
        for rule in policy?.held ?? [] {
            let stored = tally(rule.prefix)
            #expect(rule.keys == stored.keys && rule.bytes == stored.bytes)
        }
    }

    /// Keys that begin with `prefix`, expired ones included, and the bytes of them and their values.
    private func tally(_ prefix: [UInt8]) -> (keys: Int, bytes: Int) {
        var sum = (keys: 0, bytes: 0)
        for index in 0..<Keyspace.shardCount {
            shards.withShard(index) { shard in
                for position in 0..<shard.table.capacity {
                    guard let entry = shard.table.slots[position].entry else { continue }
                    var key: [UInt8] = []
                    entry.key.withSpan { key = copy($0) }
                    if !key.starts(with: prefix) { continue }
                    sum.keys += 1
                    sum.bytes += key.count + entry.value.count
                }
            }
        }
        return sum
    }
}

extension Shard {
    /// Bytes of the slots and of all blocks, after checking the order of slots.
    func auditTable(_ shardIndex: Int, _ hash: ByteHash) -> Int {
        var total = table.bytes
        var entries = 0
        var last: UInt64 = 0
        var lastFilled = -1
        for position in 0..<table.capacity {
            let slot = table.slots[position]
            guard let entry = slot.entry else { continue }
            let home = table.home(slot.hash)
            let isPlaced =
                slot.hash == hash.hash(entry.key) && slot.hash >= last && home <= position
                && (home == position || lastFilled == position - 1)
                && ShardArray.index(of: slot.hash) == shardIndex
            if !isPlaced { Issue.record("slot \(position) of shard \(shardIndex) is out of order") }
            last = slot.hash
            lastFilled = position
            entries += 1
            let size = Block.size(UnsafeMutableRawPointer(entry.header))
            if size != entry.capacity { Issue.record("a block of \(size) says \(entry.capacity)") }
            total += size
        }
        #expect(entries == table.count && table.slots[table.capacity - 1].entry == nil)
        #expect(table.count * 4 <= table.homes * 3 || table.count == 0)
        return total
    }

    /// Bytes of the queue, after checking its order and that each volatile key has an item.
    func auditQueue() -> Int {
        var items: Set<[UInt64]> = []
        for position in 0..<queue.count {
            guard let heap = queue.items else { break }
            let item = heap[position]
            items.insert([UInt64(bitPattern: item.expiresAt), item.hash])
            if heap[(max(position, 1) - 1) / 2] > item { Issue.record("the queue is no heap") }
        }
        var volatileKeys = 0
        for position in 0..<table.capacity {
            guard let entry = table.slots[position].entry, entry.expiresAt != 0 else { continue }
            volatileKeys += 1
            let item = [UInt64(bitPattern: entry.expiresAt), table.slots[position].hash]
            if !items.contains(item) { Issue.record("a volatile key is not queued") }
        }
        #expect(volatileKeys == volatileCount)
        #expect(queue.count <= 2 * volatileKeys + 64)
        return queue.bytes
    }

    /// Bytes of the index, after checking that it holds the namespaced keys in order.
    func auditIndex() -> Int {
        var total = Block.size(index.pages)
        var last: [UInt8]?
        var entries = 0
        var lastLabel: UInt64 = 0
        for page in 0..<index.pageCount {
            guard let page = index.pages?[page] else { break }
            #expect(page.label > lastLabel && page.label < KeyIndex.labelEnd)
            lastLabel = page.label
            total += Block.size(page.entries)
            if page.count <= 0 { Issue.record("an empty page") }
            for position in 0..<Int(page.count) {
                let entry = page.entries[position]
                var key: [UInt8] = []
                entry.key.withSpan { key = copy($0) }
                if let last, !last.lexicographicallyPrecedes(key) { Issue.record("out of order") }
                last = key
                entries += 1
            }
        }
        var namespaced = 0
        for position in 0..<table.capacity {
            if let entry = table.slots[position].entry, entry.key.isNamespaced { namespaced += 1 }
        }
        #expect(entries == index.count && entries == namespaced)
        return total
    }
}
