// What is remembered of one address.
internal import Core

/// The state of one address, 64 bytes; zeros are an address of which nothing is known.
struct PeerEntry: Sendable, BitwiseCopyable {
    /// The address without the bits behind its prefix.
    var key = PeerAddress(high: 0, low: 0)
    /// Open connections for which no token pays.
    var openConnections: Int32 = 0
    /// Failed authentications, as of `decayBegins`.
    private(set) var failures: Int16 = 0
    /// Whether the entry belongs to an address.
    var isUsed = false
    var connections = GCRA()
    var handshakes = GCRA()
    var commands = GCRA()
    var bytes = GCRA()
    /// When the back-off ends, and failures begin to be forgotten, in monotonic milliseconds.
    private(set) var decayBegins: Int64 = 0

    /// Whether forgetting it changes nothing: no connection, nothing owed, no failure remembered.
    func isSilent(_ limits: PeerLimits, now: Int64) -> Bool {
        if !isUsed { return true }
        return openConnections == 0 && connections.isRecovered(now: now)
            && handshakes.isRecovered(now: now) && commands.isRecovered(now: now)
            && bytes.isRecovered(now: now) && failures(limits, now: now) == 0
    }

    /// The failures that still count: half of them are forgotten in each half-life behind the back-off.
    func failures(_ limits: PeerLimits, now: Int64) -> Int {
        let age = PeerEntry.difference(now, decayBegins)
        return Int(failures) >> Int(min(age / max(1, limits.failureHalfLifeMilliseconds), 16))
    }

    /// Milliseconds until an authentication may be tried again; 0 if it may now.
    func backOff(_ limits: PeerLimits, now: Int64) -> Int64 {
        limits.backOffMilliseconds(failures: Int(failures)) == 0
            ? 0 : PeerEntry.difference(decayBegins, now)
    }

    /// Whether the back-off under way is the longest there is.
    func isBanned(_ limits: PeerLimits, now: Int64) -> Bool {
        backOff(limits, now: now) > 0
            && limits.backOffMilliseconds(failures: Int(failures)) == limits.banMilliseconds
    }

    /// Counts a failed authentication, and begins the back-off that is due.
    mutating func fail(_ limits: PeerLimits, now: Int64) {
        failures = Int16(min(failures(limits, now: now) + 1, PeerEntry.mostFailures))
        let end = now.addingReportingOverflow(limits.backOffMilliseconds(failures: Int(failures)))
        decayBegins = end.overflow ? .max : end.partialValue
    }

    /// Above any sensible limit, and small enough that a few half-lives forget it.
    private static let mostFailures = 10_000

    /// `later - earlier`, or 0 where that is negative.
    private static func difference(_ later: Int64, _ earlier: Int64) -> Int64 {
        if later <= earlier { return 0 }
        let difference = later.subtractingReportingOverflow(earlier)
        return difference.overflow ? .max : difference.partialValue
    }
}
