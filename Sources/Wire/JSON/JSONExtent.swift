// Where a field's value lies in JSON text that is known to be well formed.

/// Finds a value's own text, which the parser does not keep: ECHO returns it unchanged.
enum JSONExtent {
    /// The extent of the value of field number `ordinal` of the object that `text` holds.
    ///
    /// `text` must have been parsed; other bytes give some extent within it.
    static func ofField(_ ordinal: Int, in text: Span<UInt8>) -> Range<Int> {
        var at = skipBlanks(text, 0) + 1
        var field = 0
        while at < text.count {
            at = skipBlanks(text, at)
            at = skipValue(text, at)
            at = skipBlanks(text, skipBlanks(text, at) + 1)
            let start = min(at, text.count)
            at = skipValue(text, start)
            if field == ordinal { return start..<max(start, at) }
            field += 1
            at = skipBlanks(text, at) + 1
        }
        return text.count..<text.count
    }

    /// The extent of the array element that `start` is before, and the offset behind the comma or
    /// bracket that follows it.
    static func ofElement(
        _ text: Span<UInt8>,
        from start: Int
    ) -> (value: Range<Int>, next: Int) {
        let first = skipBlanks(text, start)
        let end = max(first, skipValue(text, first))
        return (first..<end, skipBlanks(text, end) + 1)
    }

    /// The offset behind the string, object, array or scalar at `start`.
    private static func skipValue(_ text: Span<UInt8>, _ start: Int) -> Int {
        var at = start
        var depth = 0
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "\""):
                at = skipString(text, at)
                if depth == 0 { return at }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return at }
                depth -= 1
                if depth == 0 { return at + 1 }
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09, 0x0A, 0x0D:
                if depth == 0 { return at }
            default:
                break
            }
            at += 1
        }
        return text.count
    }

    /// The offset behind the string whose opening quote is at `start`.
    static func skipString(_ text: Span<UInt8>, _ start: Int) -> Int {
        var at = start + 1
        while at < text.count {
            if text[at] == UInt8(ascii: "\"") { return at + 1 }
            at += text[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        return text.count
    }

    private static func skipBlanks(_ text: Span<UInt8>, _ start: Int) -> Int {
        var at = min(start, text.count)
        while at < text.count, text[at] <= 0x20 { at += 1 }
        return at
    }
}
