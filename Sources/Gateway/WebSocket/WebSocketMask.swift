// Taking the mask off a client's payload while it is copied, eight bytes at a time.
//
// Source: RFC 6455 section 5.3.
internal import Core

extension ByteBuffer {
    /// Appends `source` without its mask; `offset` of the payload's bytes came before it.
    ///
    /// `mask` is the key in the order of its bytes in memory.
    mutating func append(unmasking source: Span<UInt8>, _ mask: UInt32, offset: Int) {
        let count = source.count
        if count == 0 { return }
        let turn = 8 * UInt32(offset & 3)
        // The key as it is from this byte on: on a machine of little end the first byte is the lowest.
        let key = turn == 0 ? mask : mask >> turn | mask << (32 - turn)
        let wide = (UInt64(key) << 32 | UInt64(key)).littleEndian
        withSpareRoom(count) { room in
            // SAFETY: `room` holds `count` bytes at least and `source` exactly as many; the words end at or
            // before `count`, and no word needs to be aligned.
            source.withUnsafeBytes { bytes in
                var at = 0
                while at + 8 <= count {
                    let word = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                    room.storeBytes(of: word ^ wide, toByteOffset: at, as: UInt64.self)
                    at += 8
                }
                while at < count {
                    room[at] = bytes[at] ^ UInt8(truncatingIfNeeded: key >> (8 * UInt32(at & 3)))
                    at += 1
                }
            }
            return count
        }
    }
}
