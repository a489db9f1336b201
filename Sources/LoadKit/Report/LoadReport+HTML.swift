// The report as a page for people.

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

extension LoadReport {
    /// The report as one HTML page; it loads nothing and runs nothing.
    public var html: String {
        let name = title ?? "Load test"
        let server = "\(target.host):\(target.port)"
        return HTMLPage.page(
            title: "\(name): \(server)",
            [
                "<h1>\(HTMLText.escaped(name))</h1>",
                "<p class=\"soft\">\(HTMLText.escaped("\(server), \(encodingNames)"))</p>",
                verdictBox, tiles, verificationSection, plots, commandSection, thresholdSection,
                failureSection, detailSection,
            ].filter { !$0.isEmpty }.joined(separator: "\n")
        )
    }

    /// Writes the page to the file at `path`, all of it or nothing.
    public func writeHTML(toFile path: String) throws {
        try LoadReport.write(html, toFile: path)
    }

    private var encodingNames: String {
        target.encodings.map(\.rawValue).joined(separator: ", ")
    }

    private var verdictBox: String {
        let words =
            switch verdict {
            case .good where !isGood: "Good: all thresholds hold, that on errors among them."
            case .good: "Good: every client connected and every reply was right."
            case .failed: "Failed: see the errors below."
            case .crossed: "Crossed: a threshold does not hold."
            case .illegal: "Illegal: what clients saw of a key cannot have happened."
            case .unknown: "Unknown: whether what clients saw can have happened was not found out."
            case .invalid: "Invalid: the generator was too late to judge the server."
            }
        let early = isEndedEarly ? ["Ended early by its user."] : []
        let notes = (invalidBecause + warnings + early).map {
            "<br/>\(HTMLText.escaped($0))"
        }
        return "<p class=\"verdict \(verdict.rawValue)\"><b>\(HTMLText.escaped(words))</b>"
            + "\(notes.joined())</p>"
    }

    private var tiles: String {
        let kind = response == nil ? "service" : "response"
        var tiles = [
            ("requests a second", Figures.fixed(requestsPerSecond, 0)),
            ("right replies", Figures.grouped(requests)),
            ("failures", Figures.grouped(failures.reduce(0) { $0 + $1.count })),
            ("p50 \(kind) time", Figures.duration(microseconds: latency.p50)),
            ("p99 \(kind) time", Figures.duration(microseconds: latency.p99)),
            ("p99.9 \(kind) time", Figures.duration(microseconds: latency.p999)),
        ]
        if let server {
            let cpu = Figures.duration(microseconds: server.cpuMicrosecondsPerRequest)
            tiles.append(("server CPU a request", cpu))
        }
        if let deliveries {
            tiles.append(("messages delivered", Figures.grouped(deliveries.received)))
        }
        let cells = tiles.map { name, value in
            "<div class=\"tile\"><b>\(HTMLText.escaped(value))</b>\(HTMLText.escaped(name))</div>"
        }
        return "<div class=\"tiles\">\n\(cells.joined(separator: "\n"))\n</div>"
    }

    func section(_ title: String, _ body: String) -> String {
        "<section>\n<h2>\(HTMLText.escaped(title))</h2>\n\(body)\n</section>"
    }

    private var plots: String {
        let kind = response == nil ? "Service time" : "Response time"
        return [
            section("\(kind) over time", latencyPlot.svg),
            section("Distribution of latencies", curvePlot.svg),
            section("Throughput over time", ratePlot.svg),
            section("Errors over time", errorPlot.svg),
        ].joined(separator: "\n")
    }

    private static let duration: @Sendable (Double) -> String = {
        $0 == 0 ? "0" : Figures.duration(microseconds: $0)
    }

    private var latencyPlot: SVGPlot {
        func line(_ name: String, _ value: (TimelineRow) -> Double) -> SVGPlot.Line {
            // An interval without a reply has no latency.
            let rows = timeline.filter { $0.max > 0 }
            return SVGPlot.Line(name: name, points: rows.map { ($0.seconds, value($0)) })
        }
        return SVGPlot(
            title: "Latency over time",
            xTitle: "seconds",
            lines: [line("p50", \.p50), line("p99", \.p99), line("max", \.max)],
            yScale: .logarithmic,
            yLabel: LoadReport.duration
        )
    }

    private var curvePlot: SVGPlot {
        // As HdrHistogram draws it: each step to the right is a tenth of what is left to 100 %.
        func line(_ name: String, _ curve: [LatencyPoint]) -> SVGPlot.Line {
            SVGPlot.Line(
                name: name,
                points: curve.map { (-log10(max(1e-9, 1 - $0.percent / 100)), $0.microseconds) }
            )
        }
        var lines = [line("service time", serviceCurve)]
        if response != nil { lines.insert(line("response time", responseCurve), at: 0) }
        let names = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %"]
        return SVGPlot(
            title: "Latency by percentile",
            xTitle: "percentile",
            lines: lines,
            yScale: .logarithmic,
            xTicks: names.enumerated().map { SVGPlot.Tick(value: Double($0), label: $1) },
            yLabel: LoadReport.duration
        )
    }

    private var ratePlot: SVGPlot {
        var lines = [
            SVGPlot.Line(
                name: "right replies a second",
                points: timeline.map { ($0.seconds, $0.requestsPerSecond) }
            )
        ]
        if let rate = settings.rate {
            lines.append(
                SVGPlot.Line(name: "planned", points: timeline.map { ($0.seconds, rate) })
            )
        }
        return SVGPlot(
            title: "Throughput over time",
            xTitle: "seconds",
            lines: lines,
            yLabel: { Figures.fixed($0, $0 < 10 ? 1 : 0) }
        )
    }

    private var errorPlot: SVGPlot {
        SVGPlot(
            title: "Errors over time",
            xTitle: "seconds",
            lines: [
                SVGPlot.Line(
                    name: "errors a second",
                    points: timeline.map { ($0.seconds, $0.errorsPerSecond) }
                )
            ],
            yLabel: { Figures.fixed($0, $0 < 10 ? 1 : 0) }
        )
    }
}

extension LoadReport {
    private static let latencyHeader = [
        "", "count", "mean", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max",
    ]

    private func cells(_ name: String, _ latency: LatencySummary) -> [String] {
        [name, Figures.grouped(latency.count)]
            + [
                latency.mean, latency.p50, latency.p90, latency.p95, latency.p99, latency.p999,
                latency.p9999, latency.max,
            ].map { latency.count == 0 ? "-" : Figures.duration(microseconds: $0) }
    }

    private var commandSection: String {
        var rows: [[String]] = []
        if let response { rows.append(cells("response, all", response)) }
        rows.append(cells("service, all", service))
        for row in commands {
            if let response = row.response {
                rows.append(cells("\(row.command) response", response))
            }
            rows.append(cells("\(row.command) service", row.service))
        }
        if let deliveries { rows.append(cells("delivery", deliveries.latency)) }
        rows.append(cells("full handshake", handshakes))
        if resumedHandshakes.count > 0 {
            rows.append(cells("resumed handshake", resumedHandshakes))
        }
        let counts = commands.map { row in
            [
                row.command, Figures.grouped(row.replies), Figures.grouped(row.missing),
                Figures.grouped(row.errors), Figures.grouped(row.wrong),
            ]
        }
        return section(
            "Latencies and commands",
            HTMLText.table(LoadReport.latencyHeader, rows) + "\n<p></p>\n"
                + HTMLText.table(["", "replies", "missing", "errors", "wrong"], counts)
        )
    }

    private var thresholdSection: String {
        if thresholds.isEmpty { return "" }
        let items = thresholds.map { row in
            "<li>\(HTMLText.escaped(row.failure.map { "crossed: \($0)" } ?? "holds: \(row.threshold)"))</li>"
        }
        return section("Thresholds", "<ul>\n\(items.joined(separator: "\n"))\n</ul>")
    }

    private var failureSection: String {
        if failures.isEmpty { return "" }
        let rows = failures.map { [$0.code, Figures.grouped($0.count), $0.detail] }
        let samples = (wrongReplySamples + errorReplySamples).map {
            "<li><code>\(HTMLText.escaped($0))</code></li>"
        }
        let list = samples.isEmpty ? "" : "\n<ul>\n\(samples.joined(separator: "\n"))\n</ul>"
        return section("Errors", HTMLText.table(["code", "count", "detail"], rows) + list)
    }

    private var detailSection: String {
        let items = details.map { name, value in
            "<dt>\(HTMLText.escaped(name))</dt><dd>\(HTMLText.escaped(value))</dd>"
        }
        return section("Details", "<dl>\n\(items.joined(separator: "\n"))\n</dl>")
    }

    /// What the summary says, name by name.
    private var details: [(String, String)] {
        summaryRows + [
            ("report", "\(schema), version \(version)")
        ]
    }
}
