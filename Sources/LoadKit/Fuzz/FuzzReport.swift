// What a fuzzing run came to.

/// The figures and failures of a run; its JSON form is versioned.
///
/// JSON: `schema` names the form and `version` its number, which changes when a field changes its
/// meaning or goes; new fields may come without. Durations end in their unit.
public struct FuzzReport: MachineReport, Sendable, Equatable {
    /// The name of the JSON form.
    public static let schemaName = "sallyport-fuzz-report"
    /// The number of the JSON form.
    public static let schemaVersion = 1

    /// A failure, and the case that shows it.
    public struct Finding: Codable, Sendable, Equatable {
        /// The kind of failure.
        public var kind: FuzzFailure.Kind
        /// What exactly.
        public var detail: String
        /// The seed of the case.
        public var seed: UInt64
        /// The number of the case.
        public var number: UInt64
        /// The file that it was saved to, or came from.
        public var file: String?
        /// Whether it failed again when it was run again.
        public var isReproduced = false
        /// Steps and bytes as it was found.
        public var steps = 0
        /// Bytes as it was found.
        public var bytes = 0
        /// Steps of the smallest case that fails in the same way.
        public var smallestSteps = 0
        /// Bytes of the smallest case that fails in the same way.
        public var smallestBytes = 0
        /// The smallest case, as its file.
        public var smallest = ""

        private enum CodingKeys: String, CodingKey {
            case kind
            case detail
            case seed
            case number
            case file
            case isReproduced = "is_reproduced"
            case steps
            case bytes
            case smallestSteps = "smallest_steps"
            case smallestBytes = "smallest_bytes"
            case smallest
        }
    }

    /// The name of the JSON form.
    public var schema = schemaName
    /// The number of the JSON form.
    public var version = schemaVersion
    /// The server.
    public var server = ""
    /// What determined every case.
    public var seed: UInt64 = 0
    /// Cases of the corpus that were replayed.
    public var replayed = 0
    /// New cases.
    public var cases: UInt64 = 0
    /// Cases that the server refused to have: it may.
    public var refused = 0
    /// Valid requests sent.
    public var asked = 0
    /// Replies that were held against the model.
    public var checked = 0
    /// Bytes sent, inside of TLS.
    public var bytesSent = 0
    /// Bytes received, inside of TLS.
    public var bytesReceived = 0
    /// Times that somebody else was asked whether all is well.
    public var healthChecks = 0
    /// How long they took.
    public var health = LatencySummary()
    /// What the server's process used, where it is known.
    public var process: SiegeReport.Server?
    /// Seconds of new cases.
    public var seconds = 0.0
    /// What is wrong.
    public var findings: [Finding] = []
    /// What a reader should know.
    public var warnings: [String] = []

    private enum CodingKeys: String, CodingKey {
        case schema
        case version
        case server
        case seed
        case replayed
        case cases
        case refused
        case asked
        case checked
        case bytesSent = "bytes_sent"
        case bytesReceived = "bytes_received"
        case healthChecks = "health_checks"
        case health
        case process
        case seconds
        case findings
        case warnings
    }

    /// Makes an empty report.
    public init() {}

    /// Whether nothing was wrong, and something was done.
    public var isGood: Bool { findings.isEmpty && cases + UInt64(replayed) > 0 }

    /// The report for a person.
    public var text: String {
        var lines = [
            "\(server), seed \(seed): \(Figures.grouped(cases)) cases in "
                + "\(Figures.fixed(seconds, 1)) s, \(replayed) replayed, \(refused) refused",
            "asked \(Figures.grouped(UInt64(asked))) valid requests, checked "
                + "\(Figures.grouped(UInt64(checked))) replies; sent "
                + "\(Figures.grouped(UInt64(bytesSent))) bytes, received "
                + "\(Figures.grouped(UInt64(bytesReceived)))",
            "others were asked \(Figures.grouped(UInt64(healthChecks))) times: p50 "
                + "\(Figures.duration(microseconds: health.p50)), p99 "
                + "\(Figures.duration(microseconds: health.p99)), max "
                + "\(Figures.duration(microseconds: health.max))",
        ]
        if let process {
            lines.append(
                "server: \(process.descriptors) descriptors at the end (most "
                    + "\(process.descriptorsPeak)), \(process.residentBytes >> 20) MiB (most "
                    + "\(process.residentPeakBytes >> 20)), \(Figures.fixed(process.cpuSeconds, 1)) s CPU"
            )
        }
        lines += warnings.map { "warning: \($0)" }
        for finding in findings { lines += text(finding) }
        lines.append(isGood ? "no failures" : "\(findings.count) failures")
        return lines.joined(separator: "\n") + "\n"
    }

    private func text(_ finding: Finding) -> [String] {
        var lines = ["", "FAILURE \(finding.kind.rawValue): \(finding.detail)"]
        lines.append(
            "  seed \(finding.seed), case \(finding.number): \(finding.steps) steps, "
                + "\(finding.bytes) bytes; smallest: \(finding.smallestSteps) steps, "
                + "\(finding.smallestBytes) bytes"
                + (finding.isReproduced ? "" : "; it did not fail again")
        )
        if let file = finding.file { lines.append("  file: \(file)") }
        lines += finding.smallest.split(separator: "\n").map { "    " + $0 }
        return lines
    }
}
