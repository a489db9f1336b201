// The rows of limits on WebSockets.

extension LimitTable {
    static let webSocketRows: [LimitRow] = [
        LimitRow(
            "maxWebSocketFragments",
            \.maxWebSocketFragments,
            .count,
            1...1 << 20,
            "Frames of one WebSocket message."
        ),
        LimitRow(
            time: "webSocketPingMilliseconds",
            \.webSocketPingMilliseconds,
            0...31_536_000_000,
            "Silence behind which a WebSocket is sent a ping; 0 is never."
        ),
        LimitRow(
            time: "webSocketPongMilliseconds",
            \.webSocketPongMilliseconds,
            10...31_536_000_000,
            "From a ping to a word of the WebSocket that was sent it."
        ),
        LimitRow(
            "minCompressedBytes",
            \.minCompressedBytes,
            .bytes,
            0...1 << 30,
            "The shortest message that is compressed for a WebSocket."
        ),
        LimitRow(
            "maxCompressedBytes",
            \.maxCompressedBytes,
            .bytes,
            0...1 << 30,
            "The longest message that is compressed for a WebSocket."
        ),
        LimitRow(
            "maxInflationRatio",
            \.maxInflationRatio,
            .count,
            1...1_100,
            "How many times as long a compressed message may become, above 1 MiB."
        ),
    ]
}
