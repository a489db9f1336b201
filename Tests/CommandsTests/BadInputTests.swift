// Bad input from its bytes to the bytes that answer it, and the same however the bytes arrive.
import Core
import Testing

@testable import Commands

@Suite struct BadInputTests {
    /// What a connection sends, and what it gets; `closes` where it is ended behind that.
    struct Exchange: Sendable, CustomTestStringConvertible {
        var encoding: WireEncoding
        var input: [UInt8]
        var output: String
        var closes = false
        var token: String? = "root"

        init(
            _ encoding: WireEncoding,
            _ input: String,
            _ output: String,
            closes: Bool = false,
            token: String? = "root"
        ) {
            self.encoding = encoding
            // U+F0FF stands for the byte FF, which no string can hold.
            self.input = input.unicodeScalars.flatMap { scalar in
                scalar.value == 0xF0FF ? [0xFF] : Array(String(scalar).utf8)
            }
            self.output = output
            self.closes = closes
            self.token = token
        }

        var testDescription: String { "\(encoding): \(String(decoding: input, as: UTF8.self))" }
    }

    private static let key33 = String(repeating: "k", count: 33)
    private static let value65 = String(repeating: "v", count: 65)
    private static let keyError = "key of 33 bytes: maxKeyBytes allows 1 to 32"
    private static let valueError = "value of 65 bytes: maxValueBytes allows 64"
    private static let pong = "*1\r\n$4\r\nPING\r\n"

    private static func broken(_ input: String, _ reason: String) -> Exchange {
        // What came before is answered, what comes behind is not.
        Exchange(
            .resp2,
            pong + input + pong,
            "+PONG\r\n-ERR Protocol error: \(reason)\r\n",
            closes: true
        )
    }

    static let resp: [Exchange] = [
        broken("*-x\r\n", "invalid multibulk length"),
        broken("*99999999999999999999\r\n", "invalid multibulk length"),
        broken("*\r\n", "invalid multibulk length"),
        broken("*one\r\n", "invalid multibulk length"),
        broken("*1\n", "invalid multibulk length"),
        broken("*2\r\n$3\r\nGET\r\n$-5\r\n", "invalid bulk length"),
        broken("*2\r\n$3\r\nGET\r\n$\r\n", "invalid bulk length"),
        broken("*2\r\n$3\r\nGET\r\n$99999999999\r\n", "invalid bulk length"),
        broken("*2\r\n$3\r\nGET\r\n$key\r\n", "invalid bulk length"),
        broken("*2\r\n$3\r\nGET\r\n$1\r\nkey\r\n", "expected CRLF behind a bulk string"),
        broken("*2\r\n$3\r\nGET\r\n*1\r\n$1\r\nk\r\n", "expected '$', got '*'"),
        broken("*2\r\n$3\r\nGET\r\n:1\r\n", "expected '$', got ':'"),
        broken("*2\r\n$3\r\nGET\r\n\u{0}", "expected '$', got '\\x00'"),
        broken("SET k \"v\r\n", "unbalanced quotes in request"),
        Exchange(
            .resp2,
            "*3\r\n$3\r\nSET\r\n$33\r\n\(key33)\r\n$1\r\nv\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$65\r\n"
                + value65 + "\r\n" + pong,
            "-ERR \(keyError)\r\n-ERR \(valueError)\r\n+PONG\r\n"
        ),
        Exchange(
            .resp2,
            "*3\r\n$3\r\nSET\r\n$3\r\na\u{0}\r\r\n$2\r\n\n\u{F0FF}\r\n*2\r\n$6\r\nSTRLEN\r\n$3\r\na\u{0}\r\r\n",
            "+OK\r\n:2\r\n"
        ),
        Exchange(
            .resp2,
            "NOSUCH \u{F0FF}\r\n\r\n*0\r\n*-1\r\nPING\r\n",
            "-ERR unknown command 'NOSUCH', with args beginning with: '\\xff' \r\n+PONG\r\n"
        ),
        Exchange(
            .resp2,
            "*11\r\n",
            "-ERR Protocol error: unauthenticated multibulk length\r\n",
            closes: true,
            token: nil
        ),
        Exchange(
            .resp2,
            "*2\r\n$4\r\nAUTH\r\n$16385\r\n",
            "-ERR Protocol error: unauthenticated bulk length\r\n",
            closes: true,
            token: nil
        ),
        Exchange(
            .resp3,
            "*2\r\n$3\r\nGET\r\n$1\r\nk\r\nGET\r\nget k\r\n*1\r\n$0\r\n\r\n",
            "_\r\n-ERR wrong number of arguments for 'get' command\r\n_\r\n"
                + "-ERR unknown command '', with args beginning with: \r\n"
        ),
    ]

    static let text: [Exchange] = [
        Exchange(
            .text,
            "SET k \u{0}\nSET k \u{F0FF}\nSET k é\nPING\n",
            "ERR TEXT a byte that is not printable ASCII at column 7\n"
                + "ERR TEXT a byte that is not printable ASCII at column 7\n"
                + "ERR TEXT a byte that is not printable ASCII at column 7\nPONG\n"
        ),
        Exchange(
            .text,
            "SET \(key33) v\nSET k \(value65)\nSET k \"\\x00\\xff\"\nGET k\n",
            "ERR KEY_LENGTH \(keyError)\nERR VALUE_LENGTH \(valueError)\nOK\n\"\\x00\\xff\"\n"
        ),
        Exchange(
            .text,
            "NOSUCH\r\nGET\r\nSET k \"v\r\nADD -1 99999999999999999999\r\n\r\n \r\nPING\r\n",
            "ERR UNKNOWN unknown command 'NOSUCH', with args beginning with: \n"
                + "ERR ARITY wrong number of arguments for 'get' command\n"
                + "ERR TEXT unbalanced quote at column 7\n"
                + "ERR NOT_INTEGER value is not an integer or out of range\nPONG\n"
        ),
        Exchange(
            .text,
            "GET \(String(repeating: "k", count: 300)) PING\nPING\nQUIT\nPING\n",
            "ERR TOO_LONG line above maxLineBytes=200 bytes; the rest of it is discarded\n"
                + "PONG\nOK\n",
            closes: true
        ),
        Exchange(
            .text,
            "NOSUCH\nGET\n",
            String(
                repeating: "ERR NOAUTH Authentication required.\n",
                count: 1
            ) + "ERR ARITY wrong number of arguments for 'get' command\n",
            token: nil
        ),
    ]

    private static func error(_ code: String, _ message: String, id: String? = nil) -> String {
        let identifier = id.map { "\"id\":\($0)," } ?? ""
        return "{\(identifier)\"error\":{\"code\":\"\(code)\",\"message\":\"\(message)\"}}"
    }

    static let json: [Exchange] = [
        Exchange(
            .json,
            #"{"action":"SET","key":"\#(key33)","value":"v"}"# + "\n"
                + #"{"action":"SET","key":"k","value":"\#(value65)","id":2}"# + "\n"
                + #"{"action":"SET","key":"a\u0000","value":{"base64":"AP8="}}"# + "\n"
                + #"{"action":"GET","key":"a\u0000"}"# + "\n",
            error("key_length", keyError) + "\n" + error("value_too_large", valueError, id: "2")
                + "\n" + #"{"result":"OK"}"# + "\n" + #"{"result":{"base64":"AP8="}}"# + "\n"
        ),
        Exchange(
            .json,
            #"{"action":"NOSUCH"}"# + "\n" + #"{"action":"GET","key":"a","key":"b"}"# + "\n"
                + #"{"action":"MSET","entries":{"a":"1","a":"2"},"id":"x"}"# + "\n\n",
            error("unknown_command", "unknown command 'NOSUCH'") + "\n"
                + error("invalid_request", "field 'key' is there more than once") + "\n"
                + error(
                    "invalid_request",
                    "field 'entries' has 'a' more than once",
                    id: #""x""#
                ) + "\n"
        ),
        Exchange(
            .json,
            #"[{"action":"WHY","id":1},{"action":"GET","key":"none","id":2},[{"action":"WHY"}],"#
                + #"{"action":"QUIT"},{"action":"WHY"}]"# + "\n" + #"{"action":"WHY"}"# + "\n",
            #"[{"id":1,"result":42},"# + error("key_not_found", "no such key", id: "2") + ","
                + error("invalid_request", "a request must be a JSON object")
                + #",{"result":"OK"}]"# + "\n",
            closes: true
        ),
        Exchange(
            .json,
            "[]\n" + #"[{"action":"NOSUCH"},{"action":"PING"}]"# + "\n",
            "[]\n[" + error("unauthenticated", "Authentication required.")
                + #",{"result":"PONG"}]"# + "\n",
            token: nil
        ),
    ]

    @Test("the same bytes, whole and in any pieces", arguments: resp + text + json)
    func exchanges(exchange: Exchange) throws {
        var conversation = Conversation(encoding: exchange.encoding)
        conversation.limits.maxKeyBytes = 32
        conversation.limits.maxValueBytes = 64
        if exchange.encoding == .text { conversation.limits.maxLineBytes = 200 }
        conversation.token = exchange.token
        let input = exchange.input
        let whole = try conversation.replies(to: input)
        #expect(String(decoding: whole.bytes, as: UTF8.self) == exchange.output)
        #expect(whole.isClosed == exchange.closes)
        let single = try conversation.replies(to: input, cuts: 1..<max(1, input.count))
        #expect(single == whole, "one byte at a time")
        for cut in 1..<input.count {
            #expect(try conversation.replies(to: input, cuts: [cut]) == whole, "cut at \(cut)")
        }
    }

    @Test(arguments: ["{\"action\":\"ECHO\",\"value\":", "[", ""])
    func nestingIsRefusedAndForgotten(start: String) throws {
        let bomb = Array((start + String(repeating: "[", count: 50_000) + "\n").utf8)
        let why = Array(#"{"action":"WHY"}"#.utf8) + [10]
        let replies = try Conversation(encoding: .json).replies(to: bomb + why)
        let lines = String(decoding: replies.bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 2 && !replies.isClosed)
        #expect(lines.first?.contains("malformed_json") == true)
        #expect(lines.last == #"{"result":42}"#)
    }
}
