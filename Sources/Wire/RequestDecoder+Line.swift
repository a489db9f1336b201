// Finding the end of a line, with a memory of how far it was looked for.
internal import CSimdjson
import Core

/// What `RequestDecoder.nextLine` found.
enum LineOutcome {
    /// A line of `count` bytes without its LF or CRLF; `consumed` counts them.
    case line(count: Int, consumed: Int)
    /// A piece of a line that is being dropped.
    case skipped(consumed: Int)
    /// No line end yet.
    case incomplete(needed: Int)
    /// More than the limit and no line end; the decoder drops the rest of the line from now on.
    case tooLong(consumed: Int)
}

extension RequestDecoder {
    /// Finds the line that begins `rest`; without its LF it may be `limit` bytes long.
    mutating func nextLine(_ rest: Span<UInt8>, limit: Int) -> LineOutcome {
        let lineFeed = UInt8(ascii: "\n")
        if isDiscarding {
            let end = rest.firstOffset(of: lineFeed, from: 0, to: rest.count)
            guard end < rest.count else { return .skipped(consumed: rest.count) }
            isDiscarding = false
            return .skipped(consumed: end + 1)
        }
        let window = rest.count <= limit ? rest.count : limit + 1
        let end = rest.firstOffset(of: lineFeed, from: min(Int(searched), window), to: window)
        if end < window {
            searched = 0
            let hasReturn = end > 0 && rest[end - 1] == UInt8(ascii: "\r")
            return .line(count: hasReturn ? end - 1 : end, consumed: end + 1)
        }
        if window == rest.count, window <= limit {
            searched = UInt32(clamping: window)
            return .incomplete(needed: window + 1)
        }
        searched = 0
        isDiscarding = true
        return .tooLong(consumed: window)
    }
}

extension Span where Element == UInt8 {
    /// The offset of the first `byte` at or behind `start` and before `end`; `end` if there is
    /// none.
    func firstOffset(of byte: UInt8, from start: Int, to end: Int) -> Int {
        let part = extracting(start..<end)
        // SAFETY: the pointer is valid for the part's bytes and only during the call, which reads
        // them.
        return part.withUnsafeBufferPointer { bytes in
            start + csj_find(bytes.baseAddress, bytes.count, byte)
        }
    }

    /// Whether the bytes are UTF-8.
    var isUTF8: Bool {
        // SAFETY: the pointer is valid for the span's bytes and only during the call, which reads
        // them.
        withUnsafeBufferPointer { bytes in
            bytes.isEmpty || csj_is_utf8(bytes.baseAddress, bytes.count)
        }
    }
}
