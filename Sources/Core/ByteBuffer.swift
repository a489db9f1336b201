// A growable run of bytes with one owner: what decoders read from and encoders write to.
#if canImport(Glibc)
public import Glibc
#else
public import Musl
#endif

/// A growable, uniquely owned run of bytes.
///
/// It exists instead of `[UInt8]` because it hands out spare capacity to fill in place, never zeroes
/// what it reserves, never copies on write, and gives memory back on demand.
///
/// Ownership: the buffer owns its block and frees it; a span taken from it borrows the buffer.
/// Memory: `capacity` bytes from `malloc`, none while it has never been written to.
public struct ByteBuffer: ~Copyable {
    // SAFETY: `base` is nil exactly while `capacity` is 0; otherwise it is a live malloc block of
    // `capacity` bytes, of which the first `count` are initialised. Only this file changes it;
    // `ArgumentRanges` looks at it.
    @usableFromInline
    var base: UnsafeMutablePointer<UInt8>?
    @usableFromInline
    var storedCount: Int
    @usableFromInline
    var storedCapacity: Int

    /// Makes an empty buffer; allocates only if `capacity`, in bytes, is above 0.
    @inlinable
    public init(capacity: Int = 0) {
        base = nil
        storedCount = 0
        storedCapacity = 0
        if capacity > 0 { reserve(capacity) }
    }

    @inlinable
    deinit {
        free(base)
    }

    /// The number of bytes written and not removed.
    @inlinable
    public var count: Int { storedCount }

    /// The number of bytes that fit before the block must grow.
    @inlinable
    public var capacity: Int { storedCapacity }

    /// Whether the buffer holds no byte.
    @inlinable
    public var isEmpty: Bool { storedCount == 0 }

    /// The bytes held, borrowed from the buffer.
    @inlinable
    public var span: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            // SAFETY: the first `storedCount` bytes of the block are initialised, and the lifetime is
            // tied to the borrow of `self`, during which nothing can grow or free the block.
            let span = Span<UInt8>(
                _unsafeElements: UnsafeBufferPointer(
                    start: UnsafePointer(base),
                    count: storedCount
                )
            )
            return _overrideLifetime(span, borrowing: self)
        }
    }

    /// Makes sure that `bytes` more bytes fit without growing.
    @inlinable
    public mutating func reserve(_ bytes: Int) {
        if bytes > storedCapacity &- storedCount { grow(by: bytes) }
    }

    /// Grows the block to hold `bytes` more bytes, at least doubling it.
    @usableFromInline
    @inline(never)
    mutating func grow(by bytes: Int) {
        let wanted = max(storedCount + bytes, storedCapacity * 2, 64)
        resize(to: wanted)
    }

    private mutating func resize(to wanted: Int) {
        guard let block = realloc(base, wanted) else {
            // The process is out of memory: no peer decides this, every caller's size is bounded by
            // `Limits`, and there is nothing left to serve with.
            fatalError("out of memory: \(wanted) bytes for a buffer")
        }
        base = block.assumingMemoryBound(to: UInt8.self)
        storedCapacity = wanted
    }

    /// Appends one byte.
    @inlinable
    public mutating func append(_ byte: UInt8) {
        reserve(1)
        // SAFETY: `reserve` made room for the byte, so `base` is a block of more than `storedCount`.
        base.unsafelyUnwrapped[storedCount] = byte
        storedCount &+= 1
    }

    /// Appends the bytes of `span`.
    @inlinable
    public mutating func append(_ span: Span<UInt8>) {
        let added = span.count
        if added == 0 { return }
        reserve(added)
        let count = storedCount
        // SAFETY: `reserve` made room for `added` bytes behind `count`; `span` cannot overlap this
        // block, since borrowing from `self` excludes mutating it.
        span.withUnsafeBufferPointer { source in
            if let from = source.baseAddress {
                memcpy(base.unsafelyUnwrapped + count, from, added)
            }
        }
        storedCount = count &+ added
    }

    /// Appends the bytes of a literal.
    @inlinable
    public mutating func append(_ literal: StaticString) {
        let added = literal.utf8CodeUnitCount
        reserve(added)
        // SAFETY: a static string made of more than one scalar is stored as `utf8CodeUnitCount` bytes
        // at `utf8Start`; single-scalar literals must use the byte form, which the check enforces.
        if literal.hasPointerRepresentation, added > 0 {
            memcpy(base.unsafelyUnwrapped + storedCount, literal.utf8Start, added)
            storedCount &+= added
        }
    }

    /// Appends the UTF-8 of `string`.
    ///
    /// Not for the hot path.
    public mutating func append(string: String) {
        append(string.utf8.span)
    }

    /// Appends the bytes of `value` as they lie in memory.
    @inlinable
    @inline(__always)
    public mutating func append<Value: BitwiseCopyable>(bytesOf value: Value) {
        let added = MemoryLayout<Value>.size
        reserve(added)
        // SAFETY: `reserve` made room for `added` bytes behind those that are there; a raw store needs no
        // alignment.
        UnsafeMutableRawPointer(base.unsafelyUnwrapped + storedCount)
            .storeBytes(of: value, as: Value.self)
        storedCount &+= added
    }

    /// Appends CR and LF.
    @inlinable
    public mutating func appendLineEnd() {
        append(bytesOf: UInt16(0x0A0D).littleEndian)
    }

    /// Appends `value` in decimal ASCII, with `-` where it is negative; at most 20 bytes.
    @inlinable
    public mutating func append(decimal value: Int64) {
        if value >= 0, value < 10 {
            append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value))
        } else if value >= 0, value < 100 {
            let tens = value / 10
            let digits = UInt16(truncatingIfNeeded: tens | (value &- tens &* 10) &<< 8)
            append(bytesOf: (0x3030 | digits).littleEndian)
        } else {
            append(longDecimal: value)
        }
    }

    @usableFromInline
    mutating func append(longDecimal value: Int64) {
        var magnitude = value.magnitude
        var digits = 1
        var bound: UInt64 = 10
        while digits < 19, magnitude >= bound {
            digits += 1
            bound *= 10
        }
        if digits == 19, magnitude >= bound { digits = 20 }
        withSpareRoom(20) { room in
            var at = digits
            if value < 0 {
                room[0] = UInt8(ascii: "-")
                at += 1
            }
            let count = at
            while digits > 0 {
                at -= 1
                digits -= 1
                room[at] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: magnitude % 10)
                magnitude /= 10
            }
            return count
        }
    }

    /// Lets `fill` write into at least `minimum` bytes of spare room; it returns how many it wrote.
    ///
    /// The pointer given to `fill` must not outlive the call. A result outside `0...room` is clamped.
    @inlinable
    public mutating func withSpareRoom(
        _ minimum: Int,
        _ fill: (UnsafeMutableRawBufferPointer) -> Int
    ) {
        reserve(minimum)
        // SAFETY: the room begins behind the initialised bytes and ends with the block.
        let room = UnsafeMutableRawBufferPointer(
            start: base.map { $0 + storedCount },
            count: storedCapacity &- storedCount
        )
        let written = fill(room)
        storedCount &+= min(max(written, 0), storedCapacity &- storedCount)
    }

    /// Overwrites the byte at `index`, which must be below `count`.
    @inlinable
    public mutating func replaceByte(at index: Int, with byte: UInt8) {
        precondition(index >= 0 && index < storedCount)
        // SAFETY: the index was checked.
        base.unsafelyUnwrapped[index] = byte
    }

    /// Forgets every byte from `count` on; a larger `count` changes nothing.
    @inlinable
    public mutating func truncate(to count: Int) {
        storedCount = max(0, min(storedCount, count))
    }

    /// Removes the first `bytes` bytes, moving the rest to the front.
    public mutating func removeFirst(_ bytes: Int) {
        let removed = min(max(bytes, 0), storedCount)
        if removed == 0 { return }
        let rest = storedCount - removed
        if rest > 0, let base {
            // SAFETY: `removed + rest` is the old count, so both ranges lie within the block.
            memmove(base, base + removed, rest)
        }
        storedCount = rest
    }

    /// Forgets every byte and keeps the block.
    @inlinable
    public mutating func removeAll() {
        storedCount = 0
    }

    /// Forgets every byte, and gives the block back if it is larger than `bytes`.
    @inlinable
    public mutating func removeAll(keepingUpTo bytes: Int) {
        storedCount = 0
        if storedCapacity > bytes { release() }
    }

    /// Forgets every byte and frees the block.
    public mutating func release() {
        free(base)
        base = nil
        storedCount = 0
        storedCapacity = 0
    }

    /// Appends raw bytes that lie outside this buffer.
    @inlinable
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let from = bytes.baseAddress, bytes.count > 0 else { return }
        reserve(bytes.count)
        // SAFETY: `reserve` made room; the caller vouches that the ranges do not overlap.
        memcpy(base.unsafelyUnwrapped + storedCount, from, bytes.count)
        storedCount &+= bytes.count
    }

    /// Calls `body` with the bytes held; the pointer must not outlive the call.
    @inlinable
    public borrowing func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        body(UnsafeRawBufferPointer(start: base, count: storedCount))
    }

    /// Takes the bytes of `other` in front of none: this buffer must be empty; both blocks change owner.
    ///
    /// Where `other` is empty nothing happens. Constant time, whatever the sizes.
    @inlinable
    public mutating func takeOver(_ other: inout ByteBuffer) {
        if other.isEmpty { return }
        swap(&self, &other)
    }

    /// Moves the bytes from `position` on to `target`, whose own bytes are dropped, and empties this one.
    ///
    /// A small rest is copied to a block of its own size; a large one keeps its block, which `target`
    /// then owns, so that a long request growing read by read is not copied each time.
    public mutating func moveRest(from position: Int, to target: inout ByteBuffer) {
        let rest = storedCount - max(0, min(position, storedCount))
        target.removeAll()
        if rest == 0 {
            target.release()
        } else if rest * 4 < storedCapacity {
            target.append(span.extracting(last: rest))
        } else {
            removeFirst(storedCount - rest)
            swap(&self, &target)
        }
        removeAll()
    }
}
