// A run from outside: begun and awaited on one thread, carried out on others.
internal import Core
internal import Reactor
internal import Synchronization
internal import TLS

/// Carries out one run.
///
/// `start` returns once the loops' threads run; `progress` may be read at any time from then on.
public final class LoadRunner: Sendable {
    /// Descriptors that are no client's: standard streams, the loops' own, the report's file.
    private static let spareDescriptors = 32
    /// Descriptors of a loop.
    private static let loopDescriptors = 3

    private let options: LoadOptions
    let control: LoadControl
    /// The loops' threads, until they have been joined.
    private let threads = Mutex<[LoopThread]>([])
    private let watch = Mutex(ServerWatch())

    /// Makes the runner of the run that `options` describe.
    public init(_ options: LoadOptions) throws(LoadError) {
        try options.validate()
        self.options = options
        control = LoadControl(loops: options.loops)
    }

    /// Resolves the host, reads the certificate authorities, and starts the loops' threads.
    ///
    /// Blocks for as long as the resolver takes.
    public func start() throws(LoadError) {
        try begin(prepare())
    }

    /// What is made before the loops' threads exist.
    struct Preparation {
        var context: TLSContext
        var addresses: [SocketAddress]
    }

    /// Does what may block, on the caller's thread.
    func prepare() throws(LoadError) -> Preparation {
        let limit = DescriptorLimit.raise()
        let own = LoadRunner.spareDescriptors + options.loops * LoadRunner.loopDescriptors
        if options.clients + own > limit {
            throw .unready(
                "\(options.clients) clients do not fit into the limit of \(limit) open files: "
                    + "raise it (ulimit -n) or ask for fewer --clients"
            )
        }
        let preparation = Preparation(context: try makeContext(), addresses: try resolve())
        if options.isStaged { return preparation }
        try findServer(preparation.addresses)
        try LoadReport.validate(options.thresholds, options, hasServer: watch.withLock(\.isKnown))
        return preparation
    }

    private func findServer(_ addresses: [SocketAddress]) throws(LoadError) {
        var process = options.processID.map { ServerProcess(id: $0) }
        if let process, process.sample() == nil {
            throw .unready("there is no process \(process.id) on this machine")
        }
        if process == nil, addresses.allSatisfy({ ServerProcess.isLoopback($0.host) }) {
            process = ServerProcess.listening(on: options.port)
        }
        watch.withLock { $0.process = process }
    }

    /// Starts the loops' threads.
    func begin(_ preparation: Preparation) throws(LoadError) {
        let (options, control) = (options, control)
        let (context, addresses) = (preparation.context, preparation.addresses)
        for index in 0..<options.loops {
            do throws(SystemError) {
                let started = try LoopThread("loadgen-\(index)") {
                    LoadRunner.carryOut(options, addresses, context, control, index)
                }
                threads.withLock { $0.append(started) }
            } catch {
                control.askToStop()
                throw .unready("cannot start a thread: \(error)")
            }
        }
    }

    /// The body of a loop's thread.
    private static func carryOut(
        _ options: LoadOptions,
        _ addresses: [SocketAddress],
        _ context: TLSContext,
        _ control: LoadControl,
        _ index: Int
    ) {
        do throws(SystemError) {
            let engine = try LoadEngine(options, addresses, context, control, index: index)
            control.finish(.success(engine.run()))
        } catch {
            control.finish(.failure(.unready("cannot start an event loop: \(error)")))
        }
    }

    private func resolve() throws(LoadError) -> [SocketAddress] {
        do throws(SystemError) {
            let addresses = try SocketAddress.resolve(host: options.host, port: options.port)
            if !addresses.isEmpty { return addresses }
        } catch {
            throw .unready("cannot resolve the host '\(options.host)'")
        }
        throw .unready("the host '\(options.host)' has no address")
    }

    private func makeContext() throws(LoadError) -> TLSContext {
        do throws(TLSError) {
            switch options.trust {
            case .anyone: return try TLSContext(client: .anyone)
            case .system: return try TLSContext(client: .system)
            case .authorities(let file): return try TLSContext(client: .authorities(file: file))
            }
        } catch {
            throw .unready("\(error)")
        }
    }

    /// Ends the run before its time; called again, without waiting for replies in flight.
    public func stop() {
        control.askToStop()
    }

    /// Where the run stands.
    public var progress: LoadProgress { control.progress }

    /// Looks at the server's process, where it is known; to be called every few milliseconds.
    public func advance() {
        let now = SystemClock.now().monotonicMilliseconds
        let isMeasuring = control.progress.phase == .running
        watch.withLock { $0.look(now, isMeasuring: isMeasuring) }
    }

    /// What the run came to; nil while it goes on.
    public var result: Result<LoadReport, LoadError>? {
        guard let result = control.result else { return nil }
        // The result is the last that a thread leaves, so this does not wait for anything.
        let ended = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in ended { thread.join() }
        let (server, id) = watch.withLock { watch in
            watch.conclude()
            return (watch.usage.figures, watch.process?.id ?? 0)
        }
        return result.map { totals in
            var report = LoadReport(totals, options, server, processID: id)
            if let verification = options.verification {
                report.verification = LoadReport.Verification(totals, verification)
            }
            return report
        }
    }
}

extension LoadRunner {
    /// Milliseconds between two looks at how the run goes.
    private static let lookMilliseconds = 50

    /// Starts the run and waits for its end; SIGINT, SIGTERM and SIGHUP end it early.
    ///
    /// For the main thread of a program that has started no other thread: the signals are blocked in
    /// all threads from then on. `show` is called here, whenever there is news.
    public func run(show: (LoadProgress) -> Void) throws(LoadError) -> LoadReport {
        // While the resolver is asked, Control-C still ends the program at once.
        let preparation = try prepare()
        Signals.block()
        try begin(preparation)
        var shown = 0
        while true {
            if Signals.wait(milliseconds: LoadRunner.lookMilliseconds) != nil { stop() }
            advance()
            if let result { return try result.get() }
            let progress = progress
            if progress.number == shown { continue }
            shown = progress.number
            show(progress)
        }
    }
}

/// Looks at the server's process while the run is measured.
struct ServerWatch: Sendable {
    /// Milliseconds between two looks.
    private static let interval: Int64 = 200

    /// The process; nil where it is not known.
    var process: ServerProcess?
    /// What it used.
    private(set) var usage = ServerUsage()
    private var lookedAt: Int64 = .min
    private var isMeasuring = false

    /// Makes a watch of nothing.
    init() {}

    /// Whether there is a process to look at.
    var isKnown: Bool { process != nil }

    /// Looks, if it is time, or if measuring begins or ends.
    mutating func look(_ now: Int64, isMeasuring: Bool) {
        let hasChanged = isMeasuring != self.isMeasuring
        self.isMeasuring = isMeasuring
        if !hasChanged, !isMeasuring || now - lookedAt < ServerWatch.interval { return }
        lookedAt = now
        if let sample = process?.sample() { usage.add(sample) }
    }

    /// Looks once more, if the end of measuring was not seen, or not even its beginning.
    mutating func conclude() {
        if !isMeasuring, usage.last != nil { return }
        isMeasuring = false
        if let sample = process?.sample() { usage.add(sample) }
    }
}
