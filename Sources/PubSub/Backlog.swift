// What waits for a slow subscriber, not yet encrypted: bounded, and what is dropped is counted.

/// The messages that wait for one subscriber, and how many it lost.
///
/// Of what it lost it is told channel by channel, in front of the next message.
public struct Backlog {
    /// A message, and the pattern that it matched; none if the subscription is to its channel.
    public struct Item: Sendable {
        /// The message.
        public let publication: Publication
        /// The pattern.
        public let pattern: Topic?
        /// Whether values come with a change to a key.
        public let hasValues: Bool

        /// Makes an item.
        public init(_ publication: Publication, _ pattern: Topic?, hasValues: Bool = false) {
            self.publication = publication
            self.pattern = pattern
            self.hasValues = hasValues
        }
    }

    /// What the subscriber is sent next.
    public enum Next: Sendable {
        /// So many messages of the channel were lost.
        case gap(Topic, lost: Int)
        /// So many changes to the key were lost.
        case changeGap(Topic, lost: Int)
        /// A message.
        case message(Item)
        /// A message that its channel kept, for who came back.
        case replayed(Publication)
        /// So many messages of the channel were to be replayed, and are no longer kept.
        case missed(Topic, lost: Int)
    }

    private struct Source: Hashable {
        let channel: Topic
        let pattern: Topic?
        let isChange: Bool

        init(_ item: Item) {
            channel = item.publication.channel
            pattern = item.pattern
            isChange = item.publication.change != nil
        }
    }

    /// Of what something was lost.
    private struct Place: Hashable {
        var channel: Topic
        let isChange: Bool
    }

    private let maxMessages: Int
    private let maxBytes: Int
    /// The first `head` of them are gone.
    private var items: [Item?] = []
    private var head = 0
    /// Where the last message of each source is, counted from the first item ever; kept for `latest` alone.
    private var places: [Source: Int] = [:]
    private var removed = 0
    private var gaps: [(place: Place, lost: Int)] = []
    private var gapPlaces: [Place: Int] = [:]
    /// Bytes that the messages count for.
    public private(set) var byteCount = 0
    /// Messages lost since it was made.
    public private(set) var lostCount = 0

    /// Makes an empty one for so many messages and bytes; the newest message is always kept.
    public init(maxMessages: Int, maxBytes: Int) {
        self.maxMessages = max(1, maxMessages)
        self.maxBytes = maxBytes
    }

    /// What is still to be sent of what channels kept, before all else.
    private var replays: [Replay] = []

    /// Whether nothing waits.
    public var isEmpty: Bool { head == items.count && gaps.isEmpty && replays.isEmpty }

    /// Sends what `replay` says before anything else; it takes the place of an earlier one of its channel.
    public mutating func begin(_ replay: Replay) {
        endReplay(of: replay.channel)
        if replay.offset < replay.end { replays.append(replay) }
    }

    /// Sends nothing more of what `channel` kept.
    public mutating func endReplay(of channel: Topic) {
        replays.removeAll { $0.channel == channel }
    }

    /// Takes out what comes next: of replays, which `exchange` has the messages of, before all else.
    public mutating func next(from exchange: Exchange) -> Next? {
        while !replays.isEmpty {
            if let next = exchange.next(&replays[0]) { return next }
            replays.removeFirst()
        }
        return next()
    }

    /// The number of messages that wait.
    public var count: Int { items.count - head }

    /// Takes in a message; false if there is no room and `policy` drops nothing.
    public mutating func append(_ item: Item, _ policy: DeliveryPolicy) -> Bool {
        let weight = item.publication.weight
        if policy == .latest, replace(item) { return true }
        while count > 0, count >= maxMessages || byteCount + weight > maxBytes {
            if policy == .close { return false }
            dropFirst()
        }
        if policy == .latest {
            places[Source(item)] = removed + count
        }
        items.append(item)
        byteCount += weight
        return true
    }

    /// Puts a message in the place of an older one from the same source, if one waits.
    private mutating func replace(_ item: Item) -> Bool {
        let source = Source(item)
        guard let place = places[source], place >= removed else { return false }
        let index = head + place - removed
        guard index < items.count, let old = items[index] else { return false }
        items[index] = item
        byteCount += item.publication.weight - old.publication.weight
        noteLoss(of: item)
        return true
    }

    private mutating func dropFirst() {
        if let item = takeFirst() { noteLoss(of: item) }
    }

    private mutating func takeFirst() -> Item? {
        guard head < items.count, let item = items[head] else { return nil }
        items[head] = nil
        head += 1
        removed += 1
        byteCount -= item.publication.weight
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
            places.removeAll(keepingCapacity: true)
        } else if head > 64, head * 2 > items.count {
            items.removeFirst(head)
            head = 0
            places = places.filter { $0.value >= removed }
        }
        return item
    }

    /// Notes that so many changes were lost, to whichever keys.
    public mutating func noteLostChanges(_ count: Int) {
        note(count, Place(channel: Topic("*"), isChange: true))
    }

    private mutating func noteLoss(of item: Item) {
        let isChange = item.publication.change != nil
        note(1, Place(channel: item.publication.channel, isChange: isChange))
    }

    /// Counts a loss, of at most as many channels as there may be messages; of others under `*`.
    private mutating func note(_ lost: Int, _ place: Place) {
        lostCount += lost
        var place = place
        if gapPlaces[place] == nil, gaps.count >= maxMessages { place.channel = Topic("*") }
        if let index = gapPlaces[place] {
            gaps[index].lost += lost
        } else {
            gapPlaces[place] = gaps.count
            gaps.append((place, lost))
        }
    }

    /// Takes out what comes next: what was lost, before any message.
    public mutating func next() -> Next? {
        if !gaps.isEmpty {
            let gap = gaps.removeFirst()
            gapPlaces.removeAll(keepingCapacity: true)
            for (index, gap) in gaps.enumerated() { gapPlaces[gap.place] = index }
            let channel = gap.place.channel
            return gap.place.isChange
                ? .changeGap(channel, lost: gap.lost) : .gap(channel, lost: gap.lost)
        }
        return takeFirst().map { .message($0) }
    }
}
