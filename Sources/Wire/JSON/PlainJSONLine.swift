// The common case of JSON: a flat object on a line that is there as a whole, written as most clients write it.
import Core

/// Reads an object whose first field but for `id` is `action`, behind it the command's arguments in the order of its
/// row: strings of ASCII without an escape, and integers.
///
/// A line costs a tenth of what a parser of all JSON takes for it. Anything else, be it an error or merely unusual, is
/// left to that parser.
struct PlainJSONLine {
    // SAFETY: borrowed from the span that `decodeRun` was given, for that call; every load below is at an
    // offset that was compared with `end` just before, and `end` is at most the number of bytes behind it.
    private let start: UnsafeRawPointer
    private let end: Int
    private var at = 0
    /// The JSON text of the field `id`; empty where there is none.
    private(set) var identifier = ArgumentRange(start: 0, end: 0)

    /// The line at `offset`, which is below the number of `bytes`.
    @inline(__always)
    init(_ bytes: UnsafeBufferPointer<UInt8>, from offset: Int, maxBytes: Int) {
        start = UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped) + offset
        end = min(bytes.count &- offset, maxBytes)
    }

    /// Appends the request's arguments to `ranges`; how many bytes the line takes up, 0 where it is not one of these.
    mutating func read(into ranges: inout ArgumentRanges, _ catalog: CommandCatalog) -> Int {
        guard take(UInt8(ascii: "{")), let command = readAction(into: &ranges, catalog) else {
            return 0
        }
        let fields = catalog.fields(of: command)
        var next = 0
        while take(UInt8(ascii: ",")) {
            guard let name = takeName() else { return 0 }
            if isIdentifier(name) {
                guard takeIdentifier() else { return 0 }
                continue
            }
            let packed = withName(name) { PackedName(exactly: $0) }
            while next < fields.count, fields[next].name != packed, fields[next].isOptional {
                next &+= 1
            }
            guard next < fields.count, fields[next].name == packed,
                let value = takeValue(of: fields[next])
            else { return 0 }
            ranges.append(value)
            next &+= 1
        }
        while next < fields.count, fields[next].isOptional { next &+= 1 }
        guard next == fields.count, take(UInt8(ascii: "}")), at < end else { return 0 }
        if byte(at) == UInt8(ascii: "\r") { at &+= 1 }
        return at < end && byte(at) == UInt8(ascii: "\n") ? at &+ 1 : 0
    }

    /// Takes the field `action`, in front of which `id` may be; the number of its command.
    private mutating func readAction(
        into ranges: inout ArgumentRanges,
        _ catalog: CommandCatalog
    ) -> Int? {
        guard var name = takeName() else { return nil }
        if isIdentifier(name) {
            guard takeIdentifier(), take(UInt8(ascii: ",")), let next = takeName() else {
                return nil
            }
            name = next
        }
        guard withName(name, { $0.equals("action") }), let value = takeString() else { return nil }
        ranges.append(value)
        return withName(value) { catalog.index(of: $0) }
    }

    private func isIdentifier(_ name: ArgumentRange) -> Bool {
        withName(name) { $0.equals("id") }
    }

    /// Takes the value of `id`; false where there was one before, or it is neither a string nor an integer.
    private mutating func takeIdentifier() -> Bool {
        if identifier.end > 0 || at >= end { return false }
        if byte(at) != UInt8(ascii: "\"") {
            guard let number = takeInteger() else { return false }
            identifier = number
            return true
        }
        guard let text = takeString() else { return false }
        identifier = ArgumentRange(start: Int(text.start) &- 1, end: Int(text.end) &+ 1)
        return true
    }

    /// Takes a value of `field`, if it is one that stands in the line as its argument is written.
    private mutating func takeValue(of field: ArgumentField) -> ArgumentRange? {
        guard field.token.isEmpty else { return nil }
        switch field.kind {
        case .flag, .pairs, .anyValue: return nil
        case .integer: return takeInteger()
        default: return takeString()
        }
    }

    /// Takes a name, the colon behind it, and the spaces behind that.
    private mutating func takeName() -> ArgumentRange? {
        guard let name = takeString(), take(UInt8(ascii: ":")) else { return nil }
        return name
    }

    /// Takes `mark` and the spaces around it; false, with nothing taken but spaces, where it is not there.
    @inline(__always)
    private mutating func take(_ mark: UInt8) -> Bool {
        skipSpaces()
        guard at < end, byte(at) == mark else { return false }
        at &+= 1
        skipSpaces()
        return true
    }

    @inline(__always)
    private mutating func skipSpaces() {
        while at < end, byte(at) == UInt8(ascii: " ") { at &+= 1 }
    }

    /// Takes a string of ASCII without control characters and escapes; what is between its quotes.
    private mutating func takeString() -> ArgumentRange? {
        guard at < end, byte(at) == UInt8(ascii: "\"") else { return nil }
        let first = at &+ 1
        var offset = first
        // Eight bytes at a time: the lowest mark is right, those above it may not be.
        while end &- offset >= 8 {
            let word = start.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
            let marks = PlainJSONLine.marks(word)
            if marks != 0 {
                offset &+= marks.trailingZeroBitCount &>> 3
                return takeClosingQuote(first, offset)
            }
            offset &+= 8
        }
        while offset < end, PlainJSONLine.marks(UInt64(byte(offset)) | 0x6161_6161_6161_6100) == 0 {
            offset &+= 1
        }
        return offset < end ? takeClosingQuote(first, offset) : nil
    }

    @inline(__always)
    private mutating func takeClosingQuote(_ first: Int, _ last: Int) -> ArgumentRange? {
        guard byte(last) == UInt8(ascii: "\"") else { return nil }
        at = last &+ 1
        return ArgumentRange(start: first, end: last)
    }

    /// The high bit of each byte that a string may not hold as it is: below 0x20, above 0x7E, a quote, a backslash.
    ///
    /// Source: Mycroft, "hasless" and "haszero", 1987; exact up to the lowest mark.
    @inline(__always)
    private static func marks(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let below = (word &- ones &* 0x20) & ~word
        let zero = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
        return (below | zero | word | (word &+ ones)) & highs
    }

    /// Takes an integer of at most 18 digits as it is written canonically.
    private mutating func takeInteger() -> ArgumentRange? {
        let first = at
        var offset = at
        if offset < end, byte(offset) == UInt8(ascii: "-") { offset &+= 1 }
        let digits = offset
        while offset < end, byte(offset) &- UInt8(ascii: "0") <= 9 { offset &+= 1 }
        let count = offset &- digits
        guard count > 0, count <= 18, offset < end else { return nil }
        // No leading zero, and no minus zero.
        if byte(digits) == UInt8(ascii: "0"), offset &- first > 1 { return nil }
        switch byte(offset) {
        case UInt8(ascii: ","), UInt8(ascii: "}"), UInt8(ascii: " "): break
        default: return nil
        }
        at = offset
        return ArgumentRange(start: first, end: offset)
    }

    @inline(__always)
    private func withName<Result>(
        _ range: ArgumentRange,
        _ body: (Span<UInt8>) -> Result
    ) -> Result {
        // SAFETY: a range that `takeString` returned lies within the line; the span lives for this call.
        body(
            Span(
                _unsafeStart: (start + Int(range.start)).assumingMemoryBound(to: UInt8.self),
                count: Int(range.end &- range.start)
            )
        )
    }

    @inline(__always)
    private func byte(_ offset: Int) -> UInt8 {
        start.load(fromByteOffset: offset, as: UInt8.self)
    }
}
