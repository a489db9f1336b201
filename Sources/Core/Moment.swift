// A point in time, read once an event and handed down as an argument.

/// One reading of both clocks.
///
/// Only the reactor makes these from the system; tests make their own.
public struct Moment: Equatable, Sendable {
    /// Milliseconds since 1970-01-01 UTC: what expiry and token dates are compared with.
    public var unixMilliseconds: Int64
    /// Milliseconds of a clock that never goes back: what deadlines and timeouts count in.
    public var monotonicMilliseconds: Int64

    /// Makes a moment from both readings.
    public init(unixMilliseconds: Int64, monotonicMilliseconds: Int64) {
        self.unixMilliseconds = unixMilliseconds
        self.monotonicMilliseconds = monotonicMilliseconds
    }
}
