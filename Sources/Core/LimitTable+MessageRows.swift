// The rows of limits on channels, subscriptions and messages.

extension LimitTable {
    static let messageRows: [LimitRow] = [
        LimitRow(
            "maxChannelBytes",
            \.maxChannelBytes,
            .bytes,
            1...65_535,
            "The longest name of a channel, and the longest pattern."
        ),
        LimitRow(
            "maxSubscriptions",
            \.maxSubscriptions,
            .count,
            1...10_000_000,
            "Channels and patterns that a connection is subscribed to."
        ),
        LimitRow(
            "maxObservedPatterns",
            \.maxObservedPatterns,
            .count,
            1...1_000_000,
            "Patterns of keys that a connection observes."
        ),
        LimitRow(
            "maxObservedPatternsInAll",
            \.maxObservedPatternsInAll,
            .count,
            1...100_000_000,
            "Patterns of keys that all connections together observe."
        ),
        LimitRow(
            "messageHoldBytes",
            \.messageHoldBytes,
            .bytes,
            4096...1 << 30,
            "Waiting for a subscriber's socket, above which its delivery policy holds messages back."
        ),
        LimitRow(
            "maxHeldMessages",
            \.maxHeldMessages,
            .count,
            1...1_000_000,
            "Messages that a delivery policy keeps for a subscriber."
        ),
        LimitRow(
            "maxHeldMessageBytes",
            \.maxHeldMessageBytes,
            .bytes,
            1024...1 << 40,
            "Bytes of messages that a delivery policy keeps for a subscriber."
        ),
        LimitRow(
            "maxUndeliveredBytes",
            \.maxUndeliveredBytes,
            .bytes,
            65_536...1 << 40,
            "Bytes of messages that wait for a loop to deliver them."
        ),
        LimitRow(
            "maxRetainedBytes",
            \.maxRetainedBytes,
            .bytes,
            65_536...1 << 40,
            "Bytes of messages that all channels keep for subscribers that come back."
        ),
        LimitRow(
            "maxRetainedChannelBytes",
            \.maxRetainedChannelBytes,
            .bytes,
            1024...1 << 40,
            "Bytes of messages that one channel keeps."
        ),
    ]
}
