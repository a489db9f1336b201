// A verification from outside: load, then checks.
internal import Reactor
internal import TLS

#if canImport(FoundationEssentials)
internal import FoundationEssentials
#else
internal import Foundation
#endif

/// Puts contended load on a server, takes down what happened, and checks it.
public final class VerifyRunner {
    private let options: VerifyOptions
    private let control = VerifyControl()
    private var threads: [LoopThread] = []
    private var startedAt: Int64 = 0
    private var stoppedAt: Int64 = 0

    /// Makes the runner of the verification that `options` describe.
    public init(_ options: VerifyOptions) throws(LoadError) {
        try options.validate()
        self.options = options
    }

    /// Starts the loops' threads.
    public func start() throws(LoadError) {
        let preparation = try LoadRunner(options.load).prepare()
        guard let address = preparation.addresses.first else {
            throw .unready("the host '\(options.load.host)' has no address")
        }
        startedAt = SystemClock.monotonicNanoseconds()
        for index in 0..<options.loops {
            let (options, control, begin) = (options, control, startedAt)
            let context = preparation.context
            do throws(SystemError) {
                let thread = try LoopThread("verify-\(index)") {
                    VerifyRunner.carryOut(index, options, address, context, control, begin)
                }
                threads.append(thread)
            } catch {
                throw .unready("cannot start a thread: \(error)")
            }
        }
    }

    private static func carryOut(
        _ index: Int,
        _ options: VerifyOptions,
        _ address: SocketAddress,
        _ context: TLSContext,
        _ control: VerifyControl,
        _ startedAt: Int64
    ) {
        guard
            let loop = try? VerifyLoop(
                index,
                options,
                address,
                context,
                control,
                startedAt: startedAt
            )
        else {
            let empty = HistoryRecorder().notes
            return control.finish(
                VerifyControl.Outcome(
                    notes: empty,
                    connections: 0,
                    refusals: 0,
                    failures: ["an event loop cannot be started"]
                )
            )
        }
        loop.run()
    }

    /// Answered requests so far.
    public var requests: Int { control.requests }

    /// Seconds since the start.
    public var seconds: Double {
        Double(SystemClock.monotonicNanoseconds() - startedAt) / 1e9
    }

    /// Whether the load has gone on for as long as was asked.
    public var isDue: Bool { seconds >= options.durationSeconds }

    /// Ends the load and waits for the last answers; what all clients did and saw, and the run's figures.
    public func finish() -> (history: History, run: VerifyReport.Run) {
        control.stop()
        let seconds = seconds
        for thread in threads { thread.join() }
        threads = []
        let outcomes = control.outcomes
        var run = VerifyReport.Run()
        run.server = "\(options.load.host):\(options.load.port)"
        run.seed = options.load.seed
        run.clients = options.clients + options.watchers + options.subscribers
        run.connections = outcomes.reduce(0) { $0 + $1.connections }
        run.refusals = outcomes.reduce(0) { $0 + $1.refusals }
        run.failures = outcomes.flatMap(\.failures)
        run.seconds = seconds
        return (History(outcomes.map(\.notes)), run)
    }

    /// Runs all of it and checks; SIGINT, SIGTERM and SIGHUP end the load early.
    ///
    /// For the main thread of a program that has started no other thread. `show` is called now and then
    /// with a line for a person; the history is handed to `keep` before it is checked.
    public func run(
        show: (String) -> Void,
        keep: (History) throws -> Void
    ) throws -> VerifyReport {
        Signals.block()
        try start()
        var shownAt = 0.0
        while !isDue {
            if Signals.wait(milliseconds: 50) != nil { break }
            if seconds - shownAt < 1 { continue }
            shownAt = seconds
            let requests = Figures.grouped(UInt64(requests))
            show("\(Figures.right(Figures.fixed(shownAt, 0), 4)) s  \(requests) operations")
        }
        let (history, run) = finish()
        try keep(history)
        show("checking \(Figures.grouped(UInt64(history.operationCount))) operations")
        var report = HistoryJudge.judge(history, options.rules)
        report.run = run
        return report
    }
}

extension History {
    /// The operations on all keys.
    public var operationCount: Int { keys.reduce(0) { $0 + $1.operations.count } }

    /// Writes the history to the file at `path`.
    public func write(toFile path: String) throws {
        let text = try HistoryFile.text(self)
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
    }

    /// Reads what `write` wrote.
    public init(file path: String) throws(LoadError) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .unready("cannot read the history \(path)")
        }
        self = try HistoryFile.parse(String(decoding: data, as: UTF8.self))
    }
}
