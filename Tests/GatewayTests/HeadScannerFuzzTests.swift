// The scanner of heads at random: how bytes arrive never changes what it says.
import Core
import Testing

@testable import Gateway

@Suite struct HeadScannerFuzzTests {
    private static let seeds = [
        "GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
        "PUT /v1/kv/k?ttl=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nX-Y:\tz \r\n\r\nabc",
        "POST /v1/command HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ].map { Array($0.utf8) }
    private static let telling = Array("\r\n: \t\0/H1\u{7F}".utf8) + [0x80, 0xFF]

    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 32) | (state << 32)
        }
    }

    /// What it says of `bytes`, of which the first arrive up to each of `cuts`, then the rest.
    private func outcome(_ bytes: [UInt8], cuts: [Int], _ limits: Limits) -> HTTPHeadOutcome {
        var scanner = HTTPHeadScanner()
        for end in cuts + [bytes.count] {
            let outcome = scanner.scan(bytes.span.extracting(0..<end), limits)
            if outcome != .incomplete { return outcome }
        }
        return .incomplete
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func piecesChangeNothing(_ seed: UInt64) {
        var random = Generator(state: seed)
        var limits = Limits()
        limits.maxHTTPHeadBytes = 60
        limits.maxHTTPTargetBytes = 20
        limits.maxHTTPFields = 3
        var complete = 0
        for round in 0..<2000 {
            var bytes = Self.seeds[round % Self.seeds.count]
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                let byte = Self.telling.randomElement(using: &random) ?? 0
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[at] = byte
                case 1: bytes.insert(byte, at: at)
                default: bytes.removeSubrange(at..<min(bytes.count, at + 2))
                }
                if bytes.isEmpty { bytes = [0] }
            }
            let whole = outcome(bytes, cuts: [], limits)
            if case .complete(let count) = whole {
                complete += 1
                #expect(
                    count <= bytes.count
                        && bytes[..<count].suffix(4).elementsEqual([13, 10, 13, 10])
                )
            }
            #expect(outcome(bytes, cuts: Array(0..<bytes.count), limits) == whole, "\(bytes)")
            let cut = Int.random(in: 0...bytes.count, using: &random)
            #expect(outcome(bytes, cuts: [cut], limits) == whole, "\(bytes) at \(cut)")
        }
        #expect(complete > 100 && complete < 2000)
    }
}
