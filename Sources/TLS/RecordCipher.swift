// One direction of a TLS 1.3 connection: its key, its nonce, and the records that were protected with them.
internal import COpenSSL

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// Seals records, or opens them: libcrypto's cipher under the present traffic key.
///
/// Layout of a record: `[23][3][3][length: UInt16 BE][ciphertext][tag: 16 bytes]`; the header is what is
/// authenticated beside. Layout of what is inside: `[content][type: UInt8][zeros]`. The nonce of record
/// `n` is the 12-byte IV whose last 8 bytes are exclusive-ored with `n`, big-endian. Source: RFC 8446
/// sections 5.2 and 5.3.
struct RecordCipher: ~Copyable {
    // SAFETY: owned, freed in `deinit`.
    private let context: OpaquePointer
    private let suite: RecordSuite
    private let isSealing: Bool
    private var secret = TrafficSecret()
    private var firstWords: UInt32 = 0
    private var lastWords: UInt64 = 0
    /// Records since the key was last changed.
    private(set) var sequence: UInt64 = 0

    static let headerBytes = 5
    static let tagBytes = 16
    /// The most content of a record (RFC 8446 section 5.1).
    static let maxContentBytes = 1 << 14
    /// The most that may follow a header (section 5.2).
    static let maxBodyBytes = maxContentBytes + 256
    /// What comes of `count` bytes of content, as this server seals them: without padding.
    @inline(__always)
    static func sealedBytes(_ count: Int) -> Int { headerBytes &+ count &+ 1 &+ tagBytes }

    /// Makes one of `secret`, which it takes, that has dealt with `sequence` records; nil only where OpenSSL
    /// fails.
    static func make(
        _ suite: RecordSuite,
        _ secret: inout TrafficSecret,
        isSealing: Bool,
        sequence: UInt64
    ) -> RecordCipher? {
        guard let context = EVP_CIPHER_CTX_new() else { return nil }
        var made = RecordCipher(owning: context, suite, isSealing: isSealing)
        made.secret.take(&secret)
        let mode: Int32 = isSealing ? 1 : 0
        if EVP_CipherInit_ex2(context, suite.cipher, nil, nil, mode, nil) != 1 { return nil }
        if !made.setKeys() { return nil }
        made.sequence = sequence
        return made
    }

    private init(owning context: OpaquePointer, _ suite: RecordSuite, isSealing: Bool) {
        self.context = context
        self.suite = suite
        self.isSealing = isSealing
    }

    deinit {
        EVP_CIPHER_CTX_free(context)
    }

    /// Goes on with the next key, behind a KeyUpdate; false only where OpenSSL fails.
    mutating func update() -> Bool {
        secret.advance(suite.digest) && setKeys()
    }

    private mutating func setKeys() -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 48, alignment: 8) { room in
            defer { OPENSSL_cleanse(room.baseAddress, room.count) }
            let key = UnsafeMutableRawBufferPointer(rebasing: room[..<suite.keyBytes])
            let vector = UnsafeMutableRawBufferPointer(rebasing: room[32..<44])
            guard secret.expand("tls13 key", suite.digest, into: key),
                secret.expand("tls13 iv", suite.digest, into: vector)
            else { return false }
            firstWords = vector.loadUnaligned(fromByteOffset: 0, as: UInt32.self)
            lastWords = vector.loadUnaligned(fromByteOffset: 4, as: UInt64.self)
            sequence = 0
            let bytes = key.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return EVP_CipherInit_ex(context, nil, nil, bytes, nil, -1) == 1
        }
    }

    /// Sets the nonce of the next record.
    @inline(__always)
    private mutating func beginRecord() -> Bool {
        // SAFETY: 12 bytes within the 16 of the tuple.
        var nonce: (UInt64, UInt64) = (0, 0)
        let last = lastWords ^ sequence.bigEndian
        sequence &+= 1
        return withUnsafeMutableBytes(of: &nonce) { bytes in
            bytes.storeBytes(of: firstWords, toByteOffset: 0, as: UInt32.self)
            bytes.storeBytes(of: last, toByteOffset: 4, as: UInt64.self)
            let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return EVP_CipherInit_ex(context, nil, nil, nil, start, -1) == 1
        }
    }

    /// Seals `content` as a record of the inner `type`; false only where OpenSSL fails.
    ///
    /// `record` has room for `sealedBytes(content.count)`, which is what it holds then; `content` is no longer
    /// than `maxContentBytes`.
    @inline(__always)
    mutating func seal(
        _ content: UnsafeRawBufferPointer,
        _ type: RecordType,
        into record: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        assert(content.count <= RecordCipher.maxContentBytes)
        let start = record + RecordCipher.headerBytes
        // SAFETY: the caller has room for all of it.
        if let source = content.baseAddress { memcpy(start, source, content.count) }
        start[content.count] = type.rawValue
        return sealInPlace(content.count &+ 1, record)
    }

    /// As `seal`, of content, type and padding together: for tests that send what no peer should.
    mutating func seal(
        inner: UnsafeRawBufferPointer,
        into record: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        // SAFETY: the caller has room for the header, all of `inner`, and a tag.
        if let source = inner.baseAddress {
            memcpy(record + RecordCipher.headerBytes, source, inner.count)
        }
        return sealInPlace(inner.count, record)
    }

    /// Makes a record of `inner` bytes of plaintext that stand where they belong in it.
    private mutating func sealInPlace(
        _ inner: Int,
        _ record: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        assert(isSealing)
        let body = inner &+ RecordCipher.tagBytes
        record[0] = RecordType.applicationData.rawValue
        record[1] = 3
        record[2] = 3
        record[3] = UInt8(truncatingIfNeeded: body &>> 8)
        record[4] = UInt8(truncatingIfNeeded: body)
        let start = record + RecordCipher.headerBytes
        var written: Int32 = 0
        if !beginRecord()
            || EVP_EncryptUpdate(context, nil, &written, record, Int32(RecordCipher.headerBytes))
                != 1
            || EVP_EncryptUpdate(context, start, &written, start, Int32(truncatingIfNeeded: inner))
                != 1
            || EVP_EncryptFinal_ex(context, start + inner, &written) != 1
        {
            return false
        }
        let tag = Int32(RecordCipher.tagBytes)
        return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag, start + inner) == 1
    }

    /// Opens `record`, which has a body of `bodyCount` bytes behind its header, at least a tag's; the length of
    /// what is inside, or nil if it is not what the peer sealed.
    ///
    /// `output` has room for `bodyCount` less the tag. It may be written to even where nil is returned, and
    /// must not be looked at then.
    mutating func open(
        _ record: UnsafePointer<UInt8>,
        _ bodyCount: Int,
        into output: UnsafeMutablePointer<UInt8>
    ) -> Int? {
        assert(!isSealing && bodyCount >= RecordCipher.tagBytes)
        let inner = bodyCount &- RecordCipher.tagBytes
        let start = record + RecordCipher.headerBytes
        // SAFETY: the tag is only read, whatever the type of the call's argument says.
        let tag = UnsafeMutablePointer(mutating: start + inner)
        let tagCount = Int32(RecordCipher.tagBytes)
        var written: Int32 = 0
        if !beginRecord()
            || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tagCount, tag) != 1
            || EVP_DecryptUpdate(context, nil, &written, record, Int32(RecordCipher.headerBytes))
                != 1
            || EVP_DecryptUpdate(context, output, &written, start, Int32(truncatingIfNeeded: inner))
                != 1
            || EVP_DecryptFinal_ex(context, output + inner, &written) != 1
        {
            return nil
        }
        return inner
    }
}

/// What a record's content is (RFC 8446 section 5.1).
enum RecordType: UInt8 {
    case alert = 21
    case handshake = 22
    case applicationData = 23
}

/// What an alert says (RFC 8446 section 6).
enum AlertDescription: UInt8 {
    case closeNotify = 0
    case unexpectedMessage = 10
    case badRecordMAC = 20
    case recordOverflow = 22
    case illegalParameter = 47
    case decodeError = 50
    case internalError = 80
    case userCanceled = 90
}
