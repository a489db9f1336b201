// JSON batches, live: one line of requests, one line of replies, whatever happens in the middle.
import Core
import Server
import Testing

@Suite struct BatchTests {
    @Test func repliesComeInOrderOnOneLine() throws {
        let client = try TestServer().jsonClient()
        let answer = try client.ask(
            #"[{"action":"SET","key":"k","value":"1","id":1},{"action":"INCR","key":"k"},{},"#
                + #"[],{"action":"GET","key":"none","id":"x"},{"action":"GET","key":"k"}]"#
        )
        #expect(
            answer
                == #"[{"id":1,"result":"OK"},{"result":2},"#
                + #"{"error":{"code":"invalid_request","message":"field 'action' is missing"}},"#
                + #"{"error":{"code":"invalid_request","#
                + #""message":"a request must be a JSON object"}},"#
                + #"{"id":"x","error":{"code":"key_not_found","message":"no such key"}},"#
                + #"{"result":"2"}]"#
        )
        #expect(try client.ask("[]") == "[]")
        #expect(try client.ask(["[]", "[{}", #"[{"action":"WHY"}]"#]).last == #"[{"result":42}]"#)
    }

    @Test func aBatchIsNoTransaction() throws {
        let client = try TestServer().jsonClient()
        let answer = try client.ask(
            #"[{"action":"SET","key":"k","value":"text"},{"action":"INCR","key":"k"},"#
                + #"{"action":"SET","key":"k","value":"after"}]"#
        )
        #expect(answer.contains("not_an_integer"))
        #expect(try client.ask(#"{"action":"GET","key":"k"}"#) == #"{"result":"after"}"#)
    }

    @Test func theFirstBytesMayBeABatch() throws {
        let server = try TestServer()
        let client = try server.connect()
        let token = server.folder.token
        let answer = try client.ask(
            #"[{"action":"WHY"},{"action":"AUTH","token":"\#(token)"},{"action":"WHY"}]"#
        )
        #expect(
            answer
                == #"[{"error":{"code":"unauthenticated","message":"Authentication required."}},"#
                + #"{"result":"OK"},{"result":42}]"#
        )
    }

    @Test func beforeATokenABatchIsSmall() throws {
        let client = try TestServer().connect()
        let pings = [String](repeating: #"{"action":"PING"}"#, count: 11)
        let answer = try client.ask("[" + pings.joined(separator: ",") + "]")
        #expect(answer.contains("maxUnauthenticatedBatchCommands allows 10"), "\(answer)")
        #expect(try client.ask("[" + pings[0] + "]") == #"[{"result":"PONG"}]"#)
    }

    @Test func whatEndsTheConnectionEndsTheArray() throws {
        let client = try TestServer().jsonClient()
        try client.send(#"[{"action":"WHY"},{"action":"QUIT"},{"action":"WHY"}]"# + "\n")
        #expect(try client.line() == #"[{"result":42},{"result":"OK"}]"#)
        try client.waitUntilClosed()
    }

    @Test func aBatchLargerThanAnyBufferIsAnsweredPieceByPiece() throws {
        let server = try TestServer { configuration in
            configuration.limits.outboundHighWatermarkBytes = 256 << 10
            configuration.limits.outboundLowWatermarkBytes = 64 << 10
            configuration.limits.replyBatchBytes = 64 << 10
        }
        let client = try server.jsonClient()
        let value = String(repeating: "v", count: 60_000)
        _ = try client.ask(#"{"action":"SET","key":"k","value":"\#(value)"}"#)
        let gets = (0..<400).map { #"{"action":"GET","key":"k","id":\#($0)}"# }
        try client.send("[" + gets.joined(separator: ",") + "]\n" + #"{"action":"WHY"}"# + "\n")
        // Reading stops above the high mark, so another connection is served meanwhile.
        let other = try server.connect()
        #expect(try other.ask("PING") == "PONG")
        let results = (0..<400).map { #"{"id":\#($0),"result":"\#(value)"}"# }
        let expected = Array(("[" + results.joined(separator: ",") + "]\n").utf8)
        #expect(try client.bytes(expected.count) == expected)
        #expect(try client.line() == #"{"result":42}"#)
    }

    @Test func shuttingDownLeavesTheLineWhole() throws {
        let server = try TestServer { configuration in
            configuration.limits.outboundHighWatermarkBytes = 64 << 10
            configuration.limits.outboundLowWatermarkBytes = 16 << 10
            configuration.limits.replyBatchBytes = 64 << 10
        }
        let client = try server.jsonClient()
        let value = String(repeating: "v", count: 60_000)
        _ = try client.ask(#"{"action":"SET","key":"k","value":"\#(value)"}"#)
        let gets = [String](repeating: #"{"action":"GET","key":"k"}"#, count: 400)
        try client.send("[" + gets.joined(separator: ",") + "]\n")
        let other = try server.textClient()
        // Its reply comes behind those that the first connection's loop was busy with.
        #expect(try other.ask("WHY") == "42")
        server.server.shutDown()
        let results = [String](repeating: #"{"result":"\#(value)"}"#, count: 400)
        let expected = Array(("[" + results.joined(separator: ",") + "]\n").utf8)
        #expect(try client.bytes(expected.count) == expected)
    }
}
