// The report from what the loops counted.

extension LoadReport {
    /// Makes the report of a run.
    init(
        _ totals: LoadTotals,
        _ options: LoadOptions,
        _ server: SiegeReport.Server?,
        processID: Int32 = 0
    ) {
        self.init(target: Target(options, totals.connection), settings: Settings(options))
        let metrics = totals.metrics
        title = options.title
        clientsConnected = totals.clientsConnected
        clientsFailed = totals.clientsFailed
        handshakes = metrics.handshakes.summary
        resumedHandshakes = metrics.resumedHandshakes.summary
        reconnects = metrics.reconnects
        setUpSeconds = totals.setUpSeconds
        if totals.startedAt > 0 {
            elapsedSeconds = Double(max(0, totals.lastReplyAt - totals.startedAt)) / 1e9
        }
        requests = metrics.requests
        if elapsedSeconds > 0 { requestsPerSecond = Double(requests) / elapsedSeconds }
        unsent = metrics.unsent
        bytesSent = metrics.bytesSent
        bytesReceived = metrics.bytesReceived
        addLatencies(metrics, options)
        failures = metrics.failures.rows
        wrongReplySamples = metrics.failures.wrongReplySamples
        errorReplySamples = metrics.failures.errorReplySamples
        timeline = metrics.timeline?.rows ?? []
        isEndedEarly = totals.isEndedEarly
        if options.pubSub != nil { deliveries = Deliveries(metrics.deliveries) }
        self.server = server.map { Server($0, processID: processID, requests: requests) }
        judge(totals, options)
    }

    private mutating func addLatencies(_ metrics: LoadMetrics, _ options: LoadOptions) {
        let isOpen = options.rate != nil
        let serviceTimes = metrics.service
        service = serviceTimes.summary
        serviceCurve = serviceTimes.curve
        if isOpen {
            let responseTimes = metrics.response
            response = responseTimes.summary
            responseCurve = responseTimes.curve
        }
        commands = LoadReport.commands(options).map { command in
            let row = metrics.rows[Int(command.rawValue)]
            return CommandRow(
                command: command.name,
                replies: row.replies,
                missing: row.missing,
                errors: row.errors,
                wrong: row.wrong,
                service: row.latency.summary,
                response: isOpen ? row.response.summary : nil
            )
        }
    }

    /// The commands that the clients of a run send.
    static func commands(_ options: LoadOptions) -> [LoadCommand] {
        options.pubSub == nil ? options.mix.shares.map(\.command) : [.publish]
    }

    /// Says whether the generator was in time, what is remarkable, and which thresholds hold.
    private mutating func judge(_ totals: LoadTotals, _ options: LoadOptions) {
        let isOpen = options.rate != nil
        generator.limitMilliseconds =
            options.maxLagMilliseconds
            ?? (isOpen ? LoadOptions.openLagMilliseconds : LoadOptions.closedLagMilliseconds)
        generator.lagP99Milliseconds = totals.lag.percentile(99) / 1000
        generator.lagMaxMilliseconds = totals.lag.summary.max / 1000
        if isOpen { generator.lateness = totals.metrics.lateness.summary }
        addReasons()
        addWarnings()
        let figures = figures
        thresholds = options.thresholds.map { threshold in
            ThresholdRow(
                threshold: threshold.description,
                figure: threshold.figure,
                failure: threshold.failure(figures)
            )
        }
    }

    /// Adds why the generator was too late.
    mutating func addReasons() {
        let limit = generator.limitMilliseconds
        let bound = "\(Figures.fixed(limit, 1)) ms is the limit (--max-lag)"
        if generator.lagP99Milliseconds > limit {
            let lag = Figures.fixed(generator.lagP99Milliseconds, 1)
            invalidBecause.append(
                "the generator's own loops were \(lag) ms late or more in 1 % of all looks: \(bound)"
            )
        }
        if let lateness = generator.lateness, lateness.p99 / 1000 > limit {
            let late = Figures.fixed(lateness.p99 / 1000, 1)
            invalidBecause.append(
                "1 % of the requests that no client had to wait for were sent \(late) ms late or "
                    + "more: \(bound)"
            )
        }
    }

    private mutating func addWarnings() {
        if unsent > 0 {
            warnings.append(
                "\(Figures.grouped(unsent)) planned requests were never sent: all clients waited "
                    + "for replies; their waiting is in the response time"
            )
        }
        if let rate = settings.rate, requestsPerSecond < rate * 0.95, !isEndedEarly, requests > 0 {
            let reached = Figures.fixed(requestsPerSecond, 0)
            warnings.append(
                "the rate of \(Figures.fixed(rate, 0))/s was not reached: \(reached)/s"
            )
        }
        if let deliveries, deliveries.lost > 0 {
            warnings.append("\(Figures.grouped(deliveries.lost)) messages never came")
        }
    }
}

extension LoadReport.Target {
    /// Whom a run went to.
    init(_ options: LoadOptions, _ connection: LoadTotals.Connection?) {
        host = options.host
        port = options.port
        address = connection?.address ?? ""
        encodings = options.encodings
        tlsVersion = connection?.version ?? ""
        cipherSuite = connection?.cipher ?? ""
        isVerified = options.trust != .anyone
    }
}

extension LoadReport.Settings {
    /// What a run was asked for.
    init(_ options: LoadOptions) {
        clients = options.clients
        pipeline = options.pipeline
        mix = options.mix.description
        minValueBytes = options.valueBytes.lowerBound
        maxValueBytes = options.valueBytes.upperBound
        keys = options.keyCount
        keyPrefix = options.keyPrefix
        seed = options.seed
        distribution = options.distribution.description
        rate = options.rate
        arrivals = options.rate == nil ? nil : options.arrivals
        durationSeconds = options.requests == nil ? options.durationSeconds : nil
        warmUpSeconds = options.warmUpSeconds
        reconnectEvery = options.reconnectEvery
        resumes = options.resumes
        preloads = options.preloads
        loops = options.loops
        publishers = options.pubSub?.publishers
        subscribers = options.pubSub?.subscribers
        channels = options.pubSub?.channels
    }
}

extension LoadReport.Server {
    /// What a process used.
    init(_ usage: SiegeReport.Server, processID: Int32, requests: UInt64) {
        self.processID = processID
        cpuSeconds = usage.cpuSeconds
        cpuMicrosecondsPerRequest =
            requests == 0 ? 0 : usage.cpuSeconds * 1e6 / Double(requests)
        residentPeakBytes = usage.residentPeakBytes
        descriptorsPeak = usage.descriptorsPeak
    }
}

extension LoadReport.Deliveries {
    /// What the subscribers of all loops got.
    init(_ tally: DeliveryTally) {
        received = tally.received
        expected = tally.expected
        missing = tally.missing
        outOfOrder = tally.outOfOrder
        damaged = tally.damaged
        latency = tally.latency.summary
    }
}
