// Glob patterns against Redis's own matcher, carried over line by line, on random patterns and texts.
import Core
import Testing

/// Redis's `stringmatchlen`, with its steps and its order of cases, on ASCII.
///
/// Source: Redis 7.0, util.c. It tries every star again, so it is for short patterns alone.
private struct RedisMatcher {
    let pattern: [UInt8]
    let text: [UInt8]

    func matches() -> Bool { matches(0, 0) }

    /// The byte at `position` of the pattern; behind its end the zero that ends a C string.
    private func at(_ position: Int) -> UInt8 {
        position < pattern.count ? pattern[position] : 0
    }

    private func matches(_ start: Int, _ textStart: Int) -> Bool {
        var position = start
        var index = textStart
        while position < pattern.count, index < text.count {
            switch pattern[position] {
            case UInt8(ascii: "*"):
                while at(position + 1) == UInt8(ascii: "*") { position += 1 }
                if position + 1 == pattern.count { return true }
                while index < text.count {
                    if matches(position + 1, index) { return true }
                    index += 1
                }
                return false
            case UInt8(ascii: "?"): index += 1
            case UInt8(ascii: "["):
                if !matchesClass(&position, text[index]) { return false }
                index += 1
            default:
                let isEscape = pattern[position] == UInt8(ascii: "\\")
                if isEscape, position + 1 < pattern.count { position += 1 }
                if pattern[position] != text[index] { return false }
                index += 1
            }
            position += 1
            if index == text.count {
                while at(position) == UInt8(ascii: "*") { position += 1 }
                break
            }
        }
        return position >= pattern.count && index == text.count
    }

    /// Leaves `position` at the class's last byte.
    private func matchesClass(_ position: inout Int, _ byte: UInt8) -> Bool {
        position += 1
        let isNegated = at(position) == UInt8(ascii: "^")
        if isNegated { position += 1 }
        var isMember = false
        while true {
            let left = pattern.count - position
            if left >= 2, at(position) == UInt8(ascii: "\\") {
                position += 1
                if at(position) == byte { isMember = true }
            } else if at(position) == UInt8(ascii: "]") {
                break
            } else if left == 0 {
                position -= 1
                break
            } else if left >= 3, at(position + 1) == UInt8(ascii: "-") {
                let low = min(at(position), at(position + 2))
                let high = max(at(position), at(position + 2))
                position += 2
                if byte >= low, byte <= high { isMember = true }
            } else if at(position) == byte {
                isMember = true
            }
            position += 1
        }
        return isMember != isNegated
    }
}

struct GlobReferenceTests {
    private func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
        Glob.matches(text.span, pattern: pattern.span)
    }

    @Test("agrees with Redis on random patterns", arguments: 0..<8)
    func random(seed: Int) {
        var state = UInt64(seed) &* 7919 &+ 1
        func next(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        func word(_ letters: [UInt8], _ length: Int) -> [UInt8] {
            (0..<length).map { _ in letters[next(letters.count)] }
        }
        var hits = 0
        for _ in 0..<20_000 {
            let pattern = word(Array("abc[[]]^--\\*?".utf8), next(9))
            let text = word(Array("abc]^-\\[".utf8), 1 + next(5))
            let expected = RedisMatcher(pattern: pattern, text: text).matches()
            if expected { hits += 1 }
            if matches(text, pattern) != expected {
                let shown = [text, pattern].map { String(decoding: $0, as: UTF8.self) }
                Issue.record("\(shown[0]) against \(shown[1]): Redis says \(expected)")
            }
        }
        #expect(hits > 500)
    }

    @Test(
        "classes at their edges",
        arguments: [
            ("a", "[^]", true), ("a", "[^", true), ("a", "[", false), ("a", "[]", false),
            ("]", "[]]", false), ("]", "[\\]]", true), ("-", "[a-]", false), ("_", "[a-]", true),
            ("^", "[a^]", true), ("b", "[^^a]", true), ("^", "[^^a]", false),
            ("b", "[c-a]", true), ("d", "[c-a]", false), ("m", "[z-a]x", false),
            ("mx", "[z-a]x", true), ("\\", "[a-\\]]", false), ("\\]", "[a-\\]]", true),
            ("*", "[*]", true), ("a", "[*]", false), ("?", "\\?", true), ("a", "\\a", true),
            ("\\", "\\", true), ("\\", "\\\\", true), ("ab", "a\\", false),
        ]
    )
    func classes(text: String, pattern: String, expected: Bool) {
        #expect(matches(Array(text.utf8), Array(pattern.utf8)) == expected)
        let redis = RedisMatcher(pattern: Array(pattern.utf8), text: Array(text.utf8))
        #expect(redis.matches() == expected)
    }

    /// A matcher that tried every star again would not come back from these.
    @Test(
        "no pattern takes exponential time",
        arguments: ["*a", "*[a-c]", "*?", "*[^b]", "**a", "*\\a", "*a?"]
    )
    func bounded(piece: String) {
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 1024)
        let pattern = Array(String(repeating: piece, count: 300).utf8)
        #expect(matches(text, pattern))
        #expect(!matches(text, pattern + Array("*b".utf8)))
        #expect(!matches(text, pattern + Array("[b]*".utf8)))
    }

    @Test(
        "what all matches begin with",
        arguments: [
            ("", ""), ("abc", "abc"), ("abc*", "abc"), ("a?c", "a"), ("a[b]", "a"), ("*a", ""),
            ("users^42^*", "users^42^"), ("users^42^na*e", "users^42^na"), ("a\\*b*", "a*b"),
            ("a\\", "a\\"), ("a\\\\*", "a\\"), ("a\\^*", "a^"), ("a]b*", "a]b"),
        ]
    )
    func prefixes(pattern: String, expected: String) {
        var prefix = ByteBuffer()
        Glob.appendLiteralPrefix(of: Array(pattern.utf8).span, to: &prefix)
        let found = prefix.span.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        #expect(found == expected)
    }
}
