// A peer's bytes in words for a person: nothing that a terminal or a log would obey.
internal import Core

enum Printable {
    /// The first `limit` bytes of `bytes`, everything but printable ASCII as `?`.
    static func text(_ bytes: Span<UInt8>, limit: Int) -> String {
        var text = ""
        for index in 0..<min(bytes.count, max(0, limit)) {
            let byte = bytes[index]
            let isPrintable = byte >= 0x20 && byte < 0x7F
            text.unicodeScalars.append(isPrintable ? Unicode.Scalar(byte) : "?")
        }
        return text
    }
}

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

/// The text of argument `index`, bytes that are not UTF-8 replaced.
func textArgument(_ request: borrowing Request, _ index: Int) -> String {
    let bytes = request[index]
    var copy: [UInt8] = []
    copy.reserveCapacity(bytes.count)
    for position in 0..<bytes.count { copy.append(bytes[position]) }
    return String(decoding: copy, as: UTF8.self)
}
