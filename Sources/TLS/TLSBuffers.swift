// The ciphertext that goes in and comes out: one pair for all sessions of a loop.
internal import COpenSSL

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// The two ends of every session's BIO on one loop: ciphertext to read, and what was written.
///
/// A session never keeps ciphertext here: whoever feeds input lets one session use it up, and takes the
/// output away, before the next session's turn. libssl itself keeps records that are not complete.
public final class TLSBuffers {
    // SAFETY: allocated in `init`, freed in `deinit`; sessions point to it and hold a reference to this
    // object, so it outlives each BIO. Only the loop's thread touches it.
    let pointer: UnsafeMutablePointer<sallyport_bio_buffers>

    /// Bytes of output memory kept between turns; more than this is given back.
    static let keptOutputBytes = 1 << 20

    /// Makes a pair with no input and no output.
    public init() {
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: sallyport_bio_buffers())
    }

    deinit {
        free(pointer.pointee.output)
        pointer.deallocate()
    }

    /// Offers `bytes` as the ciphertext to read; they must stay in place until `clearInput`.
    public func setInput(_ bytes: UnsafeRawBufferPointer) {
        pointer.pointee.input = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        pointer.pointee.input_count = bytes.count
        pointer.pointee.key_updates = 0
    }

    /// KeyUpdate messages that a session has read of this input.
    public var keyUpdates: Int { pointer.pointee.key_updates }

    /// KeyUpdate messages of one input above which reading it fails: each costs as much as a request, and
    /// libssl reads all that arrived before it returns.
    public static let maxKeyUpdatesPerInput = 64

    /// Withdraws what is left of the input.
    public func clearInput() {
        pointer.pointee.input = nil
        pointer.pointee.input_count = 0
    }

    /// The input that has not been read; valid until `clearInput`.
    public var remainingInput: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: pointer.pointee.input, count: pointer.pointee.input_count)
    }

    /// How much of the input has not been read.
    public var remainingInputBytes: Int { pointer.pointee.input_count }

    /// The ciphertext written since `clearOutput`; valid until the next call to a session.
    public var output: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: pointer.pointee.output,
            count: pointer.pointee.output_count
        )
    }

    /// How much ciphertext was written since `clearOutput`.
    public var outputBytes: Int { pointer.pointee.output_count }

    /// Passes over the first `count` bytes of the input, of which there are that many.
    @inline(__always)
    func skipInput(_ count: Int) {
        // SAFETY: whoever calls has read `count` bytes of `remainingInput`.
        pointer.pointee.input? += count
        pointer.pointee.input_count -= count
    }

    /// Counts a KeyUpdate message of the present input.
    func countKeyUpdate() { pointer.pointee.key_updates += 1 }

    /// Room for `count` more bytes behind the output; nil where memory is out.
    @inline(__always)
    func reserveOutput(_ count: Int) -> UnsafeMutablePointer<UInt8>? {
        TLSBuffers.reserve(count, pointer)
    }

    /// Notes that `count` more bytes are output, for which `reserveOutput` made room.
    @inline(__always)
    func noteOutput(_ count: Int) { pointer.pointee.output_count += count }

    /// As `reserveOutput`, for the BIO's callback.
    @inline(__always)
    static func reserve(
        _ count: Int,
        _ buffers: UnsafeMutablePointer<sallyport_bio_buffers>
    ) -> UnsafeMutablePointer<UInt8>? {
        let needed = buffers.pointee.output_count &+ count
        if needed > buffers.pointee.output_capacity, !grow(needed, buffers) { return nil }
        // SAFETY: the block holds `needed` bytes, of which `output_count` are taken.
        return buffers.pointee.output.map { $0 + buffers.pointee.output_count }
    }

    @inline(never)
    private static func grow(
        _ needed: Int,
        _ buffers: UnsafeMutablePointer<sallyport_bio_buffers>
    ) -> Bool {
        let capacity = max(needed, buffers.pointee.output_capacity * 2, 32 << 10)
        guard let block = realloc(buffers.pointee.output, capacity) else { return false }
        buffers.pointee.output = block.assumingMemoryBound(to: UInt8.self)
        buffers.pointee.output_capacity = capacity
        return true
    }

    /// Forgets the output behind its first `count` bytes.
    public func truncateOutput(to count: Int) {
        if count == 0 { return clearOutput() }
        pointer.pointee.output_count = min(pointer.pointee.output_count, max(0, count))
    }

    /// Forgets the output; a block above 1 MiB is given back.
    public func clearOutput() {
        pointer.pointee.output_count = 0
        if pointer.pointee.output_capacity > TLSBuffers.keptOutputBytes {
            free(pointer.pointee.output)
            pointer.pointee.output = nil
            pointer.pointee.output_capacity = 0
        }
    }
}

@available(*, unavailable)
extension TLSBuffers: Sendable {}
