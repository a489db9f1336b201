// Strings as JSON text: every byte that needs an escape, at every place, beside what a plain loop writes.
import Core
import Testing

@testable import Wire

struct JSONTextTests {
    private func written(_ bytes: [UInt8]) -> [UInt8] {
        var output = ByteBuffer()
        JSONText.append(string: bytes.span, to: &output)
        return bytesOf(output.span)
    }

    /// The same, byte by byte.
    private func expected(_ bytes: [UInt8]) -> [UInt8] {
        let short: [UInt8: String] = [
            0x22: "\\\"", 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t",
        ]
        let inner = bytes.flatMap { byte -> [UInt8] in
            if let escape = short[byte] { return Array(escape.utf8) }
            if byte >= 0x20 { return [byte] }
            let digits = String(byte, radix: 16)
            return Array("\\u00\(byte < 16 ? "0" : "")\(digits)".utf8)
        }
        return [0x22] + inner + [0x22]
    }

    @Test(arguments: 0..<40)
    func everyByteAtEveryPlace(count: Int) {
        let plain = (0..<count).map { UInt8(ascii: "a") + UInt8($0 % 26) }
        #expect(written(plain) == expected(plain))
        for place in 0..<count {
            for byte in UInt8.min...UInt8.max {
                var bytes = plain
                bytes[place] = byte
                #expect(written(bytes) == expected(bytes), "\(byte) at \(place) of \(count)")
            }
        }
    }

    @Test func neighboursDoNotHideOneAnother() {
        let special: [UInt8] = [
            0x00, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x5B, 0x5C, 0x5D, 0x7F, 0x80, 0xFF,
        ]
        for first in special {
            for second in special {
                let bytes = [first, second, 0x61, second, first, first, second, 0x62, second]
                #expect(written(bytes) == expected(bytes), "\(first) and \(second)")
            }
        }
    }
}
