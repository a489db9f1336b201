// Text lines: words, quotes, escapes, refusals, and lines that are too long.
import Core
import Testing

@testable import Wire

struct TextDecoderTests {
    let feed = Feed(encoding: .text)

    @Test(
        "words",
        arguments: [
            ("PING\n", ["PING"]),
            ("ping\r\n", ["ping"]),
            ("  GET \t k  \r\n", ["GET", "k"]),
            ("SET k \"a b\"\n", ["SET", "k", "a b"]),
            ("SET k \"\"\n", ["SET", "k", ""]),
            ("SET k ''\n", ["SET", "k", ""]),
            ("SET k 'a \"b\\n'\n", ["SET", "k", "a \"b\\n"]),
            (#"SET k "\\ \" \n \r \t \x41\x7e""# + "\n", ["SET", "k", "\\ \" \n \r \t A~"]),
            ("SET k 'a\\'\n", ["SET", "k", "a\\"]),
            ("\"SET\" 'k' v\n", ["SET", "k", "v"]),
            ("a{*$ b\\n\n", ["a{*$", "b\\n"]),
            ("SET k v ; rm\n", ["SET", "k", "v", ";", "rm"]),
        ]
    )
    func splits(_ line: String, _ words: [String]) {
        feed.expect(line, .request(words))
    }

    @Test(
        "the rest of the line as it came",
        arguments: [
            ("ECHO hello world\n", ["ECHO", "hello world"]),
            ("echo  two  \r\n", ["echo", " two  "]),
            ("ECHO \"not unquoted\n", ["ECHO", "\"not unquoted"]),
            ("ECHO it's\n", ["ECHO", "it's"]),
            ("ECHO\n", ["ECHO"]),
            ("ECHO \n", ["ECHO"]),
            (" ECHO \tx\n", ["ECHO", "\tx"]),
        ]
    )
    func restOfLine(_ line: String, _ words: [String]) {
        feed.expect(line, .request(words))
    }

    @Test("hexadecimal escapes give any byte")
    func bytes() {
        let word = (0...255).map { byte in
            "\\x" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16, uppercase: true)
        }
        let input = Array("SET k \"\(word.joined())\"\n".utf8)
        let value = (0...255).map { UInt8($0) }
        feed.expect(input, [.request([Array("SET".utf8), Array("k".utf8), value], id: [])])
    }

    @Test("plain words are not copied")
    func noCopy() {
        var decoder = RequestDecoder(encoding: .text)
        var frame = RequestFrame()
        let input = Array("SET k v\n".utf8)
        let outcome = decoder.decode(
            input.span,
            from: 0,
            into: &frame,
            catalog: testCatalog,
            limits: Limits(),
            isAuthenticated: true,
            json: LineJSONParser()
        )
        #expect(outcome == .request(consumed: 8))
        #expect(!frame.usesScratch && frame.scratch.capacity == 0)
    }

    @Test(
        "refusals name the column",
        arguments: [
            ("SET k \"abc\n", "unbalanced quote at column 7"),
            ("SET k 'abc\n", "unbalanced quote at column 7"),
            ("SET k \"abc\\\"\n", "unbalanced quote at column 7"),
            ("SET k \"abc\\\n", "unbalanced quote at column 7"),
            ("SET k abc\"\n", "quote inside a word at column 10"),
            ("SET k it's\n", "quote inside a word at column 9"),
            ("SET k \"a\"b\n", "no space behind a closing quote at column 10"),
            ("SET k 'a''b'\n", "no space behind a closing quote at column 10"),
            ("SET k \"\\q\"\n", "unknown escape at column 8"),
            ("SET k \"\\x4\"\n", "unknown escape at column 8"),
            ("SET k \"\\xg0\"\n", "unknown escape at column 8"),
            ("SET \u{0} v\n", "a byte that is not printable ASCII at column 5"),
            ("GET \u{7f}\n", "a byte that is not printable ASCII at column 5"),
            ("GET a\rb\r\n", "a byte that is not printable ASCII at column 6"),
            ("ECHO \u{e9}\n", "a byte that is not printable ASCII at column 6"),
            ("\u{16}\u{3}\u{1}\n", "a byte that is not printable ASCII at column 1"),
        ]
    )
    func refuses(_ line: String, _ message: String) {
        feed.expect(line, .rejected(.invalidText, message))
        feed.expect(line + "PING\n", .rejected(.invalidText, message), .request(["PING"]))
    }

    @Test("blank lines are skipped")
    func blank() {
        feed.expect("\n\r\n \t \nPING\n\n", .request(["PING"]))
    }

    @Test("a line that is too long is refused once, and its rest dropped")
    func tooLong() {
        var feed = feed
        feed.limits.maxLineBytes = 20
        let error = Step.rejected(
            .tooLong,
            "line above maxLineBytes=20 bytes; the rest of it is discarded"
        )
        let twenty = "GET " + String(repeating: "k", count: 16)
        feed.expect(twenty + "\n", .request(["GET", String(repeating: "k", count: 16)]))
        feed.expect(twenty + "k\n", error)
        feed.expect(twenty + "kk GET a\nGET b\n", error, .request(["GET", "b"]))
        feed.expect(
            twenty + String(repeating: "x", count: 500) + "\nPING\n",
            error,
            .request(["PING"])
        )
    }

    @Test("dropping a line keeps no bytes")
    func discards() {
        var decoder = RequestDecoder(encoding: .text)
        var frame = RequestFrame()
        let json = LineJSONParser()
        let chunk = [UInt8](repeating: 0x61, count: 70_000)
        func decode(_ bytes: [UInt8]) -> DecodeOutcome {
            decoder.decode(
                bytes.span,
                from: 0,
                into: &frame,
                catalog: testCatalog,
                limits: Limits(),
                isAuthenticated: true,
                json: json
            )
        }
        guard case .rejected(let error, let consumed) = decode(chunk) else {
            Issue.record("not refused")
            return
        }
        #expect(error.code == .tooLong && error.message.contains("maxLineBytes=65536"))
        #expect(consumed == 65_537)
        for _ in 0..<20 { #expect(decode(chunk) == .skipped(consumed: chunk.count)) }
        #expect(decode([]) == .incomplete(needed: 1))
        #expect(decode(Array("x\nPING\n".utf8)) == .skipped(consumed: 2))
        #expect(decode(Array("PING\n".utf8)) == .request(consumed: 5))
    }

    @Test("an incomplete line is searched once")
    func remembers() {
        var decoder = RequestDecoder(encoding: .text)
        var frame = RequestFrame()
        let json = LineJSONParser()
        let input = [UInt8](repeating: 0x61, count: 1000)
        for visible in 1...input.count {
            let outcome = decoder.decode(
                input.span.extracting(0..<visible),
                from: 0,
                into: &frame,
                catalog: testCatalog,
                limits: Limits(),
                isAuthenticated: true,
                json: json
            )
            #expect(outcome == .incomplete(needed: visible + 1))
            let searched = Int(decoder.searched)
            #expect(searched == visible)
        }
    }
}

struct SniffTests {
    @Test(
        "the first bytes choose",
        arguments: [
            ("", Sniffed.undecided),
            ("*1\r\n", .encoding(.resp2)),
            ("*", .encoding(.resp2)),
            ("{", .encoding(.json)),
            ("[", .encoding(.json)),
            ("\u{0}", .encoding(.protobuf)),
            ("GET k\n", .encoding(.text)),
            ("GET k\r\n", .encoding(.text)),
            ("GET k", .undecided),
            ("PING", .undecided),
            ("PING\n", .encoding(.text)),
            ("ping", .encoding(.text)),
            ("\n", .encoding(.text)),
            (" GET / HTTP/1.1\r\n", .encoding(.text)),
            ("GET / HTTP/1.1\r\n", .http),
            ("GET / HTTP/1.0\n", .http),
            ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", .http),
            ("GET / HTTP/1.1", .undecided),
            ("GET / HTTP/1.1\r", .undecided),
            ("GET / HTTP/1.1 \r\n", .encoding(.text)),
            ("GET / HTTP/2", .encoding(.text)),
            ("PRI * HTTP/2.0\r\n", .encoding(.text)),
            ("GET  / HTTP/1.1\r\n", .encoding(.text)),
            ("GET / http/1.1\r\n", .encoding(.text)),
            ("GET / HTTP/1.x\r\n", .encoding(.text)),
            ("SET a b c", .encoding(.text)),
            ("SET a H", .undecided),
            ("SET a HTTP/1.1x", .encoding(.text)),
            ("\u{16}\u{3}\u{1}", .encoding(.text)),
        ]
    )
    func table(_ input: String, _ expected: Sniffed) {
        #expect(RequestDecoder.sniff(Array(input.utf8).span) == expected)
    }

    @Test(
        "a request line is waited for up to a target of 8 KiB, and is one that is too long then",
        arguments: [
            ("GET /", Sniffed.http), ("GETX /", .encoding(.text)), ("SET a", .encoding(.text)),
        ]
    )
    func waits(_ begin: String, _ expected: Sniffed) {
        let start = Array(begin.utf8)
        let most = start + [UInt8](repeating: 0x61, count: 8192 + 32 - start.count - 1)
        #expect(RequestDecoder.sniff(most.span) == .undecided)
        #expect(RequestDecoder.sniff((most + [0x61]).span) == expected)
        let whole = Array("OPTIONS /".utf8) + [UInt8](repeating: 0x61, count: 8191)
        #expect(RequestDecoder.sniff((whole + Array(" HTTP/1.1\r\n".utf8)).span) == .http)
    }

    @Test(
        "what a connection speaks does not depend on how its first bytes came",
        arguments: [
            "PUT /", "GET http://", "GET k", "PRINT /",
        ]
    )
    func pieces(_ beginning: String) {
        let long = Array(beginning.utf8) + [UInt8](repeating: 0x61, count: 9000)
        for end in [" HTTP/1.1\r\n", "GET /v1/kv/k HTTP/1.1\r\n", "\n", " x\n", ""] {
            let whole = long + Array(end.utf8)
            let decided = (1...whole.count).lazy
                .map { RequestDecoder.sniff(whole.span.extracting(0..<$0)) }
                .first { $0 != .undecided }
            #expect(decided == RequestDecoder.sniff(whole.span), "\(beginning) … \(end)")
        }
    }
}
