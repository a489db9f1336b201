// A siege from outside: begins the load and the attack, each on its thread, and ends both.
internal import Core
internal import Reactor
internal import TLS

/// Carries out one siege.
///
/// `start`, then `advance` every few milliseconds until there is a `result`; all on one thread.
public final class SiegeRunner {
    /// Milliseconds between two looks.
    private static let lookMilliseconds = 20
    /// Milliseconds between two looks at the server's process.
    private static let sampleMilliseconds: Int64 = 200
    /// Descriptors that are no client's and no attacker's.
    private static let spareDescriptors = 64

    private let options: SiegeOptions
    private let shape: SiegeShape
    private let load: LoadRunner
    private let process: ServerProcess?
    private let attack = SiegeControl()
    private var preparation: Preparation?
    private var attackers: LoopThread?
    private var schedule: SiegeSchedule
    private var usage: [SiegePhase: ServerUsage] = [:]
    private var sampledAt: Int64 = 0
    private var isStopped = false
    /// Whether established clients are missing, so that there is nothing to measure.
    private var isShort = false
    private var failure: LoadError?

    /// What the siege came to; nil while it goes on.
    public private(set) var result: Result<SiegeReport, LoadError>?

    /// Makes the runner of the siege that `options` describe.
    public init(_ options: SiegeOptions) throws(LoadError) {
        try options.validate()
        self.options = options
        let fault = try SiegeFaults.named(options.fault)
        shape = fault.shape(options.wish)
        var load = options.load
        load.isStaged = true
        load.requests = nil
        // The siege ends it.
        load.durationSeconds = 1_000_000
        self.load = try LoadRunner(load)
        process = options.processID.map { ServerProcess(id: $0) }
        schedule = SiegeSchedule(
            warmUp: Int64(options.warmUpSeconds * 1000),
            length: options.wish.phaseMilliseconds,
            grace: Int64(options.graceSeconds * 1000),
            ending: shape.ending
        )
    }

    /// Resolves the host, reads the certificate authorities, and begins.
    public func start() throws(LoadError) {
        try begin(prepare())
    }

    /// What is made before any thread is.
    private struct Preparation {
        var load: LoadRunner.Preparation
        var context: TLSContext
        var source: SocketAddress?
    }

    private func prepare() throws(LoadError) -> Preparation {
        let limit = DescriptorLimit.raise()
        let wanted = options.load.clients + shape.open + SiegeRunner.spareDescriptors
        if wanted > limit {
            throw .unready(
                "\(options.load.clients) clients and \(shape.open) attackers do not fit into the "
                    + "limit of \(limit) open files: raise it (ulimit -n) or ask for fewer --peers"
            )
        }
        if let process, process.sample() == nil {
            throw .unready("there is no process \(process.id) on this machine")
        }
        let load = try load.prepare()
        let source = try source(for: load.addresses)
        do throws(TLSError) {
            // Attackers check no certificate: the time is better spent on attacking.
            let context = try TLSContext(client: .anyone)
            return Preparation(load: load, context: context, source: source)
        } catch {
            throw .unready("\(error)")
        }
    }

    private func source(for addresses: [SocketAddress]) throws(LoadError) -> SocketAddress? {
        if options.spread == 0 { return nil }
        let host = options.source ?? SiegeOptions.defaultSource
        let found = try? SocketAddress.resolve(host: host, port: 0)
        guard let source = found?.first else { throw .unready("--source \(host) is no address") }
        if addresses.contains(where: { $0.hasFamily(of: source) }) { return source }
        throw .unready(
            "attackers cannot come from \(host): the server's addresses are not of its family"
        )
    }

    private func begin(_ preparation: Preparation) throws(LoadError) {
        self.preparation = preparation
        try load.begin(preparation.load)
    }

    /// Ends the siege before its time.
    public func stop() {
        isStopped = true
    }

    /// Looks at the time and does what is due.
    public func advance() {
        if result != nil { return }
        let now = SystemClock.now().monotonicMilliseconds
        if now - sampledAt >= SiegeRunner.sampleMilliseconds { sample(now) }
        switch schedule.next(now, situation) {
        case .nothing: break
        case .closeDoors: attack.ask(for: .closeDoors)
        case .enter(let phase): enter(phase, now)
        }
        if schedule.phase == .over { conclude() }
    }

    private var situation: SiegeSchedule.Situation {
        let progress = load.progress
        return SiegeSchedule.Situation(
            isLoadRunning: progress.phase == .running,
            isLoadOver: isStopped || isShort || failure != nil || load.result != nil,
            isAttackOver: attack.isOver
        )
    }

    private func sample(_ now: Int64) {
        sampledAt = now
        guard let sample = process?.sample() else { return }
        usage[schedule.phase, default: ServerUsage()].add(sample)
    }

    private func enter(_ phase: SiegePhase, _ now: Int64) {
        load.control.ask(forStage: phase.rawValue)
        if let sample = process?.sample() {
            // The end of one phase is the beginning of the next.
            if let ended = SiegePhase(rawValue: phase.rawValue - 1) {
                usage[ended, default: ServerUsage()].add(sample)
            }
            usage[phase, default: ServerUsage()].add(sample)
        }
        switch phase {
        case .warmUp: requireClients()
        case .during: beginAttack()
        case .after: attack.ask(for: .stop)
        case .over:
            attack.ask(for: .stop)
            load.stop()
        case .connecting, .before: break
        }
    }

    private func requireClients() {
        if load.progress.connected < options.load.clients { isShort = true }
    }

    /// Why the established clients are not all there.
    private var shortage: LoadError {
        let failures = load.control.stages.flatMap { $0.metrics.failures.rows }
        let reason = failures.first.map { ": \($0.code), \($0.detail)" } ?? ""
        return .unready("not all established clients could connect\(reason)")
    }

    private func beginAttack() {
        guard let preparation else { return }
        let (options, attack) = (options, attack)
        let addresses = preparation.load.addresses
        let index = load.control.stages.first?.addressIndex ?? 0
        var address = addresses[min(index, addresses.count - 1)]
        if let source = preparation.source, !address.hasFamily(of: source) {
            address = addresses.first { $0.hasFamily(of: source) } ?? address
        }
        let (target, source, context) = (address, preparation.source, preparation.context)
        do throws(SystemError) {
            attackers = try LoopThread("siege") {
                SiegeRunner.carryOut(options, target, source, context, attack)
            }
        } catch {
            failure = .unready("cannot start a thread: \(error)")
        }
    }

    /// The body of the attackers' thread.
    private static func carryOut(
        _ options: SiegeOptions,
        _ address: SocketAddress,
        _ source: SocketAddress?,
        _ context: TLSContext,
        _ control: SiegeControl
    ) {
        do {
            try SiegeEngine(options, address, source, context, control).run()
        } catch {
            var tally = SiegeTally()
            tally.countRefusal("the attack cannot begin: \(error)")
            control.finish(tally)
        }
    }

    private func conclude() {
        guard let loaded = load.result, attackers == nil || attack.isOver else { return }
        attackers?.join()
        attackers = nil
        let isWarm = load.control.stages.contains { $0.number == SiegePhase.warmUp.rawValue }
        if let failure {
            result = .failure(failure)
        } else if case .success = loaded, isShort || !isWarm && !isStopped {
            result = .failure(shortage)
        } else {
            result = loaded.map { _ in report() }
        }
    }

    private func report() -> SiegeReport {
        var report = SiegeReport(fault: options.fault, settings: settings)
        let stages = load.control.stages
        report.phases = SiegePhase.reported.compactMap { phase in
            stages.first { $0.number == phase.rawValue }
                .map { SiegeReport.Phase(phase, $0, usage[phase]) }
        }
        report.attackers = SiegeReport.Attackers(attack.tally)
        report.isEndedEarly = isStopped
        report.addWarnings()
        return report
    }

    private var settings: SiegeReport.Settings {
        SiegeReport.Settings(
            server: "\(options.load.host):\(options.load.port)",
            encoding: options.load.encoding,
            clients: options.load.clients,
            pipeline: options.load.pipeline,
            mix: options.load.mix.description,
            open: shape.open,
            total: shape.total,
            perSecond: shape.perSecond,
            spread: options.spread,
            phaseSeconds: options.phaseSeconds,
            seed: options.load.seed
        )
    }
}

extension SiegeRunner {
    /// Carries out the siege; SIGINT, SIGTERM and SIGHUP end it early.
    ///
    /// For the main thread of a program that has started no other thread: the signals are blocked in
    /// all threads from then on. `show` is called here, once a second.
    public func run(show: (String) -> Void) throws(LoadError) -> SiegeReport {
        // While the resolver is asked, Control-C still ends the program at once.
        let preparation = try prepare()
        Signals.block()
        try begin(preparation)
        var shown = 0
        while true {
            if Signals.wait(milliseconds: SiegeRunner.lookMilliseconds) != nil { stop() }
            advance()
            if let result { return try result.get() }
            let progress = load.progress
            if progress.number == shown { continue }
            shown = progress.number
            show(
                "\(Figures.left(schedule.phase.name, 11))\(progress.text)  \(attack.open) attackers"
            )
        }
    }
}
