// JSON lines that are no requests: malformed, too deep, too long, blank.
import Core
import Testing

@testable import Wire

struct JSONLineTests {
    let feed = Feed(encoding: .json)

    @Test(
        "malformed JSON leaves the connection usable",
        arguments: [
            "{", "}", "{]", "[", "]", "[{}", "[{},]", "[,{}]", "[{}}", "[{}] x", "[{}][{}]",
            "[{} {}]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1"#, #"{"a":1} x"#,
            "{'a':1}",
            #"{"a":tru}"#, #"{"a":01}"#, #"{"a":1.}"#, #"{"a":1e}"#, #"{"a":+1}"#, #"{"a":nan}"#,
            #"{"a":"\x"}"#, #"{"a":"\ud800"}"#, #"{"a":"\u12"}"#, #"{"a":"b}"#, "{\"a\":\"\t\"}",
            "{\"a\":\"\u{0}\"}", #"{"a":1}{"a":1}"#, "x", "\u{0}", "//", #"{"a":1e4000x}"#,
            #"{"a":123456789012345678901234x}"#, #"{"a":00000000000000000000001}"#,
        ]
    )
    func malformed(_ line: String) {
        let steps = feed.steps(Array((line + "\n{\"action\":\"PING\"}\n").utf8))
        guard steps.count == 2, case .rejected(.malformedJSON, let message, []) = steps[0] else {
            Issue.record("\(steps)")
            return
        }
        #expect(message.hasPrefix("malformed JSON: "))
        feed.expect(Array((line + "\n").utf8), [steps[0]])
        #expect(steps[1] == .request(["PING"]))
    }

    @Test(
        "invalid UTF-8 is malformed JSON",
        arguments: [
            [0xFF], [0xC0, 0x80], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0x80],
        ] as [[UInt8]]
    )
    func invalidUTF8(_ bytes: [UInt8]) {
        let line = Array(#"{"action":"GET","key":""#.utf8) + bytes + Array("\"}\n".utf8)
        let steps = feed.steps(line)
        guard case .rejected(.malformedJSON, let message, _) = steps.first else {
            Issue.record("\(steps)")
            return
        }
        #expect(message.contains("UTF-8") || message.contains("UTF8"), "\(message)")
        feed.expect(line, steps)
    }

    @Test("nesting is limited")
    func nesting() {
        func line(_ depth: Int) -> [UInt8] {
            let open = String(repeating: "[", count: depth)
            let close = String(repeating: "]", count: depth)
            return Array("{\"action\":\"ECHO\",\"value\":\(open)\(close)}\n".utf8)
        }
        #expect(feed.steps(line(1000)).count == 1)
        guard case .request = feed.steps(line(1000))[0] else {
            Issue.record("1000 levels are refused")
            return
        }
        let bomb = Array(String(repeating: "[", count: 100_000).utf8)
        for input in [line(1024), line(100_000), bomb + [0x0A]] {
            guard case .rejected(.malformedJSON, _, _) = feed.steps(input).first else {
                Issue.record("a bomb is not refused")
                return
            }
        }
    }

    @Test("a line that is too long is refused once, and its rest dropped")
    func tooLong() {
        var feed = feed
        feed.limits.maxRequestBytes = 100
        feed.limits.maxLineBytes = 50
        let blank = String(repeating: " ", count: 60)
        feed.expect("{\"action\":\(blank)\"PING\"}\n", .request(["PING"]))
        let error = Step.rejected(
            .tooLong,
            "line above maxRequestBytes=100 bytes; the rest of it is discarded"
        )
        feed.expect(
            "{\(blank)\(blank)\"action\":\"PING\"}\n{\"action\":\"PING\"}\n",
            error,
            .request(["PING"])
        )
        feed.isAuthenticated = false
        feed.expect(
            "{\"action\":\(blank)\"PING\"}\n{\"action\":\"PING\"}\n",
            .rejected(
                .tooLong,
                "line above maxLineBytes (before AUTH)=50 bytes; the rest of it is discarded"
            ),
            .request(["PING"])
        )
    }

    @Test("blank lines are skipped")
    func blank() {
        feed.expect("\n\r\n \t \n{\"action\":\"PING\"}\n\n", .request(["PING"]))
    }

    @Test("a long line's memory is given back, and no bytes of it stay")
    func memory() {
        let parser = LineJSONParser()
        var frame = RequestFrame()
        let long = String(repeating: "x", count: 2 << 20)
        let line = Array("{\"action\":\"PING\",\"message\":\"\(long)\"}".utf8)
        #expect(parser.fill(&frame, from: line.span, catalog: testCatalog) == nil)
        #expect(argumentsOf(frame, line.span)[1].count == 2 << 20)
        frame.reset()
        #expect(frame.scratch.capacity == 0)
        let short = Array(#"{"action":"PING"}"#.utf8)
        #expect(parser.fill(&frame, from: short.span, catalog: testCatalog) == nil)
        #expect(argumentsOf(frame, short.span) == [Array("PING".utf8)])
    }

    @Test("an empty text is malformed")
    func empty() {
        var frame = RequestFrame()
        let error = LineJSONParser().fill(&frame, from: [UInt8]().span, catalog: testCatalog)
        #expect(error?.code == .malformedJSON)
    }
}
