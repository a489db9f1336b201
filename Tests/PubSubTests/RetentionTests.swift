// What channels keep, and that who comes back is sent every message once, whatever happens meanwhile.
import Core
import Synchronization
import Testing

@testable import PubSub

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite struct HistoryTests {
    private func history(
        _ rule: String,
        maxBytes: Int = .max,
        channelBytes: Int = .max
    ) throws
        -> History
    {
        History(
            Retention(
                [try RetentionRule(parsing: rule)],
                maxBytes: maxBytes,
                maxChannelBytes: channelBytes,
                epoch: "e"
            )
        )
    }

    private func publish(_ channel: String, _ history: inout History, now: Int64 = 0) {
        guard let offset = history.nextOffset(Topic(channel)) else { return }
        let publication = Publication(
            channel: Topic(channel),
            message: bytes("message"),
            offset: offset
        )
        history.keep(publication, now)
    }

    private func missed(
        _ channel: String,
        _ offset: UInt64,
        _ history: inout History,
        now: Int64 = 0
    ) -> Int? {
        history.missed(Topic(channel), behind: Position(epoch: "e", offset: offset), now)
    }

    @Test func theLastAreKept() throws {
        var history = try history("a*=3")
        for _ in 0..<10 { publish("a", &history) }
        publish("b", &history)
        #expect(history.count == 3 && history.channelCount == 1)
        #expect(history.position(Topic("a"))?.text == "e:10")
        #expect(history.position(Topic("ab"))?.text == "e:0")
        #expect(history.position(Topic("b")) == nil)
        #expect(missed("a", 6, &history) == nil)
        #expect(missed("a", 7, &history) == 3 && missed("a", 10, &history) == 0)
        #expect(missed("a", 11, &history) == nil)
        #expect(history.missed(Topic("a"), behind: Position(epoch: "f", offset: 9), 0) == nil)
    }

    @Test func oldOnesGo() throws {
        var history = try history("*=5s")
        for second in 0..<10 { publish("a", &history, now: Int64(second) * 1000) }
        #expect(history.count == 5)
        #expect(missed("a", 8, &history, now: 12_999) == 2)
        #expect(missed("a", 8, &history, now: 13_000) == nil)
        #expect(missed("a", 10, &history, now: 99_000) == 0)
        history.trimAll(99_000)
        #expect(history.count == 0 && history.position(Topic("a"))?.text == "e:10")
    }

    @Test func allChannelsTogetherAreBounded() throws {
        var history = try history("*=1000", maxBytes: 20_000, channelBytes: 2000)
        var last: [String: UInt64] = [:]
        var random = SplitMix(3)
        for step in 0..<5000 {
            let name = "c\(random.next() % (step < 2500 ? 5 : 500))"
            publish(name, &history)
            let position = try #require(history.position(Topic(name)))
            // An offset is never given to a channel twice, even if the channel was forgotten meanwhile.
            #expect(position.offset > last[name] ?? 0)
            last[name] = position.offset
            #expect(history.bytes <= 20_000)
        }
        #expect(history.count > 10)
    }

    @Test func placesAreReadAsTheyAreWritten() {
        func read(_ text: String) -> Position? { Position(bytes(text).span) }
        #expect(read("ab:c:17") == Position(epoch: "ab:c", offset: 17))
        for wrong in ["", ":", "a", ":1", "a:", "a:-1", "a:x"] { #expect(read(wrong) == nil) }
    }
}

/// Publishers, and subscribers that come and go, on several loops, in an order that a seed decides.
///
/// Between any two steps each loop may or may not have looked into its mailbox, and each subscriber may or
/// may not have been sent what waits for it: all that threads could do.
@Suite struct ResumeSimulationTests {
    private final class Box: Sendable {
        let posted = Mutex<[Publication]>([])
    }

    /// A subscriber as its loop keeps it, and what it knows itself.
    private final class Subscriber {
        let number: Int
        let loop: Int
        var isConnected = false
        var backlog = Backlog(maxMessages: 1_000_000, maxBytes: .max)
        /// The offset of the last message that it was sent.
        var offset: UInt64 = 0
        var epoch = "e"

        init(_ number: Int, _ loop: Int) {
            self.number = number
            self.loop = loop
        }
    }

    private final class World {
        let exchange: Exchange
        let loops: [LoopSubscriptions]
        let boxes: [Box]
        let subscribers: [Subscriber]
        var random: SplitMix
        var published = 0
        var recovered = 0
        var refused = 0
        var received = 0
        let channel = Topic("c")

        init(_ seed: UInt64, keeping count: Int) {
            exchange = Exchange(
                loopCount: 3,
                retention: Retention(
                    [RetentionRule(pattern: [0x2A], maxMessages: count)],
                    epoch: "e"
                )
            )
            let boxes = (0..<3).map { _ in Box() }
            exchange.connect(
                boxes.map { box in { one in box.posted.withLock { $0.append(one) } } }
            )
            self.boxes = boxes
            loops = (0..<3).map { [exchange] in LoopSubscriptions(exchange, loop: $0) }
            subscribers = (0..<6).map { Subscriber($0, $0 % 3) }
            random = SplitMix(seed)
        }

        func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }

        func step() {
            switch below(10) {
            case 0...3: publish()
            case 4: takeMailbox(below(3))
            case 5: deliver(below(3))
            case 6, 7: send(subscribers[below(6)], most: 1 + below(4))
            default: comeOrGo(subscribers[below(6)])
            }
        }

        private func publish() {
            published += 1
            let text = Array("\(published)".utf8)
            let name = channel.bytes
            let loop = loops[below(3)]
            _ = loop.publish(name.span, text.span, sender: "")
        }

        private func takeMailbox(_ loop: Int) {
            let posted = boxes[loop].posted.withLock { queue in
                defer { queue = [] }
                return queue
            }
            for publication in posted { loops[loop].receive(publication) }
        }

        /// As `Worker.deliverMessages` does, to who holds everything back.
        private func deliver(_ loop: Int) {
            for publication in loops[loop].takePending() {
                loops[loop].forEachReceiver(of: publication) { number, _ in
                    let item = Backlog.Item(publication, nil)
                    let isKept = subscribers[number].backlog.append(item, .close)
                    #expect(isKept)
                }
            }
        }

        private func send(_ subscriber: Subscriber, most: Int) {
            if !subscriber.isConnected { return }
            for _ in 0..<most {
                guard let next = subscriber.backlog.next(from: exchange) else { return }
                switch next {
                case .message(let item):
                    if loops[subscriber.loop].receives(subscriber.number, item) {
                        take(item.publication, subscriber)
                    }
                case .replayed(let publication): take(publication, subscriber)
                case .missed(_, let lost): subscriber.offset += UInt64(lost)
                case .gap, .changeGap: Issue.record("nothing is lost of what is held")
                }
            }
        }

        /// The message that comes must be the next one: neither a hole nor a double.
        private func take(_ publication: Publication, _ subscriber: Subscriber) {
            #expect(publication.offset == subscriber.offset + 1)
            #expect(publication.message == Array("\(publication.offset)".utf8))
            subscriber.offset = publication.offset
            received += 1
        }

        private func comeOrGo(_ subscriber: Subscriber) {
            let loop = loops[subscriber.loop]
            if subscriber.isConnected {
                if below(2) == 0 {
                    // It ends its subscription, and what waits for it stays where it is.
                    loop.unsubscribe(subscriber.number, from: channel)
                    subscriber.backlog.endReplay(of: channel)
                } else {
                    loop.remove(subscriber.number)
                    subscriber.backlog = Backlog(maxMessages: 1_000_000, maxBytes: .max)
                }
                subscriber.isConnected = false
                return
            }
            let place = Position(epoch: "e", offset: subscriber.offset)
            guard let resumed = loop.resume(subscriber.number, channel, from: place, now: 0) else {
                Issue.record("the channel keeps messages")
                return
            }
            let end = resumed.position.offset
            if resumed.isRecovered {
                recovered += 1
                #expect(resumed.missed == Int(end - subscriber.offset))
            } else {
                refused += 1
                subscriber.offset = end
            }
            subscriber.backlog.begin(
                Replay(channel, behind: end - UInt64(resumed.missed), upTo: end)
            )
            subscriber.isConnected = true
        }

        func settle() {
            for subscriber in subscribers where !subscriber.isConnected { comeOrGo(subscriber) }
            for loop in 0..<3 {
                takeMailbox(loop)
                deliver(loop)
            }
            for subscriber in subscribers { send(subscriber, most: .max) }
            for subscriber in subscribers { #expect(subscriber.offset == UInt64(published)) }
        }
    }

    @Test(arguments: 0..<60 as Range<UInt64>) func nothingIsLostOrDoubled(seed: UInt64) {
        // Of few kept messages some are gone when somebody comes back; of many none is.
        let world = World(seed, keeping: seed % 2 == 0 ? 8 : 100_000)
        for _ in 0..<3000 { world.step() }
        world.settle()
        #expect(world.recovered > 20 && world.received > (seed % 2 == 0 ? 50 : 500))
        #expect((world.refused > 0) == (seed % 2 == 0))
        #expect(world.exchange.undeliveredBytes == 0)
    }
}
