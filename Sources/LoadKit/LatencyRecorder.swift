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
    /// 95 % took at most so long.
    public var p95 = 0.0
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
        case p95 = "p95_us"
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

    /// Where the bars of the HTML page's curve are: as far from 100 % as the figures of a log scale.
    private static let curvePercents: [Double] = {
        var percents: [Double] = []
        var rest = 100.0
        while rest > 0.0005 {
            percents.append(100 - rest)
            rest /= 1.3
        }
        return percents
    }()

    /// About 200 KB, which a recorder without durations does not take.
    private var histogram: Histogram<UInt64>?

    /// Makes an empty recorder.
    init() {}

    /// How many durations are recorded.
    var count: UInt64 { histogram?.totalCount ?? 0 }

    private static func makeHistogram() -> Histogram<UInt64> {
        Histogram<UInt64>(
            lowestDiscernibleValue: 1000,
            highestTrackableValue: maxNanoseconds,
            numberOfSignificantValueDigits: .three
        )
    }

    /// Records a duration in nanoseconds.
    @inline(__always)
    mutating func record(nanoseconds: Int64) {
        let value = min(UInt64(clamping: nanoseconds), LatencyRecorder.maxNanoseconds)
        if histogram == nil { histogram = LatencyRecorder.makeHistogram() }
        _ = histogram?.record(value)
    }

    /// Adds what `other` has recorded.
    mutating func add(_ other: LatencyRecorder) {
        guard let added = other.histogram else { return }
        if histogram == nil { histogram = LatencyRecorder.makeHistogram() }
        histogram?.add(added)
    }

    /// Forgets everything.
    mutating func reset() {
        if count > 0 { histogram?.reset() }
    }

    /// The duration, in microseconds, that `percent` of all do not exceed.
    func percentile(_ percent: Double) -> Double {
        guard let histogram, count > 0 else { return 0 }
        return Double(histogram.valueAtPercentile(percent)) / 1000
    }

    /// The figures that are reported.
    var summary: LatencySummary {
        var summary = LatencySummary()
        guard let histogram, count > 0 else { return summary }
        summary.count = count
        summary.mean = histogram.mean / 1000
        summary.p50 = percentile(50)
        summary.p90 = percentile(90)
        summary.p95 = percentile(95)
        summary.p99 = percentile(99)
        summary.p999 = percentile(99.9)
        summary.p9999 = percentile(99.99)
        summary.max = Double(histogram.maxRecorded) / 1000
        return summary
    }

    /// The whole distribution as a curve: the durations at percentiles that come ever closer to 100.
    var curve: [LatencyPoint] {
        if count == 0 { return [] }
        // Behind the last duration the curve says nothing that the maximum does not.
        let last = 100 - 100 / Double(count)
        let points = LatencyRecorder.curvePercents.filter { $0 <= last }.map { percent in
            LatencyPoint(percent: percent, microseconds: percentile(percent))
        }
        return points + [LatencyPoint(percent: max(last, 0), microseconds: summary.max)]
    }
}

/// A point of a distribution: so many percent took at most so long.
public struct LatencyPoint: Codable, Sendable, Equatable {
    /// The percentile, below 100.
    public var percent: Double
    /// The duration.
    public var microseconds: Double

    private enum CodingKeys: String, CodingKey {
        case percent
        case microseconds = "us"
    }
}
