// Memory that OpenSSL writes text to: one BIO and its owner.
internal import COpenSSL

/// A memory BIO, for what OpenSSL can only write to a BIO.
struct MemoryBIO: ~Copyable {
    // SAFETY: a live BIO owned by this value alone; calls borrow it, `deinit` frees it.
    let pointer: OpaquePointer

    /// Makes an empty one; if `wiped`, its memory is overwritten when it is freed.
    init(wiped: Bool) throws(CryptoError) {
        pointer = try openSSL("reserve memory") { BIO_new(wiped ? BIO_s_secmem() : BIO_s_mem()) }
    }

    deinit {
        BIO_free_all(pointer)
    }

    /// Takes out everything written so far.
    func read() throws(CryptoError) -> [UInt8] {
        let count = BIO_ctrl_pending(pointer)
        var bytes = [UInt8](repeating: 0, count: count)
        var taken = 0
        // SAFETY: the array is passed as `count` writable bytes, and only for the call.
        try openSSL("read from memory") { BIO_read_ex(pointer, &bytes, count, &taken) }
        bytes.removeLast(count - taken)
        return bytes
    }
}
