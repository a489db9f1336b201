// A run over time: equal intervals, of which there are never more than a page can show.
internal import Histogram

/// What happened in each interval of a run.
///
/// Where a run outgrows it, intervals are joined by twos and become twice as long, so that its memory is
/// bounded however long a run takes.
struct Timeline: Sendable {
    /// The most intervals.
    static let maxPoints = 400
    /// The shortest interval, in nanoseconds.
    static let shortest: Int64 = 100_000_000

    /// One interval.
    struct Point: Sendable {
        var requests: UInt64 = 0
        var errors: UInt64 = 0
        /// To a few percent: some kilobytes, and only where there was a reply.
        var latencies: Histogram<UInt32>?

        mutating func record(_ nanoseconds: Int64) {
            requests += 1
            if latencies == nil { latencies = Point.makeHistogram() }
            let value = min(UInt64(clamping: nanoseconds), LatencyRecorder.maxNanoseconds)
            _ = latencies?.record(value)
        }

        mutating func add(_ other: Point) {
            requests += other.requests
            errors += other.errors
            guard let added = other.latencies else { return }
            if latencies == nil { latencies = Point.makeHistogram() }
            latencies?.add(added)
        }

        private static func makeHistogram() -> Histogram<UInt32> {
            Histogram<UInt32>(
                lowestDiscernibleValue: 1000,
                highestTrackableValue: LatencyRecorder.maxNanoseconds,
                numberOfSignificantValueDigits: .one
            )
        }
    }

    /// When the first interval began, in nanoseconds.
    let beganAt: Int64
    /// How long each is, in nanoseconds.
    private(set) var interval = shortest
    /// The intervals in order.
    private(set) var points: [Point] = []

    /// Makes a timeline that begins at `beganAt`, in nanoseconds.
    init(_ beganAt: Int64) {
        self.beganAt = beganAt
    }

    /// Adds a reply that came at `time`.
    @inline(__always)
    mutating func add(at time: Int64, nanoseconds: Int64) {
        points[place(time)].record(nanoseconds)
    }

    /// Adds a failure at `time`.
    mutating func addError(at time: Int64) {
        points[place(time)].errors += 1
    }

    /// The index of the interval that `time` is in; it exists.
    @inline(__always)
    private mutating func place(_ time: Int64) -> Int {
        let passed = max(0, time - beganAt)
        while passed / interval >= Int64(Timeline.maxPoints) { fold() }
        let index = Int(passed / interval)
        while points.count <= index { points.append(Point()) }
        return index
    }

    /// Joins intervals by twos.
    private mutating func fold() {
        var folded: [Point] = []
        for index in stride(from: 0, to: points.count, by: 2) {
            var point = points[index]
            if index + 1 < points.count { point.add(points[index + 1]) }
            folded.append(point)
        }
        points = folded
        interval *= 2
    }

    /// Adds another loop's, which began at the same time.
    mutating func add(_ other: Timeline) {
        var other = other
        while interval < other.interval { fold() }
        while other.interval < interval { other.fold() }
        for (index, point) in other.points.enumerated() {
            if index < points.count { points[index].add(point) } else { points.append(point) }
        }
    }

    /// The intervals as they are reported.
    ///
    /// The last one, which is rarely whole, is left out where there
    /// are others.
    var rows: [LoadReport.TimelineRow] {
        let seconds = Double(interval) / 1e9
        let whole = points.count > 1 ? points.dropLast() : points[...]
        return whole.enumerated().map { index, point in
            LoadReport.TimelineRow(
                seconds: Double(index) * seconds,
                requestsPerSecond: Double(point.requests) / seconds,
                errorsPerSecond: Double(point.errors) / seconds,
                p50: Timeline.microseconds(point, 50),
                p99: Timeline.microseconds(point, 99),
                max: Timeline.microseconds(point, 100)
            )
        }
    }

    private static func microseconds(_ point: Point, _ percent: Double) -> Double {
        guard let latencies = point.latencies, latencies.totalCount > 0 else { return 0 }
        return Double(latencies.valueAtPercentile(percent)) / 1000
    }
}
