// What is known of an address, to be read by people.
public import Core

/// The state of one address at one time.
public struct PeerState: Equatable, Sendable {
    /// The address as it counts: without the bits behind the prefix.
    public let address: PeerAddress
    /// Whether no limit of addresses is for it.
    public let isAllowed: Bool
    /// Whether it is refused whatever it does.
    public let isDenied: Bool
    /// Whether it failed so often that it may not even connect.
    public let isBanned: Bool
    /// Whether it shares its limits, because the table had no place for it.
    public let isShared: Bool
    /// Its open connections for which no token pays.
    public let openConnections: Int
    /// Its failed authentications that are not yet forgotten.
    public let failures: Int
    /// Milliseconds until it may authenticate again; 0 if it may now.
    public let backOffMilliseconds: Int64
    /// What is left of each of its limits, in the order in which they are applied.
    public let budgets: [LimitBudget]

    init(
        _ address: PeerAddress,
        _ entry: PeerEntry,
        isShared: Bool,
        _ limits: PeerLimits,
        now: Int64
    ) {
        self.address = limits.key(address)
        isAllowed = limits.isAllowed(address)
        isDenied = limits.isDenied(address)
        isBanned = entry.isBanned(limits, now: now)
        self.isShared = isShared
        openConnections = Int(entry.openConnections)
        failures = entry.failures(limits, now: now)
        backOffMilliseconds = entry.backOff(limits, now: now)
        budgets = [
            LimitBudget(
                .addressOpenConnections,
                most: limits.openConnections,
                used: Int(entry.openConnections)
            ),
            LimitBudget(
                .addressConnectionsPerSecond,
                limits.connections,
                entry.connections,
                now: now
            ),
            LimitBudget(
                .addressHandshakesPerSecond,
                limits.handshakes,
                entry.handshakes,
                now: now
            ),
            LimitBudget(.addressCommandsPerSecond, limits.commands, entry.commands, now: now),
            LimitBudget(.addressBytesPerSecond, limits.bytes, entry.bytes, now: now),
        ]
    }

    /// Everything that would refuse a new connection of the address or its first command, in the order in
    /// which it is asked.
    public var refusals: [LimitRefusal] {
        if isAllowed { return [] }
        var found: [LimitRefusal] = []
        if isDenied { found.append(LimitRefusal(limit: .deniedAddresses)) }
        if isBanned {
            found.append(
                LimitRefusal(
                    limit: .addressBanMilliseconds,
                    retryAfterMilliseconds: backOffMilliseconds
                )
            )
        }
        for budget in budgets where budget.remaining == 0 {
            let isRate = budget.name != .addressOpenConnections
            found.append(
                LimitRefusal(
                    limit: budget.name,
                    retryAfterMilliseconds: isRate ? budget.retryAfterMilliseconds : nil
                )
            )
        }
        return found
    }
}
