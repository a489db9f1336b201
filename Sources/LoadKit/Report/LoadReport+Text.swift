// The report for a person.

extension LoadReport {
    /// The report as lines, ended by a line feed.
    public var text: String {
        let name = title.map { " of \($0)" } ?? ""
        var lines = ["Summary\(name)\(isEndedEarly ? " (ended early)" : "")"]
        lines += summaryRows.map { "  \(Figures.left($0.0, 15))\($0.1)" }
        lines.append("")
        lines += commandTable
        lines += failureLines
        lines += verificationLines
        lines += judgement
        return lines.joined(separator: "\n") + "\n"
    }

    /// What the run was and came to, as names and values.
    var summaryRows: [(String, String)] {
        let encodings = target.encodings.map(\.rawValue).joined(separator: ", ")
        var rows = [
            ("server", "\(target.host):\(target.port)\(address), \(encodings)"), ("TLS", tls),
            ("load", load),
            ("clients", "\(clientsConnected) connected, \(clientsFailed) failed\(setUp)"),
        ]
        if handshakes.count > 0 {
            rows.append(("full TLS", "\(handshakes.count): \(times(handshakes))"))
        }
        if resumedHandshakes.count > 0 {
            rows.append(("resumed TLS", "\(resumedHandshakes.count): \(times(resumedHandshakes))"))
        }
        let seconds = Figures.fixed(elapsedSeconds, 2)
        rows.append(("requests", "\(Figures.grouped(requests)) right replies in \(seconds) s"))
        let rate = Figures.fixed(requestsPerSecond, 0)
        rows.append(("rate", "\(rate) requests/s\(planned), \(bandwidth)"))
        if let response { rows.append(("response time", times(response) + ", from the plan")) }
        if service.count > 0 {
            rows.append(("service time", times(service) + ", from the send"))
        }
        if let deliveries { addDeliveries(deliveries, &rows) }
        if let server { rows.append(("server used", usage(server))) }
        rows.append(("generator", lag))
        return rows
    }

    private func addDeliveries(_ deliveries: Deliveries, _ rows: inout [(String, String)]) {
        let received = Figures.grouped(deliveries.received)
        let expected = Figures.grouped(deliveries.expected)
        rows.append(
            (
                "deliveries",
                "\(received) of \(expected); \(deliveries.missing) missing, "
                    + "\(deliveries.outOfOrder) out of order, \(deliveries.damaged) damaged"
            )
        )
        if deliveries.latency.count > 0 {
            rows.append(("delivery time", times(deliveries.latency)))
        }
    }

    private var planned: String {
        guard let rate = settings.rate, let arrivals = settings.arrivals else { return "" }
        let unsent = unsent == 0 ? "" : ", \(Figures.grouped(unsent)) never sent"
        return " of \(Figures.fixed(rate, 0)) planned (\(arrivals.rawValue))\(unsent)"
    }

    private func usage(_ server: Server) -> String {
        let perRequest = Figures.duration(microseconds: server.cpuMicrosecondsPerRequest)
        return "process \(server.processID): \(Figures.fixed(server.cpuSeconds, 2)) s of CPU, "
            + "\(perRequest) a request; \(Figures.fixed(Double(server.residentPeakBytes) / 1e6, 1)) "
            + "MB resident, \(server.descriptorsPeak) descriptors"
    }

    private var lag: String {
        let usual = Figures.fixed(generator.lagP99Milliseconds, 1)
        let most = Figures.fixed(generator.lagMaxMilliseconds, 1)
        var text = "own loops late by p99 \(usual) ms, max \(most) ms"
        if let lateness = generator.lateness, lateness.count > 0 {
            text += "; sends late by p99 \(Figures.duration(microseconds: lateness.p99))"
        }
        return text
    }

    /// What the run says in the end, line by line.
    private var judgement: [String] {
        var lines: [String] = []
        if !thresholds.isEmpty { lines += ["", "Thresholds"] }
        for row in thresholds {
            lines.append(row.failure.map { "  CROSSED  \($0)" } ?? "  holds    \(row.threshold)")
        }
        if !warnings.isEmpty { lines.append("") }
        lines += warnings.map { "Warning: \($0)" }
        if !invalidBecause.isEmpty { lines.append("") }
        lines += invalidBecause.map { "Invalid: \($0)" }
        lines.append("")
        let words: String
        switch verdict {
        case .good where !isGood: words = "good: all thresholds hold, that on errors among them"
        case .good: words = "good: every client connected and every reply was right"
        case .illegal: words = "illegal: what clients saw of a key cannot have happened"
        case .unknown:
            words = "unknown: whether what clients saw can have happened was not found out"
        case .failed: words = "failed: see the errors above"
        case .crossed: words = "crossed: a threshold does not hold"
        case .invalid:
            words = "invalid: the generator was too late, so the figures say nothing of the server"
        }
        lines.append("Verdict \(words)")
        return lines
    }

    private var address: String {
        target.address.isEmpty ? "" : " (\(target.address))"
    }

    private var tls: String {
        if target.tlsVersion.isEmpty { return "no handshake was completed" }
        let check = target.isVerified ? "certificate verified" : "certificate NOT verified"
        return "\(target.tlsVersion), \(target.cipherSuite), \(check)"
    }

    private var load: String {
        let sizes =
            settings.minValueBytes == settings.maxValueBytes
            ? "\(settings.minValueBytes)" : "\(settings.minValueBytes)-\(settings.maxValueBytes)"
        var parts = ["\(settings.mix); pipeline \(settings.pipeline); values of \(sizes) bytes"]
        if let publishers = settings.publishers, let subscribers = settings.subscribers {
            parts = [
                "\(publishers) publishers, \(subscribers) subscribers, \(settings.channels ?? 1) "
                    + "channels; messages of \(sizes) bytes"
            ]
        } else {
            parts.append("\(Figures.grouped(settings.keys)) keys, \(settings.distribution)")
        }
        if settings.preloads { parts.append("preloaded") }
        if settings.warmUpSeconds > 0 {
            parts.append("warm-up \(Figures.fixed(settings.warmUpSeconds, 1)) s")
        }
        if let requests = settings.reconnectEvery {
            parts.append("\(requests) requests a connection\(settings.resumes ? ", resumed" : "")")
        }
        if settings.loops > 1 { parts.append("\(settings.loops) loops") }
        parts.append("seed \(settings.seed)")
        return parts.joined(separator: "; ")
    }

    private var setUp: String {
        clientsConnected > 0 ? ", ready after \(Figures.fixed(setUpSeconds, 2)) s" : ""
    }

    private var bandwidth: String {
        let total = Figures.fixed(megabytesPerSecond, 2)
        let sent = Figures.fixed(Double(bytesSent) / 1e6, 2)
        let received = Figures.fixed(Double(bytesReceived) / 1e6, 2)
        return "\(total) MB/s (\(sent) MB sent, \(received) MB received)"
    }

    private func times(_ latency: LatencySummary) -> String {
        let figures = [
            ("p50", latency.p50), ("p90", latency.p90), ("p95", latency.p95), ("p99", latency.p99),
            ("p99.9", latency.p999), ("p99.99", latency.p9999), ("max", latency.max),
        ]
        return figures.map { "\($0.0) \(Figures.duration(microseconds: $0.1))" }
            .joined(separator: ", ")
    }

    private var commandTable: [String] {
        let header = [
            "command", "replies", "missing", "errors", "wrong", "p50", "p90", "p95", "p99", "p99.9",
            "p99.99", "max",
        ]
        let rows = commands.map { row in
            [
                row.command, Figures.grouped(row.replies), Figures.grouped(row.missing),
                Figures.grouped(row.errors), Figures.grouped(row.wrong),
            ]
                + [
                    row.latency.p50, row.latency.p90, row.latency.p95, row.latency.p99,
                    row.latency.p999, row.latency.p9999, row.latency.max,
                ].map { row.latency.count == 0 ? "-" : Figures.duration(microseconds: $0) }
        }
        return ([header] + rows).map { cells in
            let name = "  " + Figures.left(cells[0], 8)
            return cells.dropFirst().reduce(name) { $0 + Figures.right($1, 11) }
        }
    }

    private var failureLines: [String] {
        if failures.isEmpty { return [] }
        var lines = ["", "Errors"]
        for failure in failures {
            let detail = failure.detail.isEmpty ? "" : ": \(failure.detail)"
            lines.append(
                "  \(Figures.right(Figures.grouped(failure.count), 10))  \(failure.code)\(detail)"
            )
        }
        if !wrongReplySamples.isEmpty { lines += ["", "Wrong replies"] }
        lines += wrongReplySamples.map { "  \($0)" }
        if !errorReplySamples.isEmpty { lines += ["", "Error replies"] }
        lines += errorReplySamples.map { "  \($0)" }
        return lines
    }
}
