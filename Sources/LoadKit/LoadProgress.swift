// What is shown while a run goes on.

/// Where a run stands; a new one once a second, and when it enters another phase.
public struct LoadProgress: Sendable, Equatable {
    /// What a run goes through.
    public enum Phase: String, Sendable, Equatable {
        /// Clients connect.
        case connecting
        /// Every key is set.
        case preloading
        /// Requests are sent that are not measured.
        case warmingUp
        /// Requests are sent.
        case running
        /// The last replies are awaited.
        case draining
        /// All is over.
        case finished
    }

    /// Counts the values published, from 1.
    public var number = 0
    /// What goes on.
    public var phase = Phase.connecting
    /// Seconds since the phase began.
    public var seconds = 0.0
    /// The clients asked for.
    public var clients = 0
    /// The clients that are ready or running.
    public var connected = 0
    /// The clients that failed.
    public var failed = 0
    /// Right replies so far.
    public var requests: UInt64 = 0
    /// Right replies a second since the last value.
    public var requestsPerSecond = 0.0
    /// Half of the replies since the last value took at most so long, in microseconds.
    public var p50 = 0.0
    /// 99 % of the replies since the last value took at most so long, in microseconds.
    public var p99 = 0.0
    /// Failures so far, of any kind.
    public var errors: UInt64 = 0

    /// How much of the phase is over, from 0 to 1; nil where nobody knows.
    public var fraction: Double?

    /// Makes the progress of a run that has not begun.
    public init() {}

    /// Makes one of what several loops say: sums, and the worst of the latencies.
    init(merging all: [LoadProgress]) {
        self = all.first ?? LoadProgress()
        for other in all.dropFirst() {
            clients += other.clients
            connected += other.connected
            failed += other.failed
            requests += other.requests
            requestsPerSecond += other.requestsPerSecond
            p50 = max(p50, other.p50)
            p99 = max(p99, other.p99)
            errors += other.errors
            if let mine = fraction, let its = other.fraction { fraction = min(mine, its) }
        }
    }

    /// How many cells a bar has.
    static let barCells = 16

    /// How much of the phase is over, as a bar with a space behind it; empty where nobody knows.
    public var bar: String {
        guard let fraction else { return "" }
        let filled = Int((min(1, max(0, fraction)) * Double(LoadProgress.barCells)).rounded())
        let rest = LoadProgress.barCells - filled
        return "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: rest)
            + "] "
    }

    /// One line for a person.
    public var text: String {
        let time = Figures.right(Figures.fixed(seconds, 0), 4) + " s"
        let clients = "\(connected)/\(self.clients) clients"
        let errors = errors == 0 ? "no errors" : "\(Figures.grouped(errors)) errors"
        switch phase {
        case .connecting: return "\(time)  connecting: \(clients), \(errors)"
        case .preloading: return "\(time)  setting keys: \(Figures.grouped(requests)), \(errors)"
        default: break
        }
        let head = phase == .warmingUp ? "\(time)  warm-up" : time
        let rate = Figures.right(Figures.fixed(requestsPerSecond, 0), 9)
        let p50 = Figures.duration(microseconds: p50)
        let p99 = Figures.duration(microseconds: p99)
        return "\(head)  \(rate) requests/s  p50 \(p50)  p99 \(p99)  \(clients)  \(errors)"
    }
}
