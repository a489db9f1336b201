// What a server is started with.
internal import Access
public import Core
public import Reactor

/// Everything that a server needs to start.
public struct ServerConfiguration: Sendable {
    /// Where to listen; port 0 lets the kernel choose.
    public var listen: [Endpoint]
    /// Sockets that listen already, which take the place of `listen`.
    public var listeners: [Listener] = []
    /// Whether other processes may listen on the same port, as the next one does during a restart.
    public var sharesPort = false
    /// PEM file of the certificate chain.
    public var certificateFile: String
    /// PEM file of the private key.
    public var privateKeyFile: String
    /// The token file.
    public var tokenFile: String
    /// The number of event loops; 0 is one per core.
    public var loopCount = 0
    /// Where the server keeps what must survive a restart (its UUID); nil keeps nothing.
    public var dataDirectory: String?
    /// Milliseconds that a shutdown waits for connections to end what they have begun.
    public var shutdownTimeoutMilliseconds: Int64 = 1_800_000
    /// Proxies that say where a connection comes from, by the PROXY protocol, and must say it.
    public var proxies: [AddressBlock] = []
    /// The limits.
    public var limits = Limits()
    /// Addresses that no limit of addresses is for.
    public var allowAddresses: [AddressBlock] = []
    /// Addresses that are refused.
    public var denyAddresses: [AddressBlock] = []
    /// Whether every address that `allowAddresses` does not hold is refused.
    public var deniesOtherAddresses = false
    /// Whether limits of addresses and tokens are only watched: what they would refuse is counted.
    public var limitsShadow = false
    /// Origins whose pages may open WebSockets, as `https://example.org`, beside the server's own; `*` is all.
    public var allowedOrigins: [String] = []
    /// Whether there is a page for browsers at `/`.
    public var servesDashboard = true
    /// Milliseconds from one notification that every WebSocket is sent to the next; 0 is none.
    public var notificationIntervalMilliseconds: Int64 = 10_000
    /// What namespaces may hold, and how long their keys live by default.
    public var namespaces: [NamespaceRule] = []
    /// Which channels keep their last messages for subscribers that come back.
    public var retention: [RetentionRule] = []

    /// Makes a configuration with the defaults for everything that is not given.
    public init(
        listen: [Endpoint],
        certificateFile: String,
        privateKeyFile: String,
        tokenFile: String
    ) {
        self.listen = listen
        self.certificateFile = certificateFile
        self.privateKeyFile = privateKeyFile
        self.tokenFile = tokenFile
    }

    /// The limits of addresses that it asks for.
    var peerLimits: PeerLimits {
        PeerLimits(
            limits,
            allow: allowAddresses,
            deny: denyAddresses,
            denyOthers: deniesOtherAddresses,
            isShadow: limitsShadow
        )
    }
}
