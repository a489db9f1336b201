// Every item of a reply in every encoding.
import Core
import Testing

@testable import Wire

/// Builds a reply.
typealias Build = @Sendable (inout Reply) -> Void

/// Renders what `build` answers.
func render(_ encoding: WireEncoding, id: String = "", _ build: Build) -> String {
    String(decoding: renderBytes(encoding, id: id, build), as: UTF8.self)
}

func renderBytes(_ encoding: WireEncoding, id: String = "", _ build: Build) -> [UInt8] {
    var reply = Reply()
    build(&reply)
    var output = ByteBuffer()
    output.append(UInt8(ascii: "!"))
    ReplyEncoder.encode(reply, as: encoding, identifier: Array(id.utf8).span, into: &output)
    let bytes = bytesOf(output.span)
    #expect(bytes.first == UInt8(ascii: "!"), "what was there before stays")
    return Array(bytes.dropFirst())
}

struct ReplyEncoderTests {
    struct Row: Sendable {
        var name: String
        var text: String
        var json: String
        var resp2: String
        var resp3: String
        var build: Build

        init(
            _ name: String,
            text: String,
            json: String,
            resp2: String,
            resp3: String? = nil,
            _ build: @escaping Build
        ) {
            self.name = name
            self.text = text
            self.json = json
            self.resp2 = resp2
            self.resp3 = resp3 ?? resp2
            self.build = build
        }
    }

    static let scalars: [Row] = [
        Row("ok", text: "OK\n", json: "{\"result\":\"OK\"}\n", resp2: "+OK\r\n") { $0.ok() },
        Row("integer", text: "42\n", json: "{\"result\":42}\n", resp2: ":42\r\n") {
            $0.integer(42)
        },
        Row(
            "least integer",
            text: "-9223372036854775808\n",
            json: "{\"result\":-9223372036854775808}\n",
            resp2: ":-9223372036854775808\r\n"
        ) { $0.integer(Int64.min) },
        Row("bytes", text: "bar\n", json: "{\"result\":\"bar\"}\n", resp2: "$3\r\nbar\r\n") {
            $0.string("bar")
        },
        Row("empty", text: "\"\"\n", json: "{\"result\":\"\"}\n", resp2: "$0\r\n\r\n") {
            $0.string("")
        },
        Row(
            "two digits",
            text: "0123456789\n",
            json: "{\"result\":\"0123456789\"}\n",
            resp2: "$10\r\n0123456789\r\n"
        ) { $0.string("0123456789") },
        Row(
            "not UTF-8",
            text: "\"\\xff\\x00a\"\n",
            json: "{\"result\":{\"base64\":\"/wBh\"}}\n",
            resp2: "$3\r\n\u{FFFD}\u{0}a\r\n"
        ) { $0.bytes(([0xFF, 0, 0x61] as [UInt8]).span) },
        Row(
            "controls",
            text: "\"\\r\\n\\t\\x01\\\"\\\\\"\n",
            json: "{\"result\":\"\\r\\n\\t\\u0001\\\"\\\\\"}\n",
            resp2: "$6\r\n\r\n\t\u{1}\"\\\r\n"
        ) { $0.string("\r\n\t\u{1}\"\\") },
        Row(
            "null",
            text: "(nil)\n",
            json: "{\"result\":null}\n",
            resp2: "$-1\r\n",
            resp3: "_\r\n"
        ) { $0.null() },
        Row(
            "missing key",
            text: "(nil)\n",
            json: "{\"error\":{\"code\":\"key_not_found\",\"message\":\"no such key\"}}\n",
            resp2: "$-1\r\n",
            resp3: "_\r\n"
        ) { $0.missingKey() },
        Row(
            "json",
            text: "[1,{\"a\":2}]\n",
            json: "{\"result\":[1,{\"a\":2}]}\n",
            resp2: "$11\r\n[1,{\"a\":2}]\r\n"
        ) { $0.json(Array("[1,{\"a\":2}]".utf8).span) },
        Row(
            "error",
            text: "ERR UNKNOWN unknown command 'x'\n",
            json:
                "{\"error\":{\"code\":\"unknown_command\",\"message\":\"unknown command 'x'\"}}\n",
            resp2: "-ERR unknown command 'x'\r\n"
        ) { $0.error(ServerError(.unknownCommand, "unknown command 'x'")) },
        Row(
            "error with lines",
            text: "ERR TEXT a\\r\\nb\\x00\\xc3\\xa9\n",
            json:
                "{\"error\":{\"code\":\"invalid_text\",\"message\":\"a\\r\\nb\\u0000\u{e9}\"}}\n",
            resp2: "-ERR a  b\u{0}\u{e9}\r\n"
        ) { $0.error(ServerError(.invalidText, "a\r\nb\u{0}\u{e9}")) },
        Row(
            "limited",
            text: "ERR BUSY slow retry_after_ms=250\n",
            json:
                "{\"error\":{\"code\":\"busy\",\"message\":\"slow\",\"retry_after_ms\":250}}\n",
            resp2: "-BUSY slow retry_after_ms=250\r\n"
        ) { $0.error(ServerError(.busy, "slow", retryAfterMilliseconds: 250)) },
        Row(
            "error of one word",
            text: "ERR NOAUTH Authentication required.\n",
            json:
                "{\"error\":{\"code\":\"unauthenticated\","
                + "\"message\":\"Authentication required.\"}}\n",
            resp2: "-NOAUTH Authentication required.\r\n"
        ) { $0.error(ServerError(.unauthenticated)) },
    ]

    static let nested: [Row] = [
        Row("empty list", text: "*0\n", json: "{\"result\":[]}\n", resp2: "*0\r\n") {
            $0.list(0)
        },
        Row(
            "list",
            text: "*4\n1\n*1\na b\n(nil)\n(nil)\n",
            json: "{\"result\":[1,[\"a b\"],null,null]}\n",
            resp2: "*4\r\n:1\r\n*1\r\n$3\r\na b\r\n$-1\r\n$-1\r\n",
            resp3: "*4\r\n:1\r\n*1\r\n$3\r\na b\r\n_\r\n_\r\n"
        ) {
            $0.list(4)
            $0.integer(1)
            $0.list(1)
            $0.string("a b")
            $0.null()
            $0.missingKey()
        },
        Row(
            "errors in a list",
            text: "*2\nERR SYNTAX syntax error\nOK\n",
            json:
                "{\"result\":[{\"error\":{\"code\":\"invalid_request\","
                + "\"message\":\"syntax error\"}},\"OK\"]}\n",
            resp2: "*2\r\n-ERR syntax error\r\n+OK\r\n"
        ) {
            $0.list(2)
            $0.error(.syntax)
            $0.ok()
        },
        Row(
            "map",
            text: "*6\na\n1\n2\n*2\nx\n(nil)\n\"\\xff\"\n*0\n",
            json: "{\"result\":[[\"a\",1],[2,{\"x\":null}],[{\"base64\":\"/w==\"},{}]]}\n",
            resp2: "*6\r\n$1\r\na\r\n:1\r\n:2\r\n*2\r\n$1\r\nx\r\n$-1\r\n"
                + "$1\r\n\u{FFFD}\r\n*0\r\n",
            resp3: "%3\r\n$1\r\na\r\n:1\r\n:2\r\n%1\r\n$1\r\nx\r\n_\r\n$1\r\n\u{FFFD}\r\n%0\r\n"
        ) {
            $0.map(3)
            $0.string("a")
            $0.integer(1)
            $0.integer(2)
            $0.map(1)
            $0.string("x")
            $0.null()
            $0.bytes(([0xFF] as [UInt8]).span)
            $0.map(0)
        },
        Row(
            "push",
            text: "> message news \"hello world\" 3\n",
            json:
                "{\"event\":\"message\",\"channel\":\"news\",\"message\":\"hello world\","
                + "\"count\":3}\n",
            resp2: "*4\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$11\r\nhello world\r\n:3\r\n",
            resp3: ">4\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$11\r\nhello world\r\n:3\r\n"
        ) {
            $0.push(7)
            $0.status("message")
            $0.status("channel")
            $0.string("news")
            $0.status("message")
            $0.string("hello world")
            $0.status("count")
            $0.integer(3)
        },
        Row(
            "push of nested values",
            text: "> notify *2 a 1 (nil)\n",
            json: "{\"event\":\"notify\",\"data\":[\"a\",1],\"of\":null}\n",
            resp2: "*3\r\n$6\r\nnotify\r\n*2\r\n$1\r\na\r\n:1\r\n$-1\r\n",
            resp3: ">3\r\n$6\r\nnotify\r\n*2\r\n$1\r\na\r\n:1\r\n_\r\n"
        ) {
            $0.push(5)
            $0.string("notify")
            $0.string("data")
            $0.list(2)
            $0.string("a")
            $0.integer(1)
            $0.string("of")
            $0.null()
        },
        Row(
            "push alone",
            text: "> bye\n",
            json: "{\"event\":\"bye\"}\n",
            resp2: "*1\r\n$3\r\nbye\r\n",
            resp3: ">1\r\n$3\r\nbye\r\n"
        ) {
            $0.push(1)
            $0.status("bye")
        },
        Row("nothing", text: "", json: "", resp2: "") { _ in },
    ]

    @Test("every item in every encoding", arguments: 0..<(scalars.count + nested.count))
    func table(_ index: Int) {
        let row = (Self.scalars + Self.nested)[index]
        #expect(render(.text, row.build) == row.text, "\(row.name)")
        #expect(render(.json, row.build) == row.json, "\(row.name)")
        #expect(render(.resp2, row.build) == row.resp2, "\(row.name)")
        #expect(render(.resp3, row.build) == row.resp3, "\(row.name)")
    }

    @Test("the id goes first, and not into pushes")
    func identifier() {
        #expect(render(.json, id: "7") { $0.ok() } == "{\"id\":7,\"result\":\"OK\"}\n")
        #expect(
            render(.json, id: "\"a\"") { $0.missingKey() }
                == "{\"id\":\"a\",\"error\":{\"code\":\"key_not_found\","
                + "\"message\":\"no such key\"}}\n"
        )
        let push = render(.json, id: "7") {
            $0.push(1)
            $0.status("bye")
        }
        #expect(push == "{\"event\":\"bye\"}\n")
        #expect(render(.text, id: "7") { $0.ok() } == "OK\n")
        #expect(render(.resp2, id: "7") { $0.ok() } == "+OK\r\n")
    }

    @Test(
        "text quotes whatever a program could take for something else",
        arguments: [
            ("a b", "a b"), (" a", "\" a\""), ("a ", "\"a \""), ("\"a", "\"\\\"a\""),
            ("(nil)", "\"(nil)\""),
            ("*3", "\"*3\""), ("> x", "\"> x\""), ("ERR x", "\"ERR x\""), ("ERR", "ERR"),
            ("ERRx", "ERRx"), ("a\"b", "a\"b"), ("a\\b", "a\\b"), ("\u{7f}", "\"\\x7f\""),
            ("it's", "it's"), ("{\"a\":1}", "{\"a\":1}"),
        ]
    )
    func quoting(_ value: String, _ text: String) {
        #expect(render(.text) { $0.string(value) } == text + "\n")
    }

    @Test("every error renders from its row", arguments: ErrorCode.allCases)
    func errors(_ code: ErrorCode) {
        let row = code.row
        let build: Build = { $0.error(ServerError(code, "m")) }
        #expect(render(.text, build) == "ERR \(row.textToken) m\n")
        #expect(render(.resp2, build) == "-\(row.respWord) m\r\n")
        #expect(render(.resp3, build) == "-\(row.respWord) m\r\n")
        #expect(
            render(.json, build)
                == "{\"error\":{\"code\":\"\(row.jsonCode)\",\"message\":\"m\"}}\n"
        )
    }
}
