// What an address may do before a token pays for it.
public import Core

/// The limits of addresses, and the addresses that they are not for.
public struct PeerLimits: Equatable, Sendable {
    /// The most open connections without an accepted token; 0 is no limit.
    public var openConnections: Int
    /// New connections.
    public var connections: Rate
    /// TLS handshakes.
    public var handshakes: Rate
    /// Commands before a token is accepted.
    public var commands: Rate
    /// Bytes of requests before a token is accepted.
    public var bytes: Rate
    /// Failures from which an address must wait before it authenticates again; 0 is never.
    public var failedAuthentications: Int
    /// The longest wait, in milliseconds; while it lasts the address is banned.
    public var banMilliseconds: Int64
    /// Milliseconds in which half of the failures are forgotten.
    public var failureHalfLifeMilliseconds: Int64
    /// The addresses that are remembered at once, rounded up to eight times a power of two.
    public var tableEntries: Int
    /// How many first bits make an IPv4 address.
    public var ipv4PrefixLength: Int
    /// How many first bits make an IPv6 address.
    public var ipv6PrefixLength: Int
    /// Addresses that no limit of addresses is for; they are let in even where `deny` holds them.
    public var allow: [AddressBlock]
    /// Addresses that are refused.
    public var deny: [AddressBlock]
    /// Whether every address that `allow` does not hold is refused.
    public var denyOthers: Bool
    /// Whether limits are only watched: what they would refuse is counted and admitted.
    public var isShadow: Bool

    /// Makes the limits of addresses out of the server's.
    public init(
        _ limits: Limits,
        allow: [AddressBlock] = [],
        deny: [AddressBlock] = [],
        denyOthers: Bool = false,
        isShadow: Bool = false
    ) {
        openConnections = limits.addressOpenConnections
        connections = Rate(
            perSecond: limits.addressConnectionsPerSecond,
            burst: limits.addressConnectionsBurst
        )
        handshakes = Rate(
            perSecond: limits.addressHandshakesPerSecond,
            burst: limits.addressHandshakesBurst
        )
        commands = Rate(
            perSecond: limits.addressCommandsPerSecond,
            burst: limits.addressCommandsBurst
        )
        bytes = Rate(perSecond: limits.addressBytesPerSecond, burst: limits.addressBytesBurst)
        failedAuthentications = limits.addressFailedAuthentications
        banMilliseconds = limits.addressBanMilliseconds
        failureHalfLifeMilliseconds = limits.addressFailureHalfLifeMilliseconds
        tableEntries = limits.addressTableEntries
        ipv4PrefixLength = limits.ipv4PrefixLength
        ipv6PrefixLength = limits.ipv6PrefixLength
        self.allow = allow
        self.deny = deny
        self.denyOthers = denyOthers
        self.isShadow = isShadow
    }

    /// No limits at all, for a server's parts that run without a server.
    public static let unlimited: PeerLimits = {
        var limits = PeerLimits(Limits())
        limits.openConnections = 0
        limits.connections = .unlimited
        limits.handshakes = .unlimited
        limits.commands = .unlimited
        limits.bytes = .unlimited
        limits.failedAuthentications = 0
        limits.tableEntries = 8
        return limits
    }()

    /// Whether no limit of addresses is for `address`.
    public func isAllowed(_ address: PeerAddress) -> Bool {
        !allow.isEmpty && allow.contains(address: address)
    }

    /// Whether `address` is refused whatever it does.
    public func isDenied(_ address: PeerAddress) -> Bool {
        (denyOthers || deny.contains(address: address)) && !isAllowed(address)
    }

    /// `address` as it counts: without the bits behind the prefix.
    public func key(_ address: PeerAddress) -> PeerAddress {
        address.masked(prefixLength: address.isIPv4 ? ipv4PrefixLength : ipv6PrefixLength)
    }

    /// How long an address waits after that many failures: a second at the limit, twice as long after
    /// each one more, and at most the length of a ban.
    func backOffMilliseconds(failures: Int) -> Int64 {
        if failedAuthentications <= 0 || failures < failedAuthentications { return 0 }
        let doublings = min(failures - failedAuthentications, 40)
        return min(1000 << Int64(doublings), max(0, banMilliseconds))
    }
}
