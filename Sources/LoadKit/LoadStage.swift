// The figures of one stage of a run that is cut into stages.

/// What a run counted from one cut to the next.
struct LoadStage: Sendable {
    /// The stage's number, from 0.
    var number: Int
    /// How long it took.
    var seconds: Double
    /// What was counted.
    var metrics: LoadMetrics
    /// How late the loop was when it looked.
    var lag: LatencyRecorder
    /// The clients that were connected at its end.
    var clients: Int
    /// How long the oldest request had waited for its reply at its end, in nanoseconds; 0 for none.
    var oldestWaitNanoseconds: Int64
    /// Which of the server's addresses the clients are connected to.
    var addressIndex: Int
}

/// How late a loop is: something is due at regular times, and how much later it is looked at counts.
///
/// A loop is late where its thread had no core, or was busy with the events before.
struct LagProbe: Sendable {
    /// Nanoseconds between two looks.
    static let interval: Int64 = 10_000_000

    private var dueAt: Int64
    /// What was measured.
    private(set) var lag = LatencyRecorder()

    /// Makes a probe that is due for the first time one interval after `now`, in nanoseconds.
    init(_ now: Int64) {
        dueAt = now + LagProbe.interval
    }

    /// Milliseconds that the loop may wait from `now` on, rounded up: a loop waits in whole ones.
    func wait(_ now: Int64) -> Int64 {
        max(0, (dueAt - now + 999_999) / 1_000_000)
    }

    /// Looks, at `now`.
    mutating func look(_ now: Int64) {
        if now < dueAt { return }
        lag.record(nanoseconds: now - dueAt)
        dueAt = now + LagProbe.interval
    }

    /// Takes what was measured, and forgets it.
    mutating func take() -> LatencyRecorder {
        let taken = lag
        lag = LatencyRecorder()
        return taken
    }
}
