// A program that embeds the server: sequences of events, methods that are called, and that nothing stays behind.
import Core
import Reactor
import Server
import Synchronization
import Testing

@Suite struct EmbeddingTests {
    private func server() throws -> TestServer {
        try TestServer(subscribe: ["*"], publish: ["*"]) { configuration in
            configuration.loopCount = 2
            configuration.retention = [RetentionRule(pattern: Array("kept".utf8), maxMessages: 9)]
        }
    }

    @Test func messagesComeAsASequence() async throws {
        let server = try server()
        let publisher = try server.textClient()
        let events = server.server.messages(channels: ["news", "kept"], patterns: ["n*"])
        #expect(server.server.embeddedSubscriptions == 1)
        #expect(try publisher.ask("PUBLISH other x") == "0")
        #expect(try publisher.ask("PUBLISH news hello") == "2")
        #expect(try publisher.ask("PUBLISH kept one") == "1")
        var iterator = events.makeAsyncIterator()
        guard case .message(let first) = await iterator.next() else {
            Issue.record("no message came")
            return
        }
        #expect(first.text == "hello" && first.sender == "tester" && first.offset == nil)
        guard case .message(let second) = await iterator.next() else {
            Issue.record("no message came")
            return
        }
        #expect(second.text == "one" && second.offset == 1)
        events.cancel()
        #expect(await iterator.next() == nil)
        #expect(try publisher.ask("PUBLISH news hello") == "0")
    }

    @Test func changesComeAsASequence() async throws {
        let server = try server()
        let writer = try server.textClient()
        let events = server.server.changes(of: ["u^*"], hasValues: true)
        #expect(try writer.ask("SET u^1 a") == "OK")
        #expect(try writer.ask("SET other a") == "OK")
        #expect(try writer.ask("DEL u^1") == "1")
        #expect(try writer.ask("SET u^2 b PX 1") == "OK")
        var seen: [String] = []
        for await event in events {
            guard case .change(let change) = event else { break }
            let values = [change.old, change.new].map {
                $0.map { String(decoding: $0, as: UTF8.self) }
            }
            seen.append(
                "\(change.kind.word) \(change.name) \(values[0] ?? "-") \(values[1] ?? "-")"
            )
            if seen.count == 4 { break }
        }
        #expect(seen == ["set u^1 - a", "del u^1 a -", "set u^2 - b", "expired u^2 b -"])
    }

    @Test func aFullBufferTellsWhatItLost() async throws {
        let server = try server()
        let writer = try server.textClient()
        let events = server.server.changes(of: ["k"], buffer: 10)
        let probe = Probe()
        server.server.onChange(of: ["k"], tell: probe, Probe.take)
        for _ in 0..<50 { _ = try writer.ask("INCR k") }
        // Sinks are called one behind the other, so that event 51 is not there before 50 are everywhere.
        _ = try writer.ask("DEL k")
        while probe.count < 51 { await Task.yield() }
        var lost = 0
        var taken = 0
        for await event in events {
            if case .gap(let count) = event { lost += count } else { taken += 1 }
            if lost + taken >= 50 { break }
        }
        #expect(lost >= 40 && taken <= 10)
    }

    @Test func aCancelledTaskLeavesNothingBehind() async throws {
        let server = try server()
        let watcher = try server.textClient()
        let running = server.server
        for _ in 0..<20 {
            let events = running.changes(of: ["a*", "b*"])
            let messages = running.messages(channels: ["c"])
            #expect(try watcher.ask("PUBSUB NUMOBS") == "2")
            let tasks = [events, messages].map { sequence in
                Task { for await _ in sequence {} }
            }
            for task in tasks {
                task.cancel()
                await task.value
            }
            // The sequences are still there; the subscriptions are not.
            #expect(running.embeddedSubscriptions == 0)
            #expect(try watcher.ask("PUBSUB NUMOBS") == "0")
            #expect(try watcher.ask("PUBSUB CHANNELS") == "*0")
            withExtendedLifetime((events, messages)) {}
        }
    }

    @Test func aSequenceThatNobodyHasIsGone() throws {
        let server = try server()
        let watcher = try server.textClient()
        do {
            let events = server.server.changes(of: ["a*"])
            let iterator = events.makeAsyncIterator()
            #expect(try watcher.ask("PUBSUB NUMOBS") == "1")
            withExtendedLifetime(iterator) {}
        }
        #expect(server.server.embeddedSubscriptions == 0)
        #expect(try watcher.ask("PUBSUB NUMOBS") == "0")
    }

    /// What a method was called with.
    private final class Probe: Sendable {
        private let events = Mutex<[ServerEvent]>([])
        var count: Int { events.withLock { $0.count } }
        var all: [ServerEvent] { events.withLock { $0 } }

        func take(_ event: ServerEvent) { events.withLock { $0.append(event) } }
    }

    @Test func aMethodIsCalledUntilItsOwnerIsGone() async throws {
        let server = try server()
        let client = try server.textClient()
        var probe: Probe? = Probe()
        weak let gone = probe
        if let probe {
            server.server.onChange(of: ["k"], tell: probe, Probe.take)
            server.server.onMessage(channels: ["c"], tell: probe, Probe.take)
        }
        #expect(server.server.embeddedSubscriptions == 2)
        #expect(try client.ask("SET k v") == "OK")
        #expect(try client.ask("PUBLISH c hello") == "1")
        while probe?.count ?? 2 < 2 { await Task.yield() }
        let kinds = probe?.all.map { event in
            if case .change = event { "change" } else { "message" }
        }
        #expect(kinds == ["change", "message"])
        probe = nil
        #expect(gone == nil)
        try awaitAnswer("0", from: client, to: "PUBSUB NUMOBS")
        try awaitAnswer("0", from: client, to: "PUBLISH c hello")
        #expect(server.server.embeddedSubscriptions == 0)
    }

    @Test func aSubscriptionCanBeEnded() throws {
        let server = try server()
        let client = try server.textClient()
        let probe = Probe()
        let subscription = server.server.onMessage(patterns: ["*"], tell: probe, Probe.take)
        #expect(try client.ask("PUBLISH c hello") == "1")
        subscription.cancel()
        #expect(try client.ask("PUBLISH c hello") == "0")
        withExtendedLifetime(probe) {}
    }

    @Test func sequencesEndWithTheServerAndDoNotKeepIt() async throws {
        var test: TestServer? = try server()
        weak let running = test?.server
        let events = try #require(test?.server.messages(channels: ["c"]))
        let waiting = Task {
            var count = 0
            for await _ in events { count += 1 }
            return count
        }
        test = nil
        #expect(await waiting.value == 0)
        #expect(running == nil)
        var iterator = events.makeAsyncIterator()
        #expect(await iterator.next() == nil)
    }
}
