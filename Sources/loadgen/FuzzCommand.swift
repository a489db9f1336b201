// `loadgen fuzz`: valid and broken requests from a seed, and whether the server minds.
import ArgumentParser
import LoadKit

struct FuzzCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuzz",
        abstract:
            "Sends valid, broken and hostile bytes from a seed, and checks what the server does.",
        discussion: """
            Each case is one connection: requests of the command table in every encoding, some of them \
            cut, spliced, flipped or with lengths that lie; frames of a WebSocket in every form, and such as \
            no client may send; TLS records and hellos that are none; bytes one at a time, pauses, half \
            closes and resets. Checked is that valid requests are answered \
            as a model says, that whatever is answered is well formed, that connections end, and that \
            somebody else is always served right and in time.

            The same seed makes the same cases. What fails is made smaller, printed, and saved to the \
            corpus, all of which every run replays first.

              loadgen fuzz --seed 7 --duration 60 --pid $(pidof sallyport)
              loadgen fuzz --seed 7 --case 1234               (one case again)
              loadgen fuzz --duration 0 --corpus loadtest/corpus     (the corpus alone)

            Fuzz your own servers only: cases leave keys behind, of eight letters and more.

            Exit codes: 0 no failures; 1 failures; 2 the run could not begin; 64 options that make no \
            sense.
            """
    )

    @Option(help: "What determines every case (default: another one for each run).")
    var seed: UInt64?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("How long to run new cases.", valueName: "seconds")
    )
    var duration = 60.0

    @Option(name: [.customLong("case")], help: "Run this case of the seed alone.")
    var number: UInt64?

    @Option(help: "Run so many new cases, at most.")
    var cases: UInt64?

    @Option(
        help: ArgumentHelp(
            "Folder of cases to replay first, and to save failures to.",
            valueName: "folder"
        )
    )
    var corpus = "loadtest/corpus"

    @Flag(help: "Save no failures.")
    var noSave = false

    @Option(help: "The server's process on this machine, to see whether it grows.")
    var pid: Int32?

    @Option(help: "Failures behind which no more are looked for.")
    var maxFailures = 5

    @Option(
        help: ArgumentHelp(
            "How long somebody else may have to wait for a reply.",
            valueName: "milliseconds"
        )
    )
    var healthTimeout: Int64 = 2_000

    @OptionGroup(title: "Server") var server: ServerArguments

    @OptionGroup var output: ReportArguments

    mutating func run() throws {
        let console = output.console
        try console.carryOut {
            var options = try FuzzOptions()
            options.seed = seed ?? UInt64.random(in: 1...UInt64(UInt32.max))
            options.durationSeconds = duration
            options.onlyCase = number
            options.maxCases = cases
            options.corpus = corpus
            options.savesFailures = !noSave
            options.processID = pid
            options.maxFailures = maxFailures
            options.healthMilliseconds = healthTimeout
            try server.apply(to: &options.load)
            let report = try FuzzRunner(options).runUntilSignal { console.show(line: $0) }
            try output.show(report, console)
            if !report.isGood { throw ExitCode(1) }
        }
    }
}
