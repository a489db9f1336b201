// SHA-256 against its standard, and digests as text and in comparison.
import Crypto
import Testing

@Suite struct DigestTests {
    private func hex(of bytes: [UInt8]) throws -> String {
        try SHA256.digest(of: bytes.span).hex
    }

    // `#expect` cannot take a span as an argument.
    private func digest(_ bytes: [UInt8]) -> Digest? { Digest(bytes.span) }

    // FIPS 180-4's examples (NIST, "Examples with Intermediate Values"), and no bytes at all.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ])
    func standardVectors(text: String, expected: String) throws {
        #expect(try hex(of: Array(text.utf8)) == expected)
    }

    @Test func aMillionTimesA() throws {
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        let expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(try hex(of: bytes) == expected)
    }

    @Test func differsWhereverOneByteDiffers() throws {
        let zeros = [UInt8](repeating: 0, count: Digest.byteCount)
        #expect(digest(zeros) == Digest())
        for index in 0..<Digest.byteCount {
            var bytes = zeros
            bytes[index] = 1
            #expect(digest(bytes) != Digest())
        }
    }

    @Test func hexadecimalComesBack() throws {
        let bytes = (0..<32).map { UInt8($0 * 8 + 7) }
        let digest = try #require(self.digest(bytes))
        #expect(digest.hex.count == 64)
        #expect(Digest(hex: digest.hex) == digest)
        #expect(Digest(hex: digest.hex.uppercased()) == digest)
    }

    @Test func refusesWhatIsNoDigest() {
        let good = String(repeating: "0", count: 64)
        #expect(Digest(hex: good) == Digest())
        #expect(Digest(hex: "") == nil)
        #expect(Digest(hex: good.dropLast()) == nil)
        #expect(Digest(hex: good + "0") == nil)
        for wrong in ["g", "/", ":", "@", "`", " "] {
            #expect(Digest(hex: good.dropLast() + wrong) == nil)
        }
        #expect(digest([UInt8](repeating: 0, count: 31)) == nil)
        #expect(digest([UInt8](repeating: 0, count: 33)) == nil)
    }

    @Test func randomBytesDiffer() throws {
        #expect(try SecureRandom.bytes(0).isEmpty)
        let first = try SecureRandom.bytes(32)
        #expect(first.count == 32)
        #expect(try SecureRandom.bytes(32) != first)
    }

    @Test(arguments: [-1, SecureRandom.maxBytes + 1, .max])
    func refusesAnUnreasonableCount(count: Int) {
        #expect(throws: CryptoError.self) { try SecureRandom.bytes(count) }
    }
}
