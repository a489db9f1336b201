// The loop's thread of a run: who connects when, when requests begin and end.
internal import Core
internal import Reactor
internal import TLS

/// Drives its share of the clients of one run on one loop, from the first connect to the last close.
final class LoadEngine: EventLoopDelegate {
    /// Bytes of ciphertext taken from a socket at once.
    private static let receiveBytes = 256 << 10
    /// Requests in flight on each connection while keys are set, at least.
    static let preloadPipeline = 16

    // What does not change during a run.
    let options: LoadOptions
    let addresses: [SocketAddress]
    let context: TLSContext
    let workload: Workload
    /// By the index of the encoding in the options.
    let writers: [RequestWriter]
    let loop: EventLoop
    /// Which of the run's loops this is.
    let index: Int
    let control: LoadControl
    private let alarm: Alarm?

    // What all clients share, by turns; empty between two turns.
    let buffers = TLSBuffers()
    var inbound = ByteBuffer()
    var outbound = ByteBuffer()
    var scratch = ByteBuffer()
    // SAFETY: allocated in `init`, freed in `deinit`; only clients on this loop write to it.
    let receiveRoom: UnsafeMutableRawBufferPointer

    // What changes.
    var totals = LoadTotals()
    var metrics = LoadMetrics()
    /// The address that a connection was made to last: tried first by the next.
    var preferredAddress = 0
    var clients: [LoadClient] = []
    var phase = LoadProgress.Phase.connecting
    var dispatcher: Dispatcher?
    var nextToBegin = 0
    var ready = 0
    var phaseBeganAt: Int64 = 0
    var stopAt: Int64 = .max
    var published = Published()
    /// Where a sample of the keys is taken down; nil where nothing is judged.
    let history: LoadHistory?
    private var ramp: Ramp
    private var settingUp = 0
    private var ended = 0
    private var remaining = UInt64.max
    private var nextPreloadedKey: UInt64
    private var arrivedAt: Set<LoadStep> = []
    private var setUpBeganAt: Int64 = 0
    private var measureAt: Int64 = .max
    private var subscribersStopAt: Int64 = .max
    private var deliveriesTold = (expected: UInt64(0), received: UInt64(0))
    private var probe = LagProbe(SystemClock.monotonicNanoseconds())
    private var stage = 0
    private var stageBeganAt: Int64 = 0

    /// What the last progress said.
    struct Published {
        var milliseconds: Int64 = 0
        var requests: UInt64 = 0
    }

    /// Makes the engine of one loop of a run, on the thread that will call `run`.
    init(
        _ options: LoadOptions,
        _ addresses: [SocketAddress],
        _ context: TLSContext,
        _ control: LoadControl,
        index: Int = 0
    ) throws(SystemError) {
        self.options = options
        self.addresses = addresses
        self.context = context
        self.control = control
        self.index = index
        workload = Workload(options)
        writers = options.encodings.map {
            RequestWriter($0, keyPrefix: options.keyPrefix, seed: options.seed, options.peer)
        }
        let loops = Double(control.loops)
        ramp = Ramp(
            maxSettingUp: max(1, options.maxHandshakes / control.loops),
            perSecond: options.connectionsPerSecond.map { $0 / loops }
        )
        nextPreloadedKey = UInt64(index)
        history = options.verification.map {
            LoadHistory($0, options, run: control.runNumber, loop: index)
        }
        loop = try EventLoop()
        alarm = options.rate == nil ? nil : try Alarm(loop)
        receiveRoom = .allocate(byteCount: LoadEngine.receiveBytes, alignment: 64)
        let numbers = stride(from: index, to: options.clients, by: control.loops)
        clients = numbers.enumerated().map { LoadClient($0.element, index: $0.offset, self) }
    }

    deinit {
        receiveRoom.deallocate()
    }

    /// Runs until all clients have ended.
    func run() -> LoadTotals {
        loop.delegate = self
        defer { loop.delegate = nil }
        setUpBeganAt = SystemClock.monotonicNanoseconds()
        enter(.connecting, loop.now)
        while ended < clients.count {
            advance(loop.now)
            let untilStop = max(0, stopAt - loop.now.monotonicMilliseconds)
            let untilLook = probe.wait(SystemClock.monotonicNanoseconds())
            loop.turn(maximumWaitMilliseconds: min(untilStop, untilLook))
            let now = SystemClock.monotonicNanoseconds()
            probe.look(now)
            if options.isStaged, control.wantedStage != stage { cut(now) }
        }
        // Those who end early, or with nobody, are waited for by nobody.
        for step in [LoadStep.connecting, .preloading, .publishing] { arrive(step) }
        if options.isStaged { cut(SystemClock.monotonicNanoseconds()) }
        if phase == .running { totals.lag = probe.take() }
        enter(.finished, loop.now)
        totals.metrics = metrics
        if let history {
            totals.histories = [history.notes]
            totals.leftOut = history.leftOut
        }
        return totals
    }

    /// Does what is due between two turns of the loop.
    private func advance(_ now: Moment) {
        switch phase {
        case .connecting:
            beginClients(now)
            if nextToBegin == clients.count, settingUp == 0 {
                arrive(.connecting)
                if control.isOver(.connecting) { beginLoad(now) }
            }
        case .preloading:
            let isOver = nextPreloadedKey >= options.keyCount && clients.allSatisfy(\.isIdle)
            if isOver { arrive(.preloading) }
            if control.isOver(.preloading) { beginTraffic(now) }
        case .warmingUp:
            if now.monotonicMilliseconds >= measureAt { measure(now) }
        case .running:
            // Subscribers do not see by themselves that nothing more is published.
            let isOver = options.pubSub != nil && !hasPublishers
            if isOver || now.monotonicMilliseconds >= stopAt { drain(now) }
        case .draining:
            if options.pubSub != nil { drainSubscribers(now) }
        case .finished:
            break
        }
    }

    private func arrive(_ step: LoadStep) {
        if arrivedAt.insert(step).inserted { control.arrive(step) }
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
        published.requests = 0
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

    private func beginLoad(_ now: Moment) {
        let nanoseconds = SystemClock.monotonicNanoseconds()
        totals.setUpSeconds = Double(nanoseconds - setUpBeganAt) / 1e9
        if !options.preloads { return beginTraffic(now) }
        enter(.preloading, now)
        for client in clients { client.start(now) }
    }

    private func beginTraffic(_ now: Moment) {
        let nanoseconds = SystemClock.monotonicNanoseconds()
        if let rate = options.rate {
            let schedule = ArrivalSchedule(
                options.arrivals,
                perSecond: rate,
                beganAt: nanoseconds,
                loop: index,
                loops: control.loops,
                seed: options.seed
            )
            dispatcher = Dispatcher(schedule, clients: clients.count)
        }
        let warmUp = Int64(options.warmUpSeconds * 1000)
        measureAt = now.monotonicMilliseconds + warmUp
        if warmUp > 0 { enter(.warmingUp, now) } else { measure(now) }
        for client in clients { client.start(now) }
    }

    private func measure(_ now: Moment) {
        let nanoseconds = SystemClock.monotonicNanoseconds()
        let beganAt = control.measuring(from: nanoseconds)
        totals.startedAt = beganAt
        totals.lastReplyAt = beganAt
        _ = probe.take()
        // Without a warm-up the messages that another loop has sent already are measured.
        if options.warmUpSeconds > 0 { metrics.deliveries.forgetLatency() }
        metrics.beginMeasuring(options.isStaged ? nil : Timeline(beganAt))
        published.requests = 0
        if let requests = options.requests {
            let share = requests / UInt64(control.loops)
            let isMore = UInt64(index) < requests % UInt64(control.loops)
            remaining = share + (isMore ? 1 : 0)
        } else {
            let duration = max(1, Int64(options.durationSeconds * 1000))
            // Behind the last planned start, whose nanoseconds these milliseconds do not have.
            stopAt = now.monotonicMilliseconds + duration + (options.rate == nil ? 0 : 1)
            dispatcher?.schedule.end = nanoseconds + duration * 1_000_000
        }
        enter(.running, now)
    }

    func drain(_ now: Moment) {
        if phase == .running { totals.lag = probe.take() }
        stopAt = .max
        countUnsent()
        enter(.draining, now)
        for client in clients where !client.isSubscriber { client.stop(now) }
    }

    /// Counts what was planned and is not sent: whoever waited for it has waited until now.
    private func countUnsent() {
        let now = SystemClock.monotonicNanoseconds()
        var random = RandomSource(seed: options.seed, stream: 0)
        var left = LoadEngine.maxUnsent
        while left > 0, dispatcher?.schedule.isDue(now) == true, remaining > 0 {
            guard let planned = dispatcher?.schedule.take() else { break }
            let command = options.pubSub == nil ? workload.pick(&random) : .publish
            metrics.countUnsent(command, plannedAt: planned, endedAt: now)
            left -= 1
        }
        dispatcher = nil
    }

    /// Planned starts that are counted one by one at the end: a second or so of work.
    private static let maxUnsent = 20_000_000

    /// Lets subscribers go once all that was published has come, or has had its time.
    private func drainSubscribers(_ now: Moment) {
        if hasPublishers { return }
        tellDeliveries()
        arrive(.publishing)
        if !control.isOver(.publishing) { return }
        let time = now.monotonicMilliseconds
        if subscribersStopAt == .max {
            subscribersStopAt = time + ClientStateMachine.Limits().drainTimeout
        }
        if !control.isAllDelivered, time < subscribersStopAt { return }
        for client in clients { client.stop(now) }
    }

    /// Whether anybody of this loop still publishes.
    private var hasPublishers: Bool {
        clients.contains { !$0.isSubscriber && $0.machine.isOpen }
    }

    private func tellDeliveries() {
        let tally = metrics.deliveries
        control.addDeliveries(
            expected: tally.expected - deliveriesTold.expected,
            received: tally.received - deliveriesTold.received
        )
        deliveriesTold = (tally.expected, tally.received)
    }

    func enter(_ phase: LoadProgress.Phase, _ now: Moment) {
        self.phase = phase
        phaseBeganAt = now.monotonicMilliseconds
        publish(now)
    }
}

extension LoadEngine {
    /// The next request of `client` in a closed loop; nil if it has none to send now.
    @inline(__always)
    func nextRequest(_ client: LoadClient) -> PlannedRequest? {
        if phase == .preloading {
            if nextPreloadedKey >= options.keyCount { return nil }
            let key = nextPreloadedKey
            nextPreloadedKey += UInt64(control.loops)
            return workload.preload(key: key, &client.random)
        }
        return takeRequest() ? client.makeRequest() : nil
    }

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

    /// Requests that a client may have in flight.
    var pipeline: Int {
        phase == .preloading
            ? max(options.pipeline, LoadEngine.preloadPipeline) : options.pipeline
    }

    /// Starts what is due; on the loop, when all that has arrived was handled.
    func handledEvents(_ now: Moment) {
        if dispatcher == nil { return }
        let time = SystemClock.monotonicNanoseconds()
        while let start = dispatcher?.next(time, isFree: { clients[$0].hasRoom }) {
            if !takeRequest() { return drain(now) }
            let sentAt = clients[start.client].issue(plannedAt: start.plannedAt, now)
            if start.waitedForClient { continue }
            metrics.lateness.record(nanoseconds: sentAt - start.plannedAt)
        }
        if isSpent { return drain(now) }
        if let schedule = dispatcher?.schedule, schedule.next > time, schedule.next < schedule.end {
            alarm?.set(at: schedule.next)
        }
    }

    /// A client waits for the run to begin.
    func becameReady() {
        settingUp -= 1
        ready += 1
        totals.clientsConnected += 1
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
            totals.clientsFailed += 1
            metrics.fail(failure, at: SystemClock.monotonicNanoseconds())
        }
    }
}

/// Wakes a loop when the next start is planned, more precisely than its own waiting.
private final class Alarm: EventHandler {
    private let timer: PreciseTimer
    private var setFor: Int64 = 0

    init(_ loop: EventLoop) throws(SystemError) {
        timer = try PreciseTimer()
        _ = try loop.register(timer.descriptor, self)
    }

    func set(at time: Int64) {
        if time == setFor { return }
        setFor = time
        timer.set(at: time)
    }

    func becameReady(_: Readiness, _: Moment) { timer.drain() }

    func timerFired(_: Moment) {}
}

@available(*, unavailable)
extension LoadEngine: Sendable {}
