// `loadgen verify`: many clients on the same keys, and whether what they saw can be right.
import ArgumentParser
import LoadKit

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Lets many clients work on the same keys, and checks all that they saw.",
        discussion: """
            Clients of all encodings read, write, count, compare and expire a few keys, publish and \
            subscribe, and lose their connections in the middle. What each asked when, and what was \
            answered, is taken down. Then it is checked:

              linearizable   each key's history could have happened one operation at a time
              time to live   no key goes before its time, and none stays long behind it
              messages       each subscriber gets each publisher's messages in order, once, all

            Verdicts: ok; illegal, with the smallest history that shows it, drawn; unknown, where the \
            search was given up (--budget).

              loadgen verify
              loadgen verify --duration 60 --clients 40 --save history.jsonl --json report.json
              loadgen verify --history history.jsonl          (checks what was saved)

            Exit codes: 0 ok; 97 illegal; 96 unknown; 1 ok, but a client failed; 2 it could not begin; \
            64 options that make no sense.
            """
    )

    @Option(name: .shortAndLong, help: "Clients that work on the same keys.")
    var clients = 12

    @Option(help: "Threads that the clients are spread over.")
    var loops = 2

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("How long to send requests.", valueName: "seconds")
    )
    var duration = 10.0

    @Option(name: [.customShort("P"), .long], help: "Requests kept in flight, at most.")
    var pipeline = 4

    @Option(help: "Keys of each kind at a time.")
    var keys = 4

    @Option(help: "Clients that set keys with a time to live and watch them go.")
    var watchers = 4

    @Option(help: "Subscribers; 0 for no messages.")
    var subscribers = 3

    @Option(help: "Requests behind which a client takes another connection, on average.")
    var reconnectEvery = 150

    @Option(
        help: ArgumentHelp("The most requests of one client in a second.", valueName: "rate")
    )
    var rate = 1_000.0

    @Option(
        help:
            "What clients speak: text, json, resp, resp3, protobuf, http or websocket (default: all)."
    )
    var encoding: String?

    @Option(help: "What determines every random choice (default: another one for each run).")
    var seed: UInt64?

    @Option(help: "Steps of the search that one key may take.")
    var budget = HistoryJudge.Rules().budget

    @Option(
        help: ArgumentHelp(
            "What the server's clock may be off at a request.",
            valueName: "milliseconds"
        )
    )
    var slack = HistoryJudge.Rules().slackMilliseconds

    @Option(
        help: ArgumentHelp("How long a key may stay behind its time.", valueName: "milliseconds")
    )
    var maxLate = HistoryJudge.Rules().maxLateMilliseconds

    @Option(help: ArgumentHelp("Check this saved history, without a server.", valueName: "file"))
    var history: String?

    @Option(help: ArgumentHelp("Save the history to this file.", valueName: "file"))
    var save: String?

    @OptionGroup(title: "Server") var server: ServerArguments

    @OptionGroup var output: ReportArguments

    mutating func run() throws {
        let console = output.console
        try console.carryOut {
            let report = try report(console)
            try output.show(report, console)
            let isFailed = report.run.map { !$0.failures.isEmpty } ?? false
            let code = report.exitCode == 0 && isFailed ? 1 : report.exitCode
            if code != 0 { throw ExitCode(code) }
        }
    }

    private func report(_ console: Console) throws -> VerifyReport {
        if let history { return HistoryJudge.judge(try History(file: history), rules) }
        let options = try options()
        return try VerifyRunner(options).run(
            show: { console.show(line: $0) },
            keep: { history in
                if let save { try write(history, to: save) }
            }
        )
    }

    private var rules: HistoryJudge.Rules {
        var rules = HistoryJudge.Rules()
        rules.budget = budget
        rules.slackMilliseconds = slack
        rules.maxLateMilliseconds = maxLate
        return rules
    }

    private func options() throws(LoadError) -> VerifyOptions {
        var options = try VerifyOptions()
        options.clients = clients
        options.loops = loops
        options.durationSeconds = duration
        options.pipeline = pipeline
        options.keys = keys
        options.watchers = watchers
        options.subscribers = subscribers
        options.reconnectEvery = reconnectEvery
        options.requestsPerSecond = rate
        options.rules = rules
        options.load.seed = seed ?? UInt64.random(in: 1...UInt64(UInt32.max))
        if let encoding {
            guard let known = FuzzEncoding(rawValue: encoding) else {
                let names = FuzzEncoding.allCases.map(\.rawValue).joined(separator: ", ")
                throw .usage("--encoding '\(encoding)' is none of \(names)")
            }
            options.encoding = known
        }
        try server.apply(to: &options.load)
        return options
    }

    private func write(_ history: History, to path: String) throws(LoadError) {
        do {
            try history.write(toFile: path)
        } catch {
            throw .unready("cannot write the history to \(path): \(error)")
        }
    }
}
