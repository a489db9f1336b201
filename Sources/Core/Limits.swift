// Every limit of the server: its default, its unit in its name, and why it is what it is.

/// What the server allows.
///
/// One value, made at start, read everywhere.
public struct Limits: Equatable, Sendable {
    /// The longest key, in bytes; PROTOCOL section 8.
    ///
    /// A key's length is stored in 16 bits, so at most 65,535.
    public var maxKeyBytes = 1024
    /// The largest value, in bytes: 16 MiB less room for framing, so that it fits a protobuf frame.
    public var maxValueBytes = (16 << 20) - (64 << 10)
    /// The longest request, in bytes, whatever the encoding: one value of the largest size, escaped
    /// as JSON at its worst common case of two bytes for one.
    public var maxRequestBytes = 32 << 20
    /// The longest protobuf message in either direction, in bytes: the first of the four bytes of its
    /// length is 0, which is how a connection's first byte tells protobuf from the other encodings.
    public static let maxProtobufFrameBytes = (16 << 20) - 1
    /// The longest text or inline line, in bytes: Redis's limit for an inline command.
    public var maxLineBytes = 64 << 10
    /// The most arguments of one request: Redis's limit for a multibulk length.
    public var maxArguments = 1 << 20
    /// The longest single argument before authentication, in bytes: Redis's own; in protobuf the
    /// longest frame.
    public var maxUnauthenticatedArgumentBytes = 16 << 10
    /// The most arguments before authentication: Redis's own.
    public var maxUnauthenticatedArguments = 10
    /// The deepest JSON value: simdjson's default.
    public var maxJSONDepth = 1024
    /// The most requests in a JSON array on one line: a pipeline's worth.
    public var maxBatchCommands = 1024
    /// The most requests in a JSON array before authentication: as many as RESP has arguments then.
    public var maxUnauthenticatedBatchCommands = 10
    /// The most pairs of bytes that LCS compares, the product of both lengths: some ten milliseconds of
    /// a loop that serves nobody else meanwhile.
    public var maxLCSCells = 4 << 20
    /// The longest head of an HTTP request, its request line included, in bytes: what most servers take.
    public var maxHTTPHeadBytes = 16 << 10
    /// The most fields in the head of an HTTP request: as most servers.
    public var maxHTTPFields = 100
    /// The longest target of an HTTP request, in bytes: what RFC 9112 section 3 recommends, rounded up.
    public var maxHTTPTargetBytes = 8 << 10

    /// The most commands between MULTI and EXEC: client libraries send whole pipelines as transactions, and
    /// 65,536 small ones hold their keys for some 20 ms.
    public var maxTransactionCommands = 1 << 16
    /// The most bytes of commands between MULTI and EXEC: what one request may take.
    public var maxTransactionBytes = 32 << 20
    /// The most keys that a connection watches at once.
    public var maxWatchedKeys = 1024

    /// The longest name of a channel and the longest pattern, in bytes: as a key by default.
    public var maxChannelBytes = 1024
    /// The most channels and patterns together that a connection is subscribed to: 2 MB of tables or so.
    public var maxSubscriptions = 10_000
    /// The most patterns of keys that a connection observes.
    public var maxObservedPatterns = 1000
    /// The most patterns of keys that all connections together observe: 50 MB or so; those that begin with
    /// `*` or `?` are all tried for each change to any key.
    public var maxObservedPatternsInAll = 100_000
    /// Bytes that wait for a subscriber's socket from which on its delivery policy decides what it is sent
    /// later: a second of a slow line.
    public var messageHoldBytes = 256 << 10
    /// The most messages that a delivery policy keeps for a subscriber.
    public var maxHeldMessages = 1024
    /// The most bytes of messages that a delivery policy keeps for a subscriber.
    public var maxHeldMessageBytes = 4 << 20
    /// The most bytes of messages that wait for a loop to deliver them, above which PUBLISH is refused: a
    /// tenth of a second of a loop's work.
    public var maxUndeliveredBytes = 64 << 20

    /// The most bytes that messages take which channels keep for who comes back, all channels together: as
    /// much as may wait for a loop.
    public var maxRetainedBytes = 64 << 20
    /// The most bytes that the messages of one channel take which it keeps.
    public var maxRetainedChannelBytes = 16 << 20
    /// The most frames of one WebSocket message: one of the longest messages in frames of 32 KiB.
    public var maxWebSocketFragments = 1024
    /// Milliseconds of silence behind which a WebSocket is sent a ping; 0 is never.
    ///
    /// As most servers: below the minute after which many proxies close what is silent.
    public var webSocketPingMilliseconds: Int64 = 30_000
    /// Milliseconds that a WebSocket has to say anything behind a ping: a phone that wakes up.
    public var webSocketPongMilliseconds: Int64 = 10_000
    /// The shortest message that is compressed for a WebSocket, in bytes: one that fits a packet gains nothing.
    public var minCompressedBytes = 1024
    /// The longest message that is compressed for a WebSocket, in bytes: some two milliseconds of a loop.
    public var maxCompressedBytes = 256 << 10
    /// How many times as long as it came a compressed message may become, above 1 MiB: JSON reaches about 20,
    /// the format itself 1032.
    public var maxInflationRatio = 100

    /// The most bytes that the keyspace takes: entries, tables, expiry queues and namespace indices, as the
    /// allocator gave them; 0 is no limit.
    public var maxMemoryBytes = 0
    /// Which keys make room where the keyspace is at `maxMemoryBytes`.
    public var evictionPolicy = EvictionPolicy.noEviction
    /// The most keys evicted for one request: some ten milliseconds of a loop that serves nobody else
    /// meanwhile.
    ///
    /// A request that needs more room than that gives is refused, and may try again.
    public var maxEvictedKeys = 16_384

    /// The most connections at once.
    public var maxClients = 10_000
    /// Connections above `maxClients` that tokens with a reserved slot may have: somebody has to be able to
    /// look at a server that is full.
    public var reservedClients = 16
    /// Refused connections a second that complete TLS and are told why: about a fortieth of a core.
    public var explainedRefusalsPerSecond = 50
    /// Refused connections at once that complete TLS and are told why.
    public var maxExplainedRefusals = 64
    /// Milliseconds that a refused connection has to be told why.
    public var explanationTimeoutMilliseconds: Int64 = 5_000
    /// Mean milliseconds that loops are late for their ticks at which full handshakes are slowed down, 0 for
    /// any; at four times as many commands of low priority are refused, at sixteen times newcomers.
    ///
    /// A loop that is late by this much makes each event wait for about twice as long.
    public var overloadLatenessMilliseconds: Int64 = 50
    /// Milliseconds that a refused client is asked to wait where time alone is what helps.
    public var busyRetryMilliseconds: Int64 = 1_000
    /// The most TLS handshakes under way at once, on all loops together: as many as the kernel keeps
    /// connections for us, and about 200 MB if all of them have sent their hello.
    public var maxPendingHandshakes = 4096
    /// Milliseconds of silence after which a handshake may be given up for a newcomer, if
    /// `maxPendingHandshakes` are under way: longer than a round trip around the world.
    public var handshakeSilenceMilliseconds: Int64 = 1_000
    /// Milliseconds that a complete hello waits for its turn: behind that most clients have given up, and
    /// the private key would be used for nobody.
    public var handshakeWaitMilliseconds: Int64 = 3_000
    /// KeyUpdate messages of a connection between two requests: TLS needs one in about 2^24 records.
    public var maxKeyUpdates = 32
    /// Failed authentications before a connection is closed.
    public var maxAuthenticationFailures = 5
    /// Milliseconds to complete the TLS handshake.
    public var handshakeTimeoutMilliseconds: Int64 = 10_000
    /// Milliseconds from the handshake to an accepted token.
    public var authenticationTimeoutMilliseconds: Int64 = 30_000
    /// Milliseconds without a byte from the peer before its connection is closed; 0 is never.
    public var idleTimeoutMilliseconds: Int64 = 600_000
    /// Milliseconds from the first byte of a request to its last.
    public var requestTimeoutMilliseconds: Int64 = 60_000
    /// Milliseconds for a closing connection to deliver its last bytes and see the peer's end.
    public var lingerTimeoutMilliseconds: Int64 = 2_000

    // Per address: an IPv4 address or an IPv6 network. 0 is no limit; a burst is what may come at once.
    // One address may be a whole office behind a router, so the defaults leave room for a thousand
    // well-behaved clients that connect at once.

    /// The most open connections of an address without an accepted token: a fifth of `maxClients`, and
    /// twice a thousand clients that start together.
    public var addressOpenConnections = 2048
    /// Connections of an address a second: a tenth of what a loop accepts.
    public var addressConnectionsPerSecond = 1000
    /// Connections of an address at once: a thousand clients that try five times.
    public var addressConnectionsBurst = 5000
    /// TLS handshakes of an address a second: they cost a core about a quarter of a second.
    public var addressHandshakesPerSecond = 500
    /// TLS handshakes of an address at once: a thousand clients that try four times.
    public var addressHandshakesBurst = 4000
    /// Commands of an address a second before a token is accepted: health checks and AUTH, no load.
    public var addressCommandsPerSecond = 1000
    /// Commands of an address at once before a token is accepted: ten for each of a thousand clients.
    public var addressCommandsBurst = 10_000
    /// Bytes of requests of an address a second before a token is accepted: 4 KiB a command.
    public var addressBytesPerSecond = 4 << 20
    /// Bytes of requests of an address at once before a token is accepted: 64 KiB for each of a thousand
    /// clients, which is the longest line.
    public var addressBytesBurst = 64 << 20
    /// Failed authentications of an address after which it must wait: two connections' worth.
    public var addressFailedAuthentications = 10
    /// The longest wait after failed authentications, in milliseconds, and the length of a ban: a quarter
    /// of an hour, in which somebody can notice a wrong secret in a deployment.
    public var addressBanMilliseconds: Int64 = 900_000
    /// Milliseconds without a failure after which half of an address's failures are forgotten.
    public var addressFailureHalfLifeMilliseconds: Int64 = 60_000
    /// The addresses that are remembered at once: 64 bytes each, 4.5 MiB in all.
    public var addressTableEntries = 65_536
    /// How many first bits make an IPv4 address: each counts for itself.
    public var ipv4PrefixLength = 32
    /// How many first bits make an IPv6 address: a subscriber has at least a /64 (RFC 6177).
    public var ipv6PrefixLength = 64

    /// Milliseconds over which a shutdown asks clients to spread their coming back, each at its own random
    /// moment: a server takes some hundred full handshakes a second and core.
    public var reconnectSpreadMilliseconds: Int64 = 10_000
    /// Milliseconds of a shutdown over which the closing of each thousand connections is spread: 200 a second
    /// come back to the other servers, or to the next process, beside their other work.
    public var drainSpreadPerThousandMilliseconds: Int64 = 5_000
    /// Milliseconds of silence behind which a connection that is to be closed counts as paused, and the least
    /// between telling its client and closing it: longer than most requests are on their way.
    public var drainPauseMilliseconds: Int64 = 250
    /// Milliseconds that a shutdown gives a connection that was just made, and waits for a pause on one that
    /// makes none: a handshake, a token and a first request, on a machine under load.
    public var drainPatienceMilliseconds: Int64 = 2_000
    /// Milliseconds that a listener which shares its port goes on behind the beginning of a shutdown, for
    /// handshakes that the kernel has begun with it: the first repetition of a lost packet is in it.
    public var listenerOverlapMilliseconds: Int64 = 1_000

    /// Seconds of silence before the kernel asks a peer whether it is still there (TCP keepalive): well below
    /// the five minutes or so after which middleboxes forget a connection.
    public var keepAliveIdleSeconds: Int32 = 60
    /// Seconds between those questions.
    public var keepAliveIntervalSeconds: Int32 = 10
    /// Questions without an answer behind which the peer is gone: two minutes in all.
    public var keepAliveProbes: Int32 = 6
    /// Milliseconds that what was sent may stay unacknowledged, or that a peer may take nothing at all of
    /// what waits for it (TCP_USER_TIMEOUT): as long as a silent peer has, which Linux wants to be one number.
    public var userTimeoutMilliseconds: Int32 = 120_000

    /// Bytes of replies not yet taken by the socket above which reading pauses.
    public var outboundHighWatermarkBytes = 8 << 20
    /// Bytes of replies not yet taken by the socket below which reading resumes.
    public var outboundLowWatermarkBytes = 1 << 20
    /// Bytes of replies that may wait for the socket at any time; 0 is no limit.
    ///
    /// Reading pauses long before, so only single replies lead there: the longest (`maxReplyBytes`), encrypted,
    /// on top of what waits while reading goes on.
    public var outboundHardLimitBytes = 192 << 20
    /// Bytes of replies that may wait for `outboundSoftLimitMilliseconds` at a stretch; 0 is no limit.
    public var outboundSoftLimitBytes = 4 << 20
    /// How long more than `outboundSoftLimitBytes` may wait: a reader of 16 MiB at 30 KB a second finishes.
    public var outboundSoftLimitMilliseconds: Int64 = 600_000
    /// As `outboundHardLimitBytes`, for clients that are sent messages unasked: Redis's for pubsub.
    public var subscriberOutboundHardLimitBytes = 32 << 20
    /// As `outboundSoftLimitBytes`, for clients that are sent messages unasked: Redis's for pubsub.
    public var subscriberOutboundSoftLimitBytes = 8 << 20
    /// As `outboundSoftLimitMilliseconds`, for clients that are sent messages unasked: Redis's for pubsub.
    public var subscriberOutboundSoftLimitMilliseconds: Int64 = 60_000
    /// Milliseconds in which a peer must take at least a byte of the replies that wait for it; 0 is for ever.
    public var unreadReplyTimeoutMilliseconds: Int64 = 120_000
    /// The longest reply to one request, in bytes: four of the largest values.
    public var maxReplyBytes = 64 << 20
    /// Bytes that the buffers of all connections may take together, beyond what is needed while a request
    /// is served, 0 for any number; above them the connection that holds the most is closed.
    public var maxConnectionMemoryBytes = 1 << 30
    /// Bytes of replies gathered before they are encrypted and sent, within one read.
    public var replyBatchBytes = 256 << 10

    /// The defaults.
    public init() {}
}
