// The PROXY protocol's header: whole, in pieces, wrong in every way, and at random.
import Core
import Testing

@testable import Wire

/// Headers of version 2, built by hand.
enum ProxyBytes {
    static let signature: [UInt8] = [13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10]

    static func header(_ command: UInt8, _ family: UInt8, _ rest: [UInt8]) -> [UInt8] {
        signature + [command, family, UInt8(rest.count >> 8), UInt8(rest.count & 0xFF)] + rest
    }

    static let ipv4: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 2, 0x9C, 0x40, 0x01, 0xBB]
    static let ipv6: [UInt8] =
        [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]
        + [UInt8](repeating: 0, count: 15) + [2, 0x9C, 0x41, 0x01, 0xBB]

    static func field(_ type: UInt8, _ value: [UInt8]) -> [UInt8] {
        [type, UInt8(value.count >> 8), UInt8(value.count & 0xFF)] + value
    }

    /// A header over IPv4 with a checksum between two other fields.
    static func summed(wrong: Bool = false) -> [UInt8] {
        let before = field(0x02, Array("example.org".utf8))
        let after = field(0xE0, [1, 2, 3])
        var bytes = header(0x21, 0x11, ipv4 + before + field(0x03, [0, 0, 0, 0]) + after)
        var sum = CRC32C()
        for byte in bytes { sum.add(byte) }
        let value = wrong ? sum.value ^ 1 : sum.value
        let start = bytes.count - after.count - 4
        for index in 0..<4 { bytes[start + index] = UInt8(value >> (24 - index * 8) & 0xFF) }
        return bytes
    }
}

extension ProxyHeaderDecoder {
    fileprivate mutating func decode(_ bytes: [UInt8]) -> ProxyOutcome { decode(bytes.span) }

    fileprivate static func isHeader(_ bytes: [UInt8]) -> Bool { isHeader(bytes.span) }
}

@Suite struct ProxyHeaderTests {
    static let first = ProxyHeader.relayed(from: PeerAddress(ipv4: 0xC000_0201), port: 40000)
    static let second = ProxyHeader.relayed(
        from: PeerAddress(high: 0x2001_0DB8_0000_0000, low: 1),
        port: 40001
    )

    static let good: [([UInt8], ProxyHeader)] = [
        (Array("PROXY TCP4 192.0.2.1 198.51.100.2 40000 443\r\n".utf8), first),
        (Array("PROXY TCP6 2001:db8::1 2001:db8::2 40001 443\r\n".utf8), second),
        (Array("PROXY TCP6 ::ffff:192.0.2.1 ::1 40000 0\r\n".utf8), first),
        (Array("PROXY UNKNOWN\r\n".utf8), .unrelayed),
        (Array("PROXY UNKNOWN ffff::1 anything at all 65536\r\n".utf8), .unrelayed),
        (ProxyBytes.header(0x21, 0x11, ProxyBytes.ipv4), first),
        (ProxyBytes.header(0x21, 0x21, ProxyBytes.ipv6), second),
        (ProxyBytes.header(0x21, 0x11, ProxyBytes.ipv4 + ProxyBytes.field(4, [0])), first),
        (ProxyBytes.header(0x21, 0x21, ProxyBytes.ipv6 + ProxyBytes.field(1, [])), second),
        (ProxyBytes.header(0x20, 0x00, []), .unrelayed),
        (ProxyBytes.header(0x20, 0x11, ProxyBytes.ipv4), .unrelayed),
        (ProxyBytes.header(0x20, 0xFF, [1, 2, 3]), .unrelayed),
        (ProxyBytes.header(0x21, 0x00, [9, 9]), .unrelayed),
        (ProxyBytes.header(0x21, 0x31, [UInt8](repeating: 7, count: 216)), .unrelayed),
        (ProxyBytes.header(0x21, 0x12, ProxyBytes.ipv4), .unrelayed),
        (ProxyBytes.summed(), first),
    ]

    static let bad: [([UInt8], String)] = [
        (Array("GET / HTTP/1.1\r\n".utf8), "there is none"),
        ([0x16, 3, 1], "there is none"),
        (Array("PROXX TCP4".utf8), "there is none"),
        (Array("proxy TCP4".utf8), "there is none"),
        (Array("PROXY TCP5 1.2.3.4 1.2.3.4 1 1\r\n".utf8), "none of TCP4"),
        (Array("PROXY  TCP4 1.2.3.4 1.2.3.4 1 1\r\n".utf8), "none of TCP4"),
        (Array("PROXY UNKNOWNS\r\n".utf8), "none of TCP4"),
        (Array("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n".utf8), "two addresses"),
        (Array("PROXY TCP4 1.2.3.4 1.2.3.4 1 1 \r\n".utf8), "two addresses"),
        (Array("PROXY TCP4  1.2.3.4 1.2.3.4 1\r\n".utf8), "not of its protocol"),
        (Array("PROXY TCP4 ::1 ::1 1 1\r\n".utf8), "not of its protocol"),
        (Array("PROXY TCP6 1.2.3.4 1.2.3.4 1 1\r\n".utf8), "not of its protocol"),
        (Array("PROXY TCP4 01.2.3.4 1.2.3.4 1 1\r\n".utf8), "not of its protocol"),
        (Array("PROXY TCP4 1.2.3.4 1.2.3.256 1 1\r\n".utf8), "not of its protocol"),
        (Array("PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n".utf8), "plain digits"),
        (Array("PROXY TCP4 1.2.3.4 1.2.3.4 01 1\r\n".utf8), "plain digits"),
        (Array("PROXY TCP4 1.2.3.4 1.2.3.4 1 +1\r\n".utf8), "plain digits"),
        (Array("PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n".utf8), "plain digits"),
        (Array("PROXY UNKNOWN\n".utf8), "bare LF"),
        (Array("PROXY UNKNOWN\rx".utf8), "bare CR"),
        (Array(("PROXY UNKNOWN " + String(repeating: "x", count: 93)).utf8), "too long"),
        (ProxyBytes.header(0x11, 0x11, ProxyBytes.ipv4), "neither 1 nor 2"),
        (ProxyBytes.header(0x22, 0x11, ProxyBytes.ipv4), "neither LOCAL nor PROXY"),
        (ProxyBytes.header(0x21, 0x41, ProxyBytes.ipv4), "unknown"),
        (ProxyBytes.header(0x21, 0x13, ProxyBytes.ipv4), "unknown"),
        (ProxyBytes.header(0x21, 0x01, ProxyBytes.ipv4), "unknown"),
        (ProxyBytes.header(0x21, 0x11, Array(ProxyBytes.ipv4.dropLast())), "too short"),
        (ProxyBytes.header(0x21, 0x21, ProxyBytes.ipv4), "too short"),
        (ProxyBytes.header(0x21, 0x31, ProxyBytes.ipv6), "too short"),
        (ProxyBytes.header(0x21, 0x11, ProxyBytes.ipv4 + [1, 0]), "ends within a field"),
        (ProxyBytes.header(0x21, 0x11, ProxyBytes.ipv4 + [1, 0, 2, 0]), "longer than it"),
        (ProxyBytes.header(0x21, 0x11, ProxyBytes.ipv4 + [3, 0, 3, 0, 0, 0]), "checksum"),
        (
            ProxyBytes.header(
                0x21,
                0x11,
                ProxyBytes.ipv4 + [3, 0, 4, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0]
            ), "checksum"
        ),
        (ProxyBytes.summed(wrong: true), "checksum is wrong"),
    ]

    @Test func theChecksumIsThatOfTheSpecification() {
        var sum = CRC32C()
        for byte in "123456789".utf8 { sum.add(byte) }
        #expect(sum.value == 0xE306_9283)
    }

    @Test(arguments: 0..<good.count)
    func goodHeadersLeaveWhatFollows(_ index: Int) {
        let (bytes, header) = Self.good[index]
        let following = bytes + [0x16, 3, 1, 2, 0]
        var decoder = ProxyHeaderDecoder()
        #expect(decoder.decode(following) == .complete(header, consumed: bytes.count))
    }

    @Test(arguments: 0..<good.count)
    func goodHeadersInTwoPieces(_ index: Int) {
        let (bytes, header) = Self.good[index]
        for split in 0..<bytes.count {
            var decoder = ProxyHeaderDecoder()
            #expect(decoder.decode(Array(bytes[..<split])) == .incomplete)
            let rest = Array(bytes[split...]) + [1]
            #expect(
                decoder.decode(rest) == .complete(header, consumed: bytes.count - split)
            )
        }
    }

    @Test(arguments: 0..<good.count)
    func goodHeadersByteByByte(_ index: Int) {
        let (bytes, header) = Self.good[index]
        var decoder = ProxyHeaderDecoder()
        for byte in bytes.dropLast() { #expect(decoder.decode([byte]) == .incomplete) }
        #expect(decoder.decode(Array(bytes.suffix(1))) == .complete(header, consumed: 1))
    }

    @Test(arguments: 0..<bad.count)
    func badHeadersAreToldApart(_ index: Int) {
        let (bytes, expected) = Self.bad[index]
        var whole = ProxyHeaderDecoder()
        guard case .malformed(let reason) = whole.decode(bytes) else {
            Issue.record("accepted although \(expected)")
            return
        }
        #expect(reason.contains(expected))
        var byByte = ProxyHeaderDecoder()
        var outcome = ProxyOutcome.incomplete
        for byte in bytes where outcome == .incomplete { outcome = byByte.decode([byte]) }
        #expect(outcome == .malformed(reason))
    }

    @Test func theLongestLineIsTakenAndTheLongestHeaderNotKept() {
        let line = "PROXY UNKNOWN " + String(repeating: "x", count: 91) + "\r\n"
        var decoder = ProxyHeaderDecoder()
        #expect(decoder.decode(Array(line.utf8)) == .complete(.unrelayed, consumed: 107))
        let rest = ProxyBytes.ipv4 + ProxyBytes.field(0xE0, .init(repeating: 1, count: 65520))
        let longest = ProxyBytes.header(0x21, 0x11, rest)
        #expect(longest.count == 16 + 65535)
        decoder = ProxyHeaderDecoder()
        #expect(decoder.decode(Array(longest.dropLast())) == .incomplete)
        #expect(decoder.keptBytes == 28)
        #expect(decoder.decode([1]) == .complete(Self.first, consumed: 1))
    }

    @Test func whatBeginsLikeAHeaderIsKnown() {
        for (bytes, _) in Self.good { #expect(ProxyHeaderDecoder.isHeader(bytes)) }
        for text in ["", "PROXY", "proxy TCP4", "\u{16}\u{3}\u{1}", "GET / HTTP/1.1"] {
            #expect(!ProxyHeaderDecoder.isHeader(Array(text.utf8)))
        }
    }

    /// However bytes are changed and cut, nothing traps, pieces change nothing, and memory is bounded.
    @Test func changedAndCutHeaders() {
        var random = SeededGenerator(state: 0x9A0C_0001)
        for round in 0..<20_000 {
            let sample = Self.good[round % Self.good.count].0
            let bytes = FuzzTests.mutated(sample, &random) + [0x16, 3, 1]
            var whole = ProxyHeaderDecoder()
            let expected = whole.decode(bytes)
            var pieces = ProxyHeaderDecoder()
            var outcome = ProxyOutcome.incomplete
            var start = 0
            while start < bytes.count, outcome == .incomplete {
                let end = min(bytes.count, start + Int.random(in: 1...9, using: &random))
                outcome = pieces.decode(Array(bytes[start..<end]))
                if case .complete(let header, let consumed) = outcome {
                    outcome = .complete(header, consumed: start + consumed)
                }
                start = end
            }
            #expect(outcome == expected)
            #expect(pieces.keptBytes <= ProxyHeaderDecoder.capacity)
        }
    }
}
