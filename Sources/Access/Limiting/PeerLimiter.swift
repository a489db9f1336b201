// Decides what an address may do before a token pays for it.
public import Core

/// The limits of addresses and what is remembered of each; any thread may ask.
///
/// Every `now` is a monotonic time in milliseconds. A connection counts for its address from `opened` to
/// `authenticated` or `closed`, whichever comes first.
public final class PeerLimiter: Sendable {
    /// The limits in force.
    public let limits: PeerLimits
    /// How often each limit has refused.
    public let counters = LimitCounters()
    private let table: PeerTable

    /// Makes a limiter that remembers nothing yet.
    public convenience init(_ limits: PeerLimits) {
        self.init(limits, hash: .random())
    }

    init(_ limits: PeerLimits, hash: SipHash) {
        self.limits = limits
        table = PeerTable(limits, hash: hash)
    }

    /// Judges a connection that was accepted, and counts it as open unless it is refused.
    public func opened(_ address: PeerAddress, now: Int64) -> LimitVerdict {
        if limits.isAllowed(address) { return .admitted }
        var judge = Judge(limits)
        if limits.isDenied(address) { judge.refuse(LimitRefusal(limit: .deniedAddresses)) }
        if judge.isRefused { return counters.count(judge.verdict) }
        judge = table.withEntry(limits.key(address), now: now) { [judge, limits] entry, _ in
            var judge = judge
            PeerLimiter.judgeOpening(&judge, &entry, limits, now: now)
            return judge
        }
        return counters.count(judge.verdict)
    }

    /// Judges a TLS handshake that is about to begin.
    public func beganHandshake(_ address: PeerAddress, now: Int64) -> LimitVerdict {
        if limits.handshakes.isUnlimited || limits.isAllowed(address) { return .admitted }
        let judge = table.withEntry(limits.key(address), now: now) { [limits] entry, _ in
            var judge = Judge(limits)
            judge.charge(&entry.handshakes, 1, limits.handshakes, .addressHandshakesPerSecond, now)
            return judge
        }
        return counters.count(judge.verdict)
    }

    /// Judges commands before a token was accepted, with the bytes that they came in.
    ///
    /// What is refused costs nothing.
    public func charge(
        _ address: PeerAddress,
        commands: Int,
        bytes: Int,
        now: Int64
    ) -> LimitVerdict {
        if limits.commands.isUnlimited && limits.bytes.isUnlimited { return .admitted }
        if limits.isAllowed(address) { return .admitted }
        let judge = table.withEntry(limits.key(address), now: now) { [limits] entry, _ in
            var judge = Judge(limits)
            let before = entry.commands
            judge.charge(
                &entry.commands,
                commands,
                limits.commands,
                .addressCommandsPerSecond,
                now
            )
            if judge.isRefused { return judge }
            judge.charge(&entry.bytes, bytes, limits.bytes, .addressBytesPerSecond, now)
            if judge.isRefused { entry.commands = before }
            return judge
        }
        return counters.count(judge.verdict)
    }

    /// Judges an authentication that is about to be tried.
    public func mayAuthenticate(_ address: PeerAddress, now: Int64) -> LimitVerdict {
        if limits.failedAuthentications <= 0 || limits.isAllowed(address) { return .admitted }
        let entry = table.look(limits.key(address), now: now).entry
        let wait = entry.backOff(limits, now: now)
        if wait == 0 { return .admitted }
        var judge = Judge(limits)
        let isBanned = entry.isBanned(limits, now: now)
        judge.refuse(
            LimitRefusal(
                limit: isBanned ? .addressBanMilliseconds : .addressFailedAuthentications,
                retryAfterMilliseconds: wait
            )
        )
        return counters.count(judge.verdict)
    }

    /// Remembers a failed authentication.
    ///
    /// From the limit on the address must wait, a second at first and twice as long after each failure
    /// more. The failures are halved in each half-life that passes behind the wait. A success takes
    /// nothing back: who has one token could otherwise guess on. Of addresses that share an entry nothing
    /// is remembered, because one of them could keep all others out.
    public func authenticationFailed(_ address: PeerAddress, now: Int64) {
        if limits.failedAuthentications <= 0 || limits.isAllowed(address) { return }
        table.withEntry(limits.key(address), now: now) { [limits] entry, isShared in
            if !isShared { entry.fail(limits, now: now) }
        }
    }

    /// Says that a token was accepted, which pays for the connection from now on.
    public func authenticated(_ address: PeerAddress, now: Int64) {
        if limits.isAllowed(address) { return }
        table.removeConnection(limits.key(address))
    }

    /// Says that an open connection has given its token back, so that its address pays for it again.
    public func signedOut(_ address: PeerAddress, now: Int64) {
        if limits.isAllowed(address) { return }
        table.withEntry(limits.key(address), now: now) { entry, _ in
            PeerLimiter.addConnection(&entry)
        }
    }

    /// Says that a connection which `opened` admitted is closed, and whether a token paid for it.
    public func closed(_ address: PeerAddress, wasAuthenticated: Bool, now: Int64) {
        if wasAuthenticated || limits.isAllowed(address) { return }
        table.removeConnection(limits.key(address))
    }

    /// What is known of `address`; nothing changes.
    public func explain(_ address: PeerAddress, now: Int64) -> PeerState {
        let seen = table.look(limits.key(address), now: now)
        return PeerState(address, seen.entry, isShared: seen.isShared, limits, now: now)
    }

    private static func judgeOpening(
        _ judge: inout Judge,
        _ entry: inout PeerEntry,
        _ limits: PeerLimits,
        now: Int64
    ) {
        if entry.isBanned(limits, now: now) {
            let wait = entry.backOff(limits, now: now)
            judge.refuse(
                LimitRefusal(limit: .addressBanMilliseconds, retryAfterMilliseconds: wait)
            )
            if judge.isRefused { return }
        }
        let isFull =
            limits.openConnections > 0 && Int(entry.openConnections) >= limits.openConnections
        if isFull {
            judge.refuse(LimitRefusal(limit: .addressOpenConnections))
            if judge.isRefused { return }
        }
        judge.charge(&entry.connections, 1, limits.connections, .addressConnectionsPerSecond, now)
        if !judge.isRefused { addConnection(&entry) }
    }

    private static func addConnection(_ entry: inout PeerEntry) {
        if entry.openConnections < .max { entry.openConnections += 1 }
    }
}

/// Gathers what the limits say: the first refusal, which in shadow mode keeps nothing from happening.
private struct Judge: Sendable {
    private let isShadow: Bool
    private var refusal: LimitRefusal?

    init(_ limits: PeerLimits) { isShadow = limits.isShadow }

    var isRefused: Bool { refusal != nil && !isShadow }

    var verdict: LimitVerdict {
        guard let refusal else { return .admitted }
        return isShadow ? .shadowed(refusal) : .refused(refusal)
    }

    mutating func refuse(_ refusal: LimitRefusal) {
        if self.refusal == nil { self.refusal = refusal }
    }

    mutating func charge(
        _ state: inout GCRA,
        _ cost: Int,
        _ rate: Rate,
        _ limit: LimitName,
        _ now: Int64
    ) {
        if case .retry(let milliseconds) = state.charge(cost, rate, now: now) {
            refuse(LimitRefusal(limit: limit, retryAfterMilliseconds: milliseconds))
        }
    }
}
