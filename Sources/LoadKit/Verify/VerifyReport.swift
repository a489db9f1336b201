// What the checks of a history came to.

/// The verdicts and figures of a verification; its JSON form is versioned.
///
/// JSON: `schema` names the form and `version` its number, which changes when a field changes its
/// meaning or goes; new fields may come without. Durations end in their unit.
public struct VerifyReport: MachineReport, Sendable, Equatable {
    /// The name of the JSON form.
    public static let schemaName = "sallyport-verify-report"
    /// The number of the JSON form.
    public static let schemaVersion = 1

    /// Whether each key's history could have happened to one register.
    public struct Keys: Codable, Sendable, Equatable {
        /// Keys checked.
        public var keys = 0
        /// Operations checked.
        public var operations = 0
        /// Operations that were never answered.
        public var open = 0
        /// Operations that were answered with an error, and so had no effect.
        public var refused = 0
        /// The same by the error's code or word.
        public var refusedByCode: [String: Int] = [:]
        /// The most operations on one key.
        public var longest = 0
        /// Steps of the search.
        public var steps = 0
        /// Keys whose history is legal.
        public var ok = 0
        /// Keys whose history is not.
        public var illegalKeys: [String] = []
        /// Keys whose history was not searched to its end.
        public var unknownKeys: [String] = []
        /// The smallest illegal histories found, drawn.
        public var drawings: [String] = []

        private enum CodingKeys: String, CodingKey {
            case keys
            case operations
            case open
            case refused
            case refusedByCode = "refused_by_code"
            case longest
            case steps
            case ok
            case illegalKeys = "illegal_keys"
            case unknownKeys = "unknown_keys"
            case drawings
        }

        /// Whether so few operations were done that their order says nothing: less than one in ten.
        public var isHollow: Bool {
            operations > 0 && (operations - open - refused) * 10 < operations
        }

        /// What is thought of all keys.
        public var verdict: HistoryVerdict {
            if !illegalKeys.isEmpty { return .illegal }
            return unknownKeys.isEmpty && !isHollow ? .ok : .unknown
        }
    }

    /// How near to their deadlines keys went.
    public struct Expiry: Codable, Sendable, Equatable {
        /// Times to live that something is known of.
        public var samples = 0
        /// Those of them whose end somebody saw.
        public var ends = 0
        /// The most that a key was surely gone before its time; 0 if none was.
        public var earliestMilliseconds = 0.0
        /// The most that a key was surely there behind its time; 0 if none was.
        public var latestMilliseconds = 0.0
        /// By key, when it was first seen gone, counted from its deadline; in order.
        public var seenGoneMilliseconds: [Double] = []
        /// What is wrong.
        public var findings: [String] = []
        /// How much is wrong.
        public var wrong = 0

        private enum CodingKeys: String, CodingKey {
            case samples
            case ends
            case earliestMilliseconds = "earliest_ms"
            case latestMilliseconds = "latest_ms"
            case seenGoneMilliseconds = "seen_gone_ms"
            case findings
            case wrong
        }

        /// What is thought of it.
        public var verdict: HistoryVerdict { wrong == 0 ? .ok : .illegal }

        mutating func add(_ finding: String) {
            wrong += 1
            if findings.count < PublishOrder.maxFindings { findings.append(finding) }
        }
    }

    /// Whether subscribers got what was published.
    public struct Messages: Codable, Sendable, Equatable {
        /// What is thought of it.
        public var verdict = HistoryVerdict.ok
        /// Messages published.
        public var published = 0
        /// Messages that came, of all subscribers.
        public var delivered = 0
        /// Messages that notices said were lost.
        public var declaredLost: Int64 = 0
        /// How much is wrong.
        public var wrong = 0
        /// What is wrong.
        public var findings: [String] = []

        private enum CodingKeys: String, CodingKey {
            case verdict
            case published
            case delivered
            case declaredLost = "declared_lost"
            case wrong
            case findings
        }
    }

    /// How the history came about; nil for one that was read from a file.
    public struct Run: Codable, Sendable, Equatable {
        /// The server.
        public var server = ""
        /// What determined every random choice.
        public var seed: UInt64 = 0
        /// Clients at a time.
        public var clients = 0
        /// Connections, one after the other.
        public var connections = 0
        /// Connections that the server had no time for.
        public var refusals = 0
        /// Connections that could not be made, or were lost although nobody meant to lose them.
        public var failures: [String] = []
        /// Seconds of load.
        public var seconds = 0.0
    }

    /// The name of the JSON form.
    public var schema = schemaName
    /// The number of the JSON form.
    public var version = schemaVersion
    /// The keys.
    public var keys = Keys()
    /// The times to live.
    public var expiry = Expiry()
    /// The messages.
    public var messages = Messages()
    /// The run.
    public var run: Run?
    /// What the server's clock may be off, in the eyes of the checks.
    public var slackMilliseconds: Int64 = 0
    /// Whether there was no room for all of the history.
    public var isCut = false

    private enum CodingKeys: String, CodingKey {
        case schema
        case version
        case keys
        case expiry
        case messages
        case run
        case slackMilliseconds = "slack_ms"
        case isCut = "is_cut"
    }

    /// Makes the report of an empty history.
    public init() {}

    /// What is thought of all of it: illegal if anything is, else unknown if anything is.
    public var verdict: HistoryVerdict {
        let all = [keys.verdict, expiry.verdict, messages.verdict]
        if all.contains(.illegal) { return .illegal }
        return all.contains(.unknown) ? .unknown : .ok
    }

    /// What the program ends with.
    public var exitCode: Int32 { verdict.exitCode }
}

extension VerifyReport {
    /// The report for a person.
    public var text: String {
        var lines: [String] = []
        if let run {
            lines.append(
                "\(run.server), seed \(run.seed): \(run.clients) clients, \(run.connections) "
                    + "connections (\(run.refusals) refused), \(Figures.fixed(run.seconds, 1)) s"
            )
            lines += run.failures.map { "  failure: \($0)" }
        }
        lines += keyLines + expiryLines + messageLines
        if isCut { lines.append("The history is cut: there was no room for all of it.") }
        lines.append("verdict: \(verdict.rawValue)")
        return lines.joined(separator: "\n") + "\n"
    }

    private var keyLines: [String] {
        var lines = [
            "linearizable: \(keys.verdict.rawValue); "
                + "\(Figures.grouped(UInt64(keys.operations))) operations on "
                + "\(Figures.grouped(UInt64(keys.keys))) keys, at most "
                + "\(Figures.grouped(UInt64(keys.longest))) on one; "
                + "\(Figures.grouped(UInt64(keys.open))) without an answer, "
                + "\(Figures.grouped(UInt64(keys.refused))) refused; "
                + "\(Figures.grouped(UInt64(keys.steps))) steps"
        ]
        for (code, count) in keys.refusedByCode.sorted(by: { $0.key < $1.key }) {
            lines.append("  refused with \(code): \(Figures.grouped(UInt64(count)))")
        }
        if keys.isHollow { lines.append("  most operations were not done: that says nothing") }
        if !keys.unknownKeys.isEmpty {
            lines.append(
                "  not searched to the end (raise --budget): "
                    + keys.unknownKeys.prefix(10).joined(separator: " ")
            )
        }
        if !keys.illegalKeys.isEmpty {
            lines.append("  illegal: " + keys.illegalKeys.prefix(10).joined(separator: " "))
        }
        for drawing in keys.drawings { lines += ["", drawing] }
        return lines
    }

    private var expiryLines: [String] {
        let gone = expiry.seenGoneMilliseconds
        var line =
            "time to live: \(expiry.verdict.rawValue); \(expiry.samples) keys, "
            + "earliest \(Figures.fixed(expiry.earliestMilliseconds, 1)) ms before, latest "
            + "\(Figures.fixed(expiry.latestMilliseconds, 1)) ms behind the deadline"
        if !gone.isEmpty {
            let middle = Figures.fixed(gone[gone.count / 2], 1)
            let last = Figures.fixed(gone[gone.count - 1], 1)
            line += "; \(expiry.ends) seen gone within \(middle) ms (median), \(last) ms (most)"
        }
        return [line] + expiry.findings.map { "  " + $0 }
    }

    private var messageLines: [String] {
        let line =
            "messages: \(messages.verdict.rawValue); "
            + "\(Figures.grouped(UInt64(messages.published))) published, "
            + "\(Figures.grouped(UInt64(messages.delivered))) delivered, "
            + "\(Figures.grouped(UInt64(max(0, messages.declaredLost)))) declared lost"
        return [line] + messages.findings.map { "  " + $0 }
    }
}
