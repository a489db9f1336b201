// Requests that are decoded together: which are, and where a run ends.
import Core
import Testing

@testable import Wire

struct RequestRunTests {
    private static let get = "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"

    /// The lengths of the requests that a run takes from `input`.
    private func lengths(
        _ input: String,
        _ encoding: WireEncoding = .resp2,
        limits: Limits = Limits(),
        isAuthenticated: Bool = true
    ) -> [Int] {
        var decoder = RequestDecoder(encoding: encoding)
        var run = RequestRun()
        let bytes = Array(input.utf8)
        decoder.decodeRun(
            bytes.span,
            from: 0,
            into: &run,
            limits: limits,
            isAuthenticated: isAuthenticated
        )
        var ends: [Int] = []
        for index in 0..<run.count { ends.append(run.end(of: index)) }
        let total = run.byteCount
        #expect(total == ends.last ?? 0)
        return zip(ends, [0] + ends).map { $0 - $1 }
    }

    @Test("a run takes sixteen at most")
    func capacity() {
        #expect(lengths(String(repeating: Self.get, count: 3)) == [20, 20, 20])
        let many = lengths(String(repeating: Self.get, count: 40), .resp3)
        #expect(many.count == RequestRun.capacity)
    }

    @Test(
        "a run ends before what is not whole or not usual",
        arguments: [
            "", "*2\r\n$3\r\nGET\r\n$1\r\n", "*0\r\n", "*02\r\n", "GET k\r\n", "*1\r\n$-1\r\n",
        ]
    )
    func ends(_ rest: String) {
        #expect(lengths(Self.get + Self.get + rest) == [20, 20])
        #expect(lengths(rest) == [])
    }

    @Test("only RESP comes in runs", arguments: [WireEncoding.text, .json, .protobuf])
    func others(_ encoding: WireEncoding) {
        #expect(lengths(Self.get, encoding) == [])
    }

    @Test("a run is held to what its peer may send")
    func limits() {
        var limits = Limits()
        limits.maxUnauthenticatedArguments = 2
        limits.maxUnauthenticatedArgumentBytes = 3
        let three = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"
        let long = "*2\r\n$3\r\nGET\r\n$4\r\nlong\r\n"
        #expect(lengths(Self.get + three, limits: limits) == [20, three.utf8.count])
        #expect(lengths(Self.get + three, limits: limits, isAuthenticated: false) == [20])
        #expect(lengths(Self.get + long, limits: limits, isAuthenticated: false) == [20])
        limits.maxRequestBytes = 20
        #expect(lengths(Self.get + Self.get + long, limits: limits) == [20, 20])
    }

    @Test("an array of which a part was read is nobody else's")
    func partlyRead() {
        var decoder = RequestDecoder(encoding: .resp2)
        var frame = RequestFrame()
        var run = RequestRun()
        let input = Array((Self.get + Self.get).utf8)
        let outcome = decoder.decode(
            input.span.extracting(0..<15),
            from: 0,
            into: &frame,
            catalog: testCatalog,
            limits: Limits(),
            isAuthenticated: true,
            json: LineJSONParser()
        )
        guard case .incomplete = outcome else {
            Issue.record("\(outcome)")
            return
        }
        decoder.decodeRun(
            input.span,
            from: 0,
            into: &run,
            limits: Limits(),
            isAuthenticated: true
        )
        let count = run.count
        #expect(count == 0)
    }
}
