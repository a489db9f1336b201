// Where a request's arguments lie: a growable row of ranges with one owner.

/// A growable, uniquely owned row of argument ranges.
///
/// Instead of an array, whose every append asks whether it is shared.
public struct ArgumentRanges: ~Copyable {
    private static let width = MemoryLayout<ArgumentRange>.size

    // SAFETY: holds whole ranges only, one behind the other from the beginning of its block, which malloc
    // aligned for any type.
    @usableFromInline
    var storage = ByteBuffer()

    /// Makes an empty row, which owns no memory.
    public init() {}

    /// How many ranges there are.
    @inlinable
    public var count: Int { storage.count / MemoryLayout<ArgumentRange>.stride }

    /// Whether there is no range.
    @inlinable
    public var isEmpty: Bool { storage.isEmpty }

    /// How many ranges fit before the block must grow.
    public var capacity: Int { storage.capacity / ArgumentRanges.width }

    /// Appends a range.
    @inlinable
    public mutating func append(_ range: ArgumentRange) {
        storage.append(bytesOf: range)
    }

    /// Makes sure that `count` more ranges fit without growing.
    public mutating func reserve(_ count: Int) { storage.reserve(count * ArgumentRanges.width) }

    /// Forgets all ranges but the first `count`.
    @inlinable
    public mutating func truncate(to count: Int) {
        storage.truncate(to: count * MemoryLayout<ArgumentRange>.stride)
    }

    /// Forgets all ranges and keeps the block.
    @inlinable
    public mutating func removeAll() { storage.removeAll() }

    /// Forgets all ranges, and gives the block back if it has room for more than `count`.
    @inlinable
    public mutating func removeAll(keepingUpTo count: Int) {
        storage.removeAll(keepingUpTo: count * MemoryLayout<ArgumentRange>.stride)
    }

    /// Forgets all ranges and frees the block.
    public mutating func release() { storage.release() }

    /// The ranges, borrowed.
    @inlinable
    public var span: Span<ArgumentRange> {
        @_lifetime(borrow self)
        get {
            // SAFETY: see `storage`; the lifetime is tied to the borrow of `self`.
            let bytes = UnsafeRawPointer(storage.base)
            let ranges = Span<ArgumentRange>(
                _unsafeElements: UnsafeBufferPointer(
                    start: bytes?.assumingMemoryBound(to: ArgumentRange.self),
                    count: count
                )
            )
            return _overrideLifetime(ranges, borrowing: self)
        }
    }
}
