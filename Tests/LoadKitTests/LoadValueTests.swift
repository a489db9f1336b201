// Values that say by themselves whether they are right.
import Core
import Testing

@testable import LoadKit

@Suite struct LoadValueTests {
    private func value(_ key: UInt64, _ version: UInt16, _ count: Int) -> [UInt8] {
        var buffer = ByteBuffer()
        LoadValue.append(key: key, version: version, count: count, to: &buffer)
        return buffer.withBytes { Array($0) }
    }

    private func isIntact(_ bytes: [UInt8], _ key: UInt64) -> Bool {
        LoadValue.isIntact(bytes.span, key: key)
    }

    private func isExact(_ bytes: [UInt8], _ key: UInt64, _ version: UInt16, _ count: Int) -> Bool {
        LoadValue.isExact(bytes.span, key: key, version: version, count: count)
    }

    @Test(arguments: [1, 2, 7, 8, 9, 15, 16, 31, 32, 33, 64, 100, 1000, 1024])
    func everySizeVerifiesAndIsPrintable(_ count: Int) {
        for version: UInt16 in [0, 1, 0x1234, .max] {
            let bytes = value(12_345, version, count)
            #expect(bytes.count == count)
            #expect(bytes.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x70) })
            #expect(isIntact(bytes, 12_345))
            #expect(isExact(bytes, 12_345, version, count))
        }
    }

    @Test(arguments: [8, 16, 40, 100, 257])
    func oneChangedByteIsNoticed(_ count: Int) {
        let bytes = value(77, 0xBEEF, count)
        for index in 0..<count {
            var changed = bytes
            changed[index] ^= 1
            #expect(!isIntact(changed, 77), "byte \(index) of \(count)")
        }
    }

    @Test func foreignKeysAndSizesAreNoticed() {
        let bytes = value(77, 5, 64)
        #expect(!isIntact(bytes, 78))
        #expect(!isIntact(Array(bytes.dropLast()), 77))
        #expect(!isIntact(bytes + [0x61], 77))
        #expect(!isIntact([], 77))
        #expect(!isIntact(Array("hello".utf8), 77))
    }

    @Test func anotherVersionIsIntactAndNotExact() {
        let bytes = value(77, 5, 64)
        #expect(isIntact(bytes, 77))
        #expect(!isExact(bytes, 77, 6, 64))
        #expect(!isExact(bytes, 77, 5, 65))
    }

    @Test func largeValuesBeginWithTheirKey() {
        let text = String(decoding: value(42, 7, 40), as: UTF8.self)
        #expect(text.hasPrefix("000000000042haaa"))
    }
}
