// One loop's JSON parser: simdjson's, behind bounds-checked spans.
internal import CSimdjson
public import Core

/// Parses JSON requests; each loop owns one and lends it to its connections' decoders.
///
/// Memory: about twelve times the longest line parsed; above 1 MiB it is given back after the
/// request.
public final class LineJSONParser {
    /// simdjson takes about twelve bytes for each byte of a line, so this is 1 MiB of memory.
    static let maxKeptLineBytes = 64 << 10

    // SAFETY: made by `csj_parser_new`, freed in `deinit`, used by nothing else; nil if memory ran
    // out.
    let handle: OpaquePointer?
    /// The fields found for the arguments of the command at hand, by the argument's index.
    var fields: [JSONField?] = []

    /// Makes a parser that refuses values nested deeper than `maxDepth`.
    public init(maxDepth: Int = Limits().maxJSONDepth) {
        handle = csj_parser_new(max(1, maxDepth))
    }

    deinit {
        csj_parser_free(handle)
    }

    /// Parses `line` and returns its top value, which is good until the next call.
    func parse(_ line: Span<UInt8>) throws(ServerError) -> csj_value {
        guard let handle else { throw ServerError(.outOfMemory) }
        var root = csj_value()
        var status = LineJSONParser.parse(line, handle, &root)
        if csj_is_number_error(status) {
            // Perhaps only a number beyond 64 bits: ECHO may carry one.
            let replaced = JSONNumbers.replacingWide(line)
            status = LineJSONParser.parse(replaced.span, handle, &root)
        }
        if status != 0 {
            let reason = String(cString: csj_error_text(status))
            throw ServerError(.malformedJSON, "malformed JSON: \(reason)")
        }
        return root
    }

    /// How many elements the array that `line` holds has.
    func elementCount(_ line: Span<UInt8>) throws(ServerError) -> Int {
        defer { shrink() }
        var walk = csj_elements(try parse(line))
        var value = csj_value()
        var count = 0
        while csj_next_element(&walk, &value) { count += 1 }
        return count
    }

    private static func parse(
        _ line: Span<UInt8>,
        _ handle: OpaquePointer,
        _ root: inout csj_value
    ) -> Int32 {
        // SAFETY: the pointer is valid for the line's bytes and only during the call, which copies
        // them.
        line.withUnsafeBufferPointer { csj_parse(handle, $0.baseAddress, $0.count, &root) }
    }

    /// Gives back what an uncommonly long line took.
    func shrink() {
        if let handle { csj_parser_shrink(handle, LineJSONParser.maxKeptLineBytes) }
    }

    /// The bytes of `text`, which came from the value parsed last.
    @_lifetime(borrow self)
    func span(_ text: csj_text) -> Span<UInt8> {
        // SAFETY: simdjson keeps the bytes until its next parse, shrink or free. Both callers of
        // those (`fill` and `deinit`) hold no span at that time.
        let bytes = UnsafeBufferPointer(start: text.bytes, count: text.count)
        return _overrideLifetime(Span(_unsafeElements: bytes), borrowing: self)
    }

    /// The unescaped bytes of a string; empty for any other value.
    @_lifetime(borrow self)
    func string(_ value: csj_value) -> Span<UInt8> {
        span(csj_string(value))
    }
}

@available(*, unavailable, message: "a parser stays on its loop's thread")
extension LineJSONParser: Sendable {}

/// A field of a request's object.
struct JSONField {
    /// Its value.
    var value: csj_value
    /// How many fields stand before it.
    var ordinal: Int
}
