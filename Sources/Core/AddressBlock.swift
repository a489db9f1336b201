// A range of addresses in CIDR notation, and lists of them.

/// What is wrong with a block as written.
public struct AddressBlockError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The reason, as a sentence's end: "is not ...".
    public let description: String

    init(_ description: String) { self.description = description }
}

/// All addresses that share their first bits: `10.0.0.0/8`, `2001:db8::/32`, or one address.
///
/// Source: RFC 4632 section 3.1, RFC 4291 section 2.3.
public struct AddressBlock: Hashable, Sendable, BitwiseCopyable, CustomStringConvertible {
    /// The first address of the block.
    public let base: PeerAddress
    /// How many bits are shared: 0 to 32 for IPv4, 0 to 128 for IPv6.
    public let prefixLength: Int

    /// Reads `text`; bits behind the prefix must be 0, since whoever sets one has made a mistake.
    public init(parsing text: String) throws(AddressBlockError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = PeerAddress(String(first)) else {
            throw AddressBlockError("is not an address, or an address, '/' and a number of bits")
        }
        let widest = address.isIPv4 ? 32 : 128
        var length = widest
        if parts.count == 2 {
            let digits = parts[1]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bits = Int(digits),
                bits <= widest
            else { throw AddressBlockError("must have 0 to \(widest) behind the '/'") }
            length = bits
        }
        base = address.masked(prefixLength: length)
        prefixLength = length
        if base != address {
            throw AddressBlockError(
                "has bits set behind its first \(length); did you mean \(self)?"
            )
        }
    }

    /// Whether `address` is in it; IPv4 and IPv6 never are in each other's.
    public func contains(_ address: PeerAddress) -> Bool {
        address.isIPv4 == base.isIPv4 && address.masked(prefixLength: prefixLength) == base
    }

    /// The form that `init(parsing:)` reads.
    public var description: String { "\(base)/\(prefixLength)" }
}

extension [AddressBlock] {
    /// Whether one of the blocks holds `address`.
    public func contains(address: PeerAddress) -> Bool { contains { $0.contains(address) } }
}
