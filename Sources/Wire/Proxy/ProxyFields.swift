// The typed fields (TLVs) behind the addresses of a PROXY header of version 2.
//
// Layout: [type: 1][length: 2, big-endian][value]. Source: proxy-protocol.txt, section 2.2.

/// Looks at fields as they pass, keeps none, and holds the header against its checksum if it has one.
struct ProxyFields: Sendable {
    /// Over all bytes of the header; those of the checksum count as 0.
    var sum = CRC32C()

    private var type: UInt8 = 0
    /// Bytes of the present field's type and length that are still to come.
    private var headBytes = 3
    /// The length so far, then the bytes of its value that are still to come.
    private var length = 0
    private var checksum: UInt32 = 0
    private var checksumBytes = 0

    /// Takes the next byte, behind which `left` come; what is wrong, if anything.
    mutating func take(_ byte: UInt8, left: Int) -> String? {
        if headBytes > 0 { return takeHead(byte, left: left) }
        length -= 1
        if length == 0 { headBytes = 3 }
        if type == ProxyFields.checksumType {
            checksum = checksum << 8 | UInt32(byte)
            checksumBytes += 1
            sum.add(0)
        } else {
            sum.add(byte)
        }
        return nil
    }

    private mutating func takeHead(_ byte: UInt8, left: Int) -> String? {
        sum.add(byte)
        headBytes -= 1
        if headBytes == 2 {
            type = byte
            length = 0
            return nil
        }
        length = length << 8 | Int(byte)
        if headBytes > 0 { return nil }
        if length > left { return "a field is longer than it" }
        if type == ProxyFields.checksumType, length != 4 || checksumBytes > 0 {
            return "its checksum is not one of 4 bytes"
        }
        if length == 0 { headBytes = 3 }
        return nil
    }

    /// What is wrong at the end of the header, if anything.
    var fault: String? {
        if headBytes != 3 { return "it ends within a field" }
        return checksumBytes > 0 && checksum != sum.value ? "its checksum is wrong" : nil
    }

    /// PP2_TYPE_CRC32C.
    private static let checksumType: UInt8 = 0x03
}

/// The CRC that iSCSI uses, a bit at a time: headers are short, and only trusted proxies send them.
///
/// Source: RFC 3720 section 12.1; the polynomial 0x1EDC6F41, reflected.
struct CRC32C: Sendable {
    private var state: UInt32 = 0xFFFF_FFFF

    /// The sum of the bytes so far.
    var value: UInt32 { ~state }

    /// Adds one byte.
    mutating func add(_ byte: UInt8) {
        state ^= UInt32(byte)
        for _ in 0..<8 { state = state & 1 == 0 ? state >> 1 : state >> 1 ^ 0x82F6_3B78 }
    }
}
