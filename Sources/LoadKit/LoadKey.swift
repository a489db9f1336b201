// Keys as they are written: a prefix and a number of twelve digits.
import Core

/// The numbers of keys: `000000012345`.
enum LoadKey {
    /// The digits of a key's number.
    static let digits = 12
    /// The number of different keys that the digits allow.
    static let maxKeys: UInt64 = 1_000_000_000_000

    /// Appends `number`, which must be below `maxKeys`, in twelve digits.
    @inline(__always)
    static func append(number: UInt64, to output: inout ByteBuffer) {
        output.withSpareRoom(digits) { room in
            var rest = number
            var index = digits
            while index > 0 {
                index -= 1
                let tenth = rest / 10
                room[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest &- tenth &* 10)
                rest = tenth
            }
            return digits
        }
    }

    /// Whether `bytes` begin with `number` in twelve digits.
    @inline(__always)
    static func isNumber(_ bytes: Span<UInt8>, _ number: UInt64) -> Bool {
        if bytes.count < digits { return false }
        var rest = number
        var index = digits
        while index > 0 {
            index -= 1
            let tenth = rest / 10
            let digit = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest &- tenth &* 10)
            if bytes[index] != digit { return false }
            rest = tenth
        }
        return true
    }

    /// Whether `prefix` needs no quoting in any encoding: printable ASCII without quotes or spaces.
    static func isUsablePrefix(_ prefix: String) -> Bool {
        prefix.utf8.count <= 512
            && prefix.utf8.allSatisfy { byte in
                byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"")
                    && byte != UInt8(ascii: "'") && byte != UInt8(ascii: "\\")
            }
    }
}
