// Requests that two recipients could understand differently: each is refused, and nothing behind it is run.
import Testing

@testable import Gateway

private let host = "Host: localhost"
private let chunked = "Transfer-Encoding: chunked"

@Suite struct SmugglingTests {
    /// What must be answered 400, by what is wrong with it.
    static let corpus: [(String, String)] = [
        ("length and chunks", head([host, "Content-Length: 3", chunked]) + "0\r\n\r\n"),
        ("chunks and length", head([host, chunked, "Content-Length: 3"]) + "0\r\n\r\n"),
        ("two lengths", head([host, "Content-Length: 3", "Content-Length: 4"]) + "abcd"),
        ("the same length twice", head([host, "Content-Length: 3", "Content-Length: 3"]) + "abc"),
        ("a list of lengths", head([host, "Content-Length: 3, 3"]) + "abc"),
        ("a negative length", head([host, "Content-Length: -3"])),
        ("a signed length", head([host, "Content-Length: +3"]) + "abc"),
        ("a hexadecimal length", head([host, "Content-Length: 0x3"]) + "abc"),
        ("an empty length", head([host, "Content-Length:"])),
        ("an enormous length", head([host, "Content-Length: 99999999999999999999999"])),
        ("a length beyond 64 bits", head([host, "Content-Length: 18446744073709551617"])),
        ("another encoding", head([host, "Transfer-Encoding: gzip"])),
        ("two encodings", head([host, "Transfer-Encoding: gzip, chunked"]) + "0\r\n\r\n"),
        ("chunked twice", head([host, chunked, chunked]) + "0\r\n\r\n"),
        ("chunked in disguise", head([host, "Transfer-Encoding: xchunked"]) + "0\r\n\r\n"),
        ("a vertical tab", head([host, "Transfer-Encoding: \u{0B}chunked"]) + "0\r\n\r\n"),
        ("chunked in quotes", head([host, "Transfer-Encoding: \"chunked\""]) + "0\r\n\r\n"),
        ("space before the colon", head([host, "Content-Length : 3"]) + "abc"),
        ("tab before the colon", head([host, "Transfer-Encoding\t: chunked"]) + "0\r\n\r\n"),
        ("space within a name", head([host, "Content Length: 3"])),
        ("a name that is empty", head([host, ": x"])),
        ("no colon", head([host, "nonsense"])),
        ("a fold", head([host, "X: a", " b"])), ("a fold by tab", head([host, "X: a", "\tb"])),
        ("a fold at once", "GET /health HTTP/1.1\r\n Host: x\r\n\r\n"),
        ("a bare LF behind a field", "GET /health HTTP/1.1\r\nHost: x\nX: y\r\n\r\n"),
        ("a bare LF behind the line", "GET /health HTTP/1.1\nHost: x\r\n\r\n"),
        ("bare LFs at the end", "GET /health HTTP/1.1\r\nHost: x\n\n"),
        ("a bare CR in a value", head([host, "X: a\rb"])),
        ("a bare CR in a name", head([host, "X\r: a"])),
        ("a bare CR in the line", "GET /health\r HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("a NUL in a value", head([host, "X: a\0b"])), ("a DEL", head([host, "X: a\u{7F}b"])),
        ("a control character", head([host, "X: a\u{1}b"])),
        ("a name that is no token", head([host, "X(y): a"])),
        ("a name beyond ASCII", head([host, "Xé: a"])), ("no Host", head(["X: y"])),
        ("two Hosts", head([host, host])), ("a Host with a list", head(["Host: a, b"])),
        ("a Host with a user", head(["Host: a@b"])), ("a Host with a path", head(["Host: a/b"])),
        ("a Host with a space", head(["Host: a b"])),
        ("two spaces in the line", "GET  /health HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("two spaces behind the target", "GET /health  HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("a tab in the line", "GET\t/health HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("a space in the target", "GET /he alth HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("no version", "GET /health\r\nHost: x\r\n\r\n"),
        ("HTTP/2", "GET /health HTTP/2.0\r\nHost: x\r\n\r\n"),
        ("HTTP/1.2", "GET /health HTTP/1.2\r\nHost: x\r\n\r\n"),
        ("HTTP/0.9", "GET /health HTTP/0.9\r\nHost: x\r\n\r\n"),
        ("another protocol", "GET /health ICY/1.0\r\nHost: x\r\n\r\n"),
        ("a lower-case method", "get /health HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("an unknown method", "FROB /health HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("a target beyond ASCII", "GET /é HTTP/1.1\r\nHost: x\r\n\r\n"),
        ("chunks in HTTP/1.0", "GET /health HTTP/1.0\r\n\(chunked)\r\n\r\n0\r\n\r\n"),
        ("two Authorizations", head([host, "Authorization: a", "Authorization: b"])),
        ("no size of a chunk", chunks("\r\nabc\r\n0\r\n\r\n")),
        ("a size that is none", chunks("g\r\nabc\r\n0\r\n\r\n")),
        ("a negative size", chunks("-1\r\nabc\r\n0\r\n\r\n")),
        ("a size with 0x", chunks("0x3\r\nabc\r\n0\r\n\r\n")),
        ("a size with a space before", chunks(" 3\r\nabc\r\n0\r\n\r\n")),
        ("a size beyond 64 bits", chunks("10000000000000003\r\nabc\r\n0\r\n\r\n")),
        ("a bare LF behind a size", chunks("3\nabc\r\n0\r\n\r\n")),
        ("a bare CR behind a size", chunks("3\rabc\r\n0\r\n\r\n")),
        ("a bare LF behind a chunk", chunks("3\r\nabc\n0\r\n\r\n")),
        ("a chunk longer than it says", chunks("3\r\nabcd\r\n0\r\n\r\n")),
        ("bare LFs at the end of chunks", chunks("3\r\nabc\r\n0\n\n")),
        ("a bare LF in an extension", chunks("3;x=\ny\r\nabc\r\n0\r\n\r\n")),
        ("a space behind the last size", chunks("0 \r\n\r\n")),
        ("a sign before the last size", chunks("+0\r\n\r\n")),
        ("a folded trailer", chunks("0\r\nX: a\r\n b\r\n\r\n")),
        ("a trailer without a colon", chunks("0\r\nX\r\n\r\n")),
    ]

    private static func head(_ fields: [String]) -> String {
        "GET /health HTTP/1.1\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    private static func chunks(_ body: String) -> String { head([host, chunked]) + body }

    @Test(arguments: corpus.map(\.0))
    func isRefused(_ name: String) throws {
        let bench = try HTTPBench()
        let text = try #require(Self.corpus.first { $0.0 == name }?.1)
        let behind = "GET /health HTTP/1.1\r\nHost: smuggled\r\n\r\n"
        for size in [Int.max, 1, 2, 3, 7] {
            let peer = bench.connect()
            let answers = peer.send(text + behind, by: size)
            #expect(answers.map(\.status) == [400], "by \(size)")
            #expect(answers.first?.code == "protocol_error", "by \(size)")
            #expect(answers.first?.fields["connection"] == "close", "by \(size)")
            #expect(peer.isClosed, "by \(size)")
        }
    }

    @Test func whatLooksAlikeAndIsAllowed() throws {
        let bench = try HTTPBench()
        let good = [
            Self.head([host, "Content-Length: 3"]) + "abc", Self.head(["hOST:localhost"]),
            Self.head([host, "X: "]), Self.head([host, "X:"]), Self.head(["X:", host]),
            Self.chunks("0\r\nX:\r\n\r\n"), Self.chunks("0\r\nX: \r\nY:\r\n\r\n"),
            Self.head([host, "X:\ta\t"]), Self.head([host, "X: é"]),
            Self.head([host, "transfer-encoding: CHUNKED"]) + "3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n",
            Self.chunks("003\r\nabc\r\n000\r\n\r\n"), Self.chunks("4\r\n\r\n\r\n\r\n0\r\n\r\n"),
            Self.chunks("7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"),
            Self.chunks("7\r\n\r\n0\r\n\r\n\r\n0;x=y\r\nX: y\r\nY: z\r\n\r\n"),
            Self.head([host, "Content-Length: 4"]) + "\r\n\r\n", "\r\n\r\n" + Self.head([host]),
            "GET http://other/health HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        ]
        for text in good {
            for size in [Int.max, 1, 3] {
                let peer = bench.connect()
                let statuses = peer.send(text + text, by: size).map(\.status)
                #expect(statuses == [200, 200], "\(text.debugDescription) by \(size)")
                #expect(!peer.isClosed && !peer.connection.isInsideRequest)
            }
        }
    }
}
