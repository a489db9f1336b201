// How much of something is allowed a second, and how much at once.

/// A rate limit: so many units a second in the long run, and at most a burst of them at once.
///
/// A unit is a connection, a handshake, a command or a byte.
public struct Rate: Equatable, Sendable, BitwiseCopyable {
    /// Units a second; 0 is no limit.
    public let perSecond: Int
    /// Units at once, at least 1 where there is a limit.
    public let burst: Int

    /// What one unit costs in time, rounded up.
    let intervalNanoseconds: Int64
    /// What the burst costs in time: as much as that many units one by one.
    let burstNanoseconds: Int64

    /// No limit.
    public static let unlimited = Rate(perSecond: 0)

    /// Makes a rate; without `burst` it is one second's worth, and a rate below 1 is no limit.
    public init(perSecond: Int, burst: Int? = nil) {
        self.perSecond = max(0, perSecond)
        self.burst = max(1, burst ?? perSecond)
        intervalNanoseconds = Rate.nanoseconds(1, perSecond)
        let (product, overflows) = Int64(self.burst).multipliedReportingOverflow(
            by: intervalNanoseconds
        )
        burstNanoseconds = overflows ? Rate.mostNanoseconds : min(product, Rate.mostNanoseconds)
    }

    /// Whether nothing is limited.
    public var isUnlimited: Bool { perSecond == 0 }

    /// What `units` cost in time, rounded up; never more than `mostNanoseconds`.
    func nanoseconds(_ units: Int) -> Int64 {
        units == 1 ? intervalNanoseconds : Rate.nanoseconds(units, perSecond)
    }

    /// The longest time that a cost or a burst can come to: 36 years, so that sums of a few never overflow.
    static let mostNanoseconds: Int64 = 1 << 60

    private static func nanoseconds(_ units: Int, _ perSecond: Int) -> Int64 {
        if units <= 0 || perSecond <= 0 { return 0 }
        let product = UInt64(units).multipliedFullWidth(by: 1_000_000_000)
        let divisor = UInt64(perSecond)
        if product.high >= divisor { return mostNanoseconds }
        let (quotient, remainder) = divisor.dividingFullWidth(product)
        let rounded = remainder == 0 ? quotient : quotient &+ 1
        return rounded > UInt64(mostNanoseconds) ? mostNanoseconds : Int64(rounded)
    }
}
