// The beginning of a record whose end has not arrived.

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// Bytes of at most one record, kept from one input to the next; takes no memory while it is empty.
struct RecordPart: ~Copyable {
    // SAFETY: a block of `capacity` bytes, owned and freed in `release`, of which `count` are written.
    private(set) var bytes: UnsafeMutablePointer<UInt8>?
    private(set) var count = 0
    private(set) var capacity = 0

    init() {}

    deinit { free(bytes) }

    /// Makes room for `wanted` bytes in all; false where memory is out.
    mutating func reserve(_ wanted: Int) -> Bool {
        if wanted <= capacity { return true }
        guard let block = realloc(bytes, wanted) else { return false }
        bytes = block.assumingMemoryBound(to: UInt8.self)
        capacity = wanted
        return true
    }

    /// Moves bytes from the front of `input` until there are `wanted`, for which there is room; whether
    /// there are that many now.
    mutating func fill(_ wanted: Int, from input: inout UnsafeRawBufferPointer) -> Bool {
        let taken = min(max(wanted - count, 0), input.count)
        if taken > 0, let target = bytes, let source = input.baseAddress {
            // SAFETY: `count + taken` is at most `wanted`, for which `reserve` made room.
            memcpy(target + count, source, taken)
            input = UnsafeRawBufferPointer(rebasing: input[taken...])
            count += taken
        }
        return count >= wanted
    }

    /// Notes that `count` bytes were written to `bytes`, for which there is room.
    mutating func written(_ count: Int) { self.count = min(count, capacity) }

    /// Empties it and gives the block back.
    mutating func release() {
        free(bytes)
        bytes = nil
        count = 0
        capacity = 0
    }
}
