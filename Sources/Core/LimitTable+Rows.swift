// The rows of the table of limits; their defaults, and why they are what they are, are in `Limits`.

private let mebibyte: Int64 = 1 << 20
private let gibibyte: Int64 = 1 << 30
private let hour: Int64 = 3_600_000
private let year: Int64 = 31_536_000_000
private let most: Int64 = 1_000_000_000
private let anyRate: ClosedRange<Int64> = 0...most
private let anyBurst: ClosedRange<Int64> = 1...most

extension LimitTable {
    static let requestRows: [LimitRow] = [
        LimitRow("maxKeyBytes", \.maxKeyBytes, .bytes, 1...65_535, "The longest key."),
        // No larger: a reply of protobuf could not hold it.
        LimitRow("maxValueBytes", \.maxValueBytes, .bytes, 1...16_711_680, "The largest value."),
        LimitRow(
            "maxRequestBytes",
            \.maxRequestBytes,
            .bytes,
            1024...gibibyte,
            "The longest request."
        ),
        LimitRow(
            "maxLineBytes",
            \.maxLineBytes,
            .bytes,
            256...16 * mebibyte,
            "The longest text or inline line."
        ),
        LimitRow("maxArguments", \.maxArguments, .count, 8...16_777_216, "Words of one request."),
        LimitRow(
            "maxUnauthenticatedArgumentBytes",
            \.maxUnauthenticatedArgumentBytes,
            .bytes,
            128...16 * mebibyte,
            "The longest word of a request before a token is accepted."
        ),
        LimitRow(
            "maxUnauthenticatedArguments",
            \.maxUnauthenticatedArguments,
            .count,
            8...mebibyte,
            "Words of one request before a token is accepted."
        ),
        LimitRow("maxJSONDepth", \.maxJSONDepth, .count, 8...1024, "Nesting of a JSON value."),
        LimitRow(
            "maxBatchCommands",
            \.maxBatchCommands,
            .count,
            1...mebibyte,
            "Requests of a JSON array on one line."
        ),
        LimitRow(
            "maxUnauthenticatedBatchCommands",
            \.maxUnauthenticatedBatchCommands,
            .count,
            1...mebibyte,
            "Requests of a JSON array before a token is accepted."
        ),
        LimitRow(
            "maxHTTPHeadBytes",
            \.maxHTTPHeadBytes,
            .bytes,
            1024...mebibyte,
            "The head of an HTTP request."
        ),
        LimitRow(
            "maxHTTPFields",
            \.maxHTTPFields,
            .count,
            8...4096,
            "Fields in the head of an HTTP request."
        ),
        LimitRow(
            "maxHTTPTargetBytes",
            \.maxHTTPTargetBytes,
            .bytes,
            128...mebibyte,
            "The target of an HTTP request."
        ),
        LimitRow(
            "maxLCSCells",
            \.maxLCSCells,
            .count,
            1...gibibyte,
            "Pairs of bytes that LCS compares."
        ),
        LimitRow(
            "maxTransactionCommands",
            \.maxTransactionCommands,
            .count,
            1...16 * mebibyte,
            "Commands between MULTI and EXEC."
        ),
        LimitRow(
            "maxTransactionBytes",
            \.maxTransactionBytes,
            .bytes,
            1...gibibyte,
            "Bytes of commands between MULTI and EXEC."
        ),
        LimitRow(
            "maxWatchedKeys",
            \.maxWatchedKeys,
            .count,
            1...mebibyte,
            "Keys that a connection watches."
        ),
    ]

    static let connectionRows: [LimitRow] = [
        LimitRow("maxClients", \.maxClients, .count, 1...1_000_000, "Connections at once."),
        LimitRow(
            "maxAuthenticationFailures",
            \.maxAuthenticationFailures,
            .count,
            1...1_000_000,
            "Failed authentications before a connection is closed."
        ),
        LimitRow(
            time: "handshakeTimeoutMilliseconds",
            \.handshakeTimeoutMilliseconds,
            1...hour,
            "To complete the TLS handshake."
        ),
        LimitRow(
            time: "authenticationTimeoutMilliseconds",
            \.authenticationTimeoutMilliseconds,
            0...year,
            "From the handshake to an accepted token."
        ),
        LimitRow(
            time: "idleTimeoutMilliseconds",
            \.idleTimeoutMilliseconds,
            0...year,
            "Without a byte from the peer; 0 is no limit."
        ),
        LimitRow(
            time: "requestTimeoutMilliseconds",
            \.requestTimeoutMilliseconds,
            1...year,
            "From the first byte of a request to its last."
        ),
        LimitRow(
            time: "lingerTimeoutMilliseconds",
            \.lingerTimeoutMilliseconds,
            0...hour,
            "For a closing connection to deliver its last bytes."
        ),
        LimitRow(
            "outboundHighWatermarkBytes",
            \.outboundHighWatermarkBytes,
            .bytes,
            1024...gibibyte,
            "Replies not taken above which reading pauses."
        ),
        LimitRow(
            "outboundLowWatermarkBytes",
            \.outboundLowWatermarkBytes,
            .bytes,
            1...gibibyte,
            "Replies not taken below which reading resumes."
        ),
        LimitRow(
            "replyBatchBytes",
            \.replyBatchBytes,
            .bytes,
            1024...64 * mebibyte,
            "Replies gathered before they are sent, within one read."
        ),
    ]

    static let addressRows: [LimitRow] = [
        LimitRow(
            "addressOpenConnections",
            \.addressOpenConnections,
            .count,
            anyRate,
            "Open connections of an address without an accepted token; 0 is no limit."
        ),
        LimitRow(
            "addressConnectionsPerSecond",
            \.addressConnectionsPerSecond,
            .perSecond,
            anyRate,
            "New connections of an address; 0 is no limit."
        ),
        LimitRow(
            "addressConnectionsBurst",
            \.addressConnectionsBurst,
            .count,
            anyBurst,
            "New connections of an address at once."
        ),
        LimitRow(
            "addressHandshakesPerSecond",
            \.addressHandshakesPerSecond,
            .perSecond,
            anyRate,
            "TLS handshakes of an address; 0 is no limit."
        ),
        LimitRow(
            "addressHandshakesBurst",
            \.addressHandshakesBurst,
            .count,
            anyBurst,
            "TLS handshakes of an address at once."
        ),
        LimitRow(
            "addressCommandsPerSecond",
            \.addressCommandsPerSecond,
            .perSecond,
            anyRate,
            "Commands of an address before a token is accepted; 0 is no limit."
        ),
        LimitRow(
            "addressCommandsBurst",
            \.addressCommandsBurst,
            .count,
            anyBurst,
            "Commands of an address before a token is accepted, at once."
        ),
        LimitRow(
            "addressBytesPerSecond",
            \.addressBytesPerSecond,
            .bytesPerSecond,
            0...most * 1000,
            "Requests of an address before a token is accepted; 0 is no limit."
        ),
        LimitRow(
            "addressBytesBurst",
            \.addressBytesBurst,
            .bytes,
            1...most * 1000,
            "Requests of an address before a token is accepted, at once."
        ),
        LimitRow(
            "addressFailedAuthentications",
            \.addressFailedAuthentications,
            .count,
            0...10_000,
            "Failed authentications from which an address must wait; 0 is no limit."
        ),
        LimitRow(
            time: "addressBanMilliseconds",
            \.addressBanMilliseconds,
            0...year,
            "The longest wait after failed authentications, in which the address may not connect."
        ),
        LimitRow(
            time: "addressFailureHalfLifeMilliseconds",
            \.addressFailureHalfLifeMilliseconds,
            1...year,
            "After which half of an address's failures are forgotten."
        ),
        LimitRow(
            "addressTableEntries",
            \.addressTableEntries,
            .count,
            8...16_777_216,
            "Addresses that are remembered at once."
        ),
        LimitRow(
            "ipv4PrefixLength",
            \.ipv4PrefixLength,
            .bits,
            0...32,
            "Bits of an IPv4 address that count as one address."
        ),
        LimitRow(
            "ipv6PrefixLength",
            \.ipv6PrefixLength,
            .bits,
            0...128,
            "Bits of an IPv6 address that count as one address."
        ),
    ]
}
