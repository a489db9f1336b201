// Two reports side by side: each figure of both, and the ratio.

/// What changed from one run to another.
public struct LoadComparison: MachineReport, Sendable, Equatable {
    /// The name of the JSON form.
    public static let schemaName = "sallyport-load-comparison"
    /// The number of the JSON form.
    public static let schemaVersion = 1

    /// One figure of both runs.
    public struct Row: Codable, Sendable, Equatable {
        /// The figure's name, as thresholds have it.
        public var figure: String
        /// Its value in the first run; durations in milliseconds, sizes in bytes.
        public var before: Double
        /// Its value in the second run.
        public var after: Double
        /// The second over the first; 1 where both are 0, nil where only the first is.
        public var ratio: Double?
    }

    /// The name of the JSON form.
    public var schema = schemaName
    /// The number of the JSON form.
    public var version = schemaVersion
    /// The figures that both runs measured.
    public var rows: [Row] = []
    /// How the runs differ in what was asked for, and whether either is no good.
    public var warnings: [String] = []
    /// Thresholds that do not hold, each with its figures.
    public var failedThresholds: [String] = []

    private enum CodingKeys: String, CodingKey {
        case schema
        case version
        case rows
        case warnings
        case failedThresholds = "failed_thresholds"
    }

    /// Compares `after` with `before`.
    public init(_ before: LoadReport, _ after: LoadReport) {
        let (first, second) = (before.figures, after.figures)
        rows = first.keys.sorted().compactMap { name in
            guard let old = first[name]?.value, let new = second[name]?.value else { return nil }
            let ratio: Double? = old == 0 ? (new == 0 ? 1 : nil) : new / old
            return Row(figure: name, before: old, after: new, ratio: ratio)
        }
        if before.settings.bare != after.settings.bare {
            warnings.append("the runs were not asked for the same: their settings differ")
        }
        if before.target.encodings != after.target.encodings {
            warnings.append("the runs did not speak the same encodings")
        }
        for (name, report) in [("first", before), ("second", after)] where report.verdict != .good {
            warnings.append("the verdict of the \(name) run is: \(report.verdict.rawValue)")
        }
    }

    /// Parses a threshold on ratios, which must be of figures that both runs measured.
    public func threshold(_ text: String) throws(LoadError) -> Threshold {
        let threshold = try Threshold(text)
        let known = rows.map(\.figure).joined(separator: ", ")
        try threshold.validate(ratios, known: known)
        return threshold
    }

    /// Holds the ratios against `thresholds`.
    public mutating func check(_ thresholds: [Threshold]) {
        let ratios = ratios
        failedThresholds += thresholds.compactMap { $0.failure(ratios) }
    }

    private var ratios: [String: Figure] {
        Dictionary(
            rows.map { ($0.figure, Figure($0.ratio)) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The figures that a person looks at first, then all others.
    private static let first = [
        "rate", "requests", "errors", "wrong", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max",
        "handshake.p50", "server.cpu_per_request", "server.rss",
    ]

    /// The comparison as lines, ended by a line feed; without `isLong`, the main figures alone.
    public func text(isLong: Bool) -> String {
        let main = LoadComparison.first.compactMap { name in rows.first { $0.figure == name } }
        let others = rows.filter { !LoadComparison.first.contains($0.figure) }
        var lines = [LoadComparison.line(["figure", "first", "second", "ratio"])]
        for row in isLong ? main + others : main {
            lines.append(
                LoadComparison.line([
                    row.figure, Figures.fixed(row.before, 3), Figures.fixed(row.after, 3),
                    row.ratio.map { Figures.fixed($0, 3) } ?? "-",
                ])
            )
        }
        if !(warnings + failedThresholds).isEmpty { lines.append("") }
        lines += warnings.map { "Warning: \($0)" }
        lines += failedThresholds.map { "Threshold crossed (ratio): \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func line(_ cells: [String]) -> String {
        cells.dropFirst().reduce(Figures.left(cells[0], 26)) { $0 + Figures.right($1, 18) }
    }
}

extension LoadReport.Settings {
    /// What must be the same for two runs to be comparable: all but the seed.
    fileprivate var bare: LoadReport.Settings {
        var bare = self
        bare.seed = 0
        return bare
    }
}
