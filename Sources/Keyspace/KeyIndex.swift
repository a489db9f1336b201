// A shard's keys that belong to namespaces, in byte order.

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The entries whose keys contain `^`, ordered by key: a list of sorted pages of references.
///
/// Byte order puts a namespace and all below it side by side, so that listing or dropping one costs
/// what it holds. A key costs 8 bytes, up to twice that in half-full pages, and O(log n) comparisons
/// when it is added or removed; keys without `^` cost nothing.
struct KeyIndex: ~Copyable {
    /// A sorted run of entries; `entries` is a block of `capacity` of which `count`, never 0, are in use.
    struct Page {
        var entries: UnsafeMutablePointer<Entry>
        /// A number that rises from page to page, and stays with the page.
        var label: UInt64
        var count: Int32
        var capacity: Int32
    }

    /// Where an entry lies, or belongs; `position` may be the page's count.
    struct Place {
        var page: Int
        var position: Int
    }

    // SAFETY: a block of `pageCapacity` pages that this index owns and frees, nil exactly while that is
    // 0; the first `pageCount` are initialised and own their blocks. The entries belong to the table,
    // which removes them here before it frees them. Indices come from `place`, or are held under counts.
    private(set) var pages: UnsafeMutablePointer<Page>?
    private(set) var pageCount = 0
    private var pageCapacity = 0
    /// Entries.
    private(set) var count = 0
    /// Bytes that pages and their list take.
    private(set) var bytes = 0
    /// How often all labels were given anew.
    private(set) var generation: UInt16 = 0

    /// 2 KiB of references: an insertion moves 1 KiB on average, about 30 ns.
    private static let maxPageEntries = 256
    private static let minPageEntries = 8

    init() {}

    deinit {
        for page in 0..<pageCount { Block.release(pages.unsafelyUnwrapped[page].entries) }
        Block.release(pages)
    }

    /// Adds `entry`, whose key must not be present.
    mutating func insert(_ entry: Entry) {
        if pageCount == 0 { insertPage(at: 0, capacity: KeyIndex.minPageEntries) }
        var place = place(of: entry.key)
        if pageAt(place.page).count == KeyIndex.maxPageEntries {
            split(place.page)
            place = self.place(of: entry.key)
        }
        let page = pageAt(place.page)
        if page.count == page.capacity {
            resizePage(place.page, to: min(Int(page.capacity) * 2, KeyIndex.maxPageEntries))
        }
        let entries = pageAt(place.page).entries + place.position
        // SAFETY: the page has room for one more than its count.
        memmove(entries + 1, entries, (Int(page.count) - place.position) * KeyIndex.entryBytes)
        entries.initialize(to: entry)
        pages.unsafelyUnwrapped[place.page].count += 1
        count += 1
    }

    /// Puts `entry` in the place of the one with the same key, which must be present and not yet freed.
    mutating func replace(with entry: Entry) {
        let place = place(of: entry.key)
        pageAt(place.page).entries[place.position] = entry
    }

    /// Removes `entry`, which must be present and not yet freed.
    mutating func remove(_ entry: Entry) {
        removeRun(at: place(of: entry.key), count: 1)
    }

    /// Calls `body` with each entry whose key begins with `prefix`, in order.
    func forEach(prefix: Bytes, _ body: (Entry) -> Void) {
        if pageCount == 0 { return }
        var place = place(of: prefix)
        while place.page < pageCount {
            let page = pageAt(place.page)
            while place.position < page.count {
                let entry = page.entries[place.position]
                if !entry.key.hasPrefix(prefix) { return }
                body(entry)
                place.position += 1
            }
            place = Place(page: place.page + 1, position: 0)
        }
    }

    /// Removes every entry whose key begins with `prefix` and hands each to `body`, which may free it.
    mutating func removeAll(prefix: Bytes, _ body: (Entry) -> Void) {
        while pageCount > 0 {
            var place = place(of: prefix)
            if place.position == pageAt(place.page).count {
                place = Place(page: place.page + 1, position: 0)
            }
            let run = place.page < pageCount ? runLength(at: place, prefix) : 0
            if run == 0 { return }
            let entries = pageAt(place.page).entries + place.position
            for index in 0..<run { body(entries[index]) }
            // No key is looked at until the run, whose entries may be gone, has left the page.
            removeRun(at: place, count: run)
        }
    }

    private static let entryBytes = MemoryLayout<Entry>.stride

    @inline(__always)
    func pageAt(_ index: Int) -> Page { pages.unsafelyUnwrapped[index] }

    /// The number of entries from `place` to the end of its page that begin with `prefix`.
    private func runLength(at place: Place, _ prefix: Bytes) -> Int {
        let page = pageAt(place.page)
        var end = place.position
        while end < page.count, page.entries[end].key.hasPrefix(prefix) { end += 1 }
        return end - place.position
    }

    /// Where `key` lies or belongs: the first entry not before it, within the last page that begins
    /// with a key not behind it.
    ///
    /// There must be a page.
    func place(of key: Bytes) -> Place {
        var low = 0
        var high = pageCount
        while high - low > 1 {
            let middle = (low + high) / 2
            if key.precedes(pageAt(middle).entries[0].key) { high = middle } else { low = middle }
        }
        let page = pageAt(low)
        var start = 0
        var end = Int(page.count)
        while start < end {
            let middle = (start + end) / 2
            if page.entries[middle].key.precedes(key) { start = middle + 1 } else { end = middle }
        }
        return Place(page: low, position: start)
    }
}

extension KeyIndex {
    private mutating func removeRun(at place: Place, count removed: Int) {
        let page = pageAt(place.page)
        let left = Int(page.count) - removed
        let entries = page.entries + place.position
        // SAFETY: the run lies within the page, and what follows it moves to where it began.
        memmove(entries, entries + removed, (left - place.position) * KeyIndex.entryBytes)
        pages.unsafelyUnwrapped[place.page].count = Int32(left)
        count -= removed
        if left == 0 {
            removePage(at: place.page)
        } else if left * 4 <= page.capacity, page.capacity > KeyIndex.minPageEntries {
            resizePage(place.page, to: max(left * 2, KeyIndex.minPageEntries))
        }
    }

    /// Moves the upper half of a full page to a new one behind it.
    private mutating func split(_ index: Int) {
        let half = KeyIndex.maxPageEntries / 2
        insertPage(at: index + 1, capacity: KeyIndex.maxPageEntries)
        let upper = pageAt(index).entries + half
        // SAFETY: the new page has room for half of the old one's entries.
        memcpy(pageAt(index + 1).entries, upper, half * KeyIndex.entryBytes)
        pages.unsafelyUnwrapped[index].count = Int32(half)
        pages.unsafelyUnwrapped[index + 1].count = Int32(half)
    }

    private mutating func insertPage(at index: Int, capacity: Int) {
        if pageCount == pageCapacity { resizeList(to: max(pageCapacity * 2, 4)) }
        let label = newLabel(at: index)
        let block = Block.allocate(capacity * KeyIndex.entryBytes)
        bytes += Block.size(block)
        let page = Page(
            entries: block.bindMemory(to: Entry.self, capacity: capacity),
            label: label,
            count: 0,
            capacity: Int32(capacity)
        )
        let slot = pages.unsafelyUnwrapped + index
        // SAFETY: the list has room for one more than its count.
        memmove(slot + 1, slot, (pageCount - index) * MemoryLayout<Page>.stride)
        slot.initialize(to: page)
        pageCount += 1
    }

    /// A label for a page that goes in front of page `index`: between those of its neighbours.
    private mutating func newLabel(at index: Int) -> UInt64 {
        var (below, above) = labels(around: index)
        if above - below < 2 {
            giveLabelsAnew()
            (below, above) = labels(around: index)
        }
        let half = (above - below) / 2
        // Behind the last page a fixed step: keys that come in order would use the labels up soon.
        return below + (index == pageCount ? min(half, KeyIndex.labelStep) : half)
    }

    private func labels(around index: Int) -> (below: UInt64, above: UInt64) {
        let below = index > 0 ? pageAt(index - 1).label : 0
        return (below, index < pageCount ? pageAt(index).label : KeyIndex.labelEnd)
    }

    /// Spreads the labels evenly, so that there is room between any two.
    private mutating func giveLabelsAnew() {
        let step = min(KeyIndex.labelEnd / UInt64(pageCount + 2), KeyIndex.labelEnd / 2)
        for page in 0..<pageCount { pages.unsafelyUnwrapped[page].label = UInt64(page + 1) * step }
        generation &+= 1
    }

    private mutating func removePage(at index: Int) {
        let slot = pages.unsafelyUnwrapped + index
        bytes -= Block.size(slot.pointee.entries)
        Block.release(slot.pointee.entries)
        pageCount -= 1
        // SAFETY: the pages behind the removed one move to where it was.
        memmove(slot, slot + 1, (pageCount - index) * MemoryLayout<Page>.stride)
        if pageCount * 4 <= pageCapacity, pageCapacity > 4 {
            resizeList(to: max(pageCount * 2, 4))
        }
    }

    private mutating func resizePage(_ index: Int, to capacity: Int) {
        let page = pages.unsafelyUnwrapped + index
        bytes -= Block.size(page.pointee.entries)
        let block = Block.resize(page.pointee.entries, capacity * KeyIndex.entryBytes)
        bytes += Block.size(block)
        page.pointee.entries = block.bindMemory(to: Entry.self, capacity: capacity)
        page.pointee.capacity = Int32(capacity)
    }

    private mutating func resizeList(to capacity: Int) {
        bytes -= Block.size(pages)
        let block = Block.resize(pages, capacity * MemoryLayout<Page>.stride)
        bytes += Block.size(block)
        pages = block.bindMemory(to: Page.self, capacity: capacity)
        pageCapacity = capacity
    }
}
