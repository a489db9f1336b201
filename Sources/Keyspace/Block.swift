// Blocks of memory from the C allocator, and what they really take.

import SwiftShims

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The allocator as this room uses it: it never returns nil, and says what a block really takes.
enum Block {
    /// Bytes that the allocator gave for `block`; at least what was asked for, and 0 for nil.
    @inline(__always)
    static func size(_ block: UnsafeMutableRawPointer?) -> Int {
        // SAFETY: every caller passes a live block of this allocator or nil. The function is the
        // standard library's name for malloc_usable_size, which Glibc's module does not export.
        block.map { Int(_swift_stdlib_malloc_size($0)) } ?? 0
    }

    /// A block of at least `bytes` bytes, uninitialised.
    static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
        guard let block = malloc(bytes) else { exhausted(bytes) }
        return block
    }

    /// A block of at least `bytes` bytes, all zero.
    static func allocateZeroed(_ bytes: Int) -> UnsafeMutableRawPointer {
        guard let block = calloc(1, bytes) else { exhausted(bytes) }
        return block
    }

    /// `block` with room for at least `bytes` bytes, its first bytes kept; nil becomes a new block.
    static func resize(_ block: UnsafeMutableRawPointer?, _ bytes: Int) -> UnsafeMutableRawPointer {
        guard let block = realloc(block, bytes) else { exhausted(bytes) }
        return block
    }

    /// Gives `block` back.
    @inline(__always)
    static func release(_ block: UnsafeMutableRawPointer?) {
        free(block)
    }

    private static func exhausted(_ bytes: Int) -> Never {
        // No peer decides this: `Limits` bounds every size, and the memory limit refuses writes long
        // before; there is nothing left to serve with.
        fatalError("out of memory: \(bytes) bytes for the keyspace")
    }
}
