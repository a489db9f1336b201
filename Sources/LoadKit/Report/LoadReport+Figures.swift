// The figures of a report by name: what thresholds and comparisons look at.

extension LoadReport {
    /// What a person is told that there is.
    public static let knownFigures = """
        requests, rate, errors, wrong, missing, unsent, clients_failed; the latencies mean, p50, p90, p95, p99, \
        p99.9, p99.99, max, also as service.p99 and with --rate response.p99; get.p99, get.service.p99, \
        get.errors, get.wrong, get.replies for each command of the mix; handshake.p99, with --resume \
        resumed.p99; lag.p99, lag.max; with --rate lateness.p99; where the server is on this machine server.cpu, \
        server.cpu_per_request, server.rss; with --publishers delivery.p99, deliveries, lost, out_of_order
        """

    private static let percentiles: [(String, @Sendable (LatencySummary) -> Double)] = [
        ("mean", { $0.mean }), ("p50", { $0.p50 }), ("p90", { $0.p90 }), ("p95", { $0.p95 }),
        ("p99", { $0.p99 }), ("p99.9", { $0.p999 }), ("p99.99", { $0.p9999 }), ("max", { $0.max }),
    ]

    /// Every figure that this run measures; its value is nil where there was nothing to measure.
    public var figures: [String: Figure] {
        var figures: [String: Figure] = [
            "requests": Figure(Double(requests)), "rate": Figure(requestsPerSecond),
            "errors": Figure(Double(failures.reduce(0) { $0 + $1.count })),
            "wrong": Figure(Double(commands.reduce(0) { $0 + $1.wrong })),
            "missing": Figure(Double(commands.reduce(0) { $0 + $1.missing })),
            "clients_failed": Figure(Double(clientsFailed)),
            "lag.p99": Figure(generator.lagP99Milliseconds, .milliseconds),
            "lag.max": Figure(generator.lagMaxMilliseconds, .milliseconds),
        ]
        func add(_ prefix: String, _ latency: LatencySummary) {
            for (name, value) in LoadReport.percentiles {
                let measured = latency.count == 0 ? nil : value(latency) / 1000
                figures[prefix + name] = Figure(measured, .milliseconds)
            }
        }
        add("", latency)
        add("service.", service)
        add("handshake.", handshakes)
        if let response {
            add("response.", response)
            figures["unsent"] = Figure(Double(unsent))
        }
        if let lateness = generator.lateness { add("lateness.", lateness) }
        if settings.resumes { add("resumed.", resumedHandshakes) }
        for row in commands {
            add(row.command + ".", row.latency)
            add(row.command + ".service.", row.service)
            if let response = row.response { add(row.command + ".response.", response) }
            figures[row.command + ".errors"] = Figure(Double(row.errors))
            figures[row.command + ".wrong"] = Figure(Double(row.wrong))
            figures[row.command + ".replies"] = Figure(Double(row.replies))
        }
        if let deliveries {
            add("delivery.", deliveries.latency)
            figures["deliveries"] = Figure(Double(deliveries.received))
            figures["lost"] = Figure(Double(deliveries.lost))
            figures["out_of_order"] = Figure(Double(deliveries.outOfOrder))
        }
        if let server {
            figures["server.cpu"] = Figure(server.cpuSeconds, .seconds)
            let perRequest = server.cpuMicrosecondsPerRequest / 1000
            figures["server.cpu_per_request"] = Figure(perRequest, .milliseconds)
            figures["server.rss"] = Figure(Double(server.residentPeakBytes), .bytes)
        }
        return figures
    }

    /// Throws for the first threshold on what a run with these options does not measure.
    static func validate(
        _ thresholds: [Threshold],
        _ options: LoadOptions,
        hasServer: Bool
    ) throws(LoadError) {
        if thresholds.isEmpty { return }
        var usage: SiegeReport.Server?
        if hasServer {
            usage = SiegeReport.Server(
                residentBytes: 0,
                residentPeakBytes: 0,
                descriptors: 0,
                descriptorsPeak: 0,
                cpuSeconds: 0
            )
        }
        var bare = options
        bare.thresholds = []
        let figures = LoadReport(LoadTotals(), bare, usage).figures
        for threshold in thresholds { try threshold.validate(figures, known: knownFigures) }
    }
}
