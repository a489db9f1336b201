// How far an incomplete RESP array has been read.
import Core

/// What is known of a RESP array of which not all bytes are there yet.
struct MultibulkProgress: ~Copyable {
    /// The offset, from the array's first byte, of the next byte to read.
    var position: UInt32 = 0
    /// How many arguments are still to come; 0 while no array is open.
    var remaining: UInt32 = 0
    /// The length of the argument at `position`, in bytes; -1 while its header is not read.
    var bulkLength = -1
    /// Where the arguments read so far lie.
    var ranges = ArgumentRanges()

    /// Forgets the array, and frees what was kept for it.
    mutating func close() {
        remaining = 0
        bulkLength = -1
        if ranges.capacity > 0 { ranges.release() }
    }
}
