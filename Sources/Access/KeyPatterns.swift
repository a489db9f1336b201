// Which keys and channels a token reaches: its patterns, ready to be held against names.
internal import Core

/// A list of glob patterns, of which one must match.
struct KeyPatterns: Sendable {
    /// Whether a pattern is exactly `*`, so that no key needs to be looked at.
    let matchesEverything: Bool
    private let patterns: [[UInt8]]

    /// Prepares `patterns`; no pattern matches nothing.
    init(_ patterns: [String]) {
        matchesEverything = patterns.contains("*")
        self.patterns = matchesEverything ? [] : patterns.map { Array($0.utf8) }
    }

    /// Whether a pattern matches all of `key`; the time is bounded by `TokenEntry.maxPatterns` and
    /// `maxPatternBytes`.
    func matches(_ key: Span<UInt8>) -> Bool {
        if matchesEverything { return true }
        for pattern in patterns where Glob.matches(key, pattern: pattern.span) { return true }
        return false
    }

    /// Whether one pattern matches every key that begins with `prefix`.
    ///
    /// One that ends in `*` and matches the prefix itself does: that `*` takes whatever follows. Others
    /// may between them match all such keys too; they are not counted, so a doubt is a no.
    func matchesEverything(below prefix: Span<UInt8>) -> Bool {
        if matchesEverything { return true }
        for pattern in patterns where KeyPatterns.isOpenEnded(pattern) {
            if Glob.matches(prefix, pattern: pattern.span) { return true }
        }
        return false
    }

    /// `prefix` if every name below it is permitted, else what the patterns that match any of them let
    /// through of it.
    ///
    /// Names below what is returned need not all be permitted; all permitted names are below it.
    func prefixes(within prefix: Span<UInt8>) -> [[UInt8]] {
        var copy: [UInt8] = []
        for index in 0..<prefix.count { copy.append(prefix[index]) }
        if matchesEverything(below: prefix) { return [copy] }
        var found: [[UInt8]] = []
        for pattern in patterns {
            var buffer = ByteBuffer()
            Glob.appendLiteralPrefix(of: pattern.span, to: &buffer)
            let beginning = buffer.withBytes { Array($0) }
            let isWhole = Glob.matches(beginning.span, pattern: pattern.span)
            if beginning.starts(with: copy) {
                found.append(beginning)
            } else if copy.starts(with: beginning), !isWhole || KeyPatterns.isOpenEnded(pattern) {
                found.append(copy)
            }
        }
        return found.enumerated().filter { index, one in
            !found.enumerated().contains { other, shorter in
                one.starts(with: shorter) && (one.count > shorter.count || other < index)
            }
        }.map(\.element)
    }

    /// Whether every name that `pattern` matches is permitted; a doubt is a no.
    ///
    /// It is if `pattern` itself is among the patterns, or if everything is that begins with what all of its
    /// matches begin with.
    func cover(_ pattern: Span<UInt8>) -> Bool {
        if matchesEverything { return true }
        for own in patterns where KeyPatterns.isSame(own.span, pattern) { return true }
        var prefix = ByteBuffer()
        Glob.appendLiteralPrefix(of: pattern, to: &prefix)
        return matchesEverything(below: prefix.span)
    }

    private static func isSame(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
        if left.count != right.count { return false }
        for index in 0..<left.count where left[index] != right[index] { return false }
        return true
    }

    private static func isOpenEnded(_ pattern: [UInt8]) -> Bool {
        guard pattern.last == UInt8(ascii: "*") else { return false }
        let escapes = pattern.dropLast().reversed().prefix { $0 == UInt8(ascii: "\\") }.count
        return escapes % 2 == 0
    }
}
