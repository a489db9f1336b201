// The loop's thread of a run: who connects when, when requests begin and end.
internal import Core
internal import Reactor
internal import TLS

/// Drives all clients of one run on one loop, from the first connect to the last close.
final class LoadEngine: EventLoopDelegate {
    /// Bytes of ciphertext taken from a socket at once.
    private static let receiveBytes = 256 << 10
    /// Milliseconds between two progress values.
    private static let progressMilliseconds: Int64 = 1000

    // What does not change during a run.
    let options: LoadOptions
    let addresses: [SocketAddress]
    let context: TLSContext
    let workload: Workload
    let writer: RequestWriter
    let loop: EventLoop
    private let control: LoadControl

    // What all clients share, by turns; empty between two turns.
    let buffers = TLSBuffers()
    var inbound = ByteBuffer()
    var outbound = ByteBuffer()
    var scratch = ByteBuffer()
    // SAFETY: allocated in `init`, freed in `deinit`; only clients on this loop write to it.
    let receiveRoom: UnsafeMutableRawBufferPointer

    // What changes.
    var metrics = LoadMetrics()
    /// The address that a connection was made to last: tried first by the next.
    var preferredAddress = 0
    var firstConnection: (address: String, version: String, cipher: String)?
    var lastReplyAt: Int64 = 0
    private var clients: [LoadClient] = []
    private var phase = LoadProgress.Phase.connecting
    private var ramp: Ramp
    private var nextToBegin = 0
    private var settingUp = 0
    private var ready = 0
    private var everReady = 0
    private var failed = 0
    private var ended = 0
    private var remaining: UInt64
    private var isEndedEarly = false
    private var setUpBeganAt: Int64 = 0
    private var setUpSeconds = 0.0
    private var startedAt: Int64 = 0
    private var phaseBeganAt: Int64 = 0
    private var stopAt: Int64 = .max
    private var publishedAt: Int64 = 0
    private var publishedRequests: UInt64 = 0
    private var probe = LagProbe(SystemClock.monotonicNanoseconds())
    private var stage = 0
    private var stageBeganAt: Int64 = 0

    /// Makes the engine of one run, on the thread that will call `run`.
    init(
        _ options: LoadOptions,
        _ addresses: [SocketAddress],
        _ context: TLSContext,
        _ control: LoadControl
    ) throws(SystemError) {
        self.options = options
        self.addresses = addresses
        self.context = context
        self.control = control
        workload = Workload(options)
        writer = RequestWriter(options.encoding, keyPrefix: options.keyPrefix, seed: options.seed)
        ramp = Ramp(maxSettingUp: options.maxHandshakes, perSecond: options.connectionsPerSecond)
        remaining = options.requests ?? .max
        loop = try EventLoop()
        receiveRoom = .allocate(byteCount: LoadEngine.receiveBytes, alignment: 64)
        clients = (0..<options.clients).map { LoadClient($0, self) }
    }

    deinit {
        receiveRoom.deallocate()
    }

    /// Runs until all clients have ended.
    func run() -> LoadReport {
        loop.delegate = self
        defer { loop.delegate = nil }
        setUpBeganAt = SystemClock.monotonicNanoseconds()
        enter(.connecting, loop.now)
        while ended < clients.count {
            advance(loop.now)
            if options.isStaged {
                stagedTurn()
                continue
            }
            let wait = stopAt == .max ? nil : max(0, stopAt - loop.now.monotonicMilliseconds)
            loop.turn(maximumWaitMilliseconds: wait)
        }
        if options.isStaged { cut(SystemClock.monotonicNanoseconds()) }
        enter(.finished, loop.now)
        return report()
    }

    /// Does what is due between two turns of the loop.
    private func advance(_ now: Moment) {
        switch phase {
        case .connecting:
            beginClients(now)
            if nextToBegin == clients.count, settingUp == 0 { start(now) }
        case .running:
            if now.monotonicMilliseconds >= stopAt { drain(now) }
        case .draining, .finished:
            break
        }
    }

    /// One turn of a run that is cut into stages; only its `LoadControl` ends it.
    private func stagedTurn() {
        loop.turn(maximumWaitMilliseconds: probe.wait(SystemClock.monotonicNanoseconds()))
        let now = SystemClock.monotonicNanoseconds()
        probe.look(now)
        if control.wantedStage != stage { cut(now) }
    }

    /// Hands over the figures since the last cut, and begins anew.
    private func cut(_ now: Int64) {
        let oldest = clients.compactMap(\.oldestSentAt).min() ?? now
        control.finish(
            LoadStage(
                number: stage,
                seconds: Double(now - max(stageBeganAt, setUpBeganAt)) / 1e9,
                metrics: metrics,
                lag: probe.take(),
                clients: ready,
                oldestWaitNanoseconds: now - oldest,
                addressIndex: preferredAddress
            )
        )
        metrics = LoadMetrics()
        publishedRequests = 0
        stage = control.wantedStage
        stageBeganAt = now
    }

    private func beginClients(_ now: Moment) {
        let time = now.monotonicMilliseconds
        while nextToBegin < clients.count, ramp.allowance(settingUp: settingUp, time) > 0 {
            let client = clients[nextToBegin]
            nextToBegin += 1
            settingUp += 1
            ramp.began(1)
            // It may fail at once, so that the next can begin.
            client.begin(now)
        }
    }

    private func start(_ now: Moment) {
        startedAt = SystemClock.monotonicNanoseconds()
        lastReplyAt = startedAt
        setUpSeconds = Double(startedAt - setUpBeganAt) / 1e9
        if options.requests == nil {
            let duration = Int64(options.durationSeconds * 1000)
            stopAt = now.monotonicMilliseconds + max(1, duration)
        }
        enter(.running, now)
        for client in clients { client.start(now) }
    }

    private func drain(_ now: Moment) {
        stopAt = .max
        enter(.draining, now)
        for client in clients { client.stop(now) }
    }

    private func enter(_ phase: LoadProgress.Phase, _ now: Moment) {
        self.phase = phase
        phaseBeganAt = now.monotonicMilliseconds
        publish(now)
    }
}

extension LoadEngine {
    /// Takes the right to send one request; false if all have been sent.
    @inline(__always)
    func takeRequest() -> Bool {
        if remaining == 0 { return false }
        // Where time decides, this many are never sent.
        remaining &-= 1
        return true
    }

    /// Whether all requests have been sent.
    var isSpent: Bool { remaining == 0 }

    /// A client waits for the run to begin.
    func becameReady() {
        settingUp -= 1
        ready += 1
        everReady += 1
    }

    /// A client has ended; told once of each.
    func hasEnded(_ failure: Failure?, _ standing: LoadClient.Standing) {
        ended += 1
        switch standing {
        case .waiting: break
        case .settingUp: settingUp -= 1
        case .ready: ready -= 1
        }
        if let failure {
            failed += 1
            metrics.failures.count(failure)
        }
    }
}

extension LoadEngine {
    /// Nobody wakes this loop: wishes are looked at with each tick.
    func wokeUp(_: Moment) {}

    /// Looks at timeouts and at what the user wants.
    func ticked(_ now: Moment) {
        switch control.wanted {
        case .goOn:
            break
        case .stop:
            if phase == .connecting || phase == .running {
                isEndedEarly = true
                nextToBegin = clients.count
                drain(now)
            }
        case .abandon:
            isEndedEarly = true
            for client in clients { client.abandon(now) }
        }
        for client in clients { client.timePassed(now) }
        let sincePublished = now.monotonicMilliseconds - publishedAt
        if sincePublished >= LoadEngine.progressMilliseconds { publish(now) }
    }

    private func publish(_ now: Moment) {
        let time = now.monotonicMilliseconds
        var progress = LoadProgress()
        progress.phase = phase
        progress.seconds = Double(time - phaseBeganAt) / 1000
        progress.clients = clients.count
        progress.connected = ready
        progress.failed = failed
        progress.requests = metrics.requests
        progress.errors = metrics.failures.total
        let seconds = Double(time - publishedAt) / 1000
        if publishedAt > 0, seconds > 0 {
            let added = metrics.requests - publishedRequests
            progress.requestsPerSecond = Double(added) / seconds
        }
        progress.p50 = metrics.interval.percentile(50)
        progress.p99 = metrics.interval.percentile(99)
        metrics.resetInterval()
        publishedAt = time
        publishedRequests = metrics.requests
        control.publish(progress)
    }

    private func report() -> LoadReport {
        var report = LoadReport(target: target, settings: settings)
        report.clientsConnected = everReady
        report.clientsFailed = failed
        report.handshakes = metrics.handshakes.summary
        report.setUpSeconds = setUpSeconds
        report.elapsedSeconds = startedAt == 0 ? 0 : Double(lastReplyAt - startedAt) / 1e9
        report.requests = metrics.requests
        if report.elapsedSeconds > 0 {
            report.requestsPerSecond = Double(metrics.requests) / report.elapsedSeconds
        }
        report.bytesSent = metrics.bytesSent
        report.bytesReceived = metrics.bytesReceived
        report.latency = metrics.latency
        report.commands = options.mix.shares.map { row($0.command) }
        report.failures = metrics.failures.rows
        report.wrongReplySamples = metrics.failures.wrongReplySamples
        report.errorReplySamples = metrics.failures.errorReplySamples
        report.isEndedEarly = isEndedEarly
        return report
    }

    private var target: LoadReport.Target {
        LoadReport.Target(
            host: options.host,
            port: options.port,
            address: firstConnection?.address ?? "",
            encoding: options.encoding,
            tlsVersion: firstConnection?.version ?? "",
            cipherSuite: firstConnection?.cipher ?? "",
            isVerified: options.trust != .anyone
        )
    }

    private var settings: LoadReport.Settings {
        LoadReport.Settings(
            clients: options.clients,
            pipeline: options.pipeline,
            mix: options.mix.description,
            minValueBytes: options.valueBytes.lowerBound,
            maxValueBytes: options.valueBytes.upperBound,
            keys: options.keyCount,
            keyPrefix: options.keyPrefix,
            seed: options.seed
        )
    }

    private func row(_ command: LoadCommand) -> LoadReport.CommandRow {
        let row = metrics.rows[Int(command.rawValue)]
        return LoadReport.CommandRow(
            command: command.name,
            replies: row.replies,
            missing: row.missing,
            errors: row.errors,
            wrong: row.wrong,
            latency: row.latency.summary
        )
    }
}

@available(*, unavailable)
extension LoadEngine: Sendable {}
