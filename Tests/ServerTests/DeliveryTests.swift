// Messages to more subscribers than one turn of a loop serves: order, replies between them, shutting down.
import Core
import Server
import Testing

@Suite struct DeliveryTests {
    private static let subscriberCount = 150

    private func server() throws -> TestServer {
        try TestServer.ofMessages { $0.loopCount = 1 }
    }

    private func subscribers(_ server: TestServer) throws -> [TestClient] {
        try (0..<DeliveryTests.subscriberCount).map { number in
            // Every third speaks another encoding, so that several forms are under way.
            if number % 3 == 2 {
                let client = try server.jsonClient()
                let request = #"{"action":"SUBSCRIBE","channel":"c"}"#
                #expect(try client.ask(request) == #"{"result":1}"#)
                return client
            }
            let client = try server.textClient()
            #expect(try client.ask("SUBSCRIBE c") == "1")
            return client
        }
    }

    private func expected(_ number: Int, _ message: String) -> String {
        number % 3 == 2
            ? #"{"event":"message","channel":"c","message":"\#(message)","from":"tester"}"#
            : "> message c \(message)"
    }

    @Test func everySubscriberReceivesEveryMessageInOrder() throws {
        let server = try server()
        let publisher = try server.textClient()
        let subscribers = try subscribers(server)
        for message in 0..<40 {
            #expect(try publisher.ask("PUBLISH c m\(message)") == "\(subscribers.count)")
        }
        for (number, subscriber) in subscribers.enumerated() {
            for message in 0..<40 {
                #expect(try subscriber.line() == expected(number, "m\(message)"))
            }
        }
    }

    @Test func aReplyComesBehindTheMessagesFromBefore() throws {
        let server = try server()
        let publisher = try server.textClient()
        let subscribers = try subscribers(server)
        for round in 0..<10 {
            // The publisher's answer is there before the last subscribers are served.
            #expect(try publisher.ask("PUBLISH c m\(round)") == "\(subscribers.count)")
            for number in [0, 64, 148] {
                try subscribers[number].send("UNSUBSCRIBE c\n")
            }
            for number in [0, 64, 148] {
                #expect(try subscribers[number].line() == expected(number, "m\(round)"))
                #expect(try subscribers[number].line() == "0")
                #expect(try subscribers[number].ask("SUBSCRIBE c") == "1")
            }
        }
    }

    @Test func whatWasPublishedIsDeliveredBeforeTheEnd() throws {
        let server = try server()
        let publisher = try server.textClient()
        let subscribers = try subscribers(server)
        #expect(try publisher.ask("PUBLISH c last") == "\(subscribers.count)")
        server.server.shutDown()
        for (number, subscriber) in subscribers.enumerated() {
            #expect(try subscriber.line() == expected(number, "last"))
            #expect(try subscriber.line().contains("shutdown"))
        }
    }
}
