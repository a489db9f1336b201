// What must hold of a siege's figures: `during.errors==0`, `during.p99<before.p99*20`.

/// A comparison of a figure with a number, or with another figure times a number.
///
/// Grammar: `PHASE.FIGURE OP (NUMBER | PHASE.FIGURE [* NUMBER])`, with OP one of `==`, `<=`, `>=`, `<`,
/// `>`; `attackers.FIGURE` is a figure, too. Durations are in milliseconds.
public struct SiegeThreshold: Sendable, Equatable {
    private enum Operator: String, CaseIterable {
        case equal = "=="
        case atMost = "<="
        case atLeast = ">="
        case below = "<"
        case above = ">"

        func holds(_ left: Double, _ right: Double) -> Bool {
            switch self {
            case .equal: left == right
            case .atMost: left <= right
            case .atLeast: left >= right
            case .below: left < right
            case .above: left > right
            }
        }
    }

    private struct Figure: Equatable {
        var phase: String
        var name: String
    }

    private let text: String
    private let left: Figure
    private let comparison: Operator
    private let right: Figure?
    private let factor: Double

    /// The figures of a phase.
    static let phaseFigures: [String: @Sendable (SiegeReport.Phase) -> Double] = [
        "errors": { Double($0.errors) }, "wrong": { Double($0.wrong) },
        "right": { Double($0.right) }, "rate": { $0.rightPerSecond },
        "clients": { Double($0.clients) }, "p50": { $0.latency.p50 / 1000 },
        "p99": { $0.latency.p99 / 1000 }, "p99.9": { $0.latency.p999 / 1000 },
        "max": { $0.latency.max / 1000 }, "lag": { $0.generatorLagMilliseconds },
        "rss": { Double($0.server?.residentBytes ?? 0) },
        "rss_peak": { Double($0.server?.residentPeakBytes ?? 0) },
        "descriptors": { Double($0.server?.descriptors ?? 0) },
        "cpu": { $0.server?.cpuSeconds ?? 0 },
    ]

    /// The figures of the attackers.
    static let attackerFigures: [String: @Sendable (SiegeReport.Attackers) -> Double] = [
        "tried": { Double($0.tried) }, "connected": { Double($0.connected) },
        "refused": { Double($0.refused) }, "handshakes": { Double($0.handshakes) },
        "finished": { Double($0.finished) }, "unfinished": { Double($0.unfinished) },
        "right": { Double($0.right) }, "wrong": { Double($0.wrong) },
    ]

    /// Parses `text`; the error says which part is wrong.
    public init(_ text: String) throws(LoadError) {
        self.text = text
        let bare = String(text.filter { $0 != " " })
        // Two characters before one, so that `<=` is not taken for `<`.
        guard let comparison = Operator.allCases.first(where: { bare.contains($0.rawValue) }) else {
            throw .usage("the threshold '\(text)' has none of == <= >= < >")
        }
        self.comparison = comparison
        let sides = SiegeThreshold.split(bare, at: comparison.rawValue)
        left = try SiegeThreshold.figure(sides.0, text)
        if let number = Double(sides.1) {
            right = nil
            factor = number
            return
        }
        let product = SiegeThreshold.split(sides.1, at: "*")
        right = try SiegeThreshold.figure(product.0, text)
        guard let number = product.1.isEmpty ? 1 : Double(product.1) else {
            throw .usage("'\(product.1)' in the threshold '\(text)' is not a number")
        }
        factor = number
    }

    /// What is before and behind the first `mark` in `text`; all is before where there is none.
    private static func split(_ text: String, at mark: String) -> (String, String) {
        var rest = text[...]
        while !rest.isEmpty {
            if rest.hasPrefix(mark) {
                return (String(text[..<rest.startIndex]), String(rest.dropFirst(mark.count)))
            }
            rest.removeFirst()
        }
        return (text, "")
    }

    private static func figure(_ name: String, _ text: String) throws(LoadError) -> Figure {
        let parts = split(name, at: ".")
        let figure = Figure(phase: parts.0, name: parts.1)
        let isPhase = SiegePhase.reported.contains { $0.name == figure.phase }
        if isPhase, phaseFigures[figure.name] != nil { return figure }
        if figure.phase == "attackers", attackerFigures[figure.name] != nil { return figure }
        let phases = SiegePhase.reported.map(\.name).joined(separator: ", ")
        throw .usage(
            "'\(name)' in the threshold '\(text)' is not a figure: known are "
                + "\(phaseFigures.keys.sorted().joined(separator: ", ")) of \(phases), and "
                + "\(attackerFigures.keys.sorted().joined(separator: ", ")) of attackers"
        )
    }

    private static func value(_ figure: Figure, _ report: SiegeReport) -> Double? {
        if figure.phase == "attackers" { return attackerFigures[figure.name]?(report.attackers) }
        guard let phase = report.phase(figure.phase) else { return nil }
        return phaseFigures[figure.name]?(phase)
    }

    /// Why it does not hold of `report`; nil if it does.
    func failure(_ report: SiegeReport) -> String? {
        guard let actual = SiegeThreshold.value(left, report) else {
            return "\(text): there is no phase \(left.phase)"
        }
        var bound = factor
        if let right {
            guard let value = SiegeThreshold.value(right, report) else {
                return "\(text): there is no phase \(right.phase)"
            }
            bound *= value
        }
        if comparison.holds(actual, bound) { return nil }
        return "\(text): \(Figures.fixed(actual, 3)) \(comparison.rawValue) "
            + "\(Figures.fixed(bound, 3)) does not hold"
    }
}

extension SiegeReport {
    /// Holds the figures against `thresholds`; those that do not hold make the report a bad one.
    public mutating func check(_ thresholds: [SiegeThreshold]) {
        failedThresholds += thresholds.compactMap { $0.failure(self) }
    }
}
