// Which figures a siege has for thresholds.

extension SiegeReport {
    /// The figures of a phase.
    private static let phaseFigures: [String: @Sendable (Phase) -> Figure] = [
        "errors": { Figure(Double($0.errors)) }, "wrong": { Figure(Double($0.wrong)) },
        "right": { Figure(Double($0.right)) }, "rate": { Figure($0.rightPerSecond) },
        "clients": { Figure(Double($0.clients)) },
        "p50": { Figure($0.latency.p50 / 1000, .milliseconds) },
        "p99": { Figure($0.latency.p99 / 1000, .milliseconds) },
        "p99.9": { Figure($0.latency.p999 / 1000, .milliseconds) },
        "max": { Figure($0.latency.max / 1000, .milliseconds) },
        "lag": { Figure($0.generatorLagMilliseconds, .milliseconds) },
        "rss": { Figure(Double($0.server?.residentBytes ?? 0), .bytes) },
        "rss_peak": { Figure(Double($0.server?.residentPeakBytes ?? 0), .bytes) },
        "descriptors": { Figure(Double($0.server?.descriptors ?? 0)) },
        "cpu": { Figure($0.server?.cpuSeconds ?? 0, .seconds) },
    ]

    /// The figures of the attackers.
    private static let attackerFigures: [String: @Sendable (Attackers) -> Double] = [
        "tried": { Double($0.tried) }, "connected": { Double($0.connected) },
        "refused": { Double($0.refused) }, "handshakes": { Double($0.handshakes) },
        "finished": { Double($0.finished) }, "unfinished": { Double($0.unfinished) },
        "right": { Double($0.right) }, "wrong": { Double($0.wrong) },
    ]

    /// What thresholds can look at: `PHASE.FIGURE` and `attackers.FIGURE`.
    var figures: [String: Figure] {
        var figures: [String: Figure] = [:]
        for phase in phases {
            for (name, figure) in SiegeReport.phaseFigures {
                figures["\(phase.name).\(name)"] = figure(phase)
            }
        }
        for (name, value) in SiegeReport.attackerFigures {
            figures["attackers.\(name)"] = Figure(value(attackers))
        }
        return figures
    }

    /// Parses a threshold on the figures of a siege.
    public static func threshold(_ text: String) throws(LoadError) -> Threshold {
        let threshold = try Threshold(text)
        var names: [String: Figure] = [:]
        for phase in SiegePhase.reported {
            let empty = Phase(name: phase.name)
            for (name, figure) in phaseFigures { names["\(phase.name).\(name)"] = figure(empty) }
        }
        for name in attackerFigures.keys { names["attackers.\(name)"] = Figure(nil) }
        let phases = SiegePhase.reported.map(\.name).joined(separator: ", ")
        try threshold.validate(
            names,
            known: "\(phaseFigures.keys.sorted().joined(separator: ", ")) of \(phases) "
                + "(PHASE.FIGURE), and \(attackerFigures.keys.sorted().joined(separator: ", ")) "
                + "of attackers"
        )
        return threshold
    }

    /// Holds the figures against `thresholds`; those that do not hold make the report a bad one.
    public mutating func check(_ thresholds: [Threshold]) {
        let figures = figures
        failedThresholds += thresholds.compactMap { $0.failure(figures) }
    }
}
