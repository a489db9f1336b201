// Channels that keep messages, over loopback: who comes back is sent what it missed, once and in order.
import Core
import Reactor
import Server
import Testing

@Suite struct ResumeTests {
    private func server(_ rules: String...) throws -> TestServer {
        try TestServer.ofMessages { configuration in
            configuration.limits.maxRetainedChannelBytes = 64 << 20
            configuration.retention = rules.compactMap { try? RetentionRule(parsing: $0) }
        }
    }

    /// The epoch that the server has, from a position `epoch:offset`.
    private func epoch(_ client: TestClient, _ channel: String) throws -> String {
        String(try client.ask("POSITION \(channel)").prefix { $0 != ":" })
    }

    private func lines(_ client: TestClient, _ count: Int) throws -> [String] {
        try (0..<count).map { _ in try client.line() }
    }

    @Test func whoComesBackIsSentWhatItMissed() throws {
        let server = try server("news=100,60s")
        let publisher = try server.textClient()
        let epoch = try epoch(publisher, "news")
        for number in 1...3 { #expect(try publisher.ask("PUBLISH news m\(number)") == "0") }
        let text = try server.textClient()
        try text.send("RESUME news \(epoch):1\n")
        #expect(
            try lines(text, 13) == [
                "*10", "channel", "news", "recovered", "true", "epoch", epoch, "offset", "3",
                "missed", "2", "> message news m2 2", "> message news m3 3",
            ]
        )
        let json = try server.jsonClient()
        #expect(
            try json.ask(#"{"action":"RESUME","channel":"news","position":"\#(epoch):2"}"#)
                == #"{"result":{"channel":"news","recovered":true,"epoch":"\#(epoch)","offset":3,"missed":1}}"#
        )
        #expect(
            try json.line()
                == #"{"event":"message","channel":"news","message":"m3","from":"tester","offset":3}"#
        )
        #expect(try publisher.ask("PUBLISH news m4") == "2")
        #expect(try text.line() == "> message news m4 4")
        #expect(try json.line().hasSuffix(#""offset":4}"#))
        let late = try server.jsonClient()
        #expect(
            try late.ask(#"{"action":"RESUME","channel":"news","position":"other:2"}"#)
                == #"{"result":{"channel":"news","recovered":false,"epoch":"\#(epoch)","offset":4,"missed":0}}"#
        )
        #expect(try publisher.ask("POSITION none") == "(nil)")
    }

    @Test func redisClientsSeeRedisMessages() throws {
        let server = try server("news=100")
        let publisher = try server.textClient()
        let epoch = try epoch(publisher, "news")
        #expect(try publisher.ask("PUBLISH news a") == "0")
        let client = try server.connect()
        try client.send(
            "*2\r\n$4\r\nAUTH\r\n$\(server.folder.token.utf8.count)\r\n\(server.folder.token)\r\n"
        )
        #expect(try client.line() == "+OK")
        try client.send("SUBSCRIBE news\r\n")
        #expect(try lines(client, 6) == ["*3", "$9", "subscribe", "$4", "news", ":1"])
        #expect(try publisher.ask("PUBLISH news b") == "1")
        #expect(try lines(client, 7) == ["*3", "$7", "message", "$4", "news", "$1", "b"])
        try client.send("UNSUBSCRIBE\r\nRESUME news \(epoch):1\r\n")
        #expect(try lines(client, 6) == ["*3", "$11", "unsubscribe", "$4", "news", ":0"])
        while try client.line() != "missed" {}
        #expect(try client.line() == ":1")
        #expect(try lines(client, 8) == ["*4", "$7", "message", "$4", "news", "$1", "b", ":2"])
    }

    @Test func aWrongRuleIsSaid() throws {
        let program = try Program.products + "/sallyport"
        let result = try Program.run([program, "serve", "--retain", "news=5,x"])
        #expect(result.status == 64)
        #expect(result.errors.contains("--retain 'news=5,x' says 'x', which is no number"))
    }

    /// Messages that are more than a socket takes at once, while others are published on both loops.
    @Test func aLongReplayHasNoHole() throws {
        let server = try server("c=100000")
        let publishers = try (0..<3).map { _ in try server.textClient() }
        let epoch = try epoch(publishers[0], "c")
        let filler = String(repeating: "x", count: 4000)
        let count = 1000
        func publish(_ publisher: TestClient) throws {
            try publisher.send(String(repeating: "PUBLISH c \(filler)\n", count: count))
        }
        for publisher in publishers { try publish(publisher) }
        for publisher in publishers { _ = try lines(publisher, count) }
        let clients = try (0..<4).map { _ in try server.textClient() }
        for publisher in publishers { try publish(publisher) }
        for (number, client) in clients.enumerated() {
            try client.send("DELIVERY drop-oldest\nRESUME c \(epoch):\(number)\n")
        }
        for publisher in publishers { _ = try lines(publisher, count) }
        for (number, client) in clients.enumerated() {
            while try !client.line().hasPrefix("missed") {}
            _ = try client.line()
            var offset = number
            while offset < 2 * publishers.count * count {
                let words = try client.line().split(separator: " ")
                if words[1] == "gap" {
                    offset += Int(words[3]) ?? 0
                } else {
                    offset += 1
                    #expect(Int(words[4]) == offset)
                }
            }
        }
    }
}
