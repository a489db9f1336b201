// Requests with random mistakes: whatever comes, what is answered is HTTP, and the connection knows where it is.
import Core
import Testing

@testable import Gateway

@Suite struct HTTPFuzzTests {
    private static let seeds: [[UInt8]] =
        SmugglingTests.corpus.map { Array($0.1.utf8) }
        + [
            request("PUT", "/v1/kv/k?ttl=1", ["If-None-Match: *"], body: "value"),
            request("GET", "/v1/kv/%41", ["If-Match: \"1\""]), commands(#"[{"action":"PING"}]"#),
            request("PUT", "/v1/kv/k", ["Transfer-Encoding: chunked"])
                + "3;a=b\r\nabc\r\n0\r\nX: y\r\nZ:\r\n\r\n",
            request("PUT", "/v1/kv/k", ["Expect: 100-continue", "Content-Length: 3"]) + "abc",
        ].map { Array($0.utf8) }

    private static let pieces: [[UInt8]] = [
        "\r", "\n", "\r\n", "\r\n\r\n", " ", "\t", ":", "0", "\0", ";", ",", "\u{7F}", "%", "?",
        "Content-Length: 1\r\n", "Transfer-Encoding: chunked\r\n", "Upgrade: x\r\n", "HTTP/1.0",
        "Connection: upgrade\r\n", "Host: x\r\n", "CONNECT", "0\r\n\r\n",
    ].map { Array($0.utf8) }

    private func mutated(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes = Self.seeds.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes.remove(at: at)
            case 1: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 2:
                bytes.insert(contentsOf: Self.pieces.randomElement(using: &random) ?? [], at: at)
            default: bytes.removeSubrange(at..<min(bytes.count, at + 3))
            }
        }
        return bytes
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func nothingButHTTPComesOut(_ seed: UInt64) throws {
        // Limits would count what is sent whole against what is cut.
        let bench = try HTTPBench { limits in
            limits.addressFailedAuthentications = 0
            limits.addressCommandsPerSecond = 0
            limits.addressBytesPerSecond = 0
        }
        var random = SeededGenerator(state: seed)
        for _ in 0..<1_000 {
            let peer = bench.connect()
            let bytes = mutated(&random) + mutated(&random)
            let whole = peer.send(bytes)
            let known: Set = [
                100, 200, 204, 304, 400, 401, 403, 404, 405, 412, 413, 415, 417, 429,
            ]
            #expect(whole.allSatisfy { known.contains($0.status) }, "\(bytes)")
            #expect(peer.output.isEmpty || peer.output.starts(with: Array("HTTP/1.1 ".utf8)))
            // A 400 is always the last word.
            let refusal = whole.firstIndex { $0.code == "protocol_error" }
            #expect(refusal == nil || refusal == whole.count - 1 && peer.isClosed, "\(bytes)")
            // However it is cut, the same is refused. What is answered may differ by keys and rates.
            let other = bench.connect()
            let size = Int.random(in: 1...9, using: &random)
            let cut = other.send(bytes, by: size).filter { $0.status != 100 }
            #expect(cut.count == whole.filter { $0.status != 100 }.count, "\(bytes) by \(size)")
            #expect(other.isClosed == peer.isClosed, "\(bytes) by \(size)")
        }
    }
}
