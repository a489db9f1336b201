// `loadgen run`: opens clients, sends requests, prints what came of it.
import ArgumentParser
import LoadKit

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Opens clients, sends requests for a while, checks every reply, reports.",
        discussion: """
            Beside a server started with `sallyport serve --dev` (or ci/dev) it needs no options: \
            certificate and token come from the folder .sallyport, here or in a parent folder.

              loadgen --clients 1000
              loadgen --clients 50 --pipeline 16 --mix get=50,set=50 --value-size 16-1024
              loadgen --rate 5000 --arrivals poisson --threshold 'p99<20ms' --html report.html
              loadgen --encoding json,resp3,http --mix echo,incr --requests 100000 --json report.json
              loadgen --reconnect-every 10 --resume --threshold 'resumed.p99<5ms'
              loadgen --publishers 10 --subscribers 500 --channels 5 --rate 1000
              loadgen --scenario loadtest/scenarios/cache.json --duration 60
              loadgen --verify --keys 200 --mix get=5,set=4,del,incr --key-prefix $RANDOM:
              loadgen --port 6380 --ca ca.pem --no-auth          (redis-server with TLS)

            All clients connect before the first request is sent. Every reply is checked: values say \
            by themselves whether they belong to their key, each connection's INCR counts in ones, and \
            each subscriber gets every message once, in the order of its publisher.

            There are two latencies. Service time is from handing a request to the socket to having its \
            reply. With --rate, requests are planned beforehand, and response time is from the planned \
            start: where the server stalls, all the requests that were due meanwhile count as late, \
            also those that could not be sent because every client was waiting. Thresholds and the \
            report's first line look at the response time where there is one.

            With --verify the run also takes down who asked what of a key, when, and what was answered, and \
            judges it in the end as `loadgen verify` does: there must be an order of the operations on a key \
            that explains every answer. That is done for a sample of the keys (--verify-keys) and up to a \
            number of operations (--verify-operations), which bounds the memory it takes; what is left out \
            is counted. Fewer --keys and more --clients make for more that can go wrong on each. Values \
            are then such that no two are alike. What was there before the run may be read, and is no \
            mistake. Where somebody else writes to the same keys, or the search takes too long, the \
            verdict is unknown; a server that evicts keys, or keys that expire, cannot be judged.

            Thresholds compare a figure with a number, or with another figure times a number: \
            'p99<20ms', 'errors==0', 'rate>5000', 'get.p99<set.p99*1.5'. Figures are \
            \(LoadReport.knownFigures).

            A generator that is late itself cannot judge a server: then the run is invalid, which is \
            neither good nor bad. Give it a core of its own, more --loops, or a smaller --rate.

            Control-C ends a run early, with its report; a second one does not wait for replies.

            Exit codes: 0 all went well; 1 a client failed, a reply was wrong or an error (without a \
            threshold on errors), or no request was completed; 2 the run could not begin (no \
            certificate, no token, too many clients); 64 options that make no sense, such as a \
            threshold on what is not measured; 96 all went well, but --verify could not tell; 97 illegal: \
            --verify found what cannot have happened, and draws the smallest such history; 98 invalid; 99 a \
            threshold was crossed.
            """
    )

    @OptionGroup(title: "Load") var load: LoadArguments
    @OptionGroup(title: "Server") var server: ServerArguments

    @Option(help: ArgumentHelp("Write the report as JSON to this file.", valueName: "file"))
    var json: String?

    @Option(
        help: ArgumentHelp(
            "Write the report as one HTML page, with plots, to this file.",
            valueName: "file"
        )
    )
    var html: String?

    @Flag(name: .shortAndLong, help: "Print the summary alone, no progress.")
    var quiet = false

    mutating func run() throws {
        let console = Console(isQuiet: quiet)
        try console.carryOut {
            var options = try LoadOptions()
            try load.apply(to: &options)
            try options.validate()
            try server.apply(to: &options)
            let report = try LoadRunner(options).run { console.show($0) }
            console.show(report)
            try write(report)
            if report.verdict != .good { throw ExitCode(report.verdict.exitCode) }
        }
    }

    private func write(_ report: LoadReport) throws {
        if let json { try write(to: json) { try report.write(toFile: json) } }
        if let html { try write(to: html) { try report.writeHTML(toFile: html) } }
    }

    private func write(to file: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            throw LoadError.unready("cannot write the report to \(file): \(error)")
        }
    }
}
