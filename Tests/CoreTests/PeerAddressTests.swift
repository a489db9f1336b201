// Addresses and blocks of them: what is read, what is refused, and how they are written.
import Core
import Testing

@Suite struct PeerAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::ffff:c000:207", "192.0.2.7"), ("1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"),
        ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
    ])
    func reading(_ text: String, _ canonical: String) {
        #expect(PeerAddress(text)?.description == canonical)
        #expect(PeerAddress(canonical) == PeerAddress(text))
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "+1.2.3.4", "1.2.3.", "a.b.c.d",
        ":",
        ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1%lo", "[::1]",
        "1:2:3:4:5:6:7:8::", "::1.2.3", "1.2.3.4::", "-1::", " ::1",
    ])
    func refusing(_ text: String) {
        #expect(PeerAddress(text) == nil)
    }

    @Test func masking() {
        let ipv4 = PeerAddress("192.0.2.77")
        #expect(ipv4?.masked(prefixLength: 32).description == "192.0.2.77")
        #expect(ipv4?.masked(prefixLength: 24).description == "192.0.2.0")
        #expect(ipv4?.masked(prefixLength: 0).description == "0.0.0.0")
        #expect(ipv4?.masked(prefixLength: 99) == ipv4)
        let ipv6 = PeerAddress("2001:db8:1:2:3:4:5:6")
        #expect(ipv6?.masked(prefixLength: 64).description == "2001:db8:1:2::")
        #expect(ipv6?.masked(prefixLength: 65).description == "2001:db8:1:2::")
        #expect(ipv6?.masked(prefixLength: 128) == ipv6)
        #expect(ipv6?.masked(prefixLength: -1).description == "::")
    }

    @Test func blocks() throws {
        let block = try AddressBlock(parsing: "10.0.0.0/8")
        for (text, isInside) in [("10.255.0.1", true), ("11.0.0.0", false), ("::a00:1", false)] {
            let address = try #require(PeerAddress(text))
            #expect(block.contains(address) == isInside, "\(text)")
        }
        let all = try AddressBlock(parsing: "::/0")
        #expect(all.contains(try #require(PeerAddress("fe80::1"))))
        #expect(!all.contains(try #require(PeerAddress("10.0.0.1"))))
        #expect(try AddressBlock(parsing: "::1").description == "::1/128")
        let list = [block, try AddressBlock(parsing: "192.0.2.7")]
        #expect(list.contains(address: try #require(PeerAddress("192.0.2.7"))))
        #expect(!list.contains(address: try #require(PeerAddress("192.0.2.8"))))
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0/8/8", "::/129",
    ])
    func badBlocks(_ text: String) {
        #expect(throws: AddressBlockError.self) { try AddressBlock(parsing: text) }
    }

    @Test func aBlockWithBitsBehindItsPrefixSaysWhatWasMeant() {
        let error = #expect(throws: AddressBlockError.self) {
            try AddressBlock(parsing: "10.1.0.0/8")
        }
        let text = "has bits set behind its first 8; did you mean 10.0.0.0/8?"
        #expect(error?.description == text)
    }
}
