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
              loadgen --encoding json --mix echo,incr --requests 100000 --json report.json
              loadgen --port 6380 --ca ca.pem --no-auth          (redis-server with TLS)

            All clients connect before the first request is sent. Latency is from handing a \
            request to the socket to having its reply. Every reply is checked: values say by \
            themselves whether they belong to their key, and each connection's INCR counts in ones.

            Control-C ends a run early, with its summary; a second one does not wait for replies.

            Exit codes: 0 all went well; 1 a client failed, a reply was wrong or an error, or no \
            request was completed; 2 the run could not begin (no certificate, no token, too many \
            clients); 64 options that make no sense.
            """
    )

    @OptionGroup(title: "Load") var load: LoadArguments
    @OptionGroup(title: "Server") var server: ServerArguments

    @Option(help: ArgumentHelp("Write the report as JSON to this file.", valueName: "file"))
    var json: String?

    @Flag(name: .shortAndLong, help: "Print the summary alone, no progress.")
    var quiet = false

    mutating func run() throws {
        let console = Console(isQuiet: quiet)
        do {
            var options = try LoadOptions()
            try load.apply(to: &options)
            try options.validate()
            try server.apply(to: &options)
            let report = try LoadRunner(options).run { console.show($0) }
            console.show(report)
            try write(report)
            if !report.isGood { throw ExitCode(1) }
        } catch let error as LoadError {
            if error.isUsage { throw ValidationError(error.description) }
            console.complain(error.description)
            throw ExitCode(2)
        }
    }

    private func write(_ report: LoadReport) throws {
        guard let json else { return }
        do {
            try report.write(toFile: json)
        } catch {
            throw LoadError.unready("cannot write the report to \(json): \(error)")
        }
    }
}
