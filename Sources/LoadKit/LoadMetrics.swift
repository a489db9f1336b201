// What a run has counted so far.

/// The counters and histograms of one run; it belongs to the loop's thread.
struct LoadMetrics: Sendable {
    /// What became of the requests of one command.
    struct Row: Sendable {
        var replies: UInt64 = 0
        var missing: UInt64 = 0
        var errors: UInt64 = 0
        var wrong: UInt64 = 0
        var latency = LatencyRecorder()
    }

    /// The rows, by the command's raw value.
    private(set) var rows = LoadCommand.allCases.map { _ in Row() }
    /// The durations since the last live line.
    private(set) var interval = LatencyRecorder()
    /// The durations of TLS handshakes.
    var handshakes = LatencyRecorder()
    /// What went wrong.
    var failures = FailureTally()
    /// Right replies.
    private(set) var requests: UInt64 = 0
    /// Plaintext bytes of requests.
    var bytesSent: UInt64 = 0
    /// Plaintext bytes of replies.
    var bytesReceived: UInt64 = 0

    /// Makes counters at 0.
    init() {}

    /// Counts a reply that came `nanoseconds` after its request was sent.
    @inline(__always)
    mutating func count(_ command: LoadCommand, _ verdict: Verdict, nanoseconds: Int64) {
        let index = Int(command.rawValue)
        switch verdict {
        case .error:
            rows[index].errors += 1
            return
        case .wrong:
            rows[index].wrong += 1
            return
        case .missing:
            rows[index].missing += 1
        case .good:
            break
        }
        requests += 1
        rows[index].replies += 1
        rows[index].latency.record(nanoseconds: nanoseconds)
        interval.record(nanoseconds: nanoseconds)
    }

    /// Begins a new interval.
    mutating func resetInterval() {
        interval.reset()
    }

    /// The durations of all right replies.
    var latency: LatencySummary {
        var all = LatencyRecorder()
        for row in rows { all.add(row.latency) }
        return all.summary
    }
}
