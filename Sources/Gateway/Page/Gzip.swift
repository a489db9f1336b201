// Compressing once, as small as it gets, in the format that HTTP calls gzip.
//
// Source: RFC 1952.
internal import CZlib

enum Gzip {
    /// `bytes` in gzip; nil if zlib has no memory.
    static func compress(_ bytes: Span<UInt8>) -> [UInt8]? {
        // SAFETY: freed below, behind the last use; zlib wants it never to move.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        defer { stream.deallocate() }
        stream.initialize(to: z_stream())
        if zlib_gzip_init_shim(stream, Z_BEST_COMPRESSION) != Z_OK { return nil }
        defer { deflateEnd(stream) }
        let bound = Int(deflateBound(stream, UInt(bytes.count)))
        var output = [UInt8](repeating: 0, count: bound)
        let status = output.withUnsafeMutableBufferPointer { room in
            // SAFETY: zlib reads `bytes.count` bytes and writes `bound` at most, both during the call.
            bytes.withUnsafeBufferPointer { input in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(clamping: input.count)
                stream.pointee.next_out = room.baseAddress
                stream.pointee.avail_out = UInt32(clamping: bound)
                return deflate(stream, Z_FINISH)
            }
        }
        output.removeLast(Int(stream.pointee.avail_out))
        return status == Z_STREAM_END ? output : nil
    }
}
