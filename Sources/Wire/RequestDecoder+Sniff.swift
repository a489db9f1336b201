// Choosing a connection's encoding from its first plaintext bytes.
public import Core

/// What the first plaintext bytes of a connection say it speaks.
public enum Sniffed: Equatable, Sendable {
    /// Too few bytes to say; look again once there are more.
    case undecided
    /// An encoding of ours.
    case encoding(WireEncoding)
    /// HTTP/1.x: a whole request line is there.
    case http
}

extension RequestDecoder {
    /// The longest HTTP request line that is waited for, in bytes: what RFC 9112 section 3
    /// recommends to support, rounded up to a power of two, and room for method and version beside a
    /// target of that length.
    static let maxRequestLineBytes = (8 << 10) + 32

    /// Says what a connection speaks whose first plaintext bytes are `input`.
    ///
    /// Only bytes that can still become an HTTP request line are waited for; a line end always
    /// decides.
    public static func sniff(_ input: Span<UInt8>) -> Sniffed {
        if input.isEmpty { return .undecided }
        switch input[0] {
        case UInt8(ascii: "*"): return .encoding(.resp2)
        // No command's name begins with a bracket, so no text line that could be answered does.
        case UInt8(ascii: "{"), UInt8(ascii: "["): return .encoding(.json)
        case 0: return .encoding(.protobuf)
        // No more of it than what is waited for, so that it does not matter how it came.
        default:
            return sniffRequestLine(input.extracting(0..<min(input.count, maxRequestLineBytes)))
        }
    }

    /// Tells `METHOD target HTTP/1.x` from text (RFC 9112 section 3).
    private static func sniffRequestLine(_ input: Span<UInt8>) -> Sniffed {
        var at = 0
        while at < input.count, isUpper(input[at]) { at += 1 }
        if at == input.count { return unfinished(input) }
        guard at > 0, input[at] == UInt8(ascii: " ") else { return .encoding(.text) }
        at += 1
        let target = at
        while at < input.count, input[at] > 0x20, input[at] != 0x7F { at += 1 }
        if at == input.count { return unfinished(input) }
        guard at > target, input[at] == UInt8(ascii: " ") else { return .encoding(.text) }
        return sniffVersion(input, from: at + 1)
    }

    /// Goes on behind the target: `HTTP/1.`, a digit, the line end.
    private static func sniffVersion(_ input: Span<UInt8>, from start: Int) -> Sniffed {
        var at = start
        for expected in "HTTP/1.".utf8 {
            if at == input.count { return unfinished(input) }
            if input[at] != expected { return .encoding(.text) }
            at += 1
        }
        if at == input.count { return unfinished(input) }
        guard input[at] >= UInt8(ascii: "0"), input[at] <= UInt8(ascii: "9") else {
            return .encoding(.text)
        }
        at += 1
        if at < input.count, input[at] == UInt8(ascii: "\r") { at += 1 }
        if at == input.count { return unfinished(input) }
        return input[at] == UInt8(ascii: "\n") ? .http : .encoding(.text)
    }

    /// Waits for more, within limits.
    ///
    /// Behind them, a path of that length is a target that is too long, which HTTP can be told: no key of
    /// text, where GET is a command as well, is as long.
    private static func unfinished(_ input: Span<UInt8>) -> Sniffed {
        if input.count < maxRequestLineBytes { return .undecided }
        return isMethodAndPath(input) ? .http : .encoding(.text)
    }

    /// Whether `input` begins with the name of a method, a space and a slash.
    private static func isMethodAndPath(_ input: Span<UInt8>) -> Bool {
        methods.contains { method in
            var at = 0
            for expected in method.utf8 {
                if at == input.count || input[at] != expected { return false }
                at += 1
            }
            return true
        }
    }

    /// The methods of RFC 9110 section 9.3 that have a path, and PATCH (RFC 5789).
    private static let methods = [
        "GET /", "HEAD /", "POST /", "PUT /", "DELETE /", "OPTIONS /", "TRACE /", "PATCH /",
    ]

    private static func isUpper(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
    }
}
