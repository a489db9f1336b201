// Pipelines, live: requests that come together are answered as those that come one by one.
import Core
import Server
import Testing

@Suite struct RunTests {
    private func request(_ words: String...) -> String {
        "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
    }

    /// All that `server` answers to `requests`, which it is sent in pieces, until it closes the connection.
    private func answers(_ server: TestServer, _ pieces: [String]) throws -> String {
        let client = try server.connect()
        for piece in pieces { try client.send(piece) }
        var text = ""
        while let line = try? client.line() { text += line + "\n" }
        return text
    }

    /// Compares what comes of all at once with what comes one by one.
    private func expectSame(
        _ requests: (TestServer) -> [String],
        _ change: (inout ServerConfiguration) -> Void = { _ in }
    ) throws -> String {
        let alone = try TestServer(change)
        let together = try TestServer(change)
        let expected = try answers(alone, requests(alone))
        let found = try answers(together, [requests(together).joined()])
        #expect(found == expected)
        return found
    }

    @Test func whatChangesTheConnectionInTheMiddle() throws {
        let text = try expectSame { server in
            let token = server.folder.token
            return [
                request("GET", "k"), request("AUTH", token), request("SET", "k", "v"),
                request("GET", "k"), request("HELLO", "3"), request("GET", "none"),
                request("MULTI"), request("INCR", "n"), request("INCR", "n"), request("EXEC"),
                request("CLIENT", "REPLY", "SKIP"), request("GET", "unheard"), request("GET", "k"),
                request("NOSUCH", "k"), request("GET"), request("HELLO", "2"),
                request("GET", "none"), request("DEL", "k"), request("QUIT"), request("GET", "k"),
            ]
        }
        #expect(text.contains("-NOAUTH"))
        #expect(text.hasSuffix(":1\n+OK\n"))
    }

    @Test func limitsAreThoseOfWhoItIsByThen() throws {
        let long = String(repeating: "x", count: 5000)
        // Before its token a peer may not send it, after it it may, and after RESET not again.
        let text = try expectSame { server in
            [
                request("AUTH", server.folder.token), request("ECHO", long), request("RESET"),
                request("GET", "k"), request("ECHO", long), request("PING"),
            ]
        } _: {
            $0.limits.maxUnauthenticatedArgumentBytes = 1000
        }
        #expect(text.contains(long))
        #expect(text.hasSuffix("-ERR Protocol error: unauthenticated bulk length\n"))
    }

    @Test func aFullOutputInTheMiddle() throws {
        let value = String(repeating: "v", count: 900)
        let text = try expectSame { server in
            [request("AUTH", server.folder.token), request("SET", "k", value)]
                + (0..<100).map { $0 % 7 == 0 ? request("INCR", "n") : request("GET", "k") }
                + [request("QUIT")]
        } _: {
            $0.limits.replyBatchBytes = 2000
        }
        #expect(text.hasSuffix("\n+OK\n"))
        #expect(text.split(separator: "\n").filter { $0 == value }.count == 85)
    }

    @Test func jsonInEveryFashion() throws {
        let text = try expectSame { server in
            [
                #"{"action":"AUTH","token":"\#(server.folder.token)","id":"first"}"#,
                #"{"action":"SET","key":"k","value":"v","id":1}"#,
                #"{"action":"GET","key":"k","id":"two"}"#, #"{"action":"GET","key":"k"}"#,
                #"[{"action":"GET","key":"k","id":3},{"action":"GET","key":"k"}]"#,
                #"{"action":"GET","key":"k","id":4}"#, #"{"key":"k","id":5,"action":"GET"}"#,
                #"{"action":"GET","id":6}"#, "not JSON", #"{"action":"GET","key":"none","id":7}"#,
                #"{"action":"GET","key":"k","namespace":"n","id":8}"#, "", "[]",
                #"{"action":"SET","key":"k","value":"w","ttl":100,"id":9}"#,
                #"{"action":"GET","key":"k"}"#, #"{"action":"RESET"}"#,
                #"{"action":"GET","key":"k","id":10}"#, #"{"action":"QUIT"}"#,
            ].map { $0 + "\n" }
        }
        let lines = text.split(separator: "\n")
        #expect(lines[1] == #"{"id":1,"result":"OK"}"#)
        #expect(lines[2] == #"{"id":"two","result":"v"}"#)
        #expect(lines[3] == #"{"result":"v"}"#)
        #expect(lines[4] == #"[{"id":3,"result":"v"},{"result":"v"}]"#)
        #expect(lines[5] == #"{"id":4,"result":"v"}"#)
        #expect(lines.last == #"{"result":"OK"}"#)
        #expect(lines.count == 17)
    }
}
