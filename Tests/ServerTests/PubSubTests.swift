// Messages over loopback: publishers and subscribers of each encoding, on several loops.
import Access
import Core
import Reactor
import Server
import Testing

@Suite struct PubSubTests {
    /// Asks until `line` is answered with `expected`: for what another loop does in its own time.
    private func wait(
        _ client: TestClient,
        _ line: String,
        until expected: [String]
    ) throws {
        try eventually("\(line) is answered with \(expected)") {
            try client.send(line + "\n")
            return try expected.map { _ in try client.line() } == expected
        }
    }

    @Test func everyEncodingReceivesWhatIsPublished() throws {
        let server = try TestServer.ofMessages()
        let publisher = try server.textClient()
        let text = try server.textClient()
        let json = try server.jsonClient()
        let resp2 = try server.respClient(version: 2)
        let resp3 = try server.respClient(version: 3)
        #expect(try text.ask("SUBSCRIBE news") == "1")
        #expect(
            try json.ask(#"{"action":"PSUBSCRIBE","pattern":"n*"}"#) == #"{"result":1}"#
        )
        try resp2.send("SUBSCRIBE news\r\n")
        for line in ["*3", "$9", "subscribe", "$4", "news", ":1"] {
            #expect(try resp2.line() == line)
        }
        try resp3.send("SUBSCRIBE news\r\n")
        for line in [">3", "$9", "subscribe", "$4", "news", ":1"] {
            #expect(try resp3.line() == line)
        }
        #expect(try publisher.ask("PUBLISH news 'hello world'") == "4")
        #expect(try text.line() == "> message news \"hello world\"")
        #expect(
            try json.line()
                == #"{"event":"pmessage","pattern":"n*","channel":"news","message":"hello world","#
                + #""from":"tester"}"#
        )
        for line in ["*3", "$7", "message", "$4", "news", "$11", "hello world"] {
            #expect(try resp2.line() == line)
        }
        for line in [">3", "$7", "message", "$4", "news", "$11", "hello world"] {
            #expect(try resp3.line() == line)
        }
        // Whoever speaks RESP3, or no RESP, goes on as before.
        try resp3.send("GET none\r\n")
        #expect(try resp3.line() == "_")
        #expect(try text.ask("PUBLISH news again") == "4")
        #expect(try text.line() == "> message news again")
    }

    @Test func everyEncodingReceivesNotifications() throws {
        let server = try TestServer.ofMessages()
        let publisher = try server.textClient()
        let text = try server.textClient()
        let json = try server.jsonClient()
        let resp2 = try server.respClient(version: 2)
        let resp3 = try server.respClient(version: 3)
        #expect(try text.ask("SUBSCRIBE $sys.notify") == "1")
        #expect(
            try json.ask(#"{"action":"SUBSCRIBE","channel":"$sys.notify"}"#) == #"{"result":1}"#
        )
        for client in [resp2, resp3] {
            try client.send("PSUBSCRIBE $sys.*\r\n")
            for _ in 0..<6 { _ = try client.line() }
        }
        #expect(try publisher.ask(#"NOTIFY "hello \"you\"" TYPE alert DATA '{"a":1}'"#) == "4")
        let object =
            #""kind":"alert","message":"hello \"you\"","data":"{\"a\":1}","from":"tester"}"#
        #expect(try text.line() == #"> notify alert "hello \"you\"" {"a":1}"#)
        #expect(try json.line() == #"{"event":"notify","# + object)
        let payload = "{" + object
        let lines = [
            "$8", "pmessage", "$6", "$sys.*", "$11", "$sys.notify", "$\(payload.utf8.count)",
            payload,
        ]
        for (client, head) in [(resp2, "*4"), (resp3, ">4")] {
            for line in [head] + lines { #expect(try client.line() == line) }
        }
        // What came as JSON is JSON; what is not there is null.
        let notify = #"{"action":"NOTIFY","message":"m","data":{"a":[1, 2]}}"#
        try json.send(notify + "\n")
        let replies = [try json.line(), try json.line()]
        #expect(replies.contains(#"{"result":4}"#))
        #expect(
            replies.contains(
                #"{"event":"notify","kind":"info","message":"m","data":{"a":[1,2]},"from":"tester"}"#
            )
        )
        #expect(try text.line() == #"> notify info m {"a":[1,2]}"#)
        #expect(try publisher.ask("NOTIFY m") == "4")
        #expect(try text.line() == "> notify info m (nil)")
    }

    /// A field of a protobuf message that holds bytes or a message, of fewer than 128 bytes.
    private func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(bytes.count)] + bytes
    }

    private func frame(_ message: [UInt8]) -> [UInt8] { [0, 0, 0, UInt8(message.count)] + message }

    @Test func protobufReceivesPushes() throws {
        let server = try TestServer.ofMessages()
        let publisher = try server.textClient()
        let client = try server.connect()
        func next() throws -> [UInt8] {
            let length = try client.bytes(4).reduce(0) { $0 << 8 | Int($1) }
            return try client.bytes(length)
        }
        try client.send(frame(field(2, field(1, Array(server.folder.token.utf8)))))
        #expect(try next() == field(3, Array("OK".utf8)))
        // The request of number 5 subscribes, and its answer is the integer 1, in zigzag encoding.
        try client.send(frame([0x08, 5] + field(14, field(1, Array("news".utf8)))))
        #expect(try next() == [0x08, 5, 0x20, 2])
        #expect(try publisher.ask("PUBLISH news hello") == "1")
        let fields = [("channel", "news"), ("message", "hello"), ("from", "tester")]
        let push = fields.reduce(field(1, Array("message".utf8))) { push, pair in
            let value = field(2, field(3, Array(pair.1.utf8)))
            return push + field(2, field(1, Array(pair.0.utf8)) + value)
        }
        #expect(try next() == field(11, push))
    }

    @Test func orderIsKeptUnderSeveralPublishers() throws {
        let server = try TestServer.ofMessages()
        let subscribers = try (0..<4).map { _ in try server.textClient() }
        for subscriber in subscribers { #expect(try subscriber.ask("SUBSCRIBE c") == "1") }
        let publishers = try (0..<4).map { _ in try server.textClient() }
        let count = 500
        for (number, publisher) in publishers.enumerated() {
            try publisher.send((0..<count).map { "PUBLISH c \(number):\($0)\n" }.joined())
        }
        for publisher in publishers {
            for _ in 0..<count { #expect(try publisher.line() == "4") }
        }
        for subscriber in subscribers {
            var next = [0, 0, 0, 0]
            for _ in 0..<(4 * count) {
                let words = try subscriber.line().split(separator: " ")
                let parts = words.last?.split(separator: ":").compactMap { Int($0) } ?? []
                guard parts.count == 2, parts[0] < 4 else {
                    Issue.record("\(words)")
                    return
                }
                #expect(parts[1] == next[parts[0]])
                next[parts[0]] = parts[1] + 1
            }
            #expect(next == [count, count, count, count])
        }
    }

    @Test func whoVanishesLeavesNothingBehind() throws {
        let server = try TestServer.ofMessages()
        let watcher = try server.textClient()
        for round in 0..<5 {
            let clients = try (0..<10).map { _ in try server.textClient() }
            for client in clients {
                #expect(try client.ask("SUBSCRIBE a b c") == "3")
                #expect(try client.ask("PSUBSCRIBE *") == "4")
            }
            #expect(try watcher.ask("PUBLISH a m") == "20")
            for (number, client) in clients.enumerated() {
                if number % 2 == round % 2 { client.reset() } else { client.close() }
            }
            try wait(watcher, "PUBSUB NUMPAT", until: ["0"])
            try wait(watcher, "PUBSUB CHANNELS", until: ["*0"])
            #expect(try watcher.ask("PUBLISH a m") == "0")
        }
    }

    @Test func aTokenThatLosesAChannelEndsTheSession() throws {
        let server = try TestServer.ofMessages {
            // The token is tried until the server has read the file.
            $0.limits.maxAuthenticationFailures = 1_000_000
            $0.limits.addressFailedAuthentications = 0
        }
        let now = SystemClock.now().unixMilliseconds
        let issued = try server.folder.editor.add(
            name: "listener",
            permissions: ["@pubsub"],
            subscribe: ["news"],
            nowUnixMilliseconds: now
        )
        server.server.reloadTokens()
        let client = try server.connect()
        try wait(client, "AUTH \(issued.credential)", until: ["OK"])
        #expect(try client.ask("SUBSCRIBE other").hasPrefix("ERR NOPERM"))
        #expect(try client.ask("SUBSCRIBE news") == "1")
        try server.folder.editor.revoke("listener")
        server.server.reloadTokens()
        #expect(try client.line().hasPrefix("ERR SESSION"))
        try client.waitUntilClosed()
    }

    @Test func aJSONBatchIsNotInterrupted() throws {
        let server = try TestServer.ofMessages()
        let json = try server.jsonClient()
        #expect(try json.ask(#"{"action":"SUBSCRIBE","channel":"c"}"#) == #"{"result":1}"#)
        let item = #"{"action":"PUBLISH","channel":"c","message":"m"}"#
        try json.send("[" + Array(repeating: item, count: 3).joined(separator: ",") + "]\n")
        #expect(try json.line() == #"[{"result":1},{"result":1},{"result":1}]"#)
        let push = #"{"event":"message","channel":"c","message":"m","from":"tester"}"#
        for _ in 0..<3 { #expect(try json.line() == push) }
    }

    /// Limits that a reader which pauses soon meets.
    private func narrow(_ configuration: inout ServerConfiguration) {
        configuration.limits.messageHoldBytes = 4096
        configuration.limits.maxHeldMessages = 8
        configuration.limits.subscriberOutboundHardLimitBytes = 1 << 20
    }

    private func publish(_ publisher: TestClient, _ count: Int) throws {
        let filler = String(repeating: "x", count: 16 << 10)
        for number in 0..<count {
            #expect(
                try publisher.ask("PUBLISH \(number % 2 == 0 ? "a" : "b") \(number):\(filler)")
                    == "1"
            )
        }
    }

    @Test func aSlowSubscriberIsClosed() throws {
        let server = try TestServer.ofMessages(narrow)
        let publisher = try server.textClient()
        let slow = try server.textClient()
        #expect(try slow.ask("SUBSCRIBE a b") == "2")
        let filler = String(repeating: "x", count: 32 << 10)
        // The kernel's buffers take some megabytes, and the limit is one more.
        for _ in 0..<10_000 {
            if try publisher.ask("PUBLISH a \(filler)") == "0" { break }
        }
        #expect(try publisher.ask("PUBLISH a end") == "0")
        try wait(publisher, "PUBSUB CHANNELS", until: ["*0"])
    }

    @Test func aSlowSubscriberLosesTheOldest() throws {
        let server = try TestServer.ofMessages(narrow)
        let publisher = try server.textClient()
        let slow = try server.textClient()
        #expect(try slow.ask("DELIVERY drop-oldest") == "OK")
        #expect(try slow.ask("SUBSCRIBE a b") == "2")
        let count = 800
        try publish(publisher, count)
        let (numbers, lost) = try numbersAndLosses(slow, until: [count - 2, count - 1])
        #expect(lost > 0 && numbers.count + lost == count)
        #expect(numbers == numbers.sorted())
        #expect(numbers.suffix(8) == Array((count - 8)..<count)[...])
    }

    @Test func aSlowSubscriberKeepsTheLatestOfEachChannel() throws {
        let server = try TestServer.ofMessages(narrow)
        let publisher = try server.textClient()
        let slow = try server.textClient()
        #expect(try slow.ask("DELIVERY latest") == "OK")
        #expect(try slow.ask("SUBSCRIBE a b") == "2")
        let count = 800
        try publish(publisher, count)
        let (numbers, lost) = try numbersAndLosses(slow, until: [count - 2, count - 1])
        #expect(lost > 0 && numbers.count + lost == count)
        #expect(Set(numbers.suffix(2)) == [count - 2, count - 1])
    }

    @Test func whatIsHeldForAnEndedSubscriptionIsNotSent() throws {
        let server = try TestServer.ofMessages {
            narrow(&$0)
            $0.limits.maxHeldMessages = 1000
        }
        let publisher = try server.textClient()
        let slow = try server.textClient()
        #expect(try slow.ask("DELIVERY drop-oldest") == "OK")
        #expect(try slow.ask("SUBSCRIBE a b") == "2")
        try publish(publisher, 800)
        try slow.send("UNSUBSCRIBE a\n")
        // The last one before the confirmation was on its way; behind it only `b` comes.
        while try slow.line() != "1" {}
        #expect(try publisher.ask("PUBLISH a end") == "0")
        #expect(try publisher.ask("PUBLISH b end") == "1")
        var line = ""
        var seen = 0
        while line != "> message b end" {
            line = try slow.line()
            #expect(!line.hasPrefix("> message a"))
            seen += 1
        }
        #expect(seen > 1)
    }

    /// The numbers of the messages that `client` receives, and how many it is told it lost, until the
    /// messages of the numbers `last`.
    private func numbersAndLosses(
        _ client: TestClient,
        until last: Set<Int>
    ) throws -> ([Int], Int) {
        var numbers: [Int] = []
        var lost = 0
        while Set(numbers.suffix(2)) != last {
            let words = try client.line().split(separator: " ")
            guard words.count == 4 else { break }
            if words[1] == "gap" {
                lost += Int(words[3]) ?? 0
            } else {
                numbers.append(Int(words[3].prefix { $0 != ":" }) ?? -1)
            }
        }
        return (numbers, lost)
    }
}
