// `loadgen siege`: attacks a server with one fault while established clients work.
import ArgumentParser
import LoadKit

struct SiegeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "siege",
        abstract: "Attacks a server with one fault while established clients work.",
        discussion: """
            Established clients connect first and work all the time, before, during and after the \
            attack; every reply they get is checked. Attackers are on a thread of their own. The \
            server may be a Sallyport or, with --token and --ca, redis-server with TLS.

              loadgen siege --list
              loadgen siege storm --duration 5
              loadgen siege slowloris --peers 5000 --spread 50 --pid $(pidof sallyport)
              loadgen siege churn --json report.json --threshold during.errors==0
              loadgen siege storm --port 6380 --ca ca.pem --token secret     (redis-server)

            Attack your own servers only.

            Exit codes: 0 the established clients got right replies alone and all thresholds hold; \
            1 not so; 2 the siege could not begin; 64 options that make no sense.
            """
    )

    @Argument(help: "The fault; --list describes all.")
    var fault: String?

    @Flag(help: "Describe all faults.")
    var list = false

    @OptionGroup(title: "Siege") var siege: SiegeArguments
    @OptionGroup(title: "Server") var server: ServerArguments

    @OptionGroup var output: ReportArguments

    mutating func run() throws {
        let console = output.console
        if list { return console.write(SiegeFaults.text) }
        try console.carryOut {
            guard let fault else { throw LoadError.usage("name a fault: --list describes all") }
            var options = try SiegeOptions(fault: fault)
            try siege.apply(to: &options)
            try server.apply(to: &options.load)
            let thresholds = try siege.thresholds()
            var report = try SiegeRunner(options).run { console.show(line: $0) }
            report.check(thresholds)
            try output.show(report, console)
            if !report.isGood { throw ExitCode(1) }
        }
    }
}
