// The thread beside the loops: it may touch files, which loops may not.
internal import Access
internal import Commands
internal import Core
internal import Logging
internal import Reactor
internal import Synchronization

/// Watches the token file and the shutdown's deadline, ten times a second.
final class ControlThread: Sendable {
    private let state: ServerState
    private let tokens: TokenKeeper
    private let mailboxes: [Mailbox]
    private let waker: Waker
    private let starting: Mutex<ControlLoopBox?>
    private let thread = Mutex<LoopThread?>(nil)
    private let requests = Mutex(Requests())

    // Belongs to the thread; in a lock because the compiler cannot see that.
    private let ladder = Mutex(OverloadLadder())
    private let tokenLimits = Mutex(TokenLimitReport())

    private struct Requests {
        var reload = false
        var stop = false
        var drain: DrainSchedule?
        var progress: DrainProgress?
    }

    init(
        _ state: ServerState,
        _ tokens: TokenKeeper,
        _ mailboxes: [Mailbox]
    ) throws(SystemError) {
        self.state = state
        self.tokens = tokens
        self.mailboxes = mailboxes
        let loop = try EventLoop()
        waker = loop.wakeUpHandle
        starting = Mutex(ControlLoopBox(loop: loop))
    }

    func start() throws(SystemError) {
        let box = starting.withLock { box in
            let taken = box
            box = nil
            return taken
        }
        guard let box else { return }
        let started = try LoopThread("control") { [self] in
            let delegate = ControlDelegate { [self] loop, now in turn(loop, now) }
            delegate.loop = box.loop
            box.loop.delegate = delegate
            box.loop.run()
            box.loop.delegate = nil
        }
        thread.withLock { $0 = started }
    }

    func reloadTokens() {
        requests.withLock { $0.reload = true }
        waker.wakeUp()
    }

    func shutDown() {
        state.facts.isDraining.store(true, ordering: .relaxed)
        let now = SystemClock.now().monotonicMilliseconds
        let schedule = DrainSchedule(
            limits: state.configuration.limits,
            began: now,
            timeout: state.configuration.shutdownTimeoutMilliseconds,
            connections: state.facts.openConnections.load(ordering: .relaxed)
        )
        let isFirst = requests.withLock { requests in
            if requests.drain != nil { return false }
            requests.drain = schedule
            requests.progress = DrainProgress(began: now)
            return true
        }
        if !isFirst { return }
        post(.drain(schedule))
        waker.wakeUp()
    }

    /// Ends what is left of a shutdown at its deadline, and says in the log how far it is until then.
    private func reviewDrain(_ drain: DrainSchedule, _ now: Int64) {
        if now >= drain.deadline { post(.end) }
        let connections = state.facts.openConnections.load(ordering: .relaxed)
        let unsent = mailboxes.reduce(0) { $0 + $1.unsentBytes.load(ordering: .relaxed) }
        let isDue = requests.withLock { requests in
            requests.progress?.isDue(connections: connections, unsentBytes: unsent, now) ?? false
        }
        if !isDue { return }
        state.logger.info(
            "draining",
            metadata: [
                "connections": "\(connections)", "unsent_bytes": "\(unsent)",
                "seconds_left": "\(max(0, drain.deadline - now) / 1000)",
            ]
        )
    }

    /// Ends the thread and waits for it.
    func stop() {
        requests.withLock { $0.stop = true }
        waker.wakeUp()
        let running = thread.withLock { thread in
            let taken = thread
            thread = nil
            return taken
        }
        running?.join()
    }

    private func post(_ message: WorkerMessage) {
        for mailbox in mailboxes { mailbox.post(message) }
    }

    private func reportTokenLimits(_ now: Moment) {
        let lines = tokenLimits.withLock {
            $0.take(state.limiter.counters, now.monotonicMilliseconds)
        }
        for line in lines {
            state.logger.warning(
                line.isShadow ? "a limit would have refused" : "a limit refused",
                metadata: ["limit": "\(line.limit.rawValue)", "times": "\(line.count)"]
            )
        }
    }

    /// Moves the server up or down the overload ladder, and says so in the log.
    private func climb(_ now: Moment) {
        let limits = state.configuration.limits
        let waiting = mailboxes.reduce(0) { $0 + $1.waitingHandshakes.load(ordering: .relaxed) }
        let held = state.facts.connectionBytes.load(ordering: .relaxed)
        let cap = limits.maxConnectionMemoryBytes
        let lateness = mailboxes.reduce(0) { max($0, $1.lateness(now)) }
        let allowed = limits.overloadLatenessMilliseconds
        let sample = OverloadSample(
            latenessShare: allowed > 0 ? Double(lateness) / Double(allowed) : 0,
            handshakeShare: Double(waiting) / Double(max(1, limits.maxPendingHandshakes)),
            memoryShare: cap > 0 ? Double(held) / Double(cap) : 0
        )
        let before = state.facts.overloadLevel
        let level = ladder.withLock { $0.take(sample) }
        if level == before { return }
        state.facts.overload.store(level.rawValue, ordering: .relaxed)
        state.logger.log(
            level: level > before ? .warning : .notice,
            level > before ? "overloaded" : "less overloaded",
            metadata: [
                "level": "\(level.name)", "before": "\(before.name)",
                "lateness_ms": "\(lateness)", "waiting_handshakes": "\(waiting)",
                "connection_bytes": "\(held)",
            ]
        )
    }

    private func turn(_ loop: EventLoop, _ now: Moment) {
        let asked = requests.withLock { requests in
            let asked = requests
            requests.reload = false
            return asked
        }
        if asked.stop { loop.stop() }
        if let drain = asked.drain { reviewDrain(drain, now.monotonicMilliseconds) }
        climb(now)
        reportTokenLimits(now)
        let outcome = tokens.review(
            isAsked: asked.reload,
            authority: state.authority,
            now: now.unixMilliseconds
        )
        switch outcome {
        case .unchanged: break
        case .changed(let count):
            if let count { state.logger.info("tokens loaded", metadata: ["tokens": "\(count)"]) }
            post(.tokensChanged)
        case .failed(let error):
            state.logger.error(
                "the token file was not loaded, the tokens before stay in force",
                metadata: ["error": "\(error)"]
            )
        }
    }
}

/// A loop on its way to its thread.
// SAFETY: made by one thread and handed over once to the thread that runs it.
private final class ControlLoopBox: @unchecked Sendable {
    let loop: EventLoop

    init(loop: EventLoop) {
        self.loop = loop
    }
}

private final class ControlDelegate: EventLoopDelegate {
    private let turn: (EventLoop, Moment) -> Void
    weak var loop: EventLoop?

    init(_ turn: @escaping (EventLoop, Moment) -> Void) {
        self.turn = turn
    }

    func wokeUp(_ now: Moment) { ticked(now) }

    func ticked(_ now: Moment) {
        if let loop { turn(loop, now) }
    }
}
