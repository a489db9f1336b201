// What one loop came to, and the sum of several.

/// The figures of one loop at its end; those of several can be added.
struct LoadTotals: Sendable {
    /// What was counted.
    var metrics = LoadMetrics()
    /// Clients that became ready.
    var clientsConnected = 0
    /// Clients that failed.
    var clientsFailed = 0
    /// From the first connect until all were ready or had failed.
    var setUpSeconds = 0.0
    /// When measuring began, in nanoseconds; 0 if it never did.
    var startedAt: Int64 = 0
    /// When the last reply came.
    var lastReplyAt: Int64 = 0
    /// The address, TLS version and cipher suite of the first connection.
    var connection: Connection?
    /// How late the loop was when it looked.
    var lag = LatencyRecorder()
    /// What was taken down of the keys of the sample, by loop.
    var histories: [HistoryNotes] = []
    /// Requests that were not taken down.
    var leftOut: UInt64 = 0
    /// Whether the user ended the run before its time.
    var isEndedEarly = false

    /// What the first connection is.
    struct Connection: Sendable, Equatable {
        var address: String
        var version: String
        var cipher: String
    }

    /// Adds another loop's.
    mutating func add(_ other: LoadTotals) {
        metrics.add(other.metrics)
        clientsConnected += other.clientsConnected
        clientsFailed += other.clientsFailed
        setUpSeconds = max(setUpSeconds, other.setUpSeconds)
        if other.startedAt != 0 {
            startedAt = startedAt == 0 ? other.startedAt : min(startedAt, other.startedAt)
        }
        lastReplyAt = max(lastReplyAt, other.lastReplyAt)
        connection = connection ?? other.connection
        lag.add(other.lag)
        histories += other.histories
        leftOut += other.leftOut
        isEndedEarly = isEndedEarly || other.isEndedEarly
    }
}
