// What waits for a slow subscriber, policy by policy.
import Core
import Testing

@testable import PubSub

private func item(_ channel: String, _ message: String, pattern: String? = nil) -> Backlog.Item {
    let publication = Publication(channel: Topic(channel), message: Array(message.utf8))
    return Backlog.Item(publication, pattern.map { Topic($0) })
}

/// A backlog that can be changed within an expectation.
private final class Kept {
    private(set) var backlog: Backlog
    var count: Int { backlog.count }
    var byteCount: Int { backlog.byteCount }
    var lostCount: Int { backlog.lostCount }
    var isEmpty: Bool { backlog.isEmpty }

    init(maxMessages: Int, maxBytes: Int) {
        backlog = Backlog(maxMessages: maxMessages, maxBytes: maxBytes)
    }

    func put(_ item: Backlog.Item, _ policy: DeliveryPolicy) -> Bool {
        backlog.append(item, policy)
    }

    func next() -> Backlog.Next? { backlog.next() }
}

private func drain(_ backlog: Kept) -> [String] {
    var lines: [String] = []
    while let next = backlog.next() {
        switch next {
        case .gap(let channel, let lost), .changeGap(let channel, let lost):
            lines.append("gap \(String(decoding: channel.bytes, as: UTF8.self)) \(lost)")
        case .replayed, .missed: Issue.record("nothing is replayed")
        case .message(let item):
            lines.append(String(decoding: item.publication.message, as: UTF8.self))
        }
    }
    return lines
}

@Suite struct BacklogTests {
    @Test func closeRefusesWhatDoesNotFit() {
        let backlog = Kept(maxMessages: 2, maxBytes: 1000)
        #expect(backlog.put(item("a", "1"), .close))
        #expect(backlog.put(item("a", "2"), .close))
        #expect(!backlog.put(item("a", "3"), .close))
        #expect(drain(backlog) == ["1", "2"])
        #expect(backlog.lostCount == 0 && backlog.isEmpty && backlog.byteCount == 0)
    }

    @Test func dropOldestTellsOfEachChannel() {
        let backlog = Kept(maxMessages: 2, maxBytes: 1000)
        for (channel, message) in [("a", "1"), ("b", "2"), ("a", "3"), ("a", "4"), ("a", "5")] {
            #expect(backlog.put(item(channel, message), .dropOldest))
        }
        #expect(backlog.count == 2 && backlog.lostCount == 3)
        #expect(drain(backlog) == ["gap a 2", "gap b 1", "4", "5"])
        #expect(backlog.put(item("a", "6"), .dropOldest))
        #expect(drain(backlog) == ["6"])
    }

    @Test func bytesCountToo() {
        let weight = item("a", "1234").publication.weight
        let backlog = Kept(maxMessages: 100, maxBytes: 2 * weight)
        for number in 1000..<1010 {
            #expect(backlog.put(item("a", "\(number)"), .dropOldest))
            #expect(backlog.byteCount <= 2 * weight)
        }
        #expect(drain(backlog) == ["gap a 8", "1008", "1009"])
        // The newest is kept whatever its size.
        let long = String(repeating: "x", count: 3 * weight)
        #expect(backlog.put(item("a", "1"), .dropOldest))
        #expect(backlog.put(item("a", long), .dropOldest))
        #expect(drain(backlog) == ["gap a 1", long])
    }

    @Test func latestKeepsOneOfEachSource() {
        let backlog = Kept(maxMessages: 3, maxBytes: 1000)
        for message in ["1", "2", "3"] {
            #expect(backlog.put(item("a", "a\(message)"), .latest))
            #expect(backlog.put(item("b", "b\(message)"), .latest))
            #expect(backlog.put(item("b", "p\(message)", pattern: "*"), .latest))
        }
        #expect(drain(backlog) == ["gap a 2", "gap b 4", "a3", "b3", "p3"])
        #expect(backlog.put(item("a", "a4"), .latest))
        #expect(drain(backlog) == ["a4"])
    }

    @Test func aLossOfVeryManyChannelsIsBounded() {
        let backlog = Kept(maxMessages: 2, maxBytes: 1000)
        for number in 0..<10 { #expect(backlog.put(item("c\(number)", "m"), .dropOldest)) }
        #expect(drain(backlog) == ["gap c0 1", "gap c1 1", "gap * 6", "m", "m"])
    }

    /// Whatever is put in and taken out by turns: nothing is lost that is not told of, and order is kept.
    @Test(arguments: 0..<20) func everythingIsSentOrTold(seed: UInt64) {
        var random = SplitMix(seed)
        let policy: DeliveryPolicy = seed % 2 == 0 ? .dropOldest : .latest
        let backlog = Kept(maxMessages: 70, maxBytes: 10_000)
        var sent = 0
        var seen = 0
        var told = 0
        var last: [String: Int] = [:]
        for _ in 0..<3000 {
            if random.next() % 5 < 3 {
                sent += 1
                #expect(backlog.put(item("c\(random.next() % 90)", "\(sent)"), policy))
            } else if let next = backlog.next() {
                switch next {
                case .gap(_, let lost), .changeGap(_, let lost): told += lost
                case .replayed, .missed: Issue.record("nothing is replayed")
                case .message(let item):
                    seen += 1
                    let channel = String(decoding: item.publication.channel.bytes, as: UTF8.self)
                    let number = Int(String(decoding: item.publication.message, as: UTF8.self)) ?? 0
                    #expect(number > last[channel] ?? 0)
                    last[channel] = number
                }
            }
            #expect(backlog.count <= 70 && backlog.byteCount <= 10_000)
        }
        let rest = drain(backlog)
        for line in rest {
            if line.hasPrefix("gap ") {
                told += Int(line.split(separator: " ").last ?? "") ?? 0
            } else {
                seen += 1
            }
        }
        #expect(seen + told == sent)
        #expect(told == backlog.lostCount)
    }
}
