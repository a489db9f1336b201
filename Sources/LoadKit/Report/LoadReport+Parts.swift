// The parts of a report, and how their JSON fields are called.

extension LoadReport {
    /// Whom the load went to, and how.
    public struct Target: Codable, Sendable, Equatable {
        /// The host as it was asked for.
        public var host: String
        /// The port.
        public var port: UInt16
        /// The address that a connection was made to first; empty if none was.
        public var address: String
        /// The encodings.
        public var encodings: [LoadEncoding]
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
            case encodings
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
        /// How often each key is asked for, as it is written.
        public var distribution = "uniform"
        /// The requests a second that were planned; nil in a closed loop.
        public var rate: Double?
        /// How planned starts follow each other; nil in a closed loop.
        public var arrivals: Arrivals?
        /// The seconds of load; nil where a number of requests decides.
        public var durationSeconds: Double?
        /// The seconds of load before anything is measured.
        public var warmUpSeconds = 0.0
        /// The requests on a connection; nil for any number.
        public var reconnectEvery: Int?
        /// Whether later connections resume the TLS session of the one before.
        public var resumes = false
        /// Whether every key was set before the run.
        public var preloads = false
        /// The loops.
        public var loops = 1
        /// The clients that published; nil where nobody did.
        public var publishers: Int?
        /// The clients that were subscribed.
        public var subscribers: Int?
        /// The channels.
        public var channels: Int?

        private enum CodingKeys: String, CodingKey {
            case clients
            case pipeline
            case mix
            case minValueBytes = "min_value_bytes"
            case maxValueBytes = "max_value_bytes"
            case keys
            case keyPrefix = "key_prefix"
            case seed
            case distribution
            case rate
            case arrivals
            case durationSeconds = "duration_seconds"
            case warmUpSeconds = "warm_up_seconds"
            case reconnectEvery = "reconnect_every"
            case resumes = "resume"
            case preloads = "preload"
            case loops
            case publishers
            case subscribers
            case channels
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
        /// How long the right replies took, from the socket to the parser.
        public var service: LatencySummary
        /// How long they took from the planned start; nil in a closed loop.
        public var response: LatencySummary?

        /// The latency that counts first.
        public var latency: LatencySummary { response ?? service }
    }

    /// What subscribers got.
    public struct Deliveries: Codable, Sendable, Equatable {
        /// The messages that came.
        public var received: UInt64
        /// The messages that were to come, as publishers were told.
        public var expected: UInt64
        /// The messages that are missing between two that came.
        public var missing: UInt64
        /// The messages that came twice, or behind a later one of their publisher.
        public var outOfOrder: UInt64
        /// The messages that were not what was published.
        public var damaged: UInt64
        /// From the publisher's plan, in a closed loop its send, to the subscriber's parser.
        public var latency: LatencySummary

        private enum CodingKeys: String, CodingKey {
            case received
            case expected
            case missing
            case outOfOrder = "out_of_order"
            case damaged
            case latency
        }

        /// The messages that publishers were told of and that nobody got.
        public var lost: UInt64 { expected > received ? expected - received : 0 }
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

    /// An interval of the run.
    public struct TimelineRow: Codable, Sendable, Equatable {
        /// When it began, from the first measured request.
        public var seconds: Double
        /// Right replies a second.
        public var requestsPerSecond: Double
        /// Failures a second.
        public var errorsPerSecond: Double
        /// Half of the right replies took at most so long, to a few percent.
        public var p50: Double
        /// 99 % took at most so long.
        public var p99: Double
        /// The longest.
        public var max: Double

        private enum CodingKeys: String, CodingKey {
            case seconds
            case requestsPerSecond = "requests_per_second"
            case errorsPerSecond = "errors_per_second"
            case p50 = "p50_us"
            case p99 = "p99_us"
            case max = "max_us"
        }
    }

    /// How late the generator itself was.
    public struct Generator: Codable, Sendable, Equatable {
        /// 99 % of the times that its loops were looked at, they were at most so late.
        public var lagP99Milliseconds = 0.0
        /// The latest that a loop was.
        public var lagMaxMilliseconds = 0.0
        /// How late requests were sent that no client had to wait for; nil in a closed loop.
        public var lateness: LatencySummary?
        /// The lag, and the p99 of that lateness, above which the run is invalid.
        public var limitMilliseconds = 0.0

        private enum CodingKeys: String, CodingKey {
            case lagP99Milliseconds = "lag_p99_ms"
            case lagMaxMilliseconds = "lag_max_ms"
            case lateness
            case limitMilliseconds = "limit_ms"
        }

        /// Makes the figures of a generator that was never late.
        public init() {}
    }

    /// What the server's process used while the run was measured.
    public struct Server: Codable, Sendable, Equatable {
        /// Its number.
        public var processID: Int32
        /// CPU time of all its threads, in seconds.
        public var cpuSeconds: Double
        /// CPU time for each right reply, in microseconds.
        public var cpuMicrosecondsPerRequest: Double
        /// The most resident memory that was seen.
        public var residentPeakBytes: UInt64
        /// The most descriptors that were seen.
        public var descriptorsPeak: Int

        private enum CodingKeys: String, CodingKey {
            case processID = "process_id"
            case cpuSeconds = "cpu_seconds"
            case cpuMicrosecondsPerRequest = "cpu_us_per_request"
            case residentPeakBytes = "rss_peak_bytes"
            case descriptorsPeak = "descriptors_peak"
        }
    }

    /// A threshold and whether it holds.
    public struct ThresholdRow: Codable, Sendable, Equatable {
        /// The threshold as it was written.
        public var threshold: String
        /// The figure that it looks at.
        public var figure: String
        /// Why it does not hold; nil if it does.
        public var failure: String?
    }
}
