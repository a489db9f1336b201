// When a shard's keys expire, soonest first; cleaned lazily.

/// One time at which something may expire, in 16 bytes.
struct ExpiryItem: Comparable {
    /// Unix milliseconds.
    var expiresAt: Int64
    /// The hash of the key.
    var hash: UInt64

    static func < (left: ExpiryItem, right: ExpiryItem) -> Bool {
        left.expiresAt == right.expiresAt
            ? left.hash < right.hash : left.expiresAt < right.expiresAt
    }
}

/// A binary min-heap of times, one at least for every key that expires.
///
/// A changed expiry adds an item and leaves the old one behind; it is stale, found out when its time
/// comes, or when `compact` throws out all stale ones.
struct ExpiryQueue: ~Copyable {
    // SAFETY: a block of `capacity` items that this queue owns and frees, nil exactly while `capacity`
    // is 0; the first `count` are initialised. Every index below is held under `count`.
    private(set) var items: UnsafeMutablePointer<ExpiryItem>?
    private var capacity = 0
    /// Items, stale ones included.
    private(set) var count = 0

    private static let minCapacity = 16

    init() {}

    deinit { Block.release(items) }

    /// Bytes that the items take.
    private(set) var bytes = 0

    /// The soonest item.
    @inline(__always)
    var first: ExpiryItem? { count > 0 ? items.unsafelyUnwrapped[0] : nil }

    /// Adds an item.
    mutating func push(_ item: ExpiryItem) {
        if count == capacity { resize(to: max(capacity * 2, ExpiryQueue.minCapacity)) }
        let heap = items.unsafelyUnwrapped
        var index = count
        while index > 0 {
            let parent = (index - 1) / 2
            if heap[parent] <= item { break }
            heap[index] = heap[parent]
            index = parent
        }
        heap[index] = item
        count += 1
    }

    /// Removes the soonest item; there must be one.
    mutating func removeFirst() {
        let heap = items.unsafelyUnwrapped
        count -= 1
        let last = heap[count]
        var index = 0
        while true {
            var child = index * 2 + 1
            if child >= count { break }
            if child + 1 < count, heap[child + 1] < heap[child] { child += 1 }
            if last <= heap[child] { break }
            heap[index] = heap[child]
            index = child
        }
        if count > 0 { heap[index] = last }
        shrinkIfSparse()
    }

    /// Keeps each distinct item for which `isCurrent` holds once.
    mutating func compact(_ isCurrent: (ExpiryItem) -> Bool) {
        guard let heap = items else { return }
        var kept = 0
        for index in 0..<count where isCurrent(heap[index]) {
            heap[kept] = heap[index]
            kept += 1
        }
        // In order, equal items are neighbours; and an ordered run is a heap.
        var current = UnsafeMutableBufferPointer(start: heap, count: kept)
        current.sort()
        count = 0
        for index in 0..<kept where count == 0 || heap[count - 1] < heap[index] {
            heap[count] = heap[index]
            count += 1
        }
        shrinkIfSparse()
    }

    private mutating func shrinkIfSparse() {
        if capacity > ExpiryQueue.minCapacity, count * 4 <= capacity {
            resize(to: max(count * 2, ExpiryQueue.minCapacity))
        }
    }

    private mutating func resize(to newCapacity: Int) {
        let block = Block.resize(items, newCapacity * MemoryLayout<ExpiryItem>.stride)
        items = block.bindMemory(to: ExpiryItem.self, capacity: newCapacity)
        capacity = newCapacity
        bytes = Block.size(block)
    }
}
