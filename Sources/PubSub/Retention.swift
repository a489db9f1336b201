// What channels keep, and how a place among a channel's messages is told.
public import Core

/// Which channels keep messages, and how much all of them may take.
public struct Retention: Sendable {
    /// The rules; of those whose pattern matches a channel the first one is for it.
    public var rules: [RetentionRule]
    /// The most bytes that all kept messages take.
    public var maxBytes: Int
    /// The most bytes that the messages of one channel take.
    public var maxChannelBytes: Int
    /// What tells the offsets of this process from those of any other.
    public var epoch: String

    /// Makes a retention by `rules`, whose epoch is random unless it is given.
    public init(
        _ rules: [RetentionRule] = [],
        maxBytes: Int = .max,
        maxChannelBytes: Int = .max,
        epoch: String? = nil
    ) {
        self.rules = rules
        self.maxBytes = maxBytes
        self.maxChannelBytes = maxChannelBytes
        self.epoch = epoch ?? String(UInt64.random(in: 1 << 60 ... .max), radix: 16)
    }

    /// The rule for `channel`; nil where it keeps nothing.
    func rule(for channel: Topic) -> RetentionRule? {
        if rules.isEmpty { return nil }
        for rule in rules where Glob.matches(channel.bytes.span, pattern: rule.pattern.span) {
            return rule
        }
        return nil
    }
}

/// A place among the messages of a channel: behind the one with this offset.
public struct Position: Equatable, Sendable {
    /// Which process gave the offset.
    public var epoch: String
    /// The offset; a channel's first message has 1.
    public var offset: UInt64

    /// Makes a place.
    public init(epoch: String, offset: UInt64) {
        self.epoch = epoch
        self.offset = offset
    }

    /// Reads a place as it is written, `epoch:offset`; nil where it is none.
    public init?(_ text: Span<UInt8>) {
        let bytes = Topic(text).bytes
        guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")), colon > 0,
            let offset = DecimalInteger.parse(Array(bytes[(colon + 1)...]).span), offset >= 0
        else { return nil }
        self.init(
            epoch: String(decoding: bytes[..<colon], as: UTF8.self),
            offset: UInt64(offset)
        )
    }

    /// The place as it is written.
    public var text: String { "\(epoch):\(offset)" }
}

/// What came of going on behind a place.
public struct Resumption: Equatable, Sendable {
    /// Whether every message behind the place comes: those kept, then those of from now on.
    public var isRecovered: Bool
    /// The place behind the channel's last message so far.
    public var position: Position
    /// How many messages lie between both; none where it is not recovered.
    public var missed: Int
    /// How many subscriptions the connection has then.
    public var count: Int
}

/// Messages that a subscriber is still to be sent of what its channel kept, before any others.
public struct Replay: Equatable, Sendable {
    /// The channel.
    public let channel: Topic
    /// The offset of the last message that it has.
    public internal(set) var offset: UInt64
    /// The offset of the last one that it is to be sent.
    public let end: UInt64

    /// Makes a replay; see the properties.
    public init(_ channel: Topic, behind offset: UInt64, upTo end: UInt64) {
        self.channel = channel
        self.offset = offset
        self.end = end
    }
}
