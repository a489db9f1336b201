// Where a peer comes from, as limits and lists see it: an address without a port.

/// An IPv4 or IPv6 address; IPv4 is kept as its mapped IPv6 form, so that both compare alike.
///
/// Layout: 16 bytes in network order, as two big-endian halves. Source: RFC 4291 section 2.5.5.2.
public struct PeerAddress: Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
    /// The first eight bytes: the network of an IPv6 address, 0 for IPv4.
    public let high: UInt64
    /// The last eight bytes; for IPv4 `0x0000FFFF` and the address.
    public let low: UInt64

    /// Makes the address of these halves.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Makes the IPv4 address whose bytes these are, the first in the highest bits.
    public init(ipv4 bytes: UInt32) {
        self.init(high: 0, low: PeerAddress.mappedPrefix | UInt64(bytes))
    }

    private static let mappedPrefix: UInt64 = 0xFFFF << 32

    /// Whether it is an IPv4 address.
    public var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// The address with all but the first `prefixLength` bits 0; of IPv4 the bits are those of its own 32.
    ///
    /// A length outside the address's own range counts as the nearest end of it.
    public func masked(prefixLength: Int) -> PeerAddress {
        let length = isIPv4 ? 96 + min(max(prefixLength, 0), 32) : min(max(prefixLength, 0), 128)
        let highBits = min(length, 64)
        let lowBits = length - highBits
        return PeerAddress(
            high: high & PeerAddress.mask(highBits),
            low: low & PeerAddress.mask(lowBits)
        )
    }

    /// A word whose first `bits` bits are set, 0 to 64.
    private static func mask(_ bits: Int) -> UInt64 {
        bits == 0 ? 0 : ~0 << UInt64(64 - bits)
    }

    /// `192.0.2.1`, or IPv6 in the canonical form of RFC 5952.
    public var description: String {
        if isIPv4 {
            return (0..<4).map { "\(low >> UInt64(24 - $0 * 8) & 0xFF)" }.joined(separator: ".")
        }
        let groups = (0..<8).map { index -> UInt64 in
            (index < 4 ? high : low) >> UInt64(48 - index % 4 * 16) & 0xFFFF
        }
        let texts = groups.map { String($0, radix: 16) }
        guard let zeros = PeerAddress.longestZeros(groups) else {
            return texts.joined(separator: ":")
        }
        return texts[..<zeros.lowerBound].joined(separator: ":") + "::"
            + texts[zeros.upperBound...].joined(separator: ":")
    }

    /// The first longest run of at least two zero groups.
    private static func longestZeros(_ groups: [UInt64]) -> Range<Int>? {
        var best: Range<Int>?
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start >= 2, end - start > best?.count ?? 0 { best = start..<end }
            start = max(end, start + 1)
        }
        return best
    }
}

extension PeerAddress {
    /// Reads `192.0.2.1` or an IPv6 address of RFC 4291 section 2.2, without brackets or zone; nil for
    /// anything else.
    public init?(_ text: String) {
        if !text.contains(":") {
            guard let bytes = PeerAddress.ipv4(text) else { return nil }
            self.init(ipv4: bytes)
            return
        }
        guard let groups = PeerAddress.ipv6(text) else { return nil }
        let words = groups.map { UInt64($0) }
        self.init(
            high: words[0] << 48 | words[1] << 32 | words[2] << 16 | words[3],
            low: words[4] << 48 | words[5] << 32 | words[6] << 16 | words[7]
        )
    }

    private static func ipv4(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        if parts.count != 4 { return nil }
        var bytes: UInt32 = 0
        for part in parts {
            // A leading zero means octal to some readers, so it is refused (RFC 6943 section 3.1.1).
            let isPlain = part.utf8.allSatisfy { (0x30...0x39).contains($0) }
            guard isPlain, part.count == 1 || part.first != "0", let byte = UInt8(part) else {
                return nil
            }
            bytes = bytes << 8 | UInt32(byte)
        }
        return bytes
    }

    private static func ipv6(_ text: String) -> [UInt16]? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        if halves.count > 2 { return nil }
        guard let first = groups(halves[0], isLast: halves.count == 1) else { return nil }
        if halves.count == 1 { return first.count == 8 ? first : nil }
        guard let last = groups(halves[1], isLast: true) else { return nil }
        // "::" stands for at least one group.
        if first.count + last.count > 7 { return nil }
        return first + [UInt16](repeating: 0, count: 8 - first.count - last.count) + last
    }

    private static func groups(_ text: Substring, isLast: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count > 8 { return nil }
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if isLast, index == parts.count - 1, part.contains(".") {
                guard let bytes = ipv4(String(part)) else { return nil }
                groups += [UInt16(bytes >> 16), UInt16(truncatingIfNeeded: bytes)]
                continue
            }
            let isPlain = part.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
            }
            guard isPlain, part.count <= 4, let group = UInt16(part, radix: 16) else { return nil }
            groups.append(group)
        }
        return groups
    }
}
