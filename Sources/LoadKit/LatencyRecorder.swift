// How long things took: histograms, and what is reported of them.
internal import Histogram

/// Percentiles of some durations, in microseconds.
public struct LatencySummary: Codable, Sendable, Equatable {
    /// How many durations there are; all else is 0 where this is.
    public var count: UInt64 = 0
    /// The mean.
    public var mean = 0.0
    /// Half took at most so long.
    public var p50 = 0.0
    /// 90 % took at most so long.
    public var p90 = 0.0
    /// 99 % took at most so long.
    public var p99 = 0.0
    /// 99.9 % took at most so long.
    public var p999 = 0.0
    /// 99.99 % took at most so long.
    public var p9999 = 0.0
    /// The longest.
    public var max = 0.0

    private enum CodingKeys: String, CodingKey {
        case count
        case mean = "mean_us"
        case p50 = "p50_us"
        case p90 = "p90_us"
        case p99 = "p99_us"
        case p999 = "p99_9_us"
        case p9999 = "p99_99_us"
        case max = "max_us"
    }

    /// Makes the summary of no durations.
    public init() {}
}

/// A histogram of durations from 1 µs to 60 s, to three digits.
struct LatencyRecorder: Sendable {
    /// A longer duration counts as this long: 60 s in nanoseconds.
    static let maxNanoseconds: UInt64 = 60_000_000_000

    private var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: 1000,
        highestTrackableValue: maxNanoseconds,
        numberOfSignificantValueDigits: .three
    )

    /// Makes an empty recorder.
    init() {}

    /// How many durations are recorded.
    var count: UInt64 { histogram.totalCount }

    /// Records a duration in nanoseconds.
    @inline(__always)
    mutating func record(nanoseconds: Int64) {
        _ = histogram.record(min(UInt64(clamping: nanoseconds), LatencyRecorder.maxNanoseconds))
    }

    /// Adds what `other` has recorded.
    mutating func add(_ other: LatencyRecorder) {
        histogram.add(other.histogram)
    }

    /// Forgets everything.
    mutating func reset() {
        if histogram.totalCount > 0 { histogram.reset() }
    }

    /// The duration, in microseconds, that `percent` of all do not exceed.
    func percentile(_ percent: Double) -> Double {
        histogram.totalCount == 0 ? 0 : Double(histogram.valueAtPercentile(percent)) / 1000
    }

    /// The figures that are reported.
    var summary: LatencySummary {
        var summary = LatencySummary()
        if count == 0 { return summary }
        summary.count = count
        summary.mean = histogram.mean / 1000
        summary.p50 = percentile(50)
        summary.p90 = percentile(90)
        summary.p99 = percentile(99)
        summary.p999 = percentile(99.9)
        summary.p9999 = percentile(99.99)
        summary.max = Double(histogram.maxRecorded) / 1000
        return summary
    }
}
