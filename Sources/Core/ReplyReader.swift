// Walking a reply's tape, item by item.

/// A walk over the items of a reply, in order.
public struct ReplyReader: ~Escapable {
    @usableFromInline
    let tape: Span<UInt8>
    @usableFromInline
    var offset = 0

    @usableFromInline
    var storedItem = ReplyItem.null
    @usableFromInline
    var storedWord: UInt64 = 0
    @usableFromInline
    var payloadStart = 0
    @usableFromInline
    var payloadEnd = 0

    /// Starts before the first item of `tape`.
    @inlinable
    @_lifetime(copy tape)
    public init(_ tape: Span<UInt8>) {
        self.tape = tape
    }

    /// The item the last `next` found.
    @inlinable
    public var item: ReplyItem { storedItem }

    /// Its word: an integer's bits, a count of bytes, items or pairs, or an error's code and retry.
    @inlinable
    public var word: UInt64 { storedWord }

    /// Whether every item has been read.
    public var isAtEnd: Bool { offset >= tape.count }

    /// Goes to the next item; false at the end.
    @inlinable
    @inline(__always)
    @_lifetime(self: copy self)
    public mutating func next() -> Bool {
        if offset + 9 > tape.count { return false }
        guard let item = ReplyItem(rawValue: tape[offset]) else { return false }
        storedItem = item
        storedWord =
            tape.bytes.unsafeLoadUnaligned(fromByteOffset: offset + 1, as: UInt64.self)
            .littleEndian
        offset += 9
        payloadStart = offset
        switch item {
        case .status, .bytes, .json, .bigNumber, .verbatim: offset += Int(clamping: storedWord)
        default: break
        }
        payloadEnd = offset
        return offset <= tape.count
    }

    /// The bytes of a status, bytes, JSON, big number or verbatim item; empty for the others.
    @inlinable
    public var payload: Span<UInt8> {
        @_lifetime(copy self)
        get { tape.extracting(payloadStart..<payloadEnd) }
    }

    /// The value of an integer item.
    @inlinable
    public var integer: Int64 { Int64(bitPattern: word) }

    /// The value of a double item.
    public var double: Double { Double(bitPattern: word) }

    /// The value of a boolean item.
    public var boolean: Bool { word != 0 }

    /// The count of a list, set, map, attribute or push item.
    @inlinable
    public var count: Int { Int(clamping: word) }

    /// The code of an error item.
    public var errorCode: ErrorCode {
        ErrorCode(rawValue: UInt16(truncatingIfNeeded: word)) ?? .internalError
    }

    /// The milliseconds after which an error item says to try again.
    public var retryAfterMilliseconds: Int64? {
        let stored = Int64(word >> 16)
        return stored == 0 ? nil : stored - 1
    }
}
