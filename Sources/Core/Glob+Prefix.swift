// What every text that matches a glob pattern begins with.

extension Glob {
    /// Appends to `prefix` the bytes that every match of `pattern` begins with: those in front of its
    /// first `*`, `?` or `[`, without the `\` of what is escaped.
    public static func appendLiteralPrefix(
        of pattern: Span<UInt8>,
        to prefix: inout ByteBuffer
    ) {
        var position = 0
        while position < pattern.count {
            switch pattern[position] {
            case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["): return
            case UInt8(ascii: "\\") where position + 1 < pattern.count: position += 1
            default: break
            }
            prefix.append(pattern[position])
            position += 1
        }
    }
}
