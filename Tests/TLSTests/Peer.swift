// One end of a connection in memory: a session, its buffers, and what came out of it.
import Testing

@testable import TLS

/// How ciphertext is cut on its way.
enum Pieces: Sendable {
    case whole
    case bytes
    /// Pieces of 1 to 3,000 bytes, the same for the same seed.
    case random(seed: UInt64)

    func cut(_ bytes: [UInt8]) -> [[UInt8]] {
        switch self {
        case .whole: return [bytes]
        case .bytes: return bytes.map { [$0] }
        case .random(let seed):
            var random = SeededGenerator(state: seed)
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...3000, using: &random))
                pieces.append(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            return pieces
        }
    }
}

/// SplitMix64: random numbers that a seed repeats.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

final class Peer {
    let session: TLSSession
    let buffers: TLSBuffers
    /// The plaintext that was read.
    private(set) var received: [UInt8] = []
    /// What the last step came to, where it was not `.done`.
    private(set) var progress = TLSProgress.incomplete

    init(
        _ context: TLSContext,
        serverName: String? = nil,
        buffers: TLSBuffers = TLSBuffers(),
        suspendsAtHello: Bool = false
    ) throws {
        self.buffers = buffers
        session = try TLSSession(
            context,
            buffers,
            serverName: serverName,
            suspendsAtHello: suspendsAtHello
        )
    }

    var error: TLSError? {
        if case .failed(let error) = progress { error } else { nil }
    }

    /// Forgets what was read.
    func reset() { received = [] }

    /// Gives the session `ciphertext`, lets it go as far as it can, and returns what it wrote.
    func feed(_ ciphertext: [UInt8]) -> [UInt8] {
        ciphertext.withUnsafeBytes { bytes in
            buffers.setInput(bytes)
            run()
            if error == nil, progress != .closed { #expect(buffers.remainingInputBytes == 0) }
            buffers.clearInput()
        }
        return takeOutput()
    }

    /// As `feed`, piece by piece.
    func feed(_ ciphertext: [UInt8], _ pieces: Pieces) -> [UInt8] {
        pieces.cut(ciphertext).flatMap { feed($0) }
    }

    private func run() {
        // A session that has failed is not touched again.
        if error != nil { return }
        if !session.isEstablished {
            progress = session.handshake()
            if progress != .done(0) { return }
        }
        var room = [UInt8](repeating: 0, count: 10_000)
        while true {
            progress = room.withUnsafeMutableBytes { session.read(into: $0) }
            guard case .done(let count) = progress else { return }
            received += room.prefix(count)
            #expect(count > 0)
        }
    }

    /// Encrypts `plaintext`; the ciphertext.
    func write(_ plaintext: [UInt8]) -> [UInt8] {
        let written = plaintext.withUnsafeBytes { session.write($0) }
        #expect(written == .done(plaintext.count))
        return takeOutput()
    }

    /// Closes; what says so to the other end.
    func close() -> [UInt8] {
        session.close()
        return takeOutput()
    }

    func takeOutput() -> [UInt8] {
        let output = Array(buffers.output)
        buffers.clearOutput()
        return output
    }
}

/// A client and a server with nothing between them.
struct Connection {
    let client: Peer
    let server: Peer

    /// Carries ciphertext back and forth, client first, until neither has more to say.
    func shuttle(_ pieces: Pieces = .whole) throws {
        var toServer = client.feed([])
        var rounds = 0
        while !toServer.isEmpty {
            let toClient = server.feed(toServer, pieces)
            toServer = client.feed(toClient, pieces)
            rounds += 1
            try #require(rounds < 100, "the peers never come to an end")
        }
    }
}

/// Takes ciphertext apart into records: `[type: UInt8][version: UInt16][length: UInt16 BE][bytes]`.
func records(_ ciphertext: [UInt8]) throws -> [[UInt8]] {
    var records: [[UInt8]] = []
    var rest = ciphertext[...]
    while !rest.isEmpty {
        try #require(rest.count >= 5)
        let length = 5 + Int(rest[rest.startIndex + 3]) << 8 + Int(rest[rest.startIndex + 4])
        try #require(rest.count >= length)
        records.append(Array(rest.prefix(length)))
        rest = rest.dropFirst(length)
    }
    return records
}
