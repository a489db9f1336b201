// Borrowed bytes as a plain pointer and count, for the inside of this room.

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Bytes that somebody else keeps alive for the duration of a call.
struct Bytes {
    // SAFETY: `start` addresses `count` initialised bytes. Whoever makes a value guarantees them for
    // the call it is passed down into; nothing in this room keeps one longer than that.
    let start: UnsafePointer<UInt8>
    let count: Int

    init(start: UnsafePointer<UInt8>, count: Int) {
        self.start = start
        self.count = count
    }

    /// The bytes of `span`, to be used only while `span` lives.
    init(_ span: Span<UInt8>) {
        // SAFETY: a span addresses memory that does not move during its lifetime, which spans the
        // whole body of every function that takes one as a parameter and calls this.
        self = span.withUnsafeBufferPointer { buffer in
            Bytes(start: buffer.baseAddress ?? Bytes.nowhere, count: buffer.count)
        }
    }

    // SAFETY: never read or written; a non-null address for no bytes.
    private nonisolated(unsafe) static let nowhere = UnsafePointer(
        UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
    )

    /// Calls `body` with these bytes as a span.
    @inline(__always)
    func withSpan(_ body: (Span<UInt8>) -> Void) {
        // SAFETY: the span lives for this call of `body`, which the bytes outlive.
        body(Span(_unsafeStart: start, count: count))
    }

    /// Whether these bytes contain the namespace separator.
    var isNamespaced: Bool {
        count > 0 && memchr(start, Int32(Bytes.separator), count) != nil
    }

    /// The number of bytes in front of the last separator; nil if there is none.
    var namespaceLength: Int? {
        var index = count
        while index > 0 {
            index -= 1
            if start[index] == Bytes.separator { return index }
        }
        return nil
    }

    /// Whether these bytes are those of `other`.
    func equals(_ other: Bytes) -> Bool {
        count == other.count && memcmp(start, other.start, count) == 0
    }

    /// Whether these bytes begin with `prefix`.
    func hasPrefix(_ prefix: Bytes) -> Bool {
        count >= prefix.count && memcmp(start, prefix.start, prefix.count) == 0
    }

    /// Whether these bytes come before `other` in byte order, a prefix before what it begins.
    func precedes(_ other: Bytes) -> Bool {
        let order = memcmp(start, other.start, min(count, other.count))
        return order == 0 ? count < other.count : order < 0
    }

    /// `^`, which separates the parts of a key.
    static let separator = UInt8(ascii: "^")
}
