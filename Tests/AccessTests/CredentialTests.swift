// The text form of credentials and identifiers, and how new ones are made.
import Access
import Crypto
import Testing

@Suite struct CredentialTests {
    private let good = "sp_abcdef012345_" + String(repeating: "aZ9", count: 14) + "x"

    private func parse(_ text: String) -> (id: String, secret: [UInt8])? {
        let bytes = bytes(text)
        guard let credential = TokenCredential(bytes.span) else { return nil }
        let secret = credential.secret
        return (credential.id.description, secret.indices.map { secret[$0] })
    }

    private func isCredential(_ bytes: [UInt8]) -> Bool { TokenCredential(bytes.span) != nil }

    @Test func takesACredentialApart() throws {
        let parts = try #require(parse(good))
        #expect(parts.id == "abcdef012345")
        #expect(parts.secret == bytes(String(good.dropFirst(16))))
        #expect(parts.secret.count == TokenCredential.secretCount)
    }

    @Test func refusesAnythingElse() {
        let (secret, start) = (String(good.suffix(43)), String(good.dropLast()))
        let wrong: [String] = [
            "", "sp_", "sp__", start, "\(good)x", " \(start)", "\(start)_", "\(start)-",
            "\(start)\0", "\(start)\u{e9}", "SP_abcdef012345_\(secret)",
            "sp-abcdef012345_\(secret)", "tp_abcdef012345_\(secret)", "sp_ABCDEF012345_\(secret)",
            "sp_abcdef01234__\(secret)", "sp_abcdef012345-\(secret)",
        ]
        for text in wrong { #expect(parse(text) == nil, "\(text)") }
    }

    @Test func refusesEveryOtherByteInEveryPlace() {
        let good = bytes(good)
        for place in good.indices {
            var wrong = good
            for byte in [0, 0x20, 0x2D, 0x2F, 0x3A, 0x40, 0x5B, 0x60, 0x7B, 0x80, 0xFF] as [UInt8] {
                wrong[place] = byte
                #expect(!isCredential(wrong))
            }
        }
    }

    @Test func madeOnesAreWellFormedAndNeverTheSame() throws {
        var seen: Set<String> = []
        for _ in 0..<100 {
            let issued = try IssuedToken.make()
            let parts = try #require(parse(issued.credential))
            #expect(parts.id == issued.id.description)
            #expect(try SHA256.digest(of: parts.secret.span) == issued.digest)
            #expect(seen.insert(issued.credential).inserted)
        }
    }

    @Test func secretsUseTheirWholeAlphabet() throws {
        var seen: Set<UInt8> = []
        // 200 secrets are 8,600 characters: one of 62 stays away with a chance of 10 to the power -59.
        for _ in 0..<200 { seen.formUnion(try IssuedToken.make().credential.utf8.dropFirst(16)) }
        #expect(seen.count == 62)
    }

    @Test func aNewSecretForTheSameIdentifier() throws {
        let first = try IssuedToken.make()
        let second = try IssuedToken.make(id: first.id)
        #expect(second.id == first.id)
        #expect(second.digest != first.digest)
    }

    @Test func identifiersComeBackAsText() throws {
        for text in ["abcdefghijkl", "0123456789zz", "aaaaaaaaaaaa", "000000000000"] {
            #expect(try #require(TokenID(text)).description == text)
        }
        #expect(TokenID("abcdefghijkl") != TokenID("abcdefghijkm"))
        #expect(TokenID("abcdefghijkl") != TokenID("bbcdefghijkl"))
        #expect(TokenID("abcdefghijk") == nil)
        #expect(TokenID("abcdefghijklm") == nil)
        #expect(TokenID("abcdefghijkL") == nil)
    }
}
