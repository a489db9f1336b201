// The custom BIO: libssl reads and writes the loop's buffers, with one copy and no memory BIO.
internal import COpenSSL

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// The BIO method whose instances read and write a `sallyport_bio_buffers`.
///
/// Source: BIO_meth_new(3). The data pointer is borrowed: a `TLSSession` keeps its `TLSBuffers` alive.
enum BufferBIO {
    // SAFETY: made once, never changed or freed afterwards; OpenSSL only reads it.
    nonisolated(unsafe) private static let method: OpaquePointer? = {
        let type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
        guard let method = BIO_meth_new(type, "sallyport buffers") else { return nil }
        BIO_meth_set_create(method) { bio in
            BIO_set_init(bio, 1)
            return 1
        }
        BIO_meth_set_read(method, readCallback)
        BIO_meth_set_write(method, writeCallback)
        BIO_meth_set_ctrl(method) { _, command, _, _ in
            command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP ? 1 : 0
        }
        return method
    }()

    /// Makes a BIO over `buffers`; the caller owns it until it gives it to an SSL.
    static func make(over buffers: TLSBuffers) throws(TLSError) -> OpaquePointer {
        guard let bio = BIO_new(method) else { throw TLSError.taking("cannot make a BIO") }
        BIO_set_data(bio, buffers.pointer)
        return bio
    }
}

private func readCallback(
    _ bio: OpaquePointer?,
    _ destination: UnsafeMutablePointer<CChar>?,
    _ room: Int32
) -> Int32 {
    BIO_clear_retry_flags_shim(bio)
    // SAFETY: `make` set the data pointer to a live `sallyport_bio_buffers`.
    guard let data = BIO_get_data(bio), let destination, room > 0 else { return -1 }
    let buffers = data.assumingMemoryBound(to: sallyport_bio_buffers.self)
    let count = min(Int(room), buffers.pointee.input_count)
    if buffers.pointee.key_updates > TLSBuffers.maxKeyUpdatesPerInput { return -1 }
    guard count > 0, let input = buffers.pointee.input else {
        BIO_set_retry_read_shim(bio)
        return -1
    }
    // SAFETY: `count` is at most the room that libssl gave and at most what is left of the input.
    memcpy(destination, input, count)
    buffers.pointee.input = input + count
    buffers.pointee.input_count -= count
    return Int32(truncatingIfNeeded: count)
}

private func writeCallback(
    _ bio: OpaquePointer?,
    _ source: UnsafePointer<CChar>?,
    _ count: Int32
) -> Int32 {
    BIO_clear_retry_flags_shim(bio)
    // SAFETY: `make` set the data pointer to a live `sallyport_bio_buffers`.
    guard let data = BIO_get_data(bio), let source, count > 0 else { return -1 }
    let buffers = data.assumingMemoryBound(to: sallyport_bio_buffers.self)
    guard let room = TLSBuffers.reserve(Int(count), buffers) else { return -1 }
    // SAFETY: there is room for `count` bytes.
    memcpy(room, source, Int(count))
    buffers.pointee.output_count += Int(count)
    return count
}
