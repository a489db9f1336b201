// Replies of each encoding, however they are cut.
import Testing

@testable import LoadKit

@Suite struct ReplyParserTests {
    @Test func respReplies() {
        let text =
            "+PONG\r\n$5\r\nhello\r\n:42\r\n:-7\r\n$-1\r\n$0\r\n\r\n-NOAUTH Authentication required.\r\n"
            + "-ERR\r\n_\r\n$4\r\na\r\nb\r\n"
        #expect(
            ReplyBench.everyWay(text, .resp) == [
                SeenReply(kind: .status, payload: "PONG"),
                SeenReply(kind: .bytes, payload: "hello"),
                SeenReply(kind: .integer, payload: "42", integer: 42),
                SeenReply(kind: .integer, payload: "-7", integer: -7),
                SeenReply(kind: .null, payload: ""),
                SeenReply(kind: .bytes, payload: ""),
                SeenReply(kind: .error, payload: "NOAUTH"),
                SeenReply(kind: .error, payload: "ERR"),
                SeenReply(kind: .null, payload: ""),
                SeenReply(kind: .bytes, payload: "a\r\nb"),
            ]
        )
    }

    @Test func respAggregatesAreSkippedWhole() {
        let text =
            "*2\r\n$1\r\na\r\n*1\r\n:1\r\n+OK\r\n%1\r\n+k\r\n*-1\r\n>2\r\n+message\r\n+x\r\n#t\r\n"
            + "|1\r\n+a\r\n+b\r\n*0\r\n=7\r\ntxt:abc\r\n!6\r\nBUSY x\r\n"
        #expect(
            ReplyBench.everyWay(text, .resp)?.map(\.kind) == [
                .other, .status, .other, .push, .other, .push, .other, .bytes, .error,
            ]
        )
    }

    @Test(arguments: [
        "hello\r\n", ":x\r\n", "$x\r\n", "$-2\r\n", "$2\r\nabc\r\n", "+OK\rx", "*-2\r\n",
        "*99999999\r\n", "$99999999999\r\n", ":99999999999999999999\r\n",
    ])
    func respNonsenseIsMalformed(_ text: String) {
        #expect(ReplyBench.replies([Array(text.utf8)], .resp) == nil)
    }

    @Test func endlessLinesAreMalformed() {
        let line = [UInt8](repeating: UInt8(ascii: "a"), count: ReplyParser.maxLineBytes + 2)
        #expect(ReplyBench.replies([Array("+".utf8) + line], .resp) == nil)
    }

    @Test func textReplies() {
        let text =
            "PONG\n3\r\n(nil)\n\"a \\\"b\\\" \\x41\\n\"\nERR NOPERM this token has no permission\nhello w\n"
            + "\"\"\n\" x\"\n> message news hi\n*2\na\n*1\nb\nOK\nERROR\n"
        #expect(
            ReplyBench.everyWay(text, .text) == [
                SeenReply(kind: .bytes, payload: "PONG"),
                SeenReply(kind: .bytes, payload: "3"),
                SeenReply(kind: .null, payload: "(nil)"),
                SeenReply(kind: .bytes, payload: "a \"b\" A\n"),
                SeenReply(kind: .error, payload: "NOPERM"),
                SeenReply(kind: .bytes, payload: "hello w"),
                SeenReply(kind: .bytes, payload: ""),
                SeenReply(kind: .bytes, payload: " x"),
                SeenReply(kind: .push, payload: "> message news hi"),
                SeenReply(kind: .other, payload: "*2"),
                SeenReply(kind: .bytes, payload: "OK"),
                SeenReply(kind: .bytes, payload: "ERROR"),
            ]
        )
    }

    @Test(arguments: [
        "\n", "\"a\n", "\"\n", "\"a\"b\"\n", "\"\\q\"\n", "(null)\n", "*x\n", "*-1\n",
    ])
    func textNonsenseIsMalformed(_ text: String) {
        #expect(ReplyBench.replies([Array(text.utf8)], .text) == nil)
    }

    @Test func jsonReplies() {
        let text = """
            {"result":"PONG"}
            { "id" : 7 , "result" : "a\\"\\u00e9\\ud83d\\ude00\\n" }
            {"result":-12}
            {"result":null}
            {"error":{"code":"key_not_found","message":"no such key"}}
            {"error":{"code":"forbidden","message":"no \\"x\\"","retry_after_ms":5}}
            {"event":"shutdown","grace_ms":5}
            {"result":{"a":[1,2,{"b":"}"}]}}
            {"result":1.5}

            """
        #expect(
            ReplyBench.everyWay(text, .json) == [
                SeenReply(kind: .bytes, payload: "PONG"),
                SeenReply(kind: .bytes, payload: "a\"\u{e9}\u{1F600}\n"),
                SeenReply(kind: .integer, payload: "-12", integer: -12),
                SeenReply(kind: .null, payload: "null"),
                SeenReply(kind: .null, payload: "key_not_found"),
                SeenReply(kind: .error, payload: "forbidden"),
                SeenReply(kind: .push, payload: ""),
                SeenReply(kind: .other, payload: "{\"a\":[1,2,{\"b\":\"}\"}]}"),
                SeenReply(kind: .other, payload: "1.5"),
            ]
        )
    }

    @Test(arguments: [
        "\n", "[]\n", "{}\n", "{\"result\"}\n", "{\"result\":}\n", "{\"result\":1\n",
        "{\"result\":\"a}\n", "{\"result\":1}x\n", "{\"id\":1}\n", "{\"result\":\"\\q\"}\n",
        "{\"result\":\"\\ud800\"}\n", "{\"error\":\"x\"}\n", "{\"result\":]}\n",
    ])
    func jsonNonsenseIsMalformed(_ text: String) {
        #expect(ReplyBench.replies([Array(text.utf8)], .json) == nil)
    }

    @Test func randomBytesNeverTrap() {
        var random = RandomSource(seed: 5)
        let alphabet = Array("+-:$*%>|_=!~#0123456789\r\n\\\"{}[]:,xErsult()".utf8)
        for encoding in LoadEncoding.allCases {
            for _ in 0..<3000 {
                let count = Int(random.next(below: 40))
                let bytes = (0..<count).map { _ in
                    alphabet[Int(random.next(below: UInt64(alphabet.count)))]
                }
                _ = ReplyBench.replies([bytes], encoding)
            }
        }
    }

    @Test func decimalsAtTheLimits() {
        func decimal(_ text: String) -> Int64? { withSpan(text) { $0.decimal(0, $0.count) } }
        #expect(decimal("9223372036854775807") == .max)
        #expect(decimal("9223372036854775808") == nil)
        #expect(decimal("-9223372036854775808") == .min)
        #expect(decimal("-9223372036854775809") == nil)
        #expect(decimal("") == nil)
        #expect(decimal("-") == nil)
        #expect(decimal("1x") == nil)
    }
}
