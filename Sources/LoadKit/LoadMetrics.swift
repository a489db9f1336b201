// What a run has counted so far.

/// The counters and histograms of one run; it belongs to the loop's thread.
struct LoadMetrics: Sendable {
    /// What became of the requests of one command.
    struct Row: Sendable {
        var replies: UInt64 = 0
        var missing: UInt64 = 0
        var errors: UInt64 = 0
        var wrong: UInt64 = 0
        /// From the socket to the parser.
        var latency = LatencyRecorder()
        /// From the planned start; empty in a closed loop.
        var response = LatencyRecorder()

        mutating func add(_ other: Row) {
            replies += other.replies
            missing += other.missing
            errors += other.errors
            wrong += other.wrong
            latency.add(other.latency)
            response.add(other.response)
        }
    }

    /// The rows, by the command's raw value.
    private(set) var rows = LoadCommand.allCases.map { _ in Row() }
    /// The durations since the last live line.
    private(set) var interval = LatencyRecorder()
    /// The durations of full TLS handshakes.
    var handshakes = LatencyRecorder()
    /// The durations of resumed TLS handshakes.
    var resumedHandshakes = LatencyRecorder()
    /// Connections that were closed and made anew.
    var reconnects: UInt64 = 0
    /// What went wrong.
    private(set) var failures = FailureTally()
    /// Right replies.
    private(set) var requests: UInt64 = 0
    /// Planned starts that were never made: all clients were waiting until the end.
    private(set) var unsent: UInt64 = 0
    /// How late planned starts were made where a client was free: the generator's own fault.
    var lateness = LatencyRecorder()
    /// Plaintext bytes of requests.
    var bytesSent: UInt64 = 0
    /// Plaintext bytes of replies.
    var bytesReceived: UInt64 = 0
    /// All of it over time.
    private(set) var timeline: Timeline?
    /// What subscribers got.
    var deliveries = DeliveryTally()

    /// Makes counters at 0.
    init() {}

    /// Counts a reply.
    ///
    /// - Parameters:
    ///   - command: What was asked.
    ///   - verdict: What the reply is worth.
    ///   - arrivedAt: When it came, in nanoseconds.
    ///   - sentAt: When the request was handed to the socket.
    ///   - plannedAt: When it was to be sent; 0 in a closed loop.
    @inline(__always)
    mutating func count(
        _ command: LoadCommand,
        _ verdict: Verdict,
        arrivedAt: Int64,
        sentAt: Int64,
        plannedAt: Int64 = 0
    ) {
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
        rows[index].latency.record(nanoseconds: arrivedAt - sentAt)
        let headline = arrivedAt - (plannedAt == 0 ? sentAt : plannedAt)
        if plannedAt != 0 { rows[index].response.record(nanoseconds: headline) }
        interval.record(nanoseconds: headline)
        timeline?.add(at: arrivedAt, nanoseconds: headline)
    }

    /// Counts a planned start that was never made, by how long it had waited at the end.
    mutating func countUnsent(_ command: LoadCommand, plannedAt: Int64, endedAt: Int64) {
        unsent += 1
        rows[Int(command.rawValue)].response.record(nanoseconds: endedAt - plannedAt)
    }

    /// Counts a failure at `now`, in nanoseconds.
    mutating func fail(_ failure: Failure, at now: Int64) {
        failures.count(failure)
        timeline?.addError(at: now)
    }

    /// Counts a reply that does not answer `request`.
    mutating func fail(wrong request: PlannedRequest?, _ reply: Span<UInt8>, at now: Int64) {
        failures.countWrong(request, reply)
        timeline?.addError(at: now)
    }

    /// Counts an error reply.
    mutating func fail(
        _ request: PlannedRequest,
        _ token: Span<UInt8>,
        _ reply: Span<UInt8>,
        at now: Int64
    ) {
        failures.countError(request, token, reply)
        timeline?.addError(at: now)
    }

    /// Begins a new interval.
    mutating func resetInterval() {
        interval.reset()
    }

    /// Begins to measure: what went wrong, handshakes and deliveries stay, all else begins anew.
    mutating func beginMeasuring(_ timeline: Timeline?) {
        var fresh = LoadMetrics()
        fresh.failures = failures
        fresh.handshakes = handshakes
        fresh.resumedHandshakes = resumedHandshakes
        fresh.reconnects = reconnects
        fresh.deliveries = deliveries
        fresh.timeline = timeline
        self = fresh
    }

    /// Adds what another loop has counted.
    mutating func add(_ other: LoadMetrics) {
        for index in rows.indices { rows[index].add(other.rows[index]) }
        handshakes.add(other.handshakes)
        resumedHandshakes.add(other.resumedHandshakes)
        reconnects += other.reconnects
        failures.add(other.failures)
        requests += other.requests
        unsent += other.unsent
        lateness.add(other.lateness)
        bytesSent += other.bytesSent
        bytesReceived += other.bytesReceived
        deliveries.add(other.deliveries)
        if let added = other.timeline {
            if timeline == nil { timeline = added } else { timeline?.add(added) }
        }
    }

    /// The durations of all right replies, from the socket.
    var service: LatencyRecorder {
        var all = LatencyRecorder()
        for row in rows { all.add(row.latency) }
        return all
    }

    /// The durations of all planned requests, from the plan.
    var response: LatencyRecorder {
        var all = LatencyRecorder()
        for row in rows { all.add(row.response) }
        return all
    }

    /// The durations of all right replies.
    var latency: LatencySummary { service.summary }
}
