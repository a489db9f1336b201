// Glob patterns against Redis's matcher, and against a slow and plain one.
import Core
import Testing

struct GlobTests {
    static func matches(_ text: String, _ pattern: String) -> Bool {
        Glob.matches(Array(text.utf8).span, pattern: Array(pattern.utf8).span)
    }

    @Test(
        "what Redis's stringmatchlen says",
        arguments: [
            ("", "", true), ("", "*", true), ("", "?", false), ("a", "", false),
            ("hello", "hello", true), ("hello", "Hello", false), ("hello", "hell", false),
            ("hello", "h?llo", true), ("hllo", "h?llo", false), ("hello", "h*llo", true),
            ("hllo", "h*llo", true), ("heeeello", "h*llo", true), ("heeeellx", "h*llo", false),
            ("hello", "h[ae]llo", true), ("hallo", "h[ae]llo", true), ("hillo", "h[ae]llo", false),
            ("hallo", "h[^e]llo", true), ("hello", "h[^e]llo", false),
            ("hbllo", "h[a-b]llo", true), ("hcllo", "h[a-b]llo", false),
            ("hbllo", "h[c-a]llo", true),
            ("h*llo", "h\\*llo", true), ("hello", "h\\*llo", false), ("h\\", "h\\", true),
            ("a]b", "a[\\]]b", true), ("a-b", "a[\\-z]b", true), ("amb", "a[a\\-z]b", false),
            ("a", "[]a]", false), ("a", "[a", true), ("b", "[a", false), ("ab", "[a", false),
            ("users^42^name", "users^*", true), ("users^42^name", "users^*^name", true),
            ("users^42^name", "users^*^x", false), ("abcabc", "*abc", true),
            ("abcab", "*abc", false),
            ("abc", "***", true), ("abc", "a**c", true), ("abc", "*?*?*?*", true),
            ("abc", "*?*?*?*?*", false), ("a?c", "a\\?c", true), ("abc", "a\\?c", false),
        ]
    )
    func table(_ text: String, _ pattern: String, _ expected: Bool) {
        #expect(Self.matches(text, pattern) == expected, "\(text) against \(pattern)")
    }

    @Test("any byte is a character")
    func bytes() {
        let all = (0...255).map { UInt8($0) }
        let any = [UInt8](repeating: UInt8(ascii: "?"), count: 256)
        #expect(Glob.matches(all.span, pattern: any.span) == true)
        let fewer = [UInt8](repeating: UInt8(ascii: "?"), count: 255)
        #expect(Glob.matches(all.span, pattern: fewer.span) == false)
    }

    @Test("many stars take no more than the product of both lengths")
    func stars() {
        // A matcher that tries every star again would take longer than the universe lasts.
        let text = String(repeating: "a", count: 2000)
        let pattern = String(repeating: "*a", count: 200) + "*b"
        #expect(!Self.matches(text, pattern))
        #expect(Self.matches(text + "b", pattern))
    }

    @Test("agrees with a plain recursive matcher")
    func reference() {
        func plain(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
            guard let first = pattern.first else { return text.isEmpty }
            if first == UInt8(ascii: "*") {
                return plain(text, pattern.dropFirst())
                    || (!text.isEmpty && plain(text.dropFirst(), pattern))
            }
            guard let byte = text.first, first == UInt8(ascii: "?") || first == byte else {
                return false
            }
            return plain(text.dropFirst(), pattern.dropFirst())
        }
        func words(_ letters: [UInt8], upTo length: Int) -> [[UInt8]] {
            var all: [[UInt8]] = [[]]
            var last: [[UInt8]] = [[]]
            for _ in 0..<length {
                last = last.flatMap { word in letters.map { word + [$0] } }
                all += last
            }
            return all
        }
        let texts = words(Array("ab".utf8), upTo: 5)
        for pattern in words(Array("ab*?".utf8), upTo: 4) {
            for text in texts {
                let expected = plain(text[...], pattern[...])
                if Glob.matches(text.span, pattern: pattern.span) != expected {
                    Issue.record("\(text) against \(pattern)")
                }
            }
        }
    }
}
