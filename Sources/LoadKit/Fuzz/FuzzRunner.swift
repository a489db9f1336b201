// A fuzzing run from outside: replay, new cases, shrinking, report.
internal import Reactor
internal import TLS

/// Runs cases until time is up or enough is wrong; on the thread that calls it.
public final class FuzzRunner {
    /// Cases between two looks at the server's process.
    private static let sampleEvery: UInt64 = 20
    /// Cases behind which the process holds what it needs, so that growth counts from there.
    private static let warmUpCases: UInt64 = 100
    /// Times that a failing case is run again.
    private static let attempts = 3

    private let options: FuzzOptions
    private let executor: FuzzExecutor
    private let generator: FuzzGenerator
    private var report = FuzzReport()
    private var usage = ServerUsage()
    private var base: ServerProcess.Sample?
    /// Whether to end before time is up.
    public var isStopped = false

    /// Resolves the host, reads the certificate authorities; blocks for as long as the resolver takes.
    public init(_ options: FuzzOptions) throws(LoadError) {
        try options.validate()
        var options = options
        // Not of the seed: what an earlier run with it left must not be in the way.
        let clock = String(SystemClock.monotonicNanoseconds() / 1_000_000, radix: 36)
        options.runName = String(clock.suffix(3))
        self.options = options
        generator = FuzzGenerator(seed: options.seed)
        let first = try LoadRunner(options.load).prepare()
        let second = try LoadRunner(options.load).prepare()
        second.context.limitToVersion12()
        guard let address = first.addresses.first else {
            throw .unready("the host '\(options.load.host)' has no address")
        }
        do {
            executor = try FuzzExecutor(options, address, first.context, second.context)
        } catch {
            throw .unready("cannot start an event loop: \(error)")
        }
        report.server = "\(options.load.host):\(options.load.port)"
        report.seed = options.seed
    }

    /// Runs all of it; `show` is called about once a second with a line for a person.
    public func run(show: (String) -> Void) throws(LoadError) -> FuzzReport {
        if let failure = executor.health.check() {
            throw .unready(
                "the server does not answer before anything is done to it: \(failure.detail)"
            )
        }
        sample()
        try replay(show)
        let startedAt = SystemClock.monotonicNanoseconds()
        if let number = options.onlyCase {
            try attempt(generator.make(number), file: nil)
            report.cases = 1
        } else {
            try explore(startedAt, show)
        }
        report.seconds = Double(SystemClock.monotonicNanoseconds() - startedAt) / 1e9
        finish()
        return report
    }

    /// The same, ended early by SIGINT, SIGTERM and SIGHUP; for the main thread of a program.
    public func runUntilSignal(show: (String) -> Void) throws(LoadError) -> FuzzReport {
        Signals.block()
        return try run(show: show)
    }

    private func replay(_ show: (String) -> Void) throws(LoadError) {
        guard let folder = options.corpus, options.onlyCase == nil else { return }
        let corpus = FuzzCorpus(folder: folder)
        for name in corpus.files() {
            report.replayed += 1
            try attempt(try corpus.load(name), file: name)
        }
        if report.replayed > 0 { show("replayed \(report.replayed) cases of \(folder)") }
    }

    private func explore(_ startedAt: Int64, _ show: (String) -> Void) throws(LoadError) {
        var shownAt = startedAt
        let end = startedAt + Int64(options.durationSeconds * 1e9)
        while !isStopped, report.findings.count < options.maxFailures {
            let now = SystemClock.monotonicNanoseconds()
            if now >= end || report.cases >= options.maxCases ?? .max { break }
            try attempt(generator.make(report.cases), file: nil)
            report.cases += 1
            if report.cases % FuzzRunner.sampleEvery == 0 { sample() }
            if report.cases == FuzzRunner.warmUpCases { base = usage.last }
            if now - shownAt < 1_000_000_000 { continue }
            if Signals.wait(milliseconds: 0) != nil { isStopped = true }
            shownAt = now
            let seconds = Figures.fixed(Double(now - startedAt) / 1e9, 0)
            let cases = Figures.grouped(report.cases)
            show(
                "\(Figures.right(seconds, 4)) s  \(cases) cases, \(report.findings.count) failures"
            )
        }
    }

    /// Runs one case; what it shows is made smaller, saved and reported.
    private func attempt(_ subject: FuzzCase, file: String?) throws(LoadError) {
        guard let failure = executor.run(subject) else { return }
        var finding = FuzzReport.Finding(
            kind: failure.kind,
            detail: failure.detail,
            seed: subject.seed,
            number: subject.number
        )
        finding.steps = subject.steps.count
        finding.bytes = subject.byteCount
        var smallest = subject
        finding.isReproduced = (0..<FuzzRunner.attempts).contains { _ in
            fails(subject, failure.kind)
        }
        // What is dead cannot be asked for less.
        if finding.isReproduced, failure.kind != .dead { smallest = shrink(subject, failure.kind) }
        smallest.failure = "\(failure.kind.rawValue): \(failure.detail)"
        finding.smallestSteps = smallest.steps.count
        finding.smallestBytes = smallest.byteCount
        finding.smallest = (try? smallest.json()) ?? ""
        finding.file = file
        if file == nil, options.savesFailures, let folder = options.corpus {
            let corpus = FuzzCorpus(folder: folder)
            finding.file = "\(folder)/\(try corpus.save(smallest, failure.kind))"
        }
        report.findings.append(finding)
        if failure.kind == .dead { isStopped = true }
    }

    private func fails(_ subject: FuzzCase, _ kind: FuzzFailure.Kind) -> Bool {
        executor.run(subject)?.kind == kind
    }

    private func shrink(_ subject: FuzzCase, _ kind: FuzzFailure.Kind) -> FuzzCase {
        let end = SystemClock.monotonicNanoseconds() + Int64(options.shrinkSeconds * 1e9)
        return FuzzShrinker.shrink(subject) { candidate in
            SystemClock.monotonicNanoseconds() < end && fails(candidate, kind)
        }
    }

    private func sample() {
        guard let id = options.processID, let sample = ServerProcess(id: id).sample() else {
            return
        }
        usage.add(sample)
    }

    private func finish() {
        // What the server is still closing is not a leak.
        let settled = SystemClock.monotonicNanoseconds() + 1_000_000_000
        while options.processID != nil, SystemClock.monotonicNanoseconds() < settled {
            executor.room.loop.turn(maximumWaitMilliseconds: 50)
        }
        sample()
        checkGrowth()
        let tally = executor.tally
        report.refused = tally.refused
        report.asked = tally.asked
        report.checked = tally.checked
        report.bytesSent = tally.bytesSent
        report.bytesReceived = tally.bytesReceived
        report.healthChecks = executor.health.checks
        report.health = executor.health.latency.summary
        report.process = usage.figures
        if tally.refused * 5 > max(20, tally.executed) * 2 {
            report.warnings.append("the server refused \(tally.refused) of \(tally.executed) cases")
        }
        executor.health.drop()
    }

    private func checkGrowth() {
        guard let base, let last = usage.last else { return }
        var detail: [String] = []
        if last.descriptors > base.descriptors + options.maxMoreDescriptors {
            detail.append("\(base.descriptors) descriptors became \(last.descriptors)")
        }
        if last.residentBytes > base.residentBytes + options.maxMoreBytes {
            detail.append("\(base.residentBytes >> 20) MiB became \(last.residentBytes >> 20)")
        }
        if detail.isEmpty { return }
        report.findings.append(
            FuzzReport.Finding(
                kind: .growth,
                detail: detail.joined(separator: ", "),
                seed: options.seed,
                number: report.cases
            )
        )
    }
}

@available(*, unavailable)
extension FuzzRunner: Sendable {}
