// What a limit says to something that is about to happen.

/// The limits that can refuse a peer or a token; the raw value is the name in errors and LIMITS.
public enum LimitName: String, Sendable, CaseIterable {
    /// The address is on the list of those that are refused, or not on that of those that are let in.
    case deniedAddresses
    /// The address has failed to authenticate so often that it is banned.
    case addressBanMilliseconds
    /// Too many open connections of the address for which no token pays.
    case addressOpenConnections
    /// Too many new connections of the address.
    case addressConnectionsPerSecond
    /// Too many TLS handshakes of the address.
    case addressHandshakesPerSecond
    /// The address has failed to authenticate and must wait before it tries again.
    case addressFailedAuthentications
    /// Too many commands of the address before a token.
    case addressCommandsPerSecond
    /// Too many bytes of the address before a token.
    case addressBytesPerSecond
    /// Too many open connections of the token.
    case tokenConnections
    /// Too many commands of the token.
    case tokenCommandsPerSecond
    /// Too many bytes of requests of the token.
    case tokenBytesPerSecond
    /// Too many commands of the category `open` of the token.
    case tokenOpenCommandsPerSecond
    /// Too many commands of the category `information` of the token.
    case tokenInformationCommandsPerSecond
    /// Too many commands of the category `read` of the token.
    case tokenReadCommandsPerSecond
    /// Too many commands of the category `write` of the token.
    case tokenWriteCommandsPerSecond
    /// Too many commands of the category `admin` of the token.
    case tokenAdminCommandsPerSecond
    /// Too many commands of the category `pubsub` of the token.
    case tokenPubsubCommandsPerSecond
    /// Too many open connections of all addresses.
    case maxClients
    /// Too many TLS handshakes under way.
    case maxPendingHandshakes
    /// A hello waited too long for its turn.
    case handshakeWaitMilliseconds
    /// The server is overloaded; see the overload ladder.
    case overload
    /// The buffers of all connections took too much memory, and those of this one the most.
    case maxConnectionMemoryBytes
    /// A connection sent too many KeyUpdate messages.
    case maxKeyUpdates
    /// Too much waited for a peer to take it.
    case outboundHardLimitBytes
    /// Much waited for a peer to take it for too long.
    case outboundSoftLimitBytes
    /// As `outboundHardLimitBytes`, for subscribers.
    case subscriberOutboundHardLimitBytes
    /// As `outboundSoftLimitBytes`, for subscribers.
    case subscriberOutboundSoftLimitBytes
    /// A peer took nothing of what waited for it for too long.
    case unreadReplyTimeoutMilliseconds
    /// More messages waited for a subscriber whose policy is to be closed then.
    case maxHeldMessages
    /// More changes waited for an observer whose policy is to be closed then.
    case maxUndeliveredBytes
    /// More of a channel's past waited to be sent to one that resumes than memory may hold.
    case maxRetainedBytes
}

/// Which limit refused, and when trying again can help.
public struct LimitRefusal: Equatable, Sendable {
    /// The limit.
    public var limit: LimitName
    /// Milliseconds until the same can be admitted; nil where time alone does not help.
    public var retryAfterMilliseconds: Int64?

    /// Makes a refusal.
    public init(limit: LimitName, retryAfterMilliseconds: Int64? = nil) {
        self.limit = limit
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }
}

/// What the limits say to something that is about to happen.
public enum LimitVerdict: Equatable, Sendable {
    /// Nothing speaks against it.
    case admitted
    /// It must not happen.
    case refused(LimitRefusal)
    /// It may happen, because limits are only watched; enforced, they would have refused it.
    case shadowed(LimitRefusal)
}

/// How much of one limit is left.
public struct LimitBudget: Equatable, Sendable {
    /// The limit.
    public var name: LimitName
    /// Its value: units a second, or a number; 0 is no limit.
    public var limit: Int
    /// Units that would be admitted now; `Int.max` where nothing is limited.
    public var remaining: Int
    /// Milliseconds until at least one more unit is admitted, where waiting helps; else 0.
    public var retryAfterMilliseconds: Int64

    /// The budget of a rate.
    init(_ name: LimitName, _ rate: Rate, _ state: GCRA, now: Int64) {
        self.name = name
        limit = rate.perSecond
        remaining = state.remaining(rate, now: now)
        retryAfterMilliseconds = 0
        if case .retry(let milliseconds) = state.verdict(1, rate, now: now) {
            retryAfterMilliseconds = milliseconds
        }
    }

    /// The budget of a number of things at once; a limit of 0 is none.
    init(_ name: LimitName, most: Int, used: Int) {
        self.name = name
        limit = most
        remaining = most == 0 ? .max : max(0, most - used)
        retryAfterMilliseconds = 0
    }
}
