// A record layer and the peer that a test plays: both directions' keys, without a handshake.
import COpenSSL
import Testing

@testable import TLS

/// The server's record layer, and what seals and opens records at its other end.
final class RecordEnds {
    private let suites = RecordSuites()
    let buffers = TLSBuffers()
    private var layer: RecordLayer
    private var sealing: RecordCipher
    private var opening: RecordCipher
    /// What the last step came to.
    private(set) var progress = TLSProgress.incomplete
    private(set) var received: [UInt8] = []

    init(suite number: UInt16 = 0x1301, maxRecordsPerKey: UInt64 = 1 << 23) throws {
        let suite = try #require(suites[number])
        func cipher(_ fill: String, isSealing: Bool) throws -> RecordCipher? {
            var secret = TrafficSecret()
            let count = Int(EVP_MD_get_size(suite.digest))
            let text = Array(String(repeating: fill, count: count).utf8)
            let isSet = text.withUnsafeBufferPointer { secret.set(hexadecimal: $0) }
            #expect(isSet)
            return RecordCipher.make(suite, &secret, isSealing: isSealing, sequence: 0)
        }
        guard let reading = try cipher("a1", isSealing: false),
            let writing = try cipher("b2", isSealing: true),
            let sealing = try cipher("a1", isSealing: true),
            let opening = try cipher("b2", isSealing: false)
        else { throw TLSError("cannot make ciphers") }
        layer = RecordLayer(
            reading: reading,
            writing: writing,
            maxRecordsPerKey: maxRecordsPerKey
        )
        self.sealing = sealing
        self.opening = opening
    }

    var heldBytes: Int { layer.heldBytes }
    var isInsideRecord: Bool { layer.isInsideRecord }

    /// The peer's record of `content` and `type`, with `padding` zeros behind.
    func record(_ content: [UInt8], _ type: UInt8 = 23, padding: Int = 0) -> [UInt8] {
        // The last byte of the inner plaintext goes where the type does, so anything can be sealed.
        let inner = content + [type] + [UInt8](repeating: 0, count: padding)
        return sealed(inner)
    }

    /// The peer's record with just this inside: content, type and padding.
    func sealed(_ inner: [UInt8]) -> [UInt8] {
        var room = [UInt8](repeating: 0, count: inner.count + 5 + 16)
        let isSealed = room.withUnsafeMutableBufferPointer { room in
            inner.withUnsafeBytes { bytes in
                room.baseAddress.map { sealing.seal(inner: bytes, into: $0) } ?? false
            }
        }
        #expect(isSealed)
        return room
    }

    /// The peer goes on with its next key.
    func updateSealing() {
        let isUpdated = sealing.update()
        #expect(isUpdated)
    }

    /// The other end goes on with the server's next key.
    func updateOpening() {
        let isUpdated = opening.update()
        #expect(isUpdated)
    }

    /// Gives the layer `ciphertext` and reads until it has no more; what it wrote.
    @discardableResult
    func feed(_ ciphertext: [UInt8], room: Int = 20_000) -> [UInt8] {
        ciphertext.withUnsafeBytes { bytes in
            buffers.setInput(bytes)
            var space = [UInt8](repeating: 0, count: room)
            while true {
                progress = space.withUnsafeMutableBytes { layer.read(into: $0, buffers) }
                guard case .done(let count) = progress else { break }
                received += space.prefix(count)
            }
            buffers.clearInput()
        }
        return takeOutput()
    }

    func write(_ plaintext: [UInt8]) -> [UInt8] {
        progress = plaintext.withUnsafeBytes { layer.write($0, buffers) }
        return takeOutput()
    }

    func close() -> [UInt8] {
        layer.close(buffers)
        return takeOutput()
    }

    private func takeOutput() -> [UInt8] {
        let output = Array(buffers.output)
        buffers.clearOutput()
        return output
    }

    /// What is inside the records of `ciphertext`: the contents, with their types.
    func opened(_ ciphertext: [UInt8]) throws -> [(content: [UInt8], type: UInt8)] {
        try records(ciphertext).map { record in
            var room = [UInt8](repeating: 0, count: record.count)
            let inner = room.withUnsafeMutableBufferPointer { room in
                record.withUnsafeBufferPointer { bytes -> Int? in
                    guard let target = room.baseAddress, let source = bytes.baseAddress else {
                        return nil
                    }
                    return opening.open(source, bytes.count - 5, into: target)
                }
            }
            let count = try #require(inner, "a record of the server does not open")
            return (Array(room[..<(count - 1)]), room[count - 1])
        }
    }

    /// The alert that `ciphertext` is; nil if it is something else.
    func alert(_ ciphertext: [UInt8]) throws -> AlertDescription? {
        let inside = try opened(ciphertext)
        guard inside.count == 1, inside[0].type == 21, inside[0].content.count == 2 else {
            return nil
        }
        return AlertDescription(rawValue: inside[0].content[1])
    }

    var failure: String? {
        if case .failed(let error) = progress { error.stack.first } else { nil }
    }
}
