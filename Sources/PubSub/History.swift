// The messages that channels keep: by number, by age, and by what all of them may take.
internal import Core

/// What one channel keeps.
private struct ChannelLog {
    let rule: RetentionRule
    /// The first `head` of them are gone.
    private var items: [History.Kept?] = []
    private var head = 0
    /// The offset of the channel's last message, kept or not.
    var last: UInt64
    var bytes = 0

    init(_ rule: RetentionRule, last: UInt64) {
        self.rule = rule
        self.last = last
    }

    var count: Int { items.count - head }
    var first: History.Kept? { head < items.count ? items[head] : nil }
    /// The offset behind which every message is kept.
    var floor: UInt64 { last - UInt64(count) }

    mutating func append(_ kept: History.Kept) {
        items.append(kept)
        last += 1
        bytes += kept.weight
    }

    /// Drops the oldest message; how many bytes that gives back.
    mutating func removeFirst() -> Int {
        guard let first else { return 0 }
        items[head] = nil
        head += 1
        bytes -= first.weight
        if head > 32, head * 2 > items.count {
            items.removeFirst(head)
            head = 0
        }
        return first.weight
    }

    /// The message with this offset; nil where it is not kept.
    func message(_ offset: UInt64) -> Publication? {
        if offset <= floor || offset > last { return nil }
        return items[head + Int(offset - floor) - 1]?.publication
    }
}

/// All kept messages, under the exchange's lock.
struct History {
    struct Kept {
        let publication: Publication
        /// Monotonic milliseconds.
        let at: Int64

        /// Bytes that it counts for: with its places in the log and in the order of all.
        var weight: Int { publication.weight + 64 }
    }

    let retention: Retention
    private var logs: [Topic: ChannelLog] = [:]
    /// The channels of all kept messages, oldest first; the first `head` are gone, and some are stale.
    private var order: [(channel: Topic, offset: UInt64)] = []
    private var head = 0
    private(set) var bytes = 0
    private(set) var count = 0
    /// No channel that was forgotten had a message with a higher offset.
    private var forgotten: UInt64 = 0
    private var nextTrim = Int64.min

    /// Bytes that a channel counts for, beside its name.
    private static let logBytes = 256

    init(_ retention: Retention) { self.retention = retention }

    /// How many channels are known.
    var channelCount: Int { logs.count }

    /// The offset that the next message of `channel` has; nil where it keeps none.
    func nextOffset(_ channel: Topic) -> UInt64? {
        if retention.rules.isEmpty { return nil }
        if let log = logs[channel] { return log.last + 1 }
        return retention.rule(for: channel) == nil ? nil : forgotten + 1
    }

    /// Keeps a message, whose offset `nextOffset` gave, and drops what is too much then.
    mutating func keep(_ publication: Publication, _ now: Int64) {
        let channel = publication.channel
        if logs[channel] == nil {
            guard let rule = retention.rule(for: channel) else { return }
            logs[channel] = ChannelLog(rule, last: forgotten)
            bytes += History.logBytes + channel.bytes.count
        }
        let kept = Kept(publication: publication, at: now)
        logs[channel]?.append(kept)
        bytes += kept.weight
        count += 1
        order.append((channel, publication.offset))
        trim(channel, now)
        while bytes > retention.maxBytes, dropOldest() {}
        compactOrder()
    }

    /// Drops what `channel` has too much of, or too long.
    private mutating func trim(_ channel: Topic, _ now: Int64) {
        if let index = logs.index(forKey: channel) { trim(at: index, now) }
    }

    private mutating func trim(at index: Dictionary<Topic, ChannelLog>.Index, _ now: Int64) {
        let rule = logs.values[index].rule
        let oldest = rule.maxSeconds.map { now - Int64($0) * 1000 } ?? .min
        while let first = logs.values[index].first {
            let isTooMuch =
                logs.values[index].count > rule.maxMessages ?? .max
                || logs.values[index].bytes > retention.maxChannelBytes || first.at <= oldest
            if !isTooMuch { return }
            bytes -= logs.values[index].removeFirst()
            count -= 1
        }
    }

    /// Drops what every channel has too long; once a second, whoever asks.
    mutating func trimAll(_ now: Int64) {
        if count == 0 || now < nextTrim { return }
        nextTrim = now + 1000
        var index = logs.startIndex
        while index != logs.endIndex {
            trim(at: index, now)
            logs.formIndex(after: &index)
        }
        compactOrder()
    }

    /// Drops the oldest message of all, or forgets channels that keep none; false where neither is there.
    private mutating func dropOldest() -> Bool {
        if (logs.count - count) * History.logBytes > retention.maxBytes / 4 { forgetEmpty() }
        while head < order.count {
            let (channel, offset) = order[head]
            head += 1
            guard let index = logs.index(forKey: channel),
                logs.values[index].first?.publication.offset == offset
            else { continue }
            bytes -= logs.values[index].removeFirst()
            count -= 1
            return true
        }
        let before = logs.count
        forgetEmpty()
        return logs.count < before
    }

    private mutating func forgetEmpty() {
        for (channel, log) in logs where log.count == 0 {
            forgotten = max(forgotten, log.last)
            bytes -= History.logBytes + channel.bytes.count
            logs[channel] = nil
        }
    }

    private mutating func compactOrder() {
        if order.count - head > 2 * count + 64 {
            order = order[head...].filter { channel, offset in
                logs[channel]?.message(offset) != nil
            }
            head = 0
        } else if head > 64, head * 2 > order.count {
            order.removeFirst(head)
            head = 0
        }
    }

    /// The place behind the last message of `channel`; nil where it keeps none.
    func position(_ channel: Topic) -> Position? {
        nextOffset(channel).map { Position(epoch: retention.epoch, offset: $0 - 1) }
    }

    /// How many messages lie behind `offset`; nil where not all of them are kept.
    mutating func missed(_ channel: Topic, behind position: Position, _ now: Int64) -> Int? {
        trim(channel, now)
        guard position.epoch == retention.epoch, let next = nextOffset(channel),
            position.offset < next, position.offset >= logs[channel]?.floor ?? forgotten
        else { return nil }
        return Int(next - 1 - position.offset)
    }

    /// The first kept message of a replay; and how many before it are no longer kept.
    func next(_ replay: Replay) -> (message: Publication?, lost: Int) {
        let floor = min(logs[replay.channel]?.floor ?? replay.end, replay.end)
        if floor > replay.offset { return (nil, Int(floor - replay.offset)) }
        return (logs[replay.channel]?.message(replay.offset + 1), 0)
    }
}
