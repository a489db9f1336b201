// What a decoder fills: one request's ranges, and the bytes it had to rewrite.

/// The scratch that decoders fill with one request at a time; each loop owns one and reuses it.
///
/// A decoder either leaves the arguments where they arrived (`usesScratch` false: ranges count from the
/// first byte of the request in the input) or, where quoting or escapes had to be undone, writes them to
/// `scratch` (ranges count from its start).
public struct RequestFrame: ~Copyable {
    /// Where the arguments lie.
    public var ranges = ArgumentRanges()
    /// The arguments' bytes where they are not a slice of the input.
    public var scratch = ByteBuffer()
    /// Whether the ranges index `scratch` and not the input.
    public var usesScratch = false
    /// The peer's own identifier of the request (the `id` of JSON and protobuf), in the form that the
    /// encoding's replies need; empty if none.
    public var identifier = ByteBuffer()

    /// Makes an empty frame.
    public init() {}

    /// Empties the frame and keeps up to 64 KiB of its memory for the next request.
    @inlinable
    public mutating func reset() {
        ranges.removeAll(keepingUpTo: 8192)
        scratch.removeAll(keepingUpTo: 64 << 10)
        identifier.removeAll(keepingUpTo: 1 << 10)
        usesScratch = false
    }

    /// Appends `span` to `scratch` as the next argument.
    public mutating func appendScratchArgument(_ span: Span<UInt8>) {
        let start = scratch.count
        scratch.append(span)
        ranges.append(ArgumentRange(start: start, end: scratch.count))
    }
}
