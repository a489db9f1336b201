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
            catalog: testCatalog,
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

    @Test("RESP and JSON come in runs", arguments: [WireEncoding.text, .protobuf])
    func others(_ encoding: WireEncoding) {
        #expect(lengths(Self.get, encoding) == [])
        #expect(lengths(Self.line, encoding) == [])
    }

    private static let line = #"{"action":"GET","key":"k"}"# + "\n"

    @Test(
        "JSON as most clients write it",
        arguments: [
            #"{"action":"GET","key":"k"}"#, #"{"action": "GET", "key": "k"}"#,
            #"{"id":7,"action":"get","key":""}"#, #"{"action":"GET","key":"k","id":"x/ y"}"#,
            #"{ "action" : "SET" , "key":"a key of more than eight", "value":"v" } "#,
            #"{"action":"ADD","a":-12,"b":0}"#, #"{"action":"PING"}"#,
            #"{"action":"PING","id":-1}"#,
            #"{"action":"DEL","key":"k"}"# + "\r", #"{"action":"FETCH","key":"{}[]:,"}"#,
        ]
    )
    func plainLines(_ line: String) {
        #expect(lengths(line + "\n" + Self.line, .json) == [line.utf8.count + 1, 27])
        #expect(lengths(line + "\n", .json, isAuthenticated: false) == [])
        sameEitherWay(line + "\n")
    }

    @Test(
        "JSON that another reader knows better",
        arguments: [
            "", "[]", "{}", "null", #"{"action":"GET"}"#, #"{"action":"NONE","key":"k"}"#,
            #"{"key":"k","action":"GET"}"#, #"{"action":"SET","value":"v","key":"k"}"#,
            #"{"action":"SET","key":"k","value":"v","nx":true}"#,
            #"{"action":"SET","key":"k","value":"v","ttl":9}"#, #"{"action":"GET","key":7}"#,
            #"{"action":"GET","key":["k"]}"#, #"{"action":"GET","key":"\u006b"}"#,
            #"{"action":"GET","key":"\u{e9}"}"#, #"{"action":"GET","key":"k","key":"k"}"#,
            #"{"action":"GET","key":"k","id":1,"id":2}"#, #"{"action":"GET","key":"k","id":null}"#,
            #"{"action":"GET","key":"k","namespace":"n"}"#, #"{"action":"GET","key":"k"}}"#,
            #"{"action":"GET","key":"k""#, #"{"action":"GET","key":"k\#u{7f}"}"#,
            #"{"action":"ADD","a":01,"b":1}"#, #"{"action":"ADD","a":1.0,"b":1}"#,
            #"{"action":"ADD","a":-0,"b":1}"#, #"{"action":"ADD","a":1e2,"b":1}"#,
            #"{"action":"ADD","a":1234567890123456789,"b":1}"#, #"{"action":"ADD","a":-,"b":1}"#,
            #"{"action":"GET","key":"k",}"#, #"{"action":"GET" "key":"k"}"#,
            #"{"action":"ECHO","value":"v"}"#,
        ]
    )
    func oddLines(_ line: String) {
        #expect(lengths(Self.line + line + "\n", .json) == [27])
        sameEitherWay(line + "\n")
    }

    /// What comes of `input` in runs, and one request at a time.
    private func sameEitherWay(_ input: String) {
        var feed = Feed(encoding: .json)
        let together = feed.steps(Array((Self.line + input + Self.line).utf8))
        feed.readsAhead = false
        #expect(feed.steps(Array((Self.line + input + Self.line).utf8)) == together)
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

    @Test(
        "a request of which a part was read is not read from its beginning again",
        arguments: [(WireEncoding.resp2, get), (.json, line)]
    )
    func partlyRead(_ encoding: WireEncoding, _ request: String) {
        var decoder = RequestDecoder(encoding: encoding)
        var frame = RequestFrame()
        var run = RequestRun()
        let input = Array((request + request).utf8)
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
            catalog: testCatalog,
            limits: Limits(),
            isAuthenticated: true
        )
        let count = run.count
        #expect(count == 0)
    }
}
