// When a server that shuts down closes each connection: every decision, without sockets and without a clock.
public import Core

/// When the connections of a server that shuts down are closed.
///
/// All times are monotonic milliseconds.
public struct DrainSchedule: Equatable, Sendable {
    /// When the shutdown began.
    public let began: Int64
    /// When what is left is cut off.
    public let deadline: Int64
    /// Over how many milliseconds the closes are spread.
    public let spread: Int64

    private let pause: Int64
    private let patience: Int64
    private let reconnectSpread: Int64

    /// Makes the schedule of a shutdown that begins at `began` with so many open `connections`, and lasts
    /// `timeout` milliseconds at most.
    public init(limits: Limits, began: Int64, timeout: Int64, connections: Int) {
        let timeout = max(0, timeout)
        self.began = began
        deadline = began + timeout
        let wanted = Int64(connections) * limits.drainSpreadPerThousandMilliseconds / 1000
        spread = min(timeout / 2, max(0, wanted))
        // However short the time is: each part of it comes before the deadline.
        pause = min(limits.drainPauseMilliseconds, timeout / 8)
        patience = min(limits.drainPatienceMilliseconds, timeout / 4)
        reconnectSpread = limits.reconnectSpreadMilliseconds
    }

    /// The plan of a connection that was accepted at `made`: its own moment is drawn at random.
    public func plan(
        made: Int64,
        using random: inout some RandomNumberGenerator
    ) -> DrainPlan {
        let drawn = began + pause + Int64.random(in: 0...spread, using: &random)
        return DrainPlan(
            moment: max(drawn, made + patience),
            pause: pause,
            patience: patience,
            reconnectAfter: Int64.random(in: 0...max(0, reconnectSpread), using: &random)
        )
    }
}

/// When one connection of a server that shuts down is closed.
public struct DrainPlan: Equatable, Sendable {
    /// Its own moment: it is not closed before.
    public let moment: Int64
    /// Milliseconds behind which its client is asked to come back.
    public let reconnectAfter: Int64

    private let pause: Int64
    private let patience: Int64

    init(moment: Int64, pause: Int64, patience: Int64, reconnectAfter: Int64) {
        self.moment = moment
        self.pause = pause
        self.patience = patience
        self.reconnectAfter = reconnectAfter
    }

    /// How a connection is, as far as closing it goes.
    public struct Situation: Equatable, Sendable {
        /// When bytes last came from its peer.
        public var lastHeard: Int64
        /// Whether the first bytes of a request have come and its last have not.
        public var isInRequest = false
        /// Whether it is between MULTI and EXEC.
        public var isInTransaction = false
        /// Bytes of replies that its peer has not taken.
        public var unsentBytes = 0
        /// Whether bytes have come of which it is not known yet what they are: a part of a TLS record.
        public var isReceiving = false

        /// Makes the situation of a connection that was last heard of at `lastHeard` and does nothing.
        public init(lastHeard: Int64) {
            self.lastHeard = lastHeard
        }
    }

    /// Whether the connection is to be closed at `now`.
    ///
    /// Never within a request, a transaction or a reply, and not before its moment. Then at the first pause;
    /// one that makes none is closed between two requests once patience is over.
    public func closes(_ situation: Situation, _ now: Int64) -> Bool {
        if now < moment { return false }
        if situation.isInRequest || situation.isInTransaction || situation.unsentBytes > 0 {
            return false
        }
        if now >= moment + patience { return true }
        return !situation.isReceiving && now >= situation.lastHeard + pause
    }
}

/// When the log is told how far a shutdown is: every few seconds, if anything has changed.
public struct DrainProgress: Sendable {
    private var last: (connections: Int, unsentBytes: Int)?
    private var nextAt: Int64

    private static let intervalMilliseconds: Int64 = 5_000

    /// Makes the progress of a shutdown that begins at `began`.
    public init(began: Int64) {
        nextAt = began + DrainProgress.intervalMilliseconds
    }

    /// Whether to tell these numbers at `now`.
    public mutating func isDue(connections: Int, unsentBytes: Int, _ now: Int64) -> Bool {
        if now < nextAt { return false }
        nextAt = now + DrainProgress.intervalMilliseconds
        if let last, last == (connections, unsentBytes) { return false }
        last = (connections, unsentBytes)
        return true
    }
}
