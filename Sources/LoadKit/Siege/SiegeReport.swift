// What a siege came to.

/// The figures of a siege; its JSON form is versioned.
///
/// JSON: `schema` names the form and `version` its number, which changes when a field changes its
/// meaning or goes; new fields may come without. Durations end in their unit.
public struct SiegeReport: MachineReport, Sendable, Equatable {
    /// The name of the JSON form.
    public static let schemaName = "sallyport-siege-report"
    /// The number of the JSON form.
    public static let schemaVersion = 1
    /// Milliseconds that the established clients' loop may be late at worst without a warning.
    public static let maxLagMilliseconds = 50.0
    /// Milliseconds that it may be late in 99 % of all looks without a warning.
    public static let maxUsualLagMilliseconds = 5.0

    /// What was asked for.
    public struct Settings: Codable, Sendable, Equatable {
        /// The server.
        public var server: String
        /// The encoding.
        public var encoding: LoadEncoding
        /// The established clients.
        public var clients: Int
        /// The requests in flight on each of them.
        public var pipeline: Int
        /// What they ask for.
        public var mix: String
        /// The attackers at once.
        public var open: Int
        /// The attackers in all; nil for no limit.
        public var total: Int?
        /// The attackers that begin in a second; nil for no limit.
        public var perSecond: Double?
        /// The addresses that they come from; 0 for the kernel's choice.
        public var spread: Int
        /// The seconds of a phase.
        public var phaseSeconds: Double
        /// What determines every random choice.
        public var seed: UInt64

        private enum CodingKeys: String, CodingKey {
            case server
            case encoding
            case clients
            case pipeline
            case mix
            case open
            case total
            case perSecond = "per_second"
            case spread
            case phaseSeconds = "phase_seconds"
            case seed
        }
    }

    /// What the server's process used.
    public struct Server: Codable, Sendable, Equatable {
        /// Resident memory at the end of the phase, in bytes.
        public var residentBytes: UInt64
        /// The most resident memory that was seen.
        public var residentPeakBytes: UInt64
        /// Descriptors at the end of the phase.
        public var descriptors: Int
        /// The most descriptors that were seen.
        public var descriptorsPeak: Int
        /// CPU time during the phase.
        public var cpuSeconds: Double

        private enum CodingKeys: String, CodingKey {
            case residentBytes = "rss_bytes"
            case residentPeakBytes = "rss_peak_bytes"
            case descriptors
            case descriptorsPeak = "descriptors_peak"
            case cpuSeconds = "cpu_seconds"
        }
    }

    /// What the established clients felt in one phase.
    public struct Phase: Codable, Sendable, Equatable {
        /// `before`, `during` or `after`.
        public var name: String
        /// How long it took.
        public var seconds = 0.0
        /// The clients that were connected at its end.
        public var clients = 0
        /// Replies, of any kind.
        public var answered: UInt64 = 0
        /// Right replies.
        public var right: UInt64 = 0
        /// Right replies a second.
        public var rightPerSecond = 0.0
        /// Wrong replies.
        public var wrong: UInt64 = 0
        /// Error replies and lost connections.
        public var errors: UInt64 = 0
        /// The same by code, the most frequent first.
        public var errorsByCode: [LoadReport.FailureRow] = []
        /// How long right replies took.
        public var latency = LatencySummary()
        /// How long the oldest unanswered request had waited at the phase's end.
        public var oldestWaitMilliseconds = 0.0
        /// The most that the clients' own loop was late: what is below it is not the server's fault.
        public var generatorLagMilliseconds = 0.0
        /// 99 % of the times that it was looked at, the loop was at most so late.
        public var generatorLagP99Milliseconds = 0.0
        /// The server's process, where it is known.
        public var server: Server?

        private enum CodingKeys: String, CodingKey {
            case name
            case seconds
            case clients
            case answered
            case right
            case rightPerSecond = "right_per_second"
            case wrong
            case errors
            case errorsByCode = "errors_by_code"
            case latency
            case oldestWaitMilliseconds = "oldest_wait_ms"
            case generatorLagMilliseconds = "generator_lag_ms"
            case generatorLagP99Milliseconds = "generator_lag_p99_ms"
            case server
        }
    }

    /// A kind of error reply that attackers got.
    public struct AttackError: Codable, Sendable, Equatable {
        /// The error's token, and the limit that it names.
        public var code: String
        /// How often it came.
        public var count: UInt64
        /// The longest time to wait that it named.
        public var retryAfterMilliseconds: Int64?
        /// The first of its kind.
        public var sample: String

        private enum CodingKeys: String, CodingKey {
            case code
            case count
            case retryAfterMilliseconds = "retry_after_ms"
            case sample
        }
    }

    /// What the attackers saw.
    public struct Attackers: Codable, Sendable, Equatable {
        /// Connections begun.
        public var tried: UInt64 = 0
        /// Connections that TCP made.
        public var connected: UInt64 = 0
        /// Connections that were refused, or that the server ended before the attacker did.
        public var refused: UInt64 = 0
        /// The same by when and how.
        public var refusals: [LoadReport.FailureRow] = []
        /// The most connections at once.
        public var openPeak = 0
        /// Handshakes completed.
        public var handshakes: UInt64 = 0
        /// Those of them that resumed a session.
        public var resumed: UInt64 = 0
        /// How long handshakes took.
        public var handshakeTimes = LatencySummary()
        /// Attackers that did all that they wanted.
        public var finished: UInt64 = 0
        /// Attackers that were still there when the attack was ended.
        public var unfinished: UInt64 = 0
        /// Requests sent.
        public var requests: UInt64 = 0
        /// Right replies.
        public var right: UInt64 = 0
        /// Wrong replies.
        public var wrong: UInt64 = 0
        /// A few of them.
        public var wrongSamples: [String] = []
        /// Error replies.
        public var errors: [AttackError] = []
        /// What came in plaintext.
        public var plainSamples: [String] = []
        /// Bytes sent, as the sockets took them.
        public var bytesSent: UInt64 = 0
        /// Bytes received.
        public var bytesReceived: UInt64 = 0

        /// Makes the figures of no attack.
        public init() {}

        private enum CodingKeys: String, CodingKey {
            case tried
            case connected
            case refused
            case refusals
            case openPeak = "open_peak"
            case handshakes
            case resumed
            case handshakeTimes = "handshake_times"
            case finished
            case unfinished
            case requests
            case right
            case wrong
            case wrongSamples = "wrong_samples"
            case errors
            case plainSamples = "plain_samples"
            case bytesSent = "bytes_sent"
            case bytesReceived = "bytes_received"
        }
    }

    /// The name of the JSON form.
    public var schema = schemaName
    /// The number of the JSON form.
    public var version = schemaVersion
    /// The fault's name.
    public var fault: String
    /// What was asked for.
    public var settings: Settings
    /// What the established clients felt.
    public var phases: [Phase] = []
    /// What the attackers saw.
    public var attackers = Attackers()
    /// What a reader of the figures should know.
    public var warnings: [String] = []
    /// Thresholds that do not hold, each with its figures.
    public var failedThresholds: [String] = []
    /// Whether the user ended the siege before its time.
    public var isEndedEarly = false

    private enum CodingKeys: String, CodingKey {
        case schema
        case version
        case fault
        case settings
        case phases
        case attackers
        case warnings
        case failedThresholds = "failed_thresholds"
        case isEndedEarly = "is_ended_early"
    }

    /// Whether the established clients got right replies alone in every phase, and there was an attack.
    public var isGood: Bool {
        phases.count == SiegePhase.reported.count && attackers.connected > 0 && attackers.wrong == 0
            && failedThresholds.isEmpty
            && phases.allSatisfy { $0.errors == 0 && $0.wrong == 0 && $0.right > 0 }
    }

    /// The phase called `name`.
    public func phase(_ name: String) -> Phase? { phases.first { $0.name == name } }
}
