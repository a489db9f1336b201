// One command as it arrived, whatever the encoding: slices of the bytes it came in.

/// Where one argument lies in the bytes of its request, in bytes from their start.
public struct ArgumentRange: Equatable, Sendable, BitwiseCopyable {
    /// The offset of the argument's first byte.
    public var start: UInt32
    /// The offset behind the argument's last byte; never below `start`.
    public var end: UInt32

    /// Makes the range `start ..< end`.
    @inlinable
    public init(start: Int, end: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
    }
}

/// A complete request: the command's name and its arguments, as slices of borrowed bytes.
///
/// Argument 0 is the command's name as the peer wrote it. The spans are valid while the request is.
public struct Request: ~Escapable {
    /// The bytes that the ranges index.
    public let bytes: Span<UInt8>
    /// Where each argument lies; the first is the command's name.
    public let ranges: Span<ArgumentRange>

    /// Makes a request of `ranges` over `bytes`.
    @inlinable
    @_lifetime(copy bytes, copy ranges)
    public init(bytes: Span<UInt8>, ranges: Span<ArgumentRange>) {
        self.bytes = bytes
        self.ranges = ranges
    }

    /// The number of arguments, the command's name included.
    @inlinable
    public var count: Int { ranges.count }

    /// Argument `index`; traps where `index` is not below `count`, which the arity check precludes.
    @inlinable
    @inline(__always)
    public subscript(index: Int) -> Span<UInt8> {
        @_lifetime(copy self)
        get {
            let range = ranges[index]
            return bytes.extracting(Int(range.start)..<Int(range.end))
        }
    }
}
