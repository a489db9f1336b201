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

    /// Bytes of replies not yet taken by the socket above which reading pauses.
    public var outboundHighWatermarkBytes = 8 << 20
    /// Bytes of replies not yet taken by the socket below which reading resumes.
    public var outboundLowWatermarkBytes = 1 << 20
    /// Bytes of replies gathered before they are encrypted and sent, within one read.
    public var replyBatchBytes = 256 << 10

    /// The defaults.
    public init() {}
}
