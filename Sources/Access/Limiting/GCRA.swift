// The rate limiter's arithmetic: one time for each limit, and no timer that refills anything.
//
// Source: ATM Forum, Traffic Management Specification 4.1 (1999), annex C: the generic cell rate
// algorithm in its form of virtual scheduling.
internal import Synchronization

/// What came of charging a rate.
public enum RateVerdict: Equatable, Sendable {
    /// It was within the rate, and was charged.
    case conforms
    /// It was above the rate, and nothing was charged; so many milliseconds later the same charge conforms.
    case retry(afterMilliseconds: Int64)
}

/// The state of one rate limit: the theoretical arrival time, when all that was charged will be paid.
///
/// Monotonic nanoseconds and not microseconds, because what one unit costs is rounded up: at 700,000
/// units a second a microsecond is wrong by two fifths, a nanosecond by a twentieth of a per cent. 0 says
/// that nothing is owed, so zeroed memory is a fresh limit.
struct GCRA: Equatable, Sendable, BitwiseCopyable {
    private(set) var theoreticalNanoseconds: Int64 = 0

    /// Charges `cost` units at `now`, in monotonic milliseconds, if that is within `rate`.
    ///
    /// A cost above the whole burst conforms where nothing is owed: otherwise a large request could never
    /// be sent. It is paid off afterwards like any other.
    mutating func charge(_ cost: Int, _ rate: Rate, now: Int64) -> RateVerdict {
        if rate.isUnlimited { return .conforms }
        let step = GCRA.step(theoreticalNanoseconds, cost, rate, now: now)
        if step.verdict == .conforms { theoreticalNanoseconds = step.theoretical }
        return step.verdict
    }

    /// What `charge` would answer; it changes nothing.
    func verdict(_ cost: Int, _ rate: Rate, now: Int64) -> RateVerdict {
        if rate.isUnlimited { return .conforms }
        return GCRA.step(theoreticalNanoseconds, cost, rate, now: now).verdict
    }

    /// Whether nothing is owed, so that forgetting it changes nothing.
    func isRecovered(now: Int64) -> Bool { theoreticalNanoseconds <= GCRA.nanoseconds(now) }

    /// How many units conform at `now`, one after the other.
    func remaining(_ rate: Rate, now: Int64) -> Int {
        if rate.isUnlimited { return .max }
        let owed = max(0, theoreticalNanoseconds - GCRA.nanoseconds(now))
        return Int(max(0, rate.burstNanoseconds - owed) / max(1, rate.intervalNanoseconds))
    }

    /// The arrival time after a charge at `now`, and whether it conforms.
    ///
    /// Nothing overflows: times are at most 2 to the 61, costs and bursts at most 2 to the 60, and so the
    /// arrival time of what conforms at most 2 to the 61 and 2 to the 60.
    @inline(__always)
    fileprivate static func step(
        _ theoretical: Int64,
        _ cost: Int,
        _ rate: Rate,
        now: Int64
    ) -> (theoretical: Int64, verdict: RateVerdict) {
        let time = nanoseconds(now)
        let price = rate.nanoseconds(cost)
        let next = max(theoretical, time) + price
        let excess = next - time - max(rate.burstNanoseconds, price)
        if excess <= 0 { return (next, .conforms) }
        return (next, .retry(afterMilliseconds: (excess - 1) / 1_000_000 + 1))
    }

    /// Milliseconds as nanoseconds, between 0 and 73 years.
    private static func nanoseconds(_ milliseconds: Int64) -> Int64 {
        min(max(0, milliseconds), (1 << 61) / 1_000_000) * 1_000_000
    }
}

/// A rate limit's state that several loops share.
public struct AtomicGCRA: ~Copyable, Sendable {
    private let theoreticalNanoseconds = Atomic<Int64>(0)

    /// Makes a state in which nothing is owed.
    public init() {}

    /// Charges `cost` units at `now` if that is within `rate`; see `GCRA.charge`.
    ///
    /// Each charge sees all those before it: whoever loses a race looks again.
    public func charge(_ cost: Int, _ rate: Rate, now: Int64) -> RateVerdict {
        if rate.isUnlimited { return .conforms }
        var seen = theoreticalNanoseconds.load(ordering: .relaxed)
        while true {
            let step = GCRA.step(seen, cost, rate, now: now)
            if step.verdict != .conforms { return step.verdict }
            let result = theoreticalNanoseconds.weakCompareExchange(
                expected: seen,
                desired: step.theoretical,
                ordering: .relaxed
            )
            if result.exchanged { return .conforms }
            seen = result.original
        }
    }

    /// Gives back what was charged with the same cost and rate, because something else refused.
    func refund(_ cost: Int, _ rate: Rate) {
        if rate.isUnlimited { return }
        // The charge made it at least that large.
        theoreticalNanoseconds.subtract(rate.nanoseconds(cost), ordering: .relaxed)
    }

    /// The state of now, to look at.
    var snapshot: GCRA {
        GCRA(theoreticalNanoseconds: theoreticalNanoseconds.load(ordering: .relaxed))
    }
}
