// Requests as RESP arrays of bulk strings, and inline commands.
//
// Source: Redis 7.0, networking.c (processInlineBuffer, processMultibulkBuffer), error texts
// included.
import Core

extension RequestDecoder {
    /// Takes one array or inline command out of `rest`, which is not empty.
    @inline(__always)
    mutating func decodeRESP(
        _ rest: Span<UInt8>,
        _ frame: inout RequestFrame,
        _ limits: Limits,
        _ isAuthenticated: Bool
    ) -> DecodeOutcome {
        if multibulk.remaining > 0 {
            swap(&frame.ranges, &multibulk.ranges)
        } else {
            if rest[0] != UInt8(ascii: "*") { return decodeInline(rest, &frame, limits) }
            switch lengthLine(rest, at: 0, limits) {
            case .incomplete: return .incomplete(needed: rest.count + 1)
            case .tooLong: return refuse("too big mbulk count string", rest)
            case .malformed: return refuse("invalid multibulk length", rest)
            case .length(let count, let next):
                if count > limits.maxArguments { return refuse("invalid multibulk length", rest) }
                if count > limits.maxUnauthenticatedArguments, !isAuthenticated {
                    return refuse("unauthenticated multibulk length", rest)
                }
                if count <= 0 { return .skipped(consumed: next) }
                multibulk.position = UInt32(clamping: next)
                multibulk.remaining = UInt32(clamping: count)
            }
        }
        return readArguments(rest, &frame, limits, isAuthenticated)
    }

    /// Reads arguments until the array is complete or the bytes end.
    private mutating func readArguments(
        _ rest: Span<UInt8>,
        _ frame: inout RequestFrame,
        _ limits: Limits,
        _ isAuthenticated: Bool
    ) -> DecodeOutcome {
        var position = Int(multibulk.position)
        var remaining = Int(multibulk.remaining)
        var length = Int(multibulk.bulkLength)
        while remaining > 0 {
            if length < 0 {
                switch bulkHeader(rest, at: position, limits, isAuthenticated) {
                case .length(let value, let next):
                    length = value
                    position = next
                case .incomplete:
                    suspend(&frame, position, remaining, length)
                    return .incomplete(needed: rest.count + 1)
                case .refused(let reason):
                    return refuse(reason, rest)
                }
            }
            let end = position + length
            if end + 2 > rest.count {
                suspend(&frame, position, remaining, length)
                return .incomplete(needed: end + 2)
            }
            if rest[end] != UInt8(ascii: "\r") || rest[end + 1] != UInt8(ascii: "\n") {
                return refuse("expected CRLF behind a bulk string", rest)
            }
            frame.ranges.append(ArgumentRange(start: position, end: end))
            position = end + 2
            length = -1
            remaining -= 1
        }
        multibulk.close()
        return .request(consumed: position)
    }

    /// Keeps what was read of an array until more bytes are there.
    private mutating func suspend(
        _ frame: inout RequestFrame,
        _ position: Int,
        _ remaining: Int,
        _ length: Int
    ) {
        multibulk.position = UInt32(clamping: position)
        multibulk.remaining = UInt32(clamping: remaining)
        multibulk.bulkLength = length
        swap(&frame.ranges, &multibulk.ranges)
    }

    /// What `bulkHeader` found.
    private enum BulkHeader {
        case length(Int, next: Int)
        case incomplete
        case refused(String)
    }

    /// Reads the `$<length>` line at `position`.
    private mutating func bulkHeader(
        _ rest: Span<UInt8>,
        at position: Int,
        _ limits: Limits,
        _ isAuthenticated: Bool
    ) -> BulkHeader {
        if position >= rest.count { return .incomplete }
        if rest[position] != UInt8(ascii: "$") {
            let found = Printable.text(rest.extracting(position..<(position + 1)))
            return .refused("expected '$', got '\(found)'")
        }
        switch lengthLine(rest, at: position, limits) {
        case .incomplete:
            return .incomplete
        case .tooLong:
            return .refused("too big bulk count string")
        case .malformed:
            return .refused("invalid bulk length")
        case .length(let length, let next):
            // A value of the largest size is judged by its command; only what is far beyond closes.
            if length < 0 || length > limits.maxBulkBytes { return .refused("invalid bulk length") }
            if length > limits.maxUnauthenticatedArgumentBytes, !isAuthenticated {
                return .refused("unauthenticated bulk length")
            }
            if length > limits.maxRequestBytes - next - 2 {
                return .refused("request above maxRequestBytes=\(limits.maxRequestBytes) bytes")
            }
            return .length(length, next: next)
        }
    }

    /// Takes an inline command, which never closes a line with more than `maxLineBytes`.
    private mutating func decodeInline(
        _ rest: Span<UInt8>,
        _ frame: inout RequestFrame,
        _ limits: Limits
    ) -> DecodeOutcome {
        switch nextLine(rest, limit: limits.maxLineBytes) {
        case .incomplete(let needed): return .incomplete(needed: needed)
        case .skipped(let consumed): return .skipped(consumed: consumed)
        case .tooLong: return refuse("too big inline request", rest)
        case .line(let count, let consumed):
            let line = rest.extracting(0..<count)
            if WordSplitter.split(line, into: &frame, dialect: .inline) != nil {
                return refuse("unbalanced quotes in request", rest)
            }
            return frame.ranges.isEmpty
                ? .skipped(consumed: consumed) : .request(consumed: consumed)
        }
    }

    /// Refuses all that is there: the stream cannot be trusted any more.
    private mutating func refuse(_ reason: String, _ rest: Span<UInt8>) -> DecodeOutcome {
        self = RequestDecoder(encoding: encoding)
        let error = ServerError(.protocolError, "Protocol error: \(reason)")
        return .rejected(error, consumed: rest.count)
    }
}

extension Limits {
    /// The longest RESP bulk string that is read, in bytes: the largest value and room for what the
    /// command then refuses with an error of its own.
    var maxBulkBytes: Int { min(maxValueBytes, .max - (64 << 10)) + (64 << 10) }
}
