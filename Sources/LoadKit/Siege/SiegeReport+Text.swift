// The report of a siege for a person.

extension SiegeReport {
    /// The report as lines, ended by a line feed.
    public var text: String {
        var lines = [isEndedEarly ? "Siege: \(fault) (ended early)" : "Siege: \(fault)"]
        lines.append(
            "  \(settings.server), \(settings.encoding.rawValue); \(settings.clients) established "
                + "clients, pipeline \(settings.pipeline), \(settings.mix); "
                + "\(Figures.fixed(settings.phaseSeconds, 1)) s a phase; seed \(settings.seed)"
        )
        lines += ["", "Established clients"]
        lines += SiegeReport.table(phases.map(SiegeReport.row), SiegeReport.header)
        lines += errorLines
        if phases.contains(where: { $0.server != nil }) {
            lines += ["", "Server process"]
            lines += SiegeReport.table(phases.map(SiegeReport.serverRow), SiegeReport.serverHeader)
        }
        lines += ["", "Attackers"] + attackerLines
        if !warnings.isEmpty { lines += [""] + warnings.map { "Warning: \($0)" } }
        if !failedThresholds.isEmpty {
            lines += [""] + failedThresholds.map { "Threshold failed: \($0)" }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static let header = [
        "phase", "right/s", "right", "errors", "wrong", "p50", "p99", "p99.9", "max", "waiting",
        "own lag",
    ]

    private static func row(_ phase: Phase) -> [String] {
        let latency = phase.latency
        let durations = [latency.p50, latency.p99, latency.p999, latency.max].map {
            latency.count == 0 ? "-" : Figures.duration(microseconds: $0)
        }
        let waits = [phase.oldestWaitMilliseconds, phase.generatorLagMilliseconds].map {
            Figures.duration(microseconds: $0 * 1000)
        }
        return [
            phase.name, Figures.fixed(phase.rightPerSecond, 0), Figures.grouped(phase.right),
            Figures.grouped(phase.errors), Figures.grouped(phase.wrong),
        ] + durations + waits
    }

    private static let serverHeader = [
        "phase", "RSS", "RSS peak", "open files", "peak", "CPU", "cores",
    ]

    private static func serverRow(_ phase: Phase) -> [String] {
        guard let server = phase.server else { return [phase.name] }
        let cores = phase.seconds > 0 ? server.cpuSeconds / phase.seconds : 0
        return [
            phase.name, megabytes(server.residentBytes), megabytes(server.residentPeakBytes),
            "\(server.descriptors)", "\(server.descriptorsPeak)",
            Figures.fixed(server.cpuSeconds, 2) + " s", Figures.fixed(cores, 2),
        ]
    }

    /// Bytes in units of 2^20.
    static func megabytes(_ bytes: UInt64) -> String {
        Figures.fixed(Double(bytes) / 1_048_576, 1) + " MiB"
    }

    private static func table(_ rows: [[String]], _ header: [String]) -> [String] {
        ([header] + rows).map { cells in
            let name = "  " + Figures.left(cells[0], 8)
            return cells.dropFirst().reduce(name) { $0 + Figures.right($1, 11) }
        }
    }

    private var errorLines: [String] {
        phases.flatMap { phase in
            phase.errorsByCode.map { row in
                let detail = row.detail.isEmpty ? "" : ": \(row.detail)"
                return "  \(phase.name): \(Figures.grouped(row.count))  \(row.code)\(detail)"
            }
        }
    }

    private var attackerLines: [String] {
        var lines: [String] = []
        func add(_ name: String, _ value: String) {
            lines.append("  \(Figures.left(name, 13))\(value)")
        }
        let figures = attackers
        add(
            "connections",
            "\(Figures.grouped(figures.tried)) tried, \(Figures.grouped(figures.connected)) made, "
                + "\(Figures.grouped(figures.refused)) refused or ended by the server, "
                + "\(figures.openPeak) at once"
        )
        for row in figures.refusals { add("", "\(Figures.grouped(row.count))  \(row.detail)") }
        add("handshakes", handshakes)
        add(
            "plans",
            "\(Figures.grouped(figures.finished)) carried out, "
                + "\(Figures.grouped(figures.unfinished)) still open at the end"
        )
        add(
            "requests",
            "\(Figures.grouped(figures.requests)) sent, \(Figures.grouped(figures.right)) right, "
                + "\(Figures.grouped(figures.wrong)) wrong replies"
        )
        for sample in figures.wrongSamples { add("", sample) }
        for row in figures.errors {
            let wait = row.retryAfterMilliseconds.map { ", retry after up to \($0) ms" } ?? ""
            add("error reply", "\(Figures.grouped(row.count))  \(row.code)\(wait): \(row.sample)")
        }
        for sample in figures.plainSamples { add("plaintext", sample) }
        let sent = SiegeReport.megabytes(figures.bytesSent)
        add("bytes", "\(sent) sent, \(SiegeReport.megabytes(figures.bytesReceived)) received")
        return lines
    }

    private var handshakes: String {
        let times = attackers.handshakeTimes
        let count = Figures.grouped(attackers.handshakes)
        if times.count == 0 { return count }
        return "\(count) completed, \(Figures.grouped(attackers.resumed)) resumed; "
            + "p50 \(Figures.duration(microseconds: times.p50)), "
            + "p99 \(Figures.duration(microseconds: times.p99)), "
            + "max \(Figures.duration(microseconds: times.max))"
    }
}
