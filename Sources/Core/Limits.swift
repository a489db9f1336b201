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

    /// The most commands between MULTI and EXEC: client libraries send whole pipelines as transactions, and
    /// 65,536 small ones hold their keys for some 20 ms.
    public var maxTransactionCommands = 1 << 16
    /// The most bytes of commands between MULTI and EXEC: what one request may take.
    public var maxTransactionBytes = 32 << 20
    /// The most keys that a connection watches at once.
    public var maxWatchedKeys = 1024

    /// The most connections at once.
    public var maxClients = 10_000
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
    /// Bytes of replies gathered before they are encrypted and sent, within one read.
    public var replyBatchBytes = 256 << 10

    /// The defaults.
    public init() {}
}
