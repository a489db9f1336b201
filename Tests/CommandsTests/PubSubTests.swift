// What scripts cannot say of pub/sub: RESP byte for byte, and the pushes of each encoding.
import Core
import PubSub
import Testing
import Wire

@testable import Commands

@Suite struct PubSubReplyTests {
    private func run(_ requests: String..., encoding: WireEncoding = .resp2) throws -> String {
        let input = requests.map { $0 + "\r\n" }.joined()
        let first = "*1\r\n$4\r\nPING\r\n"
        let (bytes, _) = try Conversation(encoding: encoding).replies(
            to: Array((first + input).utf8)
        )
        return String(decoding: bytes.dropFirst("+PONG\r\n".utf8.count), as: UTF8.self)
    }

    private func confirmation(_ kind: String, _ topic: String, _ count: Int) -> String {
        "3\r\n$\(kind.utf8.count)\r\n\(kind)\r\n$\(topic.utf8.count)\r\n\(topic)\r\n:\(count)\r\n"
    }

    private func refusal(_ name: String) -> String {
        "-ERR Can't execute '\(name)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
            + "are allowed in this context\r\n"
    }

    @Test func confirmationsAreThoseOfRedis() throws {
        #expect(
            try run("SUBSCRIBE a b") == "*" + confirmation("subscribe", "a", 1) + "*"
                + confirmation("subscribe", "b", 2)
        )
        #expect(
            try run("UNSUBSCRIBE", "PUNSUBSCRIBE")
                == "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n*3\r\n$12\r\npunsubscribe\r\n$-1\r\n:0\r\n"
        )
        #expect(
            try run("PSUBSCRIBE a*", "GET k", "UNSUBSCRIBE", encoding: .resp3)
                == ">" + confirmation("psubscribe", "a*", 1)
                + "_\r\n>3\r\n$11\r\nunsubscribe\r\n_\r\n:1\r\n"
        )
    }

    @Test func aRESP2SubscriberMayRunLittle() throws {
        let answers = try run(
            "SUBSCRIBE a",
            "GET x",
            "PING",
            "PING hi",
            "PUBLISH a b",
            "GET",
            "MULTI",
            "UNSUBSCRIBE",
            "PING"
        )
        #expect(
            answers == "*" + confirmation("subscribe", "a", 1) + refusal("get")
                + "*2\r\n$4\r\npong\r\n$0\r\n\r\n*2\r\n$4\r\npong\r\n$2\r\nhi\r\n"
                + refusal("publish") + "-ERR wrong number of arguments for 'get' command\r\n"
                + refusal("multi") + "*" + confirmation("unsubscribe", "a", 0) + "+PONG\r\n"
        )
        #expect(try run("SUBSCRIBE a", "RESET", "PING").hasSuffix("+RESET\r\n+PONG\r\n"))
        #expect(try run("SUBSCRIBE a", "QUIT").hasSuffix("+OK\r\n"))
    }

    @Test func helloChangesWhatASubscriberMayRun() throws {
        let answers = try run("SUBSCRIBE a", "HELLO 2", "GET x", "PING", encoding: .resp3)
        #expect(answers.hasSuffix(refusal("get") + "*2\r\n$4\r\npong\r\n$0\r\n\r\n"))
    }

    @Test func subscribingInATransactionIsAsInRedis() throws {
        let answers = try run("MULTI", "SUBSCRIBE a b", "PING", "EXEC", "PING")
        #expect(
            answers == "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n*" + confirmation("subscribe", "a", 1)
                + "*" + confirmation("subscribe", "b", 2)
                + "*2\r\n$4\r\npong\r\n$0\r\n\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n"
        )
    }

    @Test func otherEncodingsAnswerOnce() throws {
        let lines = [
            #"{"action":"SUBSCRIBE","channel":["a","b"],"id":7}"#,
            #"{"action":"PSUBSCRIBE","pattern":"a*"}"#, #"{"action":"GET","key":"k"}"#,
            #"{"action":"UNSUBSCRIBE"}"#,
        ]
        let input = lines.map { $0 + "\n" }.joined()
        let (bytes, _) = try Conversation(encoding: .json).replies(to: Array(input.utf8))
        #expect(
            String(decoding: bytes, as: UTF8.self) == #"""
                {"id":7,"result":2}
                {"result":3}
                {"error":{"code":"key_not_found","message":"no such key"}}
                {"result":1}

                """#
        )
        let (text, _) = try Conversation(encoding: .text)
            .replies(to: Array("SUBSCRIBE a\nSUBSCRIBE b\nPING\n".utf8))
        #expect(String(decoding: text, as: UTF8.self) == "1\n2\nPONG\n")
    }
}

@Suite struct MessagePushTests {
    private func push(
        _ encoding: WireEncoding,
        channel: String = "news",
        _ message: String = "hello",
        pattern: String? = nil
    ) -> String {
        let publication = Publication(
            channel: Topic(channel),
            message: Array(message.utf8),
            sender: "alice"
        )
        var reply = Reply()
        MessagePush.write(publication, pattern.map { Topic($0) }, encoding, &reply)
        return encode(reply, encoding)
    }

    private func gap(_ encoding: WireEncoding) -> String {
        var reply = Reply()
        MessagePush.writeGap(Topic("news"), lost: 17, encoding, &reply)
        return encode(reply, encoding)
    }

    private func encode(_ reply: borrowing Reply, _ encoding: WireEncoding) -> String {
        var output = ByteBuffer()
        ReplyEncoder.encode(reply, as: encoding, identifier: Span(), into: &output)
        return String(decoding: output.withBytes { Array($0) }, as: UTF8.self)
    }

    @Test func messages() {
        #expect(push(.text) == "> message news hello\n")
        #expect(push(.text, "two words") == "> message news \"two words\"\n")
        #expect(
            push(.json)
                == #"{"event":"message","channel":"news","message":"hello","from":"alice"}"# + "\n"
        )
        let body = "3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n"
        #expect(push(.resp2) == "*" + body)
        #expect(push(.resp3) == ">" + body)
    }

    @Test func messagesOfPatterns() {
        #expect(push(.text, pattern: "n*") == "> pmessage n* news hello\n")
        #expect(
            push(.json, pattern: "n*")
                == #"{"event":"pmessage","pattern":"n*","channel":"news","message":"hello","#
                + #""from":"alice"}"# + "\n"
        )
        let body = "4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$5\r\nhello\r\n"
        #expect(push(.resp2, pattern: "n*") == "*" + body)
        #expect(push(.resp3, pattern: "n*") == ">" + body)
    }

    @Test(arguments: WireEncoding.allCases) func offsets(encoding: WireEncoding) {
        let publication = Publication(
            channel: Topic("news"),
            message: Array("hi".utf8),
            sender: "alice",
            offset: 17
        )
        func push(tellsOffset: Bool) -> String {
            var reply = Reply()
            MessagePush.write(publication, nil, encoding, &reply, tellsOffset: tellsOffset)
            return encode(reply, encoding)
        }
        let body = "$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n"
        switch encoding {
        case .text: #expect(push(tellsOffset: false) == "> message news hi 17\n")
        case .json:
            #expect(push(tellsOffset: false).hasSuffix(#""from":"alice","offset":17}"# + "\n"))
        case .resp2:
            #expect(push(tellsOffset: false) == "*3\r\n" + body)
            #expect(push(tellsOffset: true) == "*4\r\n" + body + ":17\r\n")
        case .resp3:
            #expect(push(tellsOffset: false) == ">3\r\n" + body)
            #expect(push(tellsOffset: true) == ">4\r\n" + body + ":17\r\n")
        case .protobuf: #expect(push(tellsOffset: false).contains("offset"))
        }
    }

    @Test func gaps() {
        #expect(gap(.text) == "> gap news 17\n")
        #expect(gap(.json) == #"{"event":"gap","channel":"news","lost":17}"# + "\n")
        #expect(gap(.resp3) == ">3\r\n$3\r\ngap\r\n$4\r\nnews\r\n:17\r\n")
        #expect(
            gap(.resp2) == "*3\r\n$7\r\nmessage\r\n$8\r\n$sys.gap\r\n$7\r\nnews 17\r\n"
        )
    }
}
