// Who may come in: every limit that a new connection meets, in order, and who is told why it was refused.
internal import Access
internal import Commands
internal import Core
internal import Logging
internal import Synchronization

/// What becomes of a connection whose address is known.
enum AdmissionVerdict: Equatable, Sendable {
    /// It is served, and counts for its address.
    case admitted
    /// It is not served, but completes TLS and is told why; a token with a reserved slot is let in after all.
    case explained(LimitRefusal)
    /// It is closed at once.
    case refused(LimitRefusal)
}

/// Judges new connections; any loop may ask.
///
/// Being told why costs a handshake, so there is a budget for it: so many a second and so many at once. The
/// others are closed with a reset, which costs the attacker as much as us.
final class Admission: Sendable {
    private let facts: ServerFacts
    private let limiter: PeerLimiter
    private let limits: Limits
    private let log: RefusalLog
    private let explanationRate: Rate
    private let explanations = AtomicGCRA()
    /// Connections that are there to be told why.
    private let explained = Atomic<Int>(0)
    /// Connections on slots that are kept for tokens which have one.
    private let reserved = Atomic<Int>(0)

    init(_ facts: ServerFacts, _ limiter: PeerLimiter, _ limits: Limits, _ logger: Logger) {
        self.facts = facts
        self.limiter = limiter
        self.limits = limits
        log = RefusalLog(logger)
        // All at once is as good as spread over the second, and lets a test see each of them.
        explanationRate = Rate(perSecond: limits.explainedRefusalsPerSecond)
    }

    /// Judges a connection from `peer`; `isOpen` tells whether `facts.openConnections` counts it already.
    func judge(_ peer: PeerAddress, isOpen: Bool = false, now: Int64) -> AdmissionVerdict {
        var refusal = capacityRefusal(peer, isOpen)
        if let refusal {
            limiter.counters.count(.refused(refusal))
        } else {
            switch limiter.opened(peer, now: now) {
            case .admitted: return .admitted
            case .shadowed(let shadowed):
                log.note(shadowed.limit, peer, isShadow: true, now)
                return .admitted
            case .refused(let refused): refusal = refused
            }
        }
        guard let refusal else { return .admitted }
        log.note(refusal.limit, peer, isShadow: false, now)
        return mayExplain(refusal, now) ? .explained(refusal) : .refused(refusal)
    }

    /// Whether a handshake from `peer` may begin now; what refuses it otherwise.
    func judgeHandshake(_ peer: PeerAddress, now: Int64) -> LimitRefusal? {
        switch limiter.beganHandshake(peer, now: now) {
        case .admitted: return nil
        case .shadowed(let refusal):
            log.note(refusal.limit, peer, isShadow: true, now)
            return nil
        case .refused(let refusal):
            log.note(refusal.limit, peer, isShadow: false, now)
            return refusal
        }
    }

    /// Counts and logs that a connection was closed because of `limit`.
    func cutOff(_ limit: LimitName, _ peer: PeerAddress, now: Int64) {
        limiter.counters.count(.refused(LimitRefusal(limit: limit)))
        log.note(limit, peer, isShadow: false, now)
    }

    /// Whether `peer` is exempt from the limits of addresses.
    func isExempt(_ peer: PeerAddress) -> Bool { limiter.limits.isAllowed(peer) }

    /// Whether any connection at all can be taken: no more than all kinds of slots together.
    ///
    /// For connections that come through a proxy and are judged when its header has said from where.
    var hasSlot: Bool {
        let most = facts.maxClients.load(ordering: .relaxed)
        return facts.openConnections.load(ordering: .relaxed)
            < most + limits.reservedClients + limits.maxExplainedRefusals
    }

    /// Gives back the place of a connection that was there to be told why.
    func endExplained() { explained.subtract(1, ordering: .relaxed) }

    /// Turns the place of an explained connection into a reserved slot, if one is free.
    func takeReservedSlot() -> Bool {
        let taken = reserved.add(1, ordering: .relaxed).newValue
        if taken > limits.reservedClients {
            reserved.subtract(1, ordering: .relaxed)
            return false
        }
        endExplained()
        return true
    }

    /// Gives back a reserved slot.
    func endReserved() { reserved.subtract(1, ordering: .relaxed) }

    /// The refusal for what concerns the server as a whole and not one address.
    private func capacityRefusal(_ peer: PeerAddress, _ isOpen: Bool) -> LimitRefusal? {
        let retry = limits.busyRetryMilliseconds
        if facts.overloadLevel == .establishedOnly, !isExempt(peer) {
            return LimitRefusal(limit: .overload, retryAfterMilliseconds: retry)
        }
        let ordinary =
            facts.openConnections.load(ordering: .relaxed)
            - explained.load(ordering: .relaxed) - reserved.load(ordering: .relaxed)
            - (isOpen ? 1 : 0)
        if ordinary < facts.maxClients.load(ordering: .relaxed) { return nil }
        return LimitRefusal(limit: .maxClients, retryAfterMilliseconds: retry)
    }

    private func mayExplain(_ refusal: LimitRefusal, _ now: Int64) -> Bool {
        // Who guesses tokens, or is not wanted at all, is told nothing.
        if refusal.limit == .deniedAddresses || refusal.limit == .addressBanMilliseconds {
            return false
        }
        if explanationRate.isUnlimited { return false }
        if explained.add(1, ordering: .relaxed).newValue > limits.maxExplainedRefusals {
            endExplained()
            return false
        }
        if explanations.charge(1, explanationRate, now: now) == .conforms { return true }
        endExplained()
        return false
    }
}

/// Logs refusals: the first of each limit, and from then on their number every ten seconds.
final class RefusalLog: Sendable {
    private struct Seen {
        var nextAt: Int64 = .min
        var count = 0
    }

    private let seen = Mutex<[LimitName: Seen]>([:])
    private let logger: Logger

    /// Milliseconds between two lines about one limit: an attack must not fill the disk.
    static let intervalMilliseconds: Int64 = 10_000

    init(_ logger: Logger) { self.logger = logger }

    /// Notes that `limit` refused `peer`, or would have.
    func note(_ limit: LimitName, _ peer: PeerAddress, isShadow: Bool, _ now: Int64) {
        let count = seen.withLock { seen -> Int? in
            seen[limit, default: Seen()].count += 1
            guard let entry = seen[limit], now >= entry.nextAt else { return nil }
            seen[limit] = Seen(nextAt: now + RefusalLog.intervalMilliseconds, count: 0)
            return entry.count
        }
        guard let count else { return }
        logger.warning(
            isShadow ? "a limit would have refused" : "a limit refused",
            metadata: ["limit": "\(limit.rawValue)", "peer": "\(peer)", "times": "\(count)"]
        )
    }
}
