// Matching keys and channels against glob patterns, as Redis does.

/// Glob matching over bytes: `*`, `?`, `[abc]`, `[a-z]`, `[^a]`, and `\` before a literal.
///
/// Source: Redis, KEYS. Time is at most the product of both lengths, whatever the pattern: only the
/// last `*` is ever tried again, which is enough, since an earlier one could only match less.
public enum Glob {
    /// Whether all of `text` matches `pattern`.
    public static func matches(_ text: Span<UInt8>, pattern: Span<UInt8>) -> Bool {
        var at = 0
        var position = 0
        var starPosition = -1
        var starAt = 0
        while at < text.count {
            if position < pattern.count, pattern[position] == UInt8(ascii: "*") {
                starPosition = position
                starAt = at
                position += 1
                continue
            }
            if position < pattern.count {
                let (isMatch, next) = matchOne(text[at], pattern, position)
                if isMatch {
                    at += 1
                    position = next
                    continue
                }
            }
            if starPosition < 0 { return false }
            starAt += 1
            at = starAt
            position = starPosition + 1
        }
        while position < pattern.count, pattern[position] == UInt8(ascii: "*") { position += 1 }
        return position == pattern.count
    }

    /// Whether `byte` matches the element of `pattern` at `position`, and where the next one begins.
    private static func matchOne(
        _ byte: UInt8,
        _ pattern: Span<UInt8>,
        _ position: Int
    ) -> (Bool, Int) {
        switch pattern[position] {
        case UInt8(ascii: "?"):
            return (true, position + 1)
        case UInt8(ascii: "["):
            return matchClass(byte, pattern, position + 1)
        case UInt8(ascii: "\\") where position + 1 < pattern.count:
            return (pattern[position + 1] == byte, position + 2)
        case let literal:
            return (literal == byte, position + 1)
        }
    }

    /// Matches a character class whose first byte is at `start`; one that never ends reaches to the end.
    private static func matchClass(
        _ byte: UInt8,
        _ pattern: Span<UInt8>,
        _ start: Int
    ) -> (Bool, Int) {
        var position = start
        var isNegated = false
        var isMember = false
        if position < pattern.count, pattern[position] == UInt8(ascii: "^") {
            isNegated = true
            position += 1
        }
        while position < pattern.count, pattern[position] != UInt8(ascii: "]") {
            if pattern[position] == UInt8(ascii: "\\"), position + 1 < pattern.count {
                position += 1
                isMember = isMember || pattern[position] == byte
                position += 1
            } else if position + 2 < pattern.count, pattern[position + 1] == UInt8(ascii: "-") {
                let low = min(pattern[position], pattern[position + 2])
                let high = max(pattern[position], pattern[position + 2])
                isMember = isMember || (byte >= low && byte <= high)
                position += 3
            } else {
                isMember = isMember || pattern[position] == byte
                position += 1
            }
        }
        return (isMember != isNegated, min(position + 1, pattern.count))
    }
}
