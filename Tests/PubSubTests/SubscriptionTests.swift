// Subscriptions of several loops against a model that keeps them in one list.
import Core
import Synchronization
import Testing

@testable import PubSub

/// Some loops, and what was posted to each.
private final class House {
    let exchange: Exchange
    let loops: [LoopSubscriptions]
    private let boxes: [Box]

    final class Box: Sendable {
        let posted = Mutex<[Publication]>([])
    }

    init(_ count: Int) {
        let exchange = Exchange(loopCount: count)
        let boxes = (0..<count).map { _ in Box() }
        exchange.connect(
            boxes.map { box in { publication in box.posted.withLock { $0.append(publication) } } }
        )
        loops = (0..<count).map { LoopSubscriptions(exchange, loop: $0) }
        self.exchange = exchange
        self.boxes = boxes
    }

    @discardableResult
    func publish(_ channel: String, _ message: String, from loop: Int = 0) -> Int {
        loops[loop].publish(
            Array(channel.utf8).span,
            Array(message.utf8).span,
            sender: "tester"
        )
    }

    /// What each connection receives, in order, as `pattern channel message`; nothing waits any more.
    func deliver(_ loop: Int) -> [Int: [String]] {
        let posted = boxes[loop].posted.withLock { queue in
            let taken = queue
            queue = []
            return taken
        }
        for publication in posted { loops[loop].receive(publication) }
        var seen: [Int: [String]] = [:]
        for publication in loops[loop].takePending() {
            loops[loop].forEachReceiver(of: publication) { number, pattern in
                let topic = pattern.map { text(publication.patterns[$0].bytes) } ?? "-"
                let channel = text(publication.channel.bytes)
                seen[number, default: []].append(
                    "\(topic) \(channel) \(text(publication.message))"
                )
            }
        }
        return seen
    }

    func posts(_ loop: Int) -> Int { boxes[loop].posted.withLock { $0.count } }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

@Suite struct SubscriptionTests {
    @Test func aMessageIsPostedOnceToEachLoopThatNeedsIt() {
        let house = House(3)
        for number in 1...100 { house.loops[1].subscribe(number, to: Topic("news")) }
        house.loops[0].subscribe(101, to: Topic("ne*"), .pattern)
        house.loops[0].subscribe(102, to: Topic("news"))
        #expect(house.publish("news", "hello") == 102)
        #expect(house.posts(1) == 1 && house.posts(2) == 0 && house.posts(0) == 0)
        #expect(house.deliver(1).count == 100)
        #expect(house.deliver(0) == [101: ["ne* news hello"], 102: ["- news hello"]])
        #expect(house.exchange.undeliveredBytes == 0)
        #expect(house.publish("other", "hello") == 0)
        #expect(house.deliver(1).isEmpty && house.exchange.publishedCount == 2)
    }

    @Test func whoSubscribesLaterDoesNotReceiveIt() {
        let house = House(2)
        house.loops[1].subscribe(1, to: Topic("c"))
        #expect(house.publish("c", "before") == 1)
        house.loops[1].subscribe(2, to: Topic("c"))
        house.loops[1].subscribe(3, to: Topic("*"), .pattern)
        #expect(house.publish("c", "after") == 3)
        #expect(
            house.deliver(1) == [
                1: ["- c before", "- c after"], 2: ["- c after"], 3: ["* c after"],
            ]
        )
    }

    @Test func whoLeavesReceivesNothingMore() {
        let house = House(2)
        house.loops[1].subscribe(1, to: Topic("c"))
        house.loops[1].subscribe(2, to: Topic("c"))
        house.loops[1].subscribe(2, to: Topic("c*"), .pattern)
        #expect(house.publish("c", "m") == 3)
        house.loops[1].remove(2)
        #expect(house.deliver(1) == [1: ["- c m"]])
        #expect(house.loops[1].unsubscribe(1, from: Topic("c")) == 0)
        #expect(house.publish("c", "m") == 0)
        #expect(house.exchange.channelCount == 0 && house.exchange.patternCount == 0)
    }

    @Test func countsAreThoseOfRedis() {
        let house = House(2)
        let loop = house.loops[0]
        #expect(loop.subscribe(1, to: Topic("a")) == 1)
        #expect(loop.subscribe(1, to: Topic("a")) == 1)
        #expect(loop.subscribe(1, to: Topic("a"), .pattern) == 2)
        #expect(house.loops[1].subscribe(2, to: Topic("a"), .pattern) == 1)
        #expect(loop.unsubscribe(1, from: Topic("none")) == 2)
        #expect(loop.unsubscribe(3, from: Topic("none")) == 0)
        #expect(house.exchange.patternCount == 1)
        #expect(house.exchange.subscriberCount(Topic("a")) == 1)
        #expect(house.exchange.subscriberCount(Topic("a"), .pattern) == 2)
        #expect(loop.topics(of: 1, .channel) == [Topic("a")])
        #expect(house.exchange.channels() == [Topic("a")])
    }

    /// A list of subscriptions, and everything by going through it.
    private struct Model {
        struct Subscription: Equatable {
            var loop: Int
            var number: Int
            var topic: String
            var kind: TopicKind
        }

        var all: [Subscription] = []

        func count(_ number: Int) -> Int { all.count { $0.number == number } }

        func receivers(_ channel: String) -> [Subscription] {
            all.filter { subscription in
                subscription.kind == .channel
                    ? subscription.topic == channel
                    : Glob.matches(
                        Array(channel.utf8).span,
                        pattern: Array(subscription.topic.utf8).span
                    )
            }
        }
    }

    @Test(arguments: 0..<30) func agreesWithAListOfSubscriptions(seed: UInt64) {
        var random = SplitMix(seed)
        let house = House(3)
        var model = Model()
        let channels = ["a", "b", "ab", "abc", "news", ""]
        let patterns = ["*", "a*", "?", "[ab]", "n*s", "a"]
        for step in 0..<600 {
            let number = Int.random(in: 0..<12, using: &random)
            let loop = number % 3
            let kind: TopicKind = Bool.random(using: &random) ? .channel : .pattern
            let names = kind == .channel ? channels : patterns
            let topic = names[Int.random(in: 0..<names.count, using: &random)]
            let subscription = Model.Subscription(
                loop: loop,
                number: number,
                topic: topic,
                kind: kind
            )
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                if !model.all.contains(subscription) { model.all.append(subscription) }
                let count = house.loops[loop].subscribe(number, to: Topic(topic), kind)
                #expect(count == model.count(number))
            case 4..<6:
                model.all.removeAll { $0 == subscription }
                let count = house.loops[loop].unsubscribe(number, from: Topic(topic), kind)
                #expect(count == model.count(number))
            case 6:
                model.all.removeAll { $0.number == number }
                house.loops[loop].remove(number)
            default:
                let channel = channels[Int.random(in: 0..<channels.count, using: &random)]
                let expected = model.receivers(channel)
                #expect(house.publish(channel, "\(step)", from: loop) == expected.count)
                for loop in 0..<3 {
                    var seen = house.deliver(loop)
                    for subscription in expected where subscription.loop == loop {
                        let topic = subscription.kind == .channel ? "-" : subscription.topic
                        let line = "\(topic) \(channel) \(step)"
                        let index = seen[subscription.number]?.firstIndex(of: line)
                        #expect(index != nil, "\(subscription)")
                        if let index { seen[subscription.number]?.remove(at: index) }
                    }
                    #expect(seen.values.allSatisfy { $0.isEmpty })
                }
            }
            let topics = { (kind: TopicKind) in
                Set(model.all.filter { $0.kind == kind }.map(\.topic))
            }
            #expect(Set(house.exchange.channels()) == Set(topics(.channel).map { Topic($0) }))
            #expect(house.exchange.patternCount == topics(.pattern).count)
        }
        for number in 0..<12 { house.loops[number % 3].remove(number) }
        #expect(house.exchange.channelCount == 0 && house.exchange.patternCount == 0)
        #expect(house.exchange.undeliveredBytes == 0)
    }

    private func isReserved(_ name: String) -> Bool { Topic.isReserved(Array(name.utf8).span) }

    private func policy(_ name: String) -> DeliveryPolicy? {
        DeliveryPolicy(Array(name.utf8).span)
    }

    @Test func reservedChannelsAreKnownByTheirNames() {
        #expect(isReserved("$sys.gap"))
        #expect(isReserved("$sys."))
        #expect(!isReserved("$sys"))
        #expect(!isReserved("news$sys."))
    }

    @Test func policiesHaveNames() {
        #expect(policy("Drop-Oldest") == .dropOldest)
        #expect(policy("close") == .close)
        #expect(policy("LATEST") == .latest)
        #expect(policy("oldest") == nil)
    }
}
