// What a run came to.

/// The figures of a run; its JSON form is versioned.
///
/// JSON: `schema` names the form and `version` its number, which changes when a field changes its
/// meaning or goes; new fields may come without. Durations end in their unit.
public struct LoadReport: MachineReport, Sendable, Equatable {
    /// The name of the JSON form.
    public static let schemaName = "sallyport-load-report"
    /// The number of the JSON form.
    public static let schemaVersion = 2

    /// The name of the JSON form.
    public var schema = schemaName
    /// The number of the JSON form.
    public var version = schemaVersion
    /// What the run is called: a scenario's name, or nothing.
    public var title: String?
    /// Whom the load went to.
    public var target: Target
    /// What was asked for.
    public var settings: Settings
    /// Clients that became ready.
    public var clientsConnected = 0
    /// Clients that failed, before or after they became ready.
    public var clientsFailed = 0
    /// How long full TLS handshakes took, from the connection to the end.
    public var handshakes = LatencySummary()
    /// How long TLS handshakes took that resumed a session.
    public var resumedHandshakes = LatencySummary()
    /// Connections that were closed and made anew.
    public var reconnects: UInt64 = 0
    /// From the first client's connect until all were ready or had failed.
    public var setUpSeconds = 0.0
    /// From the first measured request to the last reply.
    public var elapsedSeconds = 0.0
    /// Right replies.
    public var requests: UInt64 = 0
    /// Right replies a second.
    public var requestsPerSecond = 0.0
    /// Planned requests that were not sent before the end.
    public var unsent: UInt64 = 0
    /// Plaintext bytes of requests.
    public var bytesSent: UInt64 = 0
    /// Plaintext bytes of replies.
    public var bytesReceived: UInt64 = 0
    /// How long right replies took, from the socket to the parser.
    public var service = LatencySummary()
    /// How long right replies took from the planned start of their request, and how long requests had
    /// waited that were never sent; nil in a closed loop.
    public var response: LatencySummary?
    /// The distribution of service times.
    public var serviceCurve: [LatencyPoint] = []
    /// The distribution of response times.
    public var responseCurve: [LatencyPoint] = []
    /// The figures of each command of the mix.
    public var commands: [CommandRow] = []
    /// What subscribers got; nil where nobody subscribed.
    public var deliveries: Deliveries?
    /// What came of judging the histories of a sample of the keys; nil where that was not asked for.
    public var verification: Verification?
    /// What went wrong, the most frequent first.
    public var failures: [FailureRow] = []
    /// A few wrong replies.
    public var wrongReplySamples: [String] = []
    /// A few error replies.
    public var errorReplySamples: [String] = []
    /// The run over time.
    public var timeline: [TimelineRow] = []
    /// How late the generator itself was.
    public var generator = Generator()
    /// The server's process; nil where it is not known.
    public var server: Server?
    /// The thresholds, and which of them do not hold.
    public var thresholds: [ThresholdRow] = []
    /// What a reader of the figures should know.
    public var warnings: [String] = []
    /// Why the figures say nothing about the server; empty where they do.
    public var invalidBecause: [String] = []
    /// Whether the user ended the run before its time.
    public var isEndedEarly = false

    private enum CodingKeys: String, CodingKey {
        case schema
        case version
        case title
        case target
        case settings
        case clientsConnected = "clients_connected"
        case clientsFailed = "clients_failed"
        case handshakes
        case resumedHandshakes = "resumed_handshakes"
        case reconnects
        case setUpSeconds = "set_up_seconds"
        case elapsedSeconds = "elapsed_seconds"
        case requests
        case requestsPerSecond = "requests_per_second"
        case unsent
        case bytesSent = "bytes_sent"
        case bytesReceived = "bytes_received"
        case service
        case response
        case serviceCurve = "service_curve"
        case responseCurve = "response_curve"
        case commands
        case deliveries
        case verification
        case failures
        case wrongReplySamples = "wrong_reply_samples"
        case errorReplySamples = "error_reply_samples"
        case timeline
        case generator
        case server
        case thresholds
        case warnings
        case invalidBecause = "invalid_because"
        case isEndedEarly = "is_ended_early"
    }

    /// Makes the report of a run that came to nothing yet.
    public init(target: Target, settings: Settings) {
        self.target = target
        self.settings = settings
    }

    /// The latency that counts first: response time in an open loop, else service time.
    public var latency: LatencySummary { response ?? service }

    /// Whether every client connected and every reply was right, and there was at least one.
    public var isGood: Bool { clientsFailed == 0 && failures.isEmpty && requests > 0 }

    /// Megabytes (10^6 bytes) of plaintext a second, both ways together.
    public var megabytesPerSecond: Double {
        elapsedSeconds > 0 ? Double(bytesSent + bytesReceived) / elapsedSeconds / 1e6 : 0
    }
}

extension LoadReport {
    /// What a run says in the end.
    public enum Verdict: String, Sendable {
        /// All went well.
        case good
        /// A client failed, a reply was wrong or an error, or there was none.
        case failed
        /// A threshold does not hold.
        case crossed
        /// The generator was too late for its figures to be the server's.
        case invalid
        /// What clients saw of a key cannot have happened.
        case illegal
        /// Whether it can have happened could not be told.
        case unknown

        /// The program's exit code.
        public var exitCode: Int32 {
            switch self {
            case .good: 0
            case .failed: 1
            case .unknown: HistoryVerdict.unknown.exitCode
            case .illegal: HistoryVerdict.illegal.exitCode
            case .invalid: 98
            case .crossed: 99
            }
        }
    }

    /// What the run says.
    ///
    /// A wrong reply is wrong however late the generator was, and so is an illegal history. Else a late generator
    /// leaves nothing to judge. Errors alone fail a run only where no threshold says how many there may be.
    /// That histories could not be judged counts where nothing else is wrong.
    public var verdict: Verdict {
        if verification?.verdict == .illegal { return .illegal }
        let wrong = failures.contains { FailureCode.ofWrongAnswers.contains($0.code) }
        if wrong || requests == 0 { return .failed }
        if !invalidBecause.isEmpty { return .invalid }
        if thresholds.contains(where: { $0.failure != nil }) { return .crossed }
        let errorsAreJudged = thresholds.contains { $0.figure == "errors" }
        if !isGood, !errorsAreJudged { return .failed }
        return verification?.verdict == .unknown ? .unknown : .good
    }
}

extension FailureCode {
    /// The codes of what no server may answer, whatever the load.
    fileprivate static let ofWrongAnswers: Set<String> = [
        FailureCode.wrongReply.rawValue, FailureCode.malformedReply.rawValue,
        FailureCode.wrongDelivery.rawValue,
    ]
}

extension LoadReport {
    /// Parses the JSON text of the file called `file`; the error says why it is no report of this form.
    public static func reading(_ text: String, file: String) throws(LoadError) -> LoadReport {
        let report: LoadReport
        do {
            report = try LoadReport(json: text)
        } catch {
            throw .unready(
                "\(file) is no report that this loadgen can read: it reads \(schemaName), version "
                    + "\(schemaVersion)"
            )
        }
        if report.schema == schemaName, report.version == schemaVersion { return report }
        throw .unready(
            "\(file) is \(report.schema), version \(report.version), and not \(schemaName), version "
                + "\(schemaVersion)"
        )
    }
}
