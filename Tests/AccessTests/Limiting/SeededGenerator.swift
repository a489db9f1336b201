// Random numbers that a seed repeats.
import Core

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// The IPv4 address of these 32 bits.
func ipv4(_ bits: UInt32) -> PeerAddress { PeerAddress(ipv4: bits) }

/// An address of the IPv6 network of these 64 bits.
func ipv6(_ network: UInt64, _ host: UInt64 = 1) -> PeerAddress {
    PeerAddress(high: 0x2001_0db8_0000_0000 | network, low: host)
}
