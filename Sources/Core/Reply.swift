// What a command answers, before any encoding: a tape of items.

/// What an item of a reply is.
///
/// The raw value is its tag on the tape.
public enum ReplyItem: UInt8, Sendable {
    /// A word such as `OK`. Layout: `[tag][count: UInt64 LE][bytes]`.
    case status = 1
    /// A signed integer. Layout: `[tag][value: UInt64 LE, two's complement]`.
    case integer = 2
    /// Bytes. Layout: `[tag][count: UInt64 LE][bytes]`.
    case bytes = 3
    /// No value. Layout: `[tag][0]`.
    case null = 4
    /// The key asked for does not exist: no value, but an error in JSON. Layout: `[tag][0]`.
    case missingKey = 5
    /// A list: its items follow. Layout: `[tag][number of items: UInt64 LE]`.
    case list = 6
    /// Names and values by turns: they follow. Layout: `[tag][number of pairs: UInt64 LE]`.
    case map = 7
    /// JSON text as it came, which JSON sends unquoted. Layout: `[tag][count: UInt64 LE][bytes]`.
    case json = 8
    /// An error. Layout: `[tag][code: 16 bits, retry + 1: 48 bits, LE]`, then a `bytes` item: the
    /// text.
    case error = 9
    /// An unasked-for message: its kind follows, then names and values by turns.
    /// Layout: `[tag][number of items: UInt64 LE]`.
    case push = 10
    /// A floating-point number. Layout: `[tag][IEEE 754 bits: UInt64 LE]`.
    case double = 11
    /// True or false. Layout: `[tag][1 or 0: UInt64 LE]`.
    case boolean = 12
    /// An integer of any size, in decimal. Layout: `[tag][count: UInt64 LE][digits]`.
    case bigNumber = 13
    /// A list without order or repetition: its items follow. Layout: as `list`.
    case set = 14
    /// Bytes for a person to read, which a client should show as they are. Layout: as `bytes`.
    case verbatim = 15
    /// Names and values by turns about the reply that follows them. Layout: as `map`.
    case attribute = 16
    /// Several replies to one request: they follow. RESP alone has them. Layout: as `list`.
    case several = 17
}

/// A command's answer as a tape of items, in order; nested items follow the one that announces
/// them.
///
/// Handlers write it, the encoders of `Wire` and the validator of the tests read it. One tape
/// serves a loop: it is emptied, not freed, between requests. Each item is 9 bytes and what it
/// carries.
public struct Reply: ~Copyable {
    /// The tape.
    public var tape: ByteBuffer
    /// The most bytes that values may take on the tape, all together.
    @usableFromInline let maxBytes: Int
    @usableFromInline var hasOverflowed = false

    /// Makes an empty reply that takes up to `maxBytes` of values.
    public init(maxBytes: Int = .max) {
        tape = ByteBuffer()
        self.maxBytes = maxBytes
    }

    /// Whether `count` more bytes are within the limit; notes it where they are not.
    @inlinable
    mutating func hasRoom(for count: Int) -> Bool {
        if count <= maxBytes &- tape.count { return true }
        noteTooLong()
        return false
    }

    @usableFromInline
    mutating func noteTooLong() { hasOverflowed = true }

    /// Whether something was left out because of `maxBytes`: what is on the tape is then no reply.
    @inlinable
    public var isTooLong: Bool { hasOverflowed }

    /// Whether nothing was answered.
    @inlinable
    public var isEmpty: Bool { tape.isEmpty }

    /// Empties the tape and keeps up to 256 KiB of its memory.
    @inlinable
    public mutating func reset() {
        if tape.capacity > 256 << 10 { tape.removeAll(keepingUpTo: 256 << 10) }
        tape.removeAll()
        hasOverflowed = false
    }

    /// Appends a tag and its word.
    @inlinable
    mutating func append(_ item: ReplyItem, _ word: UInt64) {
        tape.reserve(9)
        tape.append(item.rawValue)
        tape.append(bytesOf: word.littleEndian)
    }

    /// Answers `OK`.
    @inlinable
    public mutating func ok() { status("OK") }

    /// Answers with a word of at least two characters.
    @inlinable
    public mutating func status(_ word: StaticString) {
        append(.status, UInt64(word.utf8CodeUnitCount))
        tape.append(word)
    }

    /// Answers with a word of at least two characters that is not known when the program is built.
    ///
    /// Not for the hot path.
    public mutating func word(_ word: String) {
        append(.status, UInt64(word.utf8.count))
        tape.append(string: word)
    }

    /// Answers with an integer.
    @inlinable
    public mutating func integer(_ value: Int64) {
        append(.integer, UInt64(bitPattern: value))
    }

    /// Answers with an integer.
    @inlinable
    public mutating func integer(_ value: Int) { integer(Int64(value)) }

    /// Answers with bytes.
    @inlinable
    public mutating func bytes(_ span: Span<UInt8>) {
        if !hasRoom(for: span.count) { return }
        append(.bytes, UInt64(span.count))
        tape.append(span)
    }

    /// Answers with the bytes of a string.
    ///
    /// Not for the hot path.
    public mutating func string(_ string: String) {
        if !hasRoom(for: string.utf8.count) { return }
        append(.bytes, UInt64(string.utf8.count))
        tape.append(string: string)
    }

    /// Answers with JSON text, which the JSON encoding sends as it is and the others as bytes.
    public mutating func json(_ span: Span<UInt8>) {
        append(.json, UInt64(span.count))
        tape.append(span)
    }

    /// Answers with what `other` holds, in a list or map that was announced.
    public mutating func append(_ other: borrowing Reply) {
        if hasRoom(for: other.tape.count) { tape.append(other.tape.span) }
    }

    /// Answers that there is no value.
    @inlinable
    public mutating func null() { append(.null, 0) }

    /// Answers that the key does not exist.
    @inlinable
    public mutating func missingKey() { append(.missingKey, 0) }

    /// Announces a list of `count` items, which must follow.
    public mutating func list(_ count: Int) { append(.list, UInt64(count)) }

    /// Announces a map of `count` pairs, which must follow.
    public mutating func map(_ count: Int) { append(.map, UInt64(count)) }

    /// Announces a push of `count` items, which must follow: its kind, then names and values by
    /// turns.
    ///
    /// `count` is 1 and twice the number of values. The kind and the names are status or bytes
    /// items. JSON sends the names (`{"event":"message","channel":"news",…}`); text and RESP send
    /// the kind and the values alone (`> message news …`), in the order given, as Redis orders
    /// them.
    public mutating func push(_ count: Int) { append(.push, UInt64(count)) }

    /// Announces `count` replies, which must follow: RESP sends each as if it were the only one.
    ///
    /// For RESP alone; other encodings send them as a list.
    public mutating func several(_ count: Int) { append(.several, UInt64(count)) }

    /// Announces a set of `count` items, which must follow: no two the same, in any order.
    public mutating func set(_ count: Int) { append(.set, UInt64(count)) }

    /// Announces `count` pairs about the reply that must follow them.
    ///
    /// RESP3 alone sends them; a client that does not know them passes over them.
    public mutating func attribute(_ count: Int) { append(.attribute, UInt64(count)) }

    /// Answers with a floating-point number; infinite ones and what is no number are allowed.
    public mutating func double(_ value: Double) { append(.double, value.bitPattern) }

    /// Answers true or false, which RESP2 sends as 1 or 0.
    public mutating func boolean(_ value: Bool) { append(.boolean, value ? 1 : 0) }

    /// Answers with an integer of any size, of which `digits` is the canonical decimal form.
    public mutating func bigNumber(_ digits: Span<UInt8>) {
        append(.bigNumber, UInt64(digits.count))
        tape.append(digits)
    }

    /// Answers with text for a person, which RESP3 marks as `txt` and the others send as bytes.
    public mutating func verbatim(_ text: Span<UInt8>) {
        append(.verbatim, UInt64(text.count))
        tape.append(text)
    }

    /// Answers with text for a person.
    ///
    /// Not for the hot path.
    public mutating func verbatim(_ text: String) {
        append(.verbatim, UInt64(text.utf8.count))
        tape.append(string: text)
    }

    /// Answers with an error.
    public mutating func error(_ error: ServerError) {
        let retry = min(max(error.retryAfterMilliseconds ?? -1, -1), (1 << 47) - 1) + 1
        append(.error, UInt64(error.code.rawValue) | UInt64(retry) << 16)
        string(error.message)
    }

    /// The number of items announced at `offset` in a list or map, changed after the fact.
    public mutating func patchCount(at offset: Int, _ count: Int) {
        for index in 0..<8 {
            let byte = UInt8(truncatingIfNeeded: count >> (index * 8))
            tape.replaceByte(at: offset + 1 + index, with: byte)
        }
    }
}
