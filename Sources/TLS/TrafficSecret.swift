// The secret that one direction of a TLS 1.3 connection is protected with, and what is drawn from it.
internal import COpenSSL

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// A traffic secret: 32 or 48 bytes, as long as the suite's hash.
///
/// Wiped when it goes. Source: RFC 8446 section 7.
struct TrafficSecret: ~Copyable {
    // Six words are 48 bytes, the longest hash of a suite.
    private var words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
    /// Bytes; 0 before it is known.
    private(set) var count = 0

    static let maxBytes = 48

    init() {}

    deinit {
        var copy = words
        withUnsafeMutableBytes(of: &copy) { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }

    /// Forgets it.
    mutating func wipe() {
        withUnsafeMutableBytes(of: &words) { OPENSSL_cleanse($0.baseAddress, $0.count) }
        count = 0
    }

    /// Takes over the bytes of `other`, which is then empty.
    mutating func take(_ other: inout TrafficSecret) {
        words = other.words
        count = other.count
        other.wipe()
    }

    /// Takes the bytes that `hexadecimal` spells; false, and nothing, where they are none or too many.
    mutating func set(hexadecimal: UnsafeBufferPointer<UInt8>) -> Bool {
        let length = hexadecimal.count / 2
        if hexadecimal.count % 2 != 0 || length == 0 || length > TrafficSecret.maxBytes {
            return false
        }
        let isValid = withUnsafeMutableBytes(of: &words) { bytes in
            for index in 0..<length {
                guard let high = TrafficSecret.digit(hexadecimal[2 * index]),
                    let low = TrafficSecret.digit(hexadecimal[2 * index + 1])
                else { return false }
                bytes[index] = high << 4 | low
            }
            return true
        }
        if isValid { count = length } else { wipe() }
        return isValid
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Makes it the secret that follows a KeyUpdate; false only where OpenSSL fails.
    ///
    /// Source: RFC 8446 section 7.2.
    mutating func advance(_ digest: OpaquePointer) -> Bool {
        var next: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
        let isMade = withUnsafeMutableBytes(of: &next) { room in
            let bytes = UnsafeMutableRawBufferPointer(rebasing: room[..<count])
            return expand("tls13 traffic upd", digest, into: bytes)
        }
        if isMade { words = next }
        withUnsafeMutableBytes(of: &next) { OPENSSL_cleanse($0.baseAddress, $0.count) }
        return isMade
    }

    /// Fills `output`, no longer than the hash, with what the secret gives for `label`, its prefix included.
    ///
    /// HKDF-Expand-Label with an empty context: one step of HKDF-Expand is as long as the hash. Layout of
    /// what is hashed: `[length: UInt16 BE][label length: UInt8][label][0][1]`. Source: RFC 8446 section
    /// 7.1; RFC 5869 section 2.3.
    func expand(
        _ label: StaticString,
        _ digest: OpaquePointer,
        into output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 128, alignment: 8) { room in
            // SAFETY: 128 bytes hold a label of at most 20 bytes with 5 around it, and from 64 on a hash of
            // at most 64.
            guard let base = room.baseAddress, label.utf8CodeUnitCount <= 20 else { return false }
            let labelCount = label.utf8CodeUnitCount
            room[0] = 0
            room[1] = UInt8(truncatingIfNeeded: output.count)
            room[2] = UInt8(truncatingIfNeeded: labelCount)
            memcpy(base + 3, label.utf8Start, labelCount)
            room[3 + labelCount] = 0
            room[4 + labelCount] = 1
            let info = base.assumingMemoryBound(to: UInt8.self)
            let hash = info + 64
            var hashCount: UInt32 = 0
            var copy = words
            defer {
                OPENSSL_cleanse(base, 128)
                withUnsafeMutableBytes(of: &copy) { OPENSSL_cleanse($0.baseAddress, $0.count) }
            }
            let result = withUnsafeBytes(of: &copy) { key in
                HMAC(
                    digest,
                    key.baseAddress,
                    Int32(truncatingIfNeeded: count),
                    info,
                    5 + labelCount,
                    hash,
                    &hashCount
                )
            }
            guard result != nil, output.count <= Int(hashCount), let target = output.baseAddress
            else {
                return false
            }
            memcpy(target, hash, output.count)
            return true
        }
    }
}
