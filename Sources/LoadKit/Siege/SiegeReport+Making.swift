// The report from what the loops counted.

extension SiegeReport.Phase {
    /// Makes the phase of a run's stage.
    init(_ phase: SiegePhase, _ stage: LoadStage, _ usage: ServerUsage?) {
        self.init(name: phase.name)
        seconds = stage.seconds
        clients = stage.clients
        let rows = stage.metrics.rows
        right = stage.metrics.requests
        wrong = rows.reduce(0) { $0 + $1.wrong }
        answered = right + wrong + rows.reduce(0) { $0 + $1.errors }
        rightPerSecond = seconds > 0 ? Double(right) / seconds : 0
        errorsByCode = stage.metrics.failures.rows.filter {
            $0.code != FailureCode.wrongReply.rawValue
        }
        errors = errorsByCode.reduce(0) { $0 + $1.count }
        latency = stage.metrics.latency
        oldestWaitMilliseconds = Double(stage.oldestWaitNanoseconds) / 1e6
        generatorLagMilliseconds = stage.lag.summary.max / 1000
        generatorLagP99Milliseconds = stage.lag.percentile(99) / 1000
        server = usage?.figures
    }
}

extension SiegeReport.Attackers {
    /// Makes the figures of what was seen.
    init(_ tally: SiegeTally) {
        tried = tally.tried
        connected = tally.connected
        refusals = tally.refusals.map { kind, count in
            LoadReport.FailureRow(code: "refused", detail: kind, count: count)
        }
        .sorted { ($1.count, $0.detail) < ($0.count, $1.detail) }
        refused = refusals.reduce(0) { $0 + $1.count }
        openPeak = tally.openPeak
        handshakes = tally.handshakes
        resumed = tally.resumed
        handshakeTimes = tally.handshakeTimes.summary
        finished = tally.finished
        unfinished = tally.unfinished
        requests = tally.requests
        right = tally.right
        wrong = tally.wrong
        wrongSamples = tally.wrongSamples
        errors = tally.errors.map { code, row in
            SiegeReport.AttackError(
                code: code,
                count: row.count,
                retryAfterMilliseconds: row.retryAfterMilliseconds,
                sample: row.sample
            )
        }
        .sorted { ($1.count, $0.code) < ($0.count, $1.code) }
        plainSamples = tally.plainSamples
        bytesSent = tally.bytesSent
        bytesReceived = tally.bytesReceived
    }
}

extension SiegeReport {
    /// Adds what a reader of the figures should know.
    mutating func addWarnings() {
        for phase in phases {
            if phase.generatorLagMilliseconds > SiegeReport.maxLagMilliseconds
                || phase.generatorLagP99Milliseconds > SiegeReport.maxUsualLagMilliseconds
            {
                let lag = Figures.fixed(phase.generatorLagMilliseconds, 0)
                let usual = Figures.fixed(phase.generatorLagP99Milliseconds, 1)
                warnings.append(
                    "\(phase.name): the established clients' own loop was up to \(lag) ms late "
                        + "(p99 \(usual) ms): so much of the latency is not the server's"
                )
            }
            if phase.clients < settings.clients {
                let lost = settings.clients - phase.clients
                warnings.append("\(phase.name): \(lost) established clients were lost")
            }
        }
        if attackers.tried > 0, attackers.connected == 0 {
            warnings.append("no attacker could connect: nothing was attacked")
        }
    }
}
