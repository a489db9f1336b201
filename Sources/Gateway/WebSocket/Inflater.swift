// Undoing the compression of messages, each by itself, and no further than a limit.
//
// Source: RFC 7692 section 7.2.2.
internal import CZlib
internal import Core

/// One loop's decompressor; with its window it takes some 40 KiB.
final class Inflater {
    enum Outcome: Equatable {
        case complete
        /// It would become longer than the limit.
        case tooLong
        /// It is not DEFLATE, or not all of it.
        case malformed
    }

    // SAFETY: allocated and set up in `init`, ended and freed in `deinit`; zlib wants it never to move.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    /// What a compressor leaves out at the end of a message.
    private static let end: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]

    /// Makes a decompressor; nil if zlib has no memory.
    init?() {
        stream.initialize(to: z_stream())
        // Whatever window the client has, the largest one reads it.
        if zlib_inflate_init_shim(stream, 15) != Z_OK {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Appends what `message` stands for to `output`, up to `limit` bytes.
    func append(
        _ message: Span<UInt8>,
        limit: Int,
        to output: inout ByteBuffer
    ) -> Outcome {
        defer { inflateReset(stream) }
        let start = output.count
        var outcome = feed(message, end: start + limit, &output)
        if outcome == .complete { outcome = feed(Inflater.end.span, end: start + limit, &output) }
        if outcome != .complete { return outcome }
        // 128 in `data_type`: a block has just ended, as it does there.
        return stream.pointee.data_type & 128 != 0 ? .complete : .malformed
    }

    private func feed(
        _ bytes: Span<UInt8>,
        end: Int,
        _ output: inout ByteBuffer
    ) -> Outcome {
        // SAFETY: zlib reads the bytes during the calls below, and keeps its place in them only meanwhile.
        bytes.withUnsafeBufferPointer { input in
            stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.pointee.avail_in = UInt32(clamping: input.count)
            defer { stream.pointee.next_in = nil }
            while true {
                let status = step(end: end, &output)
                if output.count > end { return .tooLong }
                switch status {
                case Z_STREAM_END:
                    // A client may end its stream with a message; the next block begins another.
                    if inflateReset(stream) != Z_OK { return .malformed }
                    stream.pointee.data_type = 128
                    if stream.pointee.avail_in == 0 { return .complete }
                case Z_OK where stream.pointee.avail_in == 0 && stream.pointee.avail_out > 0:
                    return .complete
                case Z_OK: break
                case Z_BUF_ERROR where stream.pointee.avail_in == 0: return .complete
                default: return .malformed
                }
            }
        }
    }

    /// Fills one piece of room, one byte above the limit at most: that byte shows that it is broken.
    private func step(end: Int, _ output: inout ByteBuffer) -> Int32 {
        var status = Z_OK
        let size = min(max(Inflater.pieceBytes, output.count), end - output.count + 1)
        output.withSpareRoom(size) { room in
            // SAFETY: there is room for `size` bytes, and zlib writes no more.
            stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = UInt32(clamping: size)
            status = inflate(stream, Z_SYNC_FLUSH)
            stream.pointee.next_out = nil
            return size - Int(stream.pointee.avail_out)
        }
        return status
    }

    private static let pieceBytes = 16 << 10
}

@available(*, unavailable)
extension Inflater: Sendable {}
