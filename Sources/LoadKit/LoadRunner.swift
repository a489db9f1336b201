// A run from outside: begun and awaited on one thread, carried out on another.
internal import Reactor
internal import Synchronization
internal import TLS

/// Carries out one run.
///
/// `start` returns once the loop's thread runs; `progress` may be read at any time from then on.
public final class LoadRunner: Sendable {
    /// Descriptors that are no client's: standard streams, the loop's own, the report's file.
    private static let spareDescriptors = 32

    private let options: LoadOptions
    let control = LoadControl()
    /// The loop's thread, until it has been joined.
    private let thread = Mutex<LoopThread?>(nil)

    /// Makes the runner of the run that `options` describe.
    public init(_ options: LoadOptions) throws(LoadError) {
        try options.validate()
        self.options = options
    }

    /// Resolves the host, reads the certificate authorities, and starts the loop's thread.
    ///
    /// Blocks for as long as the resolver takes.
    public func start() throws(LoadError) {
        try begin(prepare())
    }

    /// What is made before the loop's thread exists.
    struct Preparation {
        var context: TLSContext
        var addresses: [SocketAddress]
    }

    /// Does what may block, on the caller's thread.
    func prepare() throws(LoadError) -> Preparation {
        let limit = DescriptorLimit.raise()
        if options.clients + LoadRunner.spareDescriptors > limit {
            throw .unready(
                "\(options.clients) clients do not fit into the limit of \(limit) open files: "
                    + "raise it (ulimit -n) or ask for fewer --clients"
            )
        }
        return Preparation(context: try makeContext(), addresses: try resolve())
    }

    /// Starts the loop's thread.
    func begin(_ preparation: Preparation) throws(LoadError) {
        let (options, control) = (options, control)
        let (context, addresses) = (preparation.context, preparation.addresses)
        do throws(SystemError) {
            let started = try LoopThread("loadgen") {
                LoadRunner.carryOut(options, addresses, context, control)
            }
            thread.withLock { $0 = started }
        } catch {
            throw .unready("cannot start a thread: \(error)")
        }
    }

    /// The body of the loop's thread.
    private static func carryOut(
        _ options: LoadOptions,
        _ addresses: [SocketAddress],
        _ context: TLSContext,
        _ control: LoadControl
    ) {
        do throws(SystemError) {
            let engine = try LoadEngine(options, addresses, context, control)
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

    /// What the run came to; nil while it goes on.
    public var result: Result<LoadReport, LoadError>? {
        guard let result = control.result else { return nil }
        // The result is the last that the thread leaves, so this does not wait for anything.
        let ended = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        ended?.join()
        return result
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
            if let result { return try result.get() }
            let progress = progress
            if progress.number == shown { continue }
            shown = progress.number
            show(progress)
        }
    }
}
