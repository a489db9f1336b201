// The record layer of an established TLS 1.3 connection: records in, plaintext out, and back.
internal import COpenSSL

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// What takes the place of libssl behind a server's TLS 1.3 handshake.
///
/// libssl sets the connection up and is then done with: a request through its record layer costs 12,000
/// instructions and 10 KiB of memory, most of it not cryptography. Ciphers, hashes and their
/// constant-time comparisons are libcrypto's here as there. What a client may send behind the handshake is
/// little: data, KeyUpdate, alerts; the rest is refused. Source: RFC 8446 sections 4.6.3, 5 and 6.
struct RecordLayer: ~Copyable {
    private var reading: RecordCipher
    private var writing: RecordCipher
    /// A record that has begun to arrive.
    private var part = RecordPart()
    /// Plaintext for which the caller had no room, from `pendingOffset` on.
    private var pending = RecordPart()
    private var pendingOffset = 0
    /// A KeyUpdate that has begun to arrive, which may be in several records.
    private var message: (UInt64, count: Int) = (0, 0)
    /// Records in a row that brought no data.
    private var idleRecords = 0
    /// Whether the peer's next keys, or the age of ours, ask for a KeyUpdate before what is written next.
    private var owesKeyUpdate = false
    private var hasPeerClosed = false
    private var hasClosed = false
    private var hasFailed = false

    /// Records in a row without data that are taken; libssl takes as many.
    private static let maxIdleRecords = 32
    /// Records under one key: below the 2^24.5 of RFC 8446 section 5.5 for AES-GCM.
    private let maxRecordsPerKey: UInt64

    init(
        reading: consuming RecordCipher,
        writing: consuming RecordCipher,
        maxRecordsPerKey: UInt64 = 1 << 23
    ) {
        self.reading = reading
        self.writing = writing
        self.maxRecordsPerKey = maxRecordsPerKey
    }

    /// Bytes of records and plaintext that it holds.
    var heldBytes: Int { part.capacity &+ pending.capacity }

    /// Whether part of a record, or of its plaintext, waits.
    var isInsideRecord: Bool { part.count > 0 || pending.count > 0 }

    // MARK: Reading

    /// As `TLSSession.read`.
    @inline(__always)
    mutating func read(
        into room: UnsafeMutableRawBufferPointer,
        _ buffers: TLSBuffers
    ) -> TLSProgress {
        if pending.count > 0 { return takePending(room) }
        while true {
            if hasFailed { return failure("TLS read failed", "the session has failed") }
            if hasPeerClosed { return .closed }
            var input = buffers.remainingInput
            if part.count > 0 || !RecordLayer.holdsWholeRecord(input) {
                guard let progress = readInParts(room, &input, buffers) else { continue }
                return progress
            }
            guard let start = input.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
                return .incomplete
            }
            let bodyCount = RecordLayer.bodyCount(start)
            if let error = checkHeader(start, buffers) { return error }
            buffers.skipInput(RecordCipher.headerBytes &+ bodyCount)
            if let progress = take(start, bodyCount, room, buffers) { return progress }
        }
    }

    /// Whether `input` begins with a record that is all there.
    @inline(__always)
    private static func holdsWholeRecord(_ input: UnsafeRawBufferPointer) -> Bool {
        if input.count < RecordCipher.headerBytes { return false }
        let length = Int(input[3]) &<< 8 | Int(input[4])
        return input.count &- RecordCipher.headerBytes >= length
    }

    // SAFETY: both take the beginning of at least a header's 5 bytes.
    @inline(__always)
    private static func bodyCount(_ header: UnsafePointer<UInt8>) -> Int {
        Int(header[3]) &<< 8 | Int(header[4])
    }

    /// Why the record of `header` is refused before it is opened; nil if it is not.
    @inline(__always)
    private mutating func checkHeader(
        _ header: UnsafePointer<UInt8>,
        _ buffers: TLSBuffers
    ) -> TLSProgress? {
        let count = RecordLayer.bodyCount(header)
        if header[0] == RecordType.applicationData.rawValue, header[1] == 3,
            count > RecordCipher.tagBytes, count <= RecordCipher.maxBodyBytes
        {
            return nil
        }
        return refuseHeader(header, buffers)
    }

    @inline(never)
    private mutating func refuseHeader(
        _ header: UnsafePointer<UInt8>,
        _ buffers: TLSBuffers
    ) -> TLSProgress {
        let count = RecordLayer.bodyCount(header)
        if header[0] != RecordType.applicationData.rawValue {
            return fail(.unexpectedMessage, "unprotected record of type \(header[0])", buffers)
        }
        if header[1] != 3 { return fail(.decodeError, "wrong version number", buffers) }
        if count > RecordCipher.maxBodyBytes {
            return fail(.recordOverflow, "record of \(count) bytes is too long", buffers)
        }
        return fail(.decodeError, "record of \(count) bytes is too short", buffers)
    }

    /// Goes on with a record that did not arrive whole; nil where it brought nothing for the caller.
    @inline(never)
    private mutating func readInParts(
        _ room: UnsafeMutableRawBufferPointer,
        _ input: inout UnsafeRawBufferPointer,
        _ buffers: TLSBuffers
    ) -> TLSProgress? {
        if input.isEmpty { return .incomplete }
        let header = RecordCipher.headerBytes
        let before = input.count
        defer { buffers.skipInput(before - input.count) }
        if !part.reserve(header) { return outOfMemory(buffers) }
        if !part.fill(header, from: &input) { return .incomplete }
        guard let start = part.bytes else { return .incomplete }
        if let error = checkHeader(start, buffers) { return error }
        let bodyCount = RecordLayer.bodyCount(start)
        if !part.reserve(header + bodyCount) { return outOfMemory(buffers) }
        if !part.fill(header + bodyCount, from: &input) { return .incomplete }
        guard let record = part.bytes else { return .incomplete }
        defer { part.release() }
        return take(record, bodyCount, room, buffers)
    }

    /// Opens a whole record; nil where it brought nothing for the caller.
    @inline(__always)
    private mutating func take(
        _ record: UnsafePointer<UInt8>,
        _ bodyCount: Int,
        _ room: UnsafeMutableRawBufferPointer,
        _ buffers: TLSBuffers
    ) -> TLSProgress? {
        let innerRoom = bodyCount &- RecordCipher.tagBytes
        guard room.count >= innerRoom, let base = room.baseAddress else {
            return takeAside(record, bodyCount, room, buffers)
        }
        let output = base.assumingMemoryBound(to: UInt8.self)
        guard let inner = reading.open(record, bodyCount, into: output) else {
            return fail(.badRecordMAC, "bad record mac", buffers)
        }
        let content = RecordLayer.contentCount(output, inner)
        if content > 0, output[content] == RecordType.applicationData.rawValue, message.count == 0,
            content <= RecordCipher.maxContentBytes
        {
            idleRecords = 0
            return .done(content)
        }
        return takeOther(UnsafeRawBufferPointer(start: output, count: inner), content, buffers)
    }

    /// As `take`, where the caller's room is too small for the record.
    @inline(never)
    private mutating func takeAside(
        _ record: UnsafePointer<UInt8>,
        _ bodyCount: Int,
        _ room: UnsafeMutableRawBufferPointer,
        _ buffers: TLSBuffers
    ) -> TLSProgress? {
        let innerRoom = bodyCount - RecordCipher.tagBytes
        if !pending.reserve(innerRoom) { return outOfMemory(buffers) }
        guard let bytes = pending.bytes else { return .incomplete }
        let block = UnsafeMutableRawBufferPointer(start: bytes, count: innerRoom)
        // It fits this time, so this does not lead back here.
        guard case .done(let count) = take(record, bodyCount, block, buffers) else {
            pending.release()
            return hasFailed
                ? failure("TLS read failed", "the session has failed")
                : hasPeerClosed ? .closed : nil
        }
        pending.written(count)
        pendingOffset = 0
        return takePending(room)
    }

    private mutating func takePending(_ room: UnsafeMutableRawBufferPointer) -> TLSProgress {
        let count = min(room.count, pending.count - pendingOffset)
        if count > 0, let target = room.baseAddress, let source = pending.bytes {
            // SAFETY: both hold `count` bytes from there on.
            memcpy(target, source + pendingOffset, count)
        }
        pendingOffset += count
        if pendingOffset == pending.count { pending.release() }
        return .done(count)
    }

    /// Where the type of an inner plaintext of `count` bytes is: its last byte that is not 0; -1 if there is
    /// none.
    @inline(__always)
    private static func contentCount(_ inner: UnsafePointer<UInt8>, _ count: Int) -> Int {
        var index = count &- 1
        while index >= 0, inner[index] == 0 { index &-= 1 }
        return index
    }

    /// A record that is not data, or is empty or wrong; nil where it brought nothing for the caller.
    ///
    /// `content` is where its type is, -1 if it has none.
    @inline(never)
    private mutating func takeOther(
        _ inner: UnsafeRawBufferPointer,
        _ content: Int,
        _ buffers: TLSBuffers
    ) -> TLSProgress? {
        if content < 0 { return fail(.unexpectedMessage, "record without a type", buffers) }
        if content > RecordCipher.maxContentBytes {
            return fail(.recordOverflow, "record of \(content) bytes is too long", buffers)
        }
        let type = RecordType(rawValue: inner[content])
        // KeyUpdates have a limit of their own.
        if type != .handshake { idleRecords += 1 }
        if idleRecords > RecordLayer.maxIdleRecords {
            return fail(.unexpectedMessage, "too many records without data", buffers)
        }
        if message.count > 0, type != .handshake {
            return fail(.unexpectedMessage, "record within a message", buffers)
        }
        let bytes = UnsafeRawBufferPointer(rebasing: inner[..<content])
        switch type {
        case .applicationData: return nil
        case .alert: return takeAlert(bytes, buffers)
        case .handshake: return takeHandshake(bytes, buffers)
        case nil: return fail(.unexpectedMessage, "record of type \(inner[content])", buffers)
        }
    }

    /// Layout: `[level: UInt8][description: UInt8]`.
    private mutating func takeAlert(
        _ bytes: UnsafeRawBufferPointer,
        _ buffers: TLSBuffers
    ) -> TLSProgress? {
        if bytes.count != 2 { return fail(.decodeError, "alert of \(bytes.count) bytes", buffers) }
        switch AlertDescription(rawValue: bytes[1]) {
        case .closeNotify:
            hasPeerClosed = true
            return .closed
        case .userCanceled: return nil
        default:
            // The peer has ended the session; nothing is said to it any more.
            hasFailed = true
            let text = SSL_alert_desc_string_long(Int32(bytes[1])).map { String(cString: $0) } ?? ""
            return failure("TLS read failed", "alert \(text)")
        }
    }

    /// The one message that a client may send: KeyUpdate, `[24][0][0][1][request: UInt8]`.
    ///
    /// Source: RFC 8446 section 4.6.3.
    private mutating func takeHandshake(
        _ bytes: UnsafeRawBufferPointer,
        _ buffers: TLSBuffers
    ) -> TLSProgress? {
        if bytes.isEmpty { return fail(.unexpectedMessage, "empty handshake record", buffers) }
        for byte in bytes {
            if message.count == 5 {
                return fail(.unexpectedMessage, "bytes behind a KeyUpdate", buffers)
            }
            message.0 = message.0 << 8 | UInt64(byte)
            message.count += 1
            let known = UInt64(0x18_0000_01) >> UInt64(8 * max(0, 4 - message.count))
            let begun = message.count == 5 ? message.0 >> 8 : message.0
            if begun != known { return fail(.unexpectedMessage, "unexpected message", buffers) }
        }
        if message.count < 5 { return nil }
        let request = message.0 & 0xFF
        message = (0, 0)
        if request > 1 { return fail(.illegalParameter, "bad KeyUpdate", buffers) }
        buffers.countKeyUpdate()
        if buffers.keyUpdates > TLSBuffers.maxKeyUpdatesPerInput {
            return fail(.unexpectedMessage, "too many key updates", buffers)
        }
        if !reading.update() { return fail(.internalError, "KeyUpdate failed", buffers) }
        if request == 1 { owesKeyUpdate = true }
        return nil
    }

    // MARK: Writing

    /// As `TLSSession.write`.
    @inline(__always)
    mutating func write(
        _ plaintext: UnsafeRawBufferPointer,
        _ buffers: TLSBuffers
    ) -> TLSProgress {
        if hasFailed || hasClosed { return failure("TLS write failed", "the session is closed") }
        if owesKeyUpdate || writing.sequence >= maxRecordsPerKey {
            if !writeKeyUpdate(buffers) { return fail(.internalError, "KeyUpdate failed", buffers) }
        }
        var offset = 0
        while offset < plaintext.count {
            let count = min(plaintext.count &- offset, RecordCipher.maxContentBytes)
            let content = UnsafeRawBufferPointer(rebasing: plaintext[offset..<(offset &+ count)])
            if !writeRecord(content, .applicationData, buffers) {
                return fail(.internalError, "cannot seal a record", buffers)
            }
            offset &+= count
        }
        return .done(offset)
    }

    @inline(__always)
    private mutating func writeRecord(
        _ content: UnsafeRawBufferPointer,
        _ type: RecordType,
        _ buffers: TLSBuffers
    ) -> Bool {
        let count = RecordCipher.sealedBytes(content.count)
        guard let room = buffers.reserveOutput(count) else { return false }
        if !writing.seal(content, type, into: room) { return false }
        buffers.noteOutput(count)
        return true
    }

    @inline(never)
    private mutating func writeKeyUpdate(_ buffers: TLSBuffers) -> Bool {
        owesKeyUpdate = false
        let bytes: [UInt8] = [24, 0, 0, 1, 0]
        return bytes.withUnsafeBytes { writeRecord($0, .handshake, buffers) } && writing.update()
    }

    /// Writes close_notify, once; nothing can be written behind it.
    mutating func close(_ buffers: TLSBuffers) {
        if hasClosed || hasFailed { return }
        hasClosed = true
        writeAlert(level: 1, .closeNotify, buffers)
    }

    private mutating func writeAlert(
        level: UInt8,
        _ description: AlertDescription,
        _ buffers: TLSBuffers
    ) {
        let bytes = [level, description.rawValue]
        // An alert that cannot be written is one that the peer will not see; the session ends all the same.
        _ = bytes.withUnsafeBytes { writeRecord($0, .alert, buffers) }
    }

    // MARK: Failing

    /// Ends the session, tells the peer why, and gives back what was held: nobody may look at the record at
    /// hand afterwards.
    @inline(never)
    private mutating func fail(
        _ description: AlertDescription,
        _ reason: String,
        _ buffers: TLSBuffers
    ) -> TLSProgress {
        hasFailed = true
        part.release()
        pending.release()
        if !hasClosed { writeAlert(level: 2, description, buffers) }
        return failure("TLS read failed", reason)
    }

    private mutating func outOfMemory(_ buffers: TLSBuffers) -> TLSProgress {
        fail(.internalError, "out of memory", buffers)
    }

    private func failure(_ context: String, _ reason: String) -> TLSProgress {
        // What libcrypto says of a tag that does not fit is nothing, or of no use to anybody.
        clearErrors()
        return .failed(TLSError(context, stack: [reason]))
    }
}
