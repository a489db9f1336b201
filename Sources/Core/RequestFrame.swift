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
    /// Where the request stands in the batch that it came in.
    public var place = BatchPlace.alone

    /// Makes an empty frame.
    public init() {}

    /// Empties the frame and keeps up to 64 KiB of its memory for the next request.
    @inlinable
    public mutating func reset() {
        ranges.removeAll(keepingUpTo: 8192)
        scratch.removeAll(keepingUpTo: 64 << 10)
        identifier.removeAll(keepingUpTo: 1 << 10)
        usesScratch = false
        place = .alone
    }

    /// Appends `span` to `scratch` as the next argument.
    public mutating func appendScratchArgument(_ span: Span<UInt8>) {
        let start = scratch.count
        scratch.append(span)
        ranges.append(ArgumentRange(start: start, end: scratch.count))
    }
}

/// Where a request stands in a batch: a JSON array of requests on one line, answered by one of replies.
public struct BatchPlace: OptionSet, Sendable, BitwiseCopyable {
    /// The bits.
    public let rawValue: UInt8
    /// Makes a place of bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// In no batch.
    public static let alone: BatchPlace = []
    /// In a batch.
    public static let inside = BatchPlace(rawValue: 1 << 0)
    /// The first of its batch.
    public static let first = BatchPlace(rawValue: 1 << 1)
    /// The last of its batch.
    public static let last = BatchPlace(rawValue: 1 << 2)
}
