// Reading a request's arguments: words, integers, text.
internal import Core

extension Span<UInt8> {
    /// Whether the bytes are `word`, which is upper case, without regard to case.
    func isWord(_ word: StaticString) -> Bool {
        if count != word.utf8CodeUnitCount { return false }
        return word.withUTF8Buffer { expected in
            for index in 0..<count {
                var byte = self[index]
                if byte >= UInt8(ascii: "a"), byte <= UInt8(ascii: "z") { byte &-= 32 }
                if byte != expected[index] { return false }
            }
            return true
        }
    }
}

/// The integer that argument `index` holds; throws `not_an_integer` where it is none.
func integerArgument(
    _ request: borrowing Request,
    _ index: Int
) throws(ServerError) -> Int64 {
    guard let value = DecimalInteger.parse(request[index]) else { throw .notAnInteger }
    return value
}
