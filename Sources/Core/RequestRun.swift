// Requests that arrived one behind the other, decoded together before the first of them runs.

/// Up to sixteen complete requests that lie one behind the other in the bytes that arrived.
///
/// Who pipelines sends many small requests; knowing the next ones lets a loop fetch all their keys at once, and read them
/// without asking anew each time which encoding the connection speaks. Each loop owns one and reuses it.
public struct RequestRun: ~Copyable {
    /// The most requests of a run: as many as the keyspace looks ahead.
    public static var capacity: Int {
        @inlinable
        get { 16 }
    }

    /// Where the arguments of all requests lie, each counted from its own request's first byte.
    public var arguments = ArgumentRanges()
    // For each request, which of `arguments` are its own, and where it lies in the bytes; as many of either.
    @usableFromInline
    var places = ArgumentRanges()
    @usableFromInline
    var bytes = ArgumentRanges()
    // As many again where the encoding has identifiers, else none.
    @usableFromInline
    var identifiers = ArgumentRanges()
    @usableFromInline
    var length = 0

    /// Makes an empty run, which owns no memory.
    public init() {}

    /// How many requests there are.
    @inlinable
    public var count: Int { places.count }

    /// Bytes from the first request's first to the last one's last.
    @inlinable
    public var byteCount: Int { length }

    /// Empties the run and keeps up to 64 KiB of its memory for the next one.
    @inlinable
    public mutating func removeAll() {
        arguments.removeAll(keepingUpTo: 8192)
        places.removeAll()
        bytes.removeAll()
        identifiers.removeAll()
        length = 0
    }

    /// Adds a request of `count` bytes, whose arguments are those from `first` on.
    @inlinable
    public mutating func append(argumentsFrom first: Int, bytes count: Int) {
        places.append(ArgumentRange(start: first, end: arguments.count))
        bytes.append(ArgumentRange(start: length, end: length + count))
        length += count
    }

    /// As `append(argumentsFrom:bytes:)`, of an encoding in which requests may have an identifier, which is empty where
    /// this one has none.
    public mutating func append(
        argumentsFrom first: Int,
        bytes count: Int,
        identifier: ArgumentRange
    ) {
        identifiers.append(identifier)
        append(argumentsFrom: first, bytes: count)
    }

    /// The bytes from the run's first to the last of request `index`.
    @inlinable
    public func end(of index: Int) -> Int { Int(bytes.span[index].end) }

    /// Request `index`, where `input` begins with the run's first byte.
    @inlinable
    @inline(__always)
    @_lifetime(borrow self, copy input)
    public func request(_ index: Int, in input: Span<UInt8>) -> Request {
        let own = places.span[index]
        let range = bytes.span[index]
        return Request(
            bytes: input.extracting(Int(range.start)..<Int(range.end)),
            ranges: arguments.span.extracting(Int(own.start)..<Int(own.end))
        )
    }

    /// The identifier of request `index`, as `RequestFrame.identifier`; empty if it has none.
    @inlinable
    @inline(__always)
    @_lifetime(copy input)
    public func identifier(_ index: Int, in input: Span<UInt8>) -> Span<UInt8> {
        if identifiers.isEmpty { return input.extracting(0..<0) }
        let start = Int(bytes.span[index].start)
        let range = identifiers.span[index]
        return input.extracting((start + Int(range.start))..<(start + Int(range.end)))
    }
}
