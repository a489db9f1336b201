// One message on its way: made once, read by every loop that has a subscriber.

/// A published message, or what happened to a key; it never changes, and all loops share its one copy.
public final class Publication: Sendable {
    /// Where it was published; of a change, the key.
    public let channel: Topic
    /// What was published.
    public let message: [UInt8]
    /// The name of the publisher's token.
    public let sender: String
    /// Its number among all of the server's messages: subscriptions made later do not receive it.
    public let sequence: UInt64
    /// The patterns that match the channel, or the key, and that somebody is subscribed to, or observes.
    public let patterns: [Topic]
    /// Its number among the messages of its channel, where that keeps any; 0 otherwise.
    public let offset: UInt64
    /// What happened to the key; nil for a message.
    public let change: ObservedChange?

    /// What is published if it is a notification, whose `message` is empty; nil if it is none.
    public let notification: Notification?
    /// Whether it goes to clients that are subscribed to nothing as well.
    public let isForEveryone: Bool

    /// Makes a message; see the properties.
    public init(
        channel: Topic,
        message: [UInt8],
        sender: String = "",
        sequence: UInt64 = 0,
        patterns: [Topic] = [],
        offset: UInt64 = 0,
        notification: Notification? = nil,
        isForEveryone: Bool = false
    ) {
        self.channel = channel
        self.message = message
        self.sender = sender
        self.sequence = sequence
        self.patterns = patterns
        self.offset = offset
        self.notification = notification
        self.isForEveryone = isForEveryone
        change = nil
    }

    /// Makes what tells of a change; `patterns` are those that match `key`.
    public init(
        _ key: Topic,
        _ change: ObservedChange,
        sequence: UInt64 = 0,
        patterns: [Topic] = []
    ) {
        channel = key
        message = []
        sender = ""
        self.sequence = sequence
        self.patterns = patterns
        offset = 0
        notification = nil
        isForEveryone = false
        self.change = change
    }

    /// Bytes that it counts for where messages wait: channel and message, or key and values, and 64 for the
    /// object.
    public var weight: Int {
        let values = (change?.old?.count ?? 0) + (change?.new?.count ?? 0)
        return channel.bytes.count + message.count + values + (notification?.weight ?? 0) + 64
    }
}
