// Compressing messages, each by itself.
//
// Source: RFC 7692 section 7.2.1.
internal import CZlib
internal import Core

/// One loop's compressor for one size of window.
///
/// It takes a quarter of a MiB with the largest window, and keeps nothing from one message to the next.
final class Deflater {
    // SAFETY: allocated and set up in `init`, ended and freed in `deinit`; zlib wants it never to move.
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

    /// Makes a compressor with a window of 2 to the power of `windowBits` bytes, 9 to 15; nil if zlib has
    /// no memory.
    init?(windowBits: Int) {
        stream.initialize(to: z_stream())
        // The fastest level: the loop serves nobody else meanwhile.
        if zlib_deflate_init_shim(stream, Z_BEST_SPEED, Int32(windowBits)) != Z_OK {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Appends `bytes` compressed; false, with `output` as it was, if that is no shorter.
    func append(_ bytes: Span<UInt8>, to output: inout ByteBuffer) -> Bool {
        if bytes.isEmpty { return false }
        let before = output.count
        var isGood = false
        output.withSpareRoom(bytes.count) { room in
            // SAFETY: zlib reads `bytes.count` bytes and writes as many at most, both during the calls.
            bytes.withUnsafeBufferPointer { input in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(clamping: input.count)
                stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32(clamping: bytes.count)
                let status = deflate(stream, Z_SYNC_FLUSH)
                // With no room left there may be more to come.
                isGood =
                    status == Z_OK && stream.pointee.avail_in == 0 && stream.pointee.avail_out > 0
                deflateReset(stream)
            }
            return bytes.count - Int(stream.pointee.avail_out)
        }
        // What it ends with, an empty block, is left out: 00 00 FF FF.
        let count = output.count - before - 4
        guard isGood, count > 0 else {
            output.truncate(to: before)
            return false
        }
        output.truncate(to: before + count)
        return true
    }
}

@available(*, unavailable)
extension Deflater: Sendable {}
