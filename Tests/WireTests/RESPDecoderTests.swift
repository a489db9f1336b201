// RESP arrays and inline commands: what is accepted, and every way to be refused, in Redis's words.
import Core
import Testing

@testable import Wire

struct RESPDecoderTests {
    let feed = Feed(encoding: .resp2)

    @Test(
        "arrays and inline commands",
        arguments: [
            ("*1\r\n$4\r\nPING\r\n", ["PING"]),
            ("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nva\r\nl\r\n", ["SET", "k", "va\r\nl"]),
            ("*2\r\n$3\r\nGET\r\n$0\r\n\r\n", ["GET", ""]),
            ("*2\r\n$4\r\nECHO\r\n$4\r\n*1\r\n\r\n", ["ECHO", "*1\r\n"]),
            ("*1\r\n$12\r\nabcdefghijkl\r\n", ["abcdefghijkl"]),
            ("PING\r\n", ["PING"]),
            ("set  a\t\"b c\" 'd e'\n", ["set", "a", "b c", "d e"]),
            ("set a \"\\x41\\n\\q\\\"\"\r\n", ["set", "a", "A\nq\""]),
            ("set a 'it\\'s \\n'\r\n", ["set", "a", "it's \\n"]),
            ("set a x\"y z\"\r\n", ["set", "a", "xy z"]),
            ("set a \"\"\r\n", ["set", "a", ""]),
            ("get \u{e9}\r\n", ["get", "\u{e9}"]),
        ]
    )
    func accepts(_ input: String, _ words: [String]) {
        feed.expect(input, .request(words))
    }

    @Test("bytes of every value", arguments: [UInt8(0), 0x0A, 0x0D, 0x5E, 0xFF])
    func binary(_ byte: UInt8) {
        let input = Array("*2\r\n$3\r\nGET\r\n$3\r\n".utf8) + [byte, byte, byte, 13, 10]
        feed.expect(input, [.request([Array("GET".utf8), [byte, byte, byte]], id: [])])
    }

    @Test("lengths of every form mean the same in one piece and byte by byte")
    func lengths() {
        let bytes = Array("0123459-+/:$*\r\n ".utf8)
        var forms: [[UInt8]] = (0...130).map { Array("\($0)".utf8) }
        for first in bytes {
            for second in bytes { forms.append([first, second]) }
        }
        let payload = [UInt8](repeating: UInt8(ascii: "v"), count: 130)
        for form in forms {
            for end in ["\r\n", "\r\r", "\n\r", "\rx"] {
                let length = Int(String(decoding: form, as: UTF8.self)) ?? 0
                let value = payload.prefix(max(0, min(length, payload.count)))
                let header = Array("$".utf8) + form + Array(end.utf8)
                let input = Array("*2\r\n$4\r\nECHO\r\n".utf8) + header + value + [13, 10]
                let whole = feed.steps(input)
                let slowly = feed.steps(input, cuts: 1..<input.count)
                #expect(whole == slowly, "\(header)")
            }
        }
    }

    @Test(
        "empty requests are skipped",
        arguments: ["*0\r\n", "*-1\r\n", "*-10\r\n", "\r\n", " \n"]
    )
    func skips(_ input: String) {
        feed.expect(input)
        feed.expect(input + "*1\r\n$4\r\nPING\r\n", .request(["PING"]))
    }

    @Test(
        "protocol errors",
        arguments: [
            ("*3000000000\r\n", "invalid multibulk length"),
            ("*1048577\r\n", "invalid multibulk length"),
            ("*99999999999999999999999\r\n", "invalid multibulk length"),
            ("*9223372036854775808\r\n", "invalid multibulk length"),
            ("*abc\r\n", "invalid multibulk length"),
            ("*\r\n", "invalid multibulk length"),
            ("*-\r\n", "invalid multibulk length"),
            ("*-0\r\n", "invalid multibulk length"),
            ("*+1\r\n", "invalid multibulk length"),
            ("*01\r\n", "invalid multibulk length"),
            ("*1 \r\n", "invalid multibulk length"),
            ("*1\rx", "invalid multibulk length"),
            ("*1\r\n*1\r\n$4\r\nPING\r\n", "expected '$', got '*'"),
            ("*1\r\nfoo\r\n", "expected '$', got 'f'"),
            ("*1\r\n\u{0}", "expected '$', got '\\x00'"),
            ("*2\r\n$3\r\nGET\r\n\n", "expected '$', got '\\n'"),
            ("*1\r\n$\r\n", "invalid bulk length"),
            ("*1\r\n$-1\r\n", "invalid bulk length"),
            ("*1\r\n$-10\r\n", "invalid bulk length"),
            ("*1\r\n$x\r\n", "invalid bulk length"),
            ("*1\r\n$2000000000\r\n", "invalid bulk length"),
            ("*1\r\n$99999999999999999999\r\n", "invalid bulk length"),
            ("*1\r\n$16777217\r\n", "invalid bulk length"),
            ("*1\r\n$4\r\nPINGxx", "expected CRLF behind a bulk string"),
            ("*1\r\n$4\r\nPING\rx", "expected CRLF behind a bulk string"),
            ("*1\r\n$4\r\nPINGPONG\r\n", "expected CRLF behind a bulk string"),
            ("set a \"b\r\n", "unbalanced quotes in request"),
            ("set a 'b\r\n", "unbalanced quotes in request"),
            ("set a \"b\"c\r\n", "unbalanced quotes in request"),
            ("set \"\"\"k\"\"\" v\r\n", "unbalanced quotes in request"),
            ("set a \"b\\\r\n", "unbalanced quotes in request"),
        ]
    )
    func refuses(_ input: String, _ reason: String) {
        let error = Step.rejected(.protocolError, "Protocol error: \(reason)")
        feed.expect(input, error)
        feed.expect("PING\r\n" + input, .request(["PING"]), error)
    }

    @Test(
        "lines and headers without an end",
        arguments: [
            ("*", "too big mbulk count string"), ("*1\r\n$", "too big bulk count string"),
            ("a", "too big inline request"),
        ]
    )
    func endless(_ start: String, _ reason: String) {
        var feed = feed
        feed.limits.maxLineBytes = 100
        let error = Step.rejected(.protocolError, "Protocol error: \(reason)")
        let digits = String(repeating: "1", count: 99)
        #expect(feed.steps(Array((start + digits).utf8)).isEmpty)
        feed.expect(start + digits + "11", error)
        feed.expect(start + digits + "11\r\n", error)
    }

    @Test("limits before and after authentication")
    func unauthenticated() {
        var feed = feed
        let eleven = "*11\r\n" + String(repeating: "$1\r\na\r\n", count: 11)
        let long = "*1\r\n$16385\r\n" + String(repeating: "x", count: 16_385) + "\r\n"
        feed.moves = false
        #expect(feed.steps(Array(eleven.utf8)) == [.request([String](repeating: "a", count: 11))])
        #expect(feed.steps(Array(long.utf8)) == [.request([String(repeating: "x", count: 16_385)])])
        feed.isAuthenticated = false
        feed.expect(
            eleven,
            .rejected(.protocolError, "Protocol error: unauthenticated multibulk length")
        )
        #expect(
            feed.steps(Array(long.utf8)) == [
                .rejected(.protocolError, "Protocol error: unauthenticated bulk length")
            ]
        )
        let ten = "*10\r\n" + String(repeating: "$1\r\na\r\n", count: 10)
        feed.expect(ten, .request([String](repeating: "a", count: 10)))
    }

    @Test("a request above the limit names it")
    func tooLong() {
        var feed = feed
        feed.limits.maxRequestBytes = 40
        feed.expect(
            "*2\r\n$10\r\n0123456789\r\n$20\r\n",
            .rejected(.protocolError, "Protocol error: request above maxRequestBytes=40 bytes")
        )
        feed.expect(
            "*2\r\n$9\r\n012345678\r\n$9\r\n012345678\r\n",
            .request(["012345678", "012345678"])
        )
    }

    @Test("an incomplete array is never read twice")
    func remembers() {
        var decoder = RequestDecoder(encoding: .resp2)
        var frame = RequestFrame()
        let json = LineJSONParser()
        let count = 2000
        let input = Array(
            ("*\(count)\r\n" + String(repeating: "$1\r\na\r\n", count: count)).utf8
        )
        for visible in 1..<input.count {
            let outcome = decoder.decode(
                input.span.extracting(0..<visible),
                from: 0,
                into: &frame,
                catalog: testCatalog,
                limits: Limits(),
                isAuthenticated: true,
                json: json
            )
            guard case .incomplete(let needed) = outcome else {
                Issue.record("\(outcome) at \(visible)")
                return
            }
            #expect(needed > visible && needed <= visible + 4)
            let left = frame.ranges.count
            #expect(left == 0)
            // All but the argument at hand is behind it, and its arguments are kept.
            let read = max(Int(decoder.multibulk.position), Int(decoder.searched))
            #expect(visible - read <= 3)
        }
        let kept = decoder.multibulk.ranges.count
        #expect(kept == count - 1)
        // Another connection's request came between: its memory must not stay with this one.
        frame.ranges.reserve(1000)
        let outcome = decoder.decode(
            input.span,
            from: 0,
            into: &frame,
            catalog: testCatalog,
            limits: Limits(),
            isAuthenticated: true,
            json: json
        )
        #expect(outcome == .request(consumed: input.count))
        let found = frame.ranges.count
        #expect(found == count)
        let capacity = decoder.multibulk.ranges.capacity
        #expect(capacity == 0, "an idle connection keeps no memory")
    }

    @Test("a claimed length reserves nothing")
    func claims() {
        var decoder = RequestDecoder(encoding: .resp2)
        var frame = RequestFrame()
        let input = Array("*1000000\r\n$16000000\r\n".utf8)
        let outcome = decoder.decode(
            input.span,
            from: 0,
            into: &frame,
            catalog: testCatalog,
            limits: Limits(),
            isAuthenticated: true,
            json: LineJSONParser()
        )
        #expect(outcome == .incomplete(needed: input.count + 16_000_002))
        let reserved = frame.ranges.capacity + decoder.multibulk.ranges.capacity
        #expect(reserved < 100)
        #expect(frame.scratch.capacity == 0)
    }

    @Test("a decoder is small")
    func size() {
        #expect(MemoryLayout<RequestDecoder>.stride <= 56)
    }
}
