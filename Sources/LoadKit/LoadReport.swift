// What a run came to.

/// The figures of a run; its JSON form is versioned.
///
/// JSON: `schema` names the form and `version` its number, which changes when a field changes its
/// meaning or goes; new fields may come without. Durations end in their unit.
public struct LoadReport: MachineReport, Sendable, Equatable {
    /// The name of the JSON form.
    public static let schemaName = "sallyport-load-report"
    /// The number of the JSON form.
    public static let schemaVersion = 1

    /// Whom the load went to, and how.
    public struct Target: Codable, Sendable, Equatable {
        /// The host as it was asked for.
        public var host: String
        /// The port.
        public var port: UInt16
        /// The address that a connection was made to first; empty if none was.
        public var address: String
        /// The encoding.
        public var encoding: LoadEncoding
        /// The TLS version of the first connection; empty if there was none.
        public var tlsVersion: String
        /// The cipher suite of the first connection; empty if there was none.
        public var cipherSuite: String
        /// Whether the server's certificate was checked.
        public var isVerified: Bool

        private enum CodingKeys: String, CodingKey {
            case host
            case port
            case address
            case encoding
            case tlsVersion = "tls_version"
            case cipherSuite = "cipher_suite"
            case isVerified = "is_verified"
        }
    }

    /// What was asked for.
    public struct Settings: Codable, Sendable, Equatable {
        /// The connections asked for.
        public var clients: Int
        /// The requests in flight on each.
        public var pipeline: Int
        /// The mix, as it is written.
        public var mix: String
        /// The smallest value.
        public var minValueBytes: Int
        /// The largest value.
        public var maxValueBytes: Int
        /// The number of keys.
        public var keys: UInt64
        /// What keys begin with.
        public var keyPrefix: String
        /// What determines every random choice.
        public var seed: UInt64

        private enum CodingKeys: String, CodingKey {
            case clients
            case pipeline
            case mix
            case minValueBytes = "min_value_bytes"
            case maxValueBytes = "max_value_bytes"
            case keys
            case keyPrefix = "key_prefix"
            case seed
        }
    }

    /// What became of the requests of one command.
    public struct CommandRow: Codable, Sendable, Equatable {
        /// The command's name, lower case.
        public var command: String
        /// Right replies.
        public var replies: UInt64
        /// Right replies that said that the key is not there.
        public var missing: UInt64
        /// Error replies.
        public var errors: UInt64
        /// Wrong replies.
        public var wrong: UInt64
        /// How long the right replies took.
        public var latency: LatencySummary
    }

    /// A kind of failure, and how often it happened.
    public struct FailureRow: Codable, Sendable, Equatable {
        /// The kind, such as `timeout`.
        public var code: String
        /// What tells it from others of the kind.
        public var detail: String
        /// How often.
        public var count: UInt64
    }

    /// The name of the JSON form.
    public var schema = schemaName
    /// The number of the JSON form.
    public var version = schemaVersion
    /// Whom the load went to.
    public var target: Target
    /// What was asked for.
    public var settings: Settings
    /// Clients that became ready.
    public var clientsConnected = 0
    /// Clients that failed, before or after they became ready.
    public var clientsFailed = 0
    /// How long TLS handshakes took, from the connection to the end.
    public var handshakes = LatencySummary()
    /// From the first client's connect until all were ready or had failed.
    public var setUpSeconds = 0.0
    /// From the first request to the last reply.
    public var elapsedSeconds = 0.0
    /// Right replies.
    public var requests: UInt64 = 0
    /// Right replies a second.
    public var requestsPerSecond = 0.0
    /// Plaintext bytes of requests.
    public var bytesSent: UInt64 = 0
    /// Plaintext bytes of replies.
    public var bytesReceived: UInt64 = 0
    /// How long right replies took, from the socket to the parser.
    public var latency = LatencySummary()
    /// The figures of each command of the mix.
    public var commands: [CommandRow] = []
    /// What went wrong, the most frequent first.
    public var failures: [FailureRow] = []
    /// A few wrong replies.
    public var wrongReplySamples: [String] = []
    /// A few error replies.
    public var errorReplySamples: [String] = []
    /// Whether the user ended the run before its time.
    public var isEndedEarly = false

    private enum CodingKeys: String, CodingKey {
        case schema
        case version
        case target
        case settings
        case clientsConnected = "clients_connected"
        case clientsFailed = "clients_failed"
        case handshakes
        case setUpSeconds = "set_up_seconds"
        case elapsedSeconds = "elapsed_seconds"
        case requests
        case requestsPerSecond = "requests_per_second"
        case bytesSent = "bytes_sent"
        case bytesReceived = "bytes_received"
        case latency
        case commands
        case failures
        case wrongReplySamples = "wrong_reply_samples"
        case errorReplySamples = "error_reply_samples"
        case isEndedEarly = "is_ended_early"
    }

    /// Whether every client connected and every reply was right, and there was at least one.
    public var isGood: Bool { clientsFailed == 0 && failures.isEmpty && requests > 0 }

    /// Megabytes (10^6 bytes) of plaintext a second, both ways together.
    public var megabytesPerSecond: Double {
        elapsedSeconds > 0 ? Double(bytesSent + bytesReceived) / elapsedSeconds / 1e6 : 0
    }
}
