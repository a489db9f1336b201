// The rows of limits on what all connections take together, and of how they are ended.

extension LimitTable {
    static let capacityRows: [LimitRow] = [
        LimitRow(
            "maxMemoryBytes",
            \.maxMemoryBytes,
            .bytes,
            0...1 << 50,
            "Memory of keys and values; 0 is no limit."
        ),
        LimitRow(
            "maxEvictedKeys",
            \.maxEvictedKeys,
            .count,
            1...1 << 24,
            "Keys evicted for one request."
        ),
        LimitRow(
            "reservedClients",
            \.reservedClients,
            .count,
            0...1_000_000,
            "Connections above maxClients for tokens with a reserved slot."
        ),
        LimitRow(
            "explainedRefusalsPerSecond",
            \.explainedRefusalsPerSecond,
            .perSecond,
            0...1_000_000,
            "Refused connections that are told why."
        ),
        LimitRow(
            "maxExplainedRefusals",
            \.maxExplainedRefusals,
            .count,
            0...1_000_000,
            "Refused connections at once that are told why."
        ),
        LimitRow(
            time: "explanationTimeoutMilliseconds",
            \.explanationTimeoutMilliseconds,
            1...3_600_000,
            "For a refused connection to be told why."
        ),
        LimitRow(
            time: "overloadLatenessMilliseconds",
            \.overloadLatenessMilliseconds,
            0...3_600_000,
            "That loops are late on average before full handshakes are slowed down; 0 for any."
        ),
        LimitRow(
            time: "busyRetryMilliseconds",
            \.busyRetryMilliseconds,
            0...3_600_000,
            "That a refused client is asked to wait."
        ),
        LimitRow(
            "maxPendingHandshakes",
            \.maxPendingHandshakes,
            .count,
            1...1_000_000,
            "TLS handshakes under way at once."
        ),
        LimitRow(
            time: "handshakeSilenceMilliseconds",
            \.handshakeSilenceMilliseconds,
            0...3_600_000,
            "Of silence after which a handshake may be given up for a newcomer."
        ),
        LimitRow(
            time: "handshakeWaitMilliseconds",
            \.handshakeWaitMilliseconds,
            1...3_600_000,
            "That a complete hello waits for its turn."
        ),
        LimitRow(
            "maxKeyUpdates",
            \.maxKeyUpdates,
            .count,
            1...1_000_000,
            "KeyUpdate messages of a connection between two requests."
        ),
        LimitRow(
            "keepAliveIdleSeconds",
            \.keepAliveIdleSeconds,
            .seconds,
            1...32_767,
            "Of silence before the kernel asks a peer whether it is there."
        ),
        LimitRow(
            "keepAliveIntervalSeconds",
            \.keepAliveIntervalSeconds,
            .seconds,
            1...32_767,
            "Between those questions."
        ),
        LimitRow(
            "keepAliveProbes",
            \.keepAliveProbes,
            .count,
            1...127,
            "Questions without an answer behind which a peer is gone."
        ),
        LimitRow(
            time: "userTimeoutMilliseconds",
            \.userTimeoutMilliseconds,
            0...86_400_000,
            "That what was sent may stay unacknowledged; 0 is the kernel's own."
        ),
        LimitRow(
            "outboundHardLimitBytes",
            \.outboundHardLimitBytes,
            .bytes,
            0...1 << 40,
            "Replies that may wait for the socket; 0 is no limit."
        ),
        LimitRow(
            "outboundSoftLimitBytes",
            \.outboundSoftLimitBytes,
            .bytes,
            0...1 << 40,
            "Replies that may wait for outboundSoftLimitMilliseconds; 0 is no limit."
        ),
        LimitRow(
            time: "outboundSoftLimitMilliseconds",
            \.outboundSoftLimitMilliseconds,
            0...31_536_000_000,
            "That more than outboundSoftLimitBytes may wait."
        ),
        LimitRow(
            "subscriberOutboundHardLimitBytes",
            \.subscriberOutboundHardLimitBytes,
            .bytes,
            0...1 << 40,
            "As outboundHardLimitBytes, for clients that are sent messages unasked."
        ),
        LimitRow(
            "subscriberOutboundSoftLimitBytes",
            \.subscriberOutboundSoftLimitBytes,
            .bytes,
            0...1 << 40,
            "As outboundSoftLimitBytes, for clients that are sent messages unasked."
        ),
        LimitRow(
            time: "subscriberOutboundSoftLimitMilliseconds",
            \.subscriberOutboundSoftLimitMilliseconds,
            0...31_536_000_000,
            "As outboundSoftLimitMilliseconds, for clients that are sent messages unasked."
        ),
        LimitRow(
            time: "unreadReplyTimeoutMilliseconds",
            \.unreadReplyTimeoutMilliseconds,
            0...31_536_000_000,
            "In which a peer must take a byte of the replies that wait; 0 is for ever."
        ),
        LimitRow(
            "maxReplyBytes",
            \.maxReplyBytes,
            .bytes,
            65_536...1 << 40,
            "The longest reply to one request."
        ),
        LimitRow(
            "maxConnectionMemoryBytes",
            \.maxConnectionMemoryBytes,
            .bytes,
            0...1 << 50,
            "Buffers of all connections together; 0 is no limit."
        ),
        LimitRow(
            time: "reconnectSpreadMilliseconds",
            \.reconnectSpreadMilliseconds,
            0...3_600_000,
            "Over which a shutdown asks clients to spread their coming back."
        ),
        LimitRow(
            time: "drainSpreadPerThousandMilliseconds",
            \.drainSpreadPerThousandMilliseconds,
            0...3_600_000,
            "Over which a shutdown spreads the closing of each thousand connections."
        ),
        LimitRow(
            time: "drainPauseMilliseconds",
            \.drainPauseMilliseconds,
            0...3_600_000,
            "Of silence behind which a shutdown closes a connection whose time has come."
        ),
        LimitRow(
            time: "drainPatienceMilliseconds",
            \.drainPatienceMilliseconds,
            0...3_600_000,
            "That a shutdown gives a new connection, and waits for a pause."
        ),
        LimitRow(
            time: "listenerOverlapMilliseconds",
            \.listenerOverlapMilliseconds,
            0...3_600_000,
            "That a listener which shares its port goes on accepting in a shutdown."
        ),
    ]
}
