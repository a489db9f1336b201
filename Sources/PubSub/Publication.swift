// One message on its way: made once, read by every loop that has a subscriber.

/// A published message; it never changes, and all loops share its one copy.
public final class Publication: Sendable {
    /// Where it was published.
    public let channel: Topic
    /// What was published.
    public let message: [UInt8]
    /// The name of the publisher's token.
    public let sender: String
    /// Its number among all of the server's messages: subscriptions made later do not receive it.
    public let sequence: UInt64
    /// The patterns that match the channel and that somebody is subscribed to.
    public let patterns: [Topic]

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
        notification: Notification? = nil,
        isForEveryone: Bool = false
    ) {
        self.channel = channel
        self.message = message
        self.sender = sender
        self.sequence = sequence
        self.patterns = patterns
        self.notification = notification
        self.isForEveryone = isForEveryone
    }

    /// Bytes that it counts for where messages wait: channel and message, and 64 for the object.
    public var weight: Int {
        channel.bytes.count + message.count + (notification?.weight ?? 0) + 64
    }
}
