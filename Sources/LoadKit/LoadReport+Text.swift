// The report for a person.

extension LoadReport {
    /// The report as lines, ended by a line feed.
    public var text: String {
        var lines: [String] = []
        func row(_ name: String, _ value: String) {
            lines.append("  \(Figures.left(name, 13))\(value)")
        }
        lines.append(isEndedEarly ? "Summary (ended early)" : "Summary")
        row("server", "\(target.host):\(target.port)\(address), \(target.encoding.rawValue)")
        row("TLS", tls)
        row("load", load)
        row("clients", "\(clientsConnected) connected, \(clientsFailed) failed\(setUp)")
        if handshakes.count > 0 { row("handshakes", percentiles(handshakes)) }
        let seconds = Figures.fixed(elapsedSeconds, 2)
        row("requests", "\(Figures.grouped(requests)) right replies in \(seconds) s")
        row("rate", "\(Figures.fixed(requestsPerSecond, 0)) requests/s, \(bandwidth)")
        if latency.count > 0 { row("latency", percentiles(latency)) }
        lines.append("")
        lines += commandTable
        lines += failureLines
        return lines.joined(separator: "\n") + "\n"
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
        return "\(settings.mix); pipeline \(settings.pipeline); values of \(sizes) bytes; "
            + "\(Figures.grouped(settings.keys)) keys; seed \(settings.seed)"
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

    private func percentiles(_ latency: LatencySummary) -> String {
        let figures = [
            ("p50", latency.p50), ("p90", latency.p90), ("p99", latency.p99),
            ("p99.9", latency.p999), ("p99.99", latency.p9999), ("max", latency.max),
        ]
        return figures.map { "\($0.0) \(Figures.duration(microseconds: $0.1))" }
            .joined(separator: ", ")
    }

    private var commandTable: [String] {
        let header = [
            "command", "replies", "missing", "errors", "wrong", "p50", "p90", "p99", "p99.9", "max",
        ]
        let rows = commands.map { row in
            [
                row.command, Figures.grouped(row.replies), Figures.grouped(row.missing),
                Figures.grouped(row.errors), Figures.grouped(row.wrong),
            ]
                + [
                    row.latency.p50, row.latency.p90, row.latency.p99, row.latency.p999,
                    row.latency.max,
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
