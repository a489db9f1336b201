// The PROXY protocol's header, versions 1 and 2, out of pieces of any length.
//
// Source: proxy-protocol.txt of HAProxy, sections 2.1 and 2.2.
internal import Core

/// Reads the one header that comes before everything else on a connection.
///
/// It keeps at most `capacity` bytes: what a version 2 header holds behind its addresses is looked at as
/// it passes.
public struct ProxyHeaderDecoder: Sendable {
    /// The most bytes it keeps: a whole header of version 1; of version 2 no more than 52 are.
    public static let capacity = ProxyHeaderDecoder.longestLine

    private enum Stage {
        /// Which version it is, or whether it is any, is not known.
        case signature
        /// In a line of version 1.
        case line
        /// In the first 16 bytes of version 2.
        case head
        /// In the addresses of version 2.
        case addresses
        /// Behind them, in the fields that may follow.
        case fields
    }

    private var stage = Stage.signature
    private var kept: [UInt8] = []
    /// Bytes of a version 2 header that are still to come, behind its first 16.
    private var left = 0
    /// How many of those are addresses that are kept.
    private var addressBytes = 0
    /// Whether nothing of what is left means anything: the sender speaks for itself.
    private var isIgnored = false
    /// How many of those that come next are addresses that are not kept.
    private var skipped = 0
    private var fields = ProxyFields()

    /// How many bytes it keeps now.
    var keptBytes: Int { kept.count }

    /// Makes the decoder of a connection from which nothing was read.
    public init() {}

    /// Takes the next `bytes`; to be called until it does not answer `.incomplete`.
    public mutating func decode(_ bytes: Span<UInt8>) -> ProxyOutcome {
        for index in bytes.indices {
            switch take(bytes[index]) {
            case .incomplete: continue
            case .complete(let header, _): return .complete(header, consumed: index + 1)
            case .malformed(let reason): return .malformed(reason)
            }
        }
        return .incomplete
    }

    /// Whether `bytes`, the first of a connection, begin as a header of either version does.
    public static func isHeader(_ bytes: Span<UInt8>) -> Bool {
        begins(bytes, lineStart) || begins(bytes, signature)
    }

    private static func begins(_ bytes: Span<UInt8>, _ start: [UInt8]) -> Bool {
        if bytes.count < start.count { return false }
        return start.indices.allSatisfy { bytes[$0] == start[$0] }
    }

    private mutating func take(_ byte: UInt8) -> ProxyOutcome {
        switch stage {
        case .signature: return takeSignature(byte)
        case .line: return takeLine(byte)
        case .head:
            keep(byte)
            return kept.count == 16 ? takeHead() : .incomplete
        case .addresses:
            left -= 1
            keep(byte)
            return kept.count == 16 + addressBytes ? endAddresses() : .incomplete
        case .fields: return takeField(byte)
        }
    }

    private mutating func keep(_ byte: UInt8) {
        kept.append(byte)
        fields.sum.add(byte)
    }

    private mutating func takeSignature(_ byte: UInt8) -> ProxyOutcome {
        let start = (kept.first ?? byte) == UInt8(ascii: "P") ? Self.lineStart : Self.signature
        if byte != start[kept.count] { return .malformed("there is none") }
        keep(byte)
        if kept.count == start.count { stage = start == Self.signature ? .head : .line }
        return .incomplete
    }
}

// Version 2: [signature: 12][version and command: 1][family and protocol: 1][length: 2][addresses][fields].
extension ProxyHeaderDecoder {
    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    private mutating func takeHead() -> ProxyOutcome {
        let command = kept[12]
        let family = kept[13]
        left = Int(kept[14]) << 8 | Int(kept[15])
        if command >> 4 != 2 { return .malformed("its version is neither 1 nor 2") }
        if command & 0xF > 1 { return .malformed("its command is neither LOCAL nor PROXY") }
        isIgnored = command & 0xF == 0 || family == 0
        if !isIgnored {
            switch family {
            case 0x11: addressBytes = 12
            case 0x21: addressBytes = 36
            case 0x12: skipped = 12
            case 0x22: skipped = 36
            case 0x31, 0x32: skipped = 216
            default: return .malformed("its family or protocol is unknown")
            }
            if left < addressBytes + skipped {
                return .malformed("it is too short for its addresses")
            }
        }
        if addressBytes > 0 {
            stage = .addresses
            return .incomplete
        }
        return endAddresses()
    }

    private mutating func endAddresses() -> ProxyOutcome {
        stage = .fields
        return left == 0 ? endHeader() : .incomplete
    }

    private mutating func takeField(_ byte: UInt8) -> ProxyOutcome {
        left -= 1
        if skipped > 0 {
            skipped -= 1
            fields.sum.add(byte)
        } else if !isIgnored, let reason = fields.take(byte, left: left) {
            return .malformed(reason)
        }
        return left == 0 ? endHeader() : .incomplete
    }

    private func endHeader() -> ProxyOutcome {
        if !isIgnored, let reason = fields.fault { return .malformed(reason) }
        switch addressBytes {
        case 12:
            let address = PeerAddress(ipv4: UInt32(truncatingIfNeeded: number(16..<20)))
            return relayed(address, UInt16(truncatingIfNeeded: number(24..<26)))
        case 36:
            let address = PeerAddress(high: number(16..<24), low: number(24..<32))
            return relayed(address, UInt16(truncatingIfNeeded: number(48..<50)))
        default: return .complete(.unrelayed, consumed: 0)
        }
    }

    private func relayed(_ address: PeerAddress, _ port: UInt16) -> ProxyOutcome {
        .complete(.relayed(from: address, port: port), consumed: 0)
    }

    private func number(_ range: Range<Int>) -> UInt64 {
        kept[range].reduce(0) { $0 << 8 | UInt64($1) }
    }
}

// Version 1: `PROXY TCP4 192.0.2.1 192.0.2.2 40000 443` and CR LF, at most 107 bytes in all.
extension ProxyHeaderDecoder {
    private static let lineStart = Array("PROXY ".utf8)
    private static let longestLine = 107

    private mutating func takeLine(_ byte: UInt8) -> ProxyOutcome {
        keep(byte)
        if kept[kept.count - 2] == UInt8(ascii: "\r") {
            return byte == UInt8(ascii: "\n") ? endLine() : .malformed("its line has a bare CR")
        }
        if byte == UInt8(ascii: "\n") { return .malformed("its line has a bare LF") }
        if kept.count == Self.longestLine { return .malformed("its line is too long") }
        return .incomplete
    }

    private func endLine() -> ProxyOutcome {
        let text = String(decoding: kept[Self.lineStart.count..<(kept.count - 2)], as: UTF8.self)
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        // What follows UNKNOWN is to be ignored.
        if words[0] == "UNKNOWN" { return .complete(.unrelayed, consumed: 0) }
        let isIPv4 = words[0] == "TCP4"
        if !isIPv4, words[0] != "TCP6" {
            return .malformed("its protocol is none of TCP4, TCP6 and UNKNOWN")
        }
        if words.count != 5 { return .malformed("it has not two addresses and two ports") }
        guard let source = Self.address(words[1], isIPv4), Self.address(words[2], isIPv4) != nil
        else { return .malformed("an address is not of its protocol") }
        guard let port = Self.port(words[3]), Self.port(words[4]) != nil else {
            return .malformed("a port is not 0 to 65535 in plain digits")
        }
        return relayed(source, port)
    }

    private static func address(_ text: String, _ isIPv4: Bool) -> PeerAddress? {
        text.contains(":") == isIPv4 ? nil : PeerAddress(text)
    }

    private static func port(_ text: String) -> UInt16? {
        let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        return isPlain && (text.count == 1 || text.first != "0") ? UInt16(text) : nil
    }
}
