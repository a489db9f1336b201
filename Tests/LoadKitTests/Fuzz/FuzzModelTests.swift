// The model, and the parsers of replies.
import Testing

@testable import LoadKit

@Suite struct FuzzModelTests {
    private func expect(_ model: inout FuzzModel, _ line: String) -> String {
        model.expect(line.split(separator: " ").map { Array($0.utf8) }).text
    }

    @Test func commands() {
        var model = FuzzModel()
        let script: [(String, String)] = [
            ("PING", "PONG"), ("echo hi", "\"hi\""), ("WHY", "42"), ("ADD 2 3", "5"),
            ("ADD 9223372036854775807 1", "an error"), ("GET k", "(nil)"), ("SET k v", "OK"),
            ("GET k", "\"v\""), ("APPEND k w", "2"), ("STRLEN k", "2"), ("GETRANGE k 0 0", "\"v\""),
            ("GETRANGE k -1 -1", "\"w\""), ("GETRANGE k 5 9", "\"\""), ("GETRANGE k -9 0", "\"v\""),
            ("INCR k", "an error"), ("INCR n", "1"), ("INCRBY n 41", "42"), ("DECR n", "41"),
            ("DECRBY n 01", "an error"), ("EXISTS k k n x", "3"),
            ("MGET k x n", "[\"vw\", (nil), \"41\"]"),
            ("SET k z NX", "(nil)"), ("SET k z XX", "OK"), ("SET x y XX", "(nil)"),
            ("SET k q GET", "\"z\""), ("SETNX k a", "0"), ("GETSET k b", "\"q\""),
            ("CAS k a c", "\"b\""),
            ("CAS k b c", "OK"), ("CAS x b c", "(nil)"), ("DELIFEQ k b", "0"), ("DELIFEQ k c", "1"),
            ("MSET a 1 b 2", "OK"), ("MSET a", "an error"), ("DEL a b c", "2"), ("TTL a", "-2"),
            ("TTL n", "-1"), ("GETDEL n", "\"41\""), ("GET n", "(nil)"),
        ]
        for (line, expected) in script { #expect(expect(&model, line) == expected, "\(line)") }
    }

    @Test func whatIsNotKnownIsForgotten() {
        var model = FuzzModel()
        _ = expect(&model, "SET k v")
        #expect(expect(&model, "SCAN 0") == "one reply")
        #expect(expect(&model, "GET k") == "\"v\"")
        #expect(expect(&model, "RENAME k j") == "one reply")
        #expect(expect(&model, "GET k") == "one reply")
        #expect(expect(&model, "SET k w") == "OK")
        #expect(expect(&model, "GET k") == "\"w\"")
    }

    @Test func encodingsThatDoNotTell() {
        let ok = FuzzExpectation.exactly(.status(Array("OK".utf8)))
        #expect(ok.matches(.status(Array("OK".utf8)), .resp))
        #expect(!ok.matches(.bytes(Array("OK".utf8)), .resp))
        #expect(ok.matches(.bytes(Array("OK".utf8)), .json))
        let five = FuzzExpectation.exactly(.list([.integer(5)]))
        #expect(five.matches(.list([.bytes(Array("5".utf8))]), .text))
        #expect(!five.matches(.list([.bytes(Array("5".utf8))]), .json))
        #expect(FuzzExpectation.error.matches(.error("X", ""), .text))
        #expect(!FuzzExpectation.error.matches(.null, .text))
    }
}

@Suite struct WireReplyTests {
    private func parsed(_ text: String, _ encoding: FuzzEncoding) -> String {
        let bytes = Array(text.utf8)
        let parser = WireReplyParser(encoding: encoding)
        switch parser.next(bytes[...]) {
        case .incomplete: return "incomplete"
        case .malformed: return "malformed"
        case .reply(let reply, let consumed):
            #expect(consumed == bytes.count, "\(text)")
            // No beginning of it is a reply, nor wrong.
            for count in 1..<bytes.count where encoding != .text && encoding != .json {
                #expect(parser.next(bytes.prefix(count)) == .incomplete, "\(text) to \(count)")
            }
            return reply.text
        }
    }

    @Test(
        arguments: [
            (FuzzEncoding.resp, "+OK\r\n", "OK"), (.resp, "$-1\r\n", "(nil)"),
            (.resp, ":-5\r\n", "-5"),
            (.resp, "$3\r\na\r\n\r\n", "\"a\\r\\n\""),
            (.resp, "*2\r\n*0\r\n$0\r\n\r\n", "[[], \"\"]"),
            (.resp, "-ERR no way\r\n", "error ERR no way"), (.resp3, "_\r\n", "(nil)"),
            (.resp3, "%1\r\n+a\r\n#t\r\n", "{a, true}"),
            (.resp3, ">2\r\n+x\r\n:1\r\n", "push [x, 1]"),
            (.resp3, ",1.5\r\n", "1.5"), (.resp, "$3\r\nabcd\r\n", "malformed"),
            (.resp, "?\r\n", "malformed"),
            (.resp, ":1x\r\n", "malformed"), (.resp, "$5\r\nab", "incomplete"),
            (.text, "OK\n", "\"OK\""), (.text, "(nil)\r\n", "(nil)"),
            (.text, "\"a\\x00\\\"b\"\n", "\"a\\x00\"b\""),
            (.text, "*2\n1\n*0\n", "[\"1\", []]"), (.text, "ERR ARITY no\n", "error ARITY no"),
            (.text, "\"a\n", "malformed"), (.text, "a\u{7}\n", "malformed"),
            (.text, "*1\n", "incomplete"),
            (.text, "> message a b\n", "push [\"message\", \"a\", \"b\"]"),
            (.text, "\n", "malformed"),
            (
                .json, "{\"result\":[1,\"a\",null,{\"base64\":\"AAEC\"}]}\n",
                "[1, \"a\", (nil), \"\\x00\\x01\\x02\"]"
            ),
            (.json, "{\"id\":7,\"error\":{\"code\":\"key_not_found\"}}\n", "(nil)"),
            (.json, "{\"error\":{\"code\":\"arity\",\"message\":\"m\"}}\n", "error arity m"),
            (.json, "{\"event\":\"message\",\"channel\":\"c\"}\n", "push [\"message\", \"c\"]"),
            (
                .json, "[{\"result\":1},{\"result\":\"\\u00e9\\ud83d\\ude00\"}]\n",
                "[1, \"\\xc3\\xa9\\xf0\\x9f\\x98\\x80\"]"
            ),
            (.json, "{\"result\":01}\n", "malformed"), (.json, "{\"result\":1\n", "malformed"),
            (.json, "{}\n", "malformed"), (.json, "{\"result\":\"\\ud800\"}\n", "malformed"),
            (
                .http,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"result\":1}",
                "1"
            ),
            (.http, "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{x", "HTTP 404"),
            (.http, "HTTP/1.1 200 OK\nX: y\r\n\r\n", "malformed"),
            (.http, "HTP/1.1 200 OK\r\n\r\n", "malformed"),
            (.protobuf, "\0\0\0\u{4}\u{1A}\u{2}OK", "OK"),
            (.protobuf, "\0\0\0\u{4}\u{8}\u{5}\u{20}\u{2}", "1"),
            (.protobuf, "\0\0\0\u{2}\u{32}\0", "(nil)"),
            (.protobuf, "\0\0\0\u{2}\u{1A}\u{9}", "malformed"),
            (.protobuf, "\0\0\0\0", "malformed"), (.protobuf, "\u{7F}\0\0\0", "malformed"),
        ] as [(FuzzEncoding, String, String)]
    )
    func replies(_ encoding: FuzzEncoding, _ text: String, _ expected: String) {
        #expect(parsed(text, encoding) == expected, "\(text)")
    }

    @Test func base64() {
        for count in 0..<10 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + 200) }
            #expect(Base64Bytes.decode(Base64Bytes.encode(bytes)) == bytes)
        }
        #expect(Base64Bytes.encode([0]) == "AA==" && Base64Bytes.decode("A*") == nil)
    }
}
