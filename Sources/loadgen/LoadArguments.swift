// The options that shape the load; each may also be a field of a scenario file.
import ArgumentParser
import LoadKit

struct LoadArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "File that describes a run, such as loadtest/scenarios/cache.json; other options override it.",
            valueName: "file"
        )
    )
    var scenario: String?

    @Option(name: .shortAndLong, help: "Connections to open (default: 50).")
    var clients: Int?

    @Option(help: "Threads, each with an event loop and its share of the clients (default: 1).")
    var loops: Int?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("How long to send requests (default: 10).", valueName: "seconds")
    )
    var duration: Double?

    @Option(
        help: ArgumentHelp("Load before anything is measured (default: 0).", valueName: "seconds")
    )
    var warmUp: Double?

    @Option(
        name: [.customShort("n"), .long],
        help: "How many requests to send in all, instead of a duration."
    )
    var requests: UInt64?

    @Option(
        help: ArgumentHelp(
            "Open loop: requests to start in a second, of all clients together, on a plan that late replies "
                + "do not change. Without it each reply lets the next request go (closed loop).",
            valueName: "per-second"
        )
    )
    var rate: Double?

    @Option(help: "How planned starts follow each other: constant (default) or poisson.")
    var arrivals: String?

    @Option(
        name: [.customShort("P"), .long],
        help: "Requests kept in flight on each connection, with --rate at most (default: 1)."
    )
    var pipeline: Int?

    @Option(
        help: ArgumentHelp(
            "Commands and weights, of get, set, ping, echo, incr, del, who (default: get=80,set=20).",
            valueName: "mix"
        )
    )
    var mix: String?

    @Option(
        name: [.customLong("value-size")],
        help: ArgumentHelp(
            "Size of values and messages: BYTES, or MIN-MAX (default: 64).",
            valueName: "bytes"
        )
    )
    var valueSize: String?

    @Option(help: "Number of keys that GET, SET and DEL choose from (default: 100000).")
    var keys: UInt64?

    @Option(
        help: ArgumentHelp(
            "Which keys are hot: uniform (default), zipfian[:THETA], hot[:FRACTION,SHARE].",
            valueName: "name"
        )
    )
    var distribution: String?

    @Flag(help: "Set every key before the run, so that GET finds them.")
    var preload = false

    @Option(help: ArgumentHelp("What every key begins with (default: load:).", valueName: "prefix"))
    var keyPrefix: String?

    @Option(
        help: ArgumentHelp(
            "What the connections speak: \(LoadEncoding.known); several, separated by commas, are dealt out "
                + "in turn (default: resp).",
            valueName: "names"
        )
    )
    var encoding: String?

    @Option(
        help: ArgumentHelp(
            "Close each connection behind so many requests, and make it anew.",
            valueName: "requests"
        )
    )
    var reconnectEvery: Int?

    @Flag(help: "Connections that are made anew resume the TLS session of the one before.")
    var resume = false

    @Option(help: "Clients that publish messages, instead of sending the mix.")
    var publishers: Int?

    @Option(help: "Clients that take those messages and check their order.")
    var subscribers: Int?

    @Option(help: "Channels that both are dealt out to (default: 1).")
    var channels: Int?

    @Flag(
        help: """
            Take down who asked what when of a sample of the keys, and judge whether it can have happened \
            one operation at a time (exit codes 97 and 96).
            """
    )
    var verify = false

    @Option(
        help: ArgumentHelp(
            "Keys that --verify takes down: the first ones, which are the hottest, and as many others as a hash "
                + "picks (default: \(LoadVerification().keys)).",
            valueName: "keys"
        )
    )
    var verifyKeys: Int?

    @Option(
        help: ArgumentHelp(
            "Operations that --verify takes down, at most, about 150 bytes each (default: "
                + "\(LoadVerification().operations)). What comes behind them is not judged.",
            valueName: "count"
        )
    )
    var verifyOperations: Int?

    @Option(
        help: """
            What determines every random choice (default: another one for each run). Two runs at \
            the same time that count with incr need different seeds.
            """
    )
    var seed: UInt64?

    @Option(
        help: ArgumentHelp("Connections begun in a second (default: no limit).", valueName: "rate")
    )
    var ramp: Double?

    @Option(help: "Clients between connecting and being ready, at any time (default: 64).")
    var maxHandshakes: Int?

    @Option(
        help: ArgumentHelp(
            "What must hold of the report, such as 'p99<20ms', 'get.p99<5ms', errors==0, 'rate>5000'; "
                + "repeatable. Crossed: exit code 99.",
            valueName: "comparison"
        )
    )
    var threshold: [String] = []

    @Option(
        help: ArgumentHelp(
            "How late the generator itself may be in 99 % of all looks before the run is invalid "
                + "(default: 50, with --rate 10).",
            valueName: "ms"
        )
    )
    var maxLag: Double?

    @Option(
        help: ArgumentHelp(
            "The server's process on this machine, to report what it uses (default: whoever listens on "
                + "the port, if the server is at a loopback address).",
            valueName: "id"
        )
    )
    var pid: Int32?

    func apply(to options: inout LoadOptions) throws(LoadError) {
        var asked = try given()
        if let file = scenario {
            asked = asked.over(try Scenario(file: file))
            options.title = Scenario.name(ofFile: file)
        }
        // Two runs at the same time must not count on the same keys.
        options.seed = UInt64.random(in: 1...UInt64(UInt32.max))
        try asked.apply(to: &options)
        options.processID = pid
    }

    /// What the command line says, as a scenario.
    private func given() throws(LoadError) -> Scenario {
        if duration != nil, requests != nil {
            throw .usage("--duration and --requests contradict each other")
        }
        var given = Scenario()
        given.clients = clients
        given.loops = loops
        given.durationSeconds = duration
        given.warmUpSeconds = warmUp
        given.requests = requests
        given.rate = rate
        if let arrivals {
            guard let known = Arrivals(rawValue: arrivals) else {
                throw .usage("--arrivals '\(arrivals)' is neither constant nor poisson")
            }
            given.arrivals = known
        }
        given.pipeline = pipeline
        given.mix = mix
        given.valueSize = valueSize
        given.keys = keys
        given.keyPrefix = keyPrefix
        given.distribution = distribution
        given.preload = preload ? true : nil
        given.encoding = encoding
        given.reconnectEvery = reconnectEvery
        given.resume = resume ? true : nil
        given.publishers = publishers
        given.subscribers = subscribers
        given.channels = channels
        given.verify = verify ? true : nil
        given.verifyKeys = verifyKeys
        given.verifyOperations = verifyOperations
        given.seed = seed
        given.ramp = ramp
        given.maxHandshakes = maxHandshakes
        given.thresholds = threshold.isEmpty ? nil : threshold
        given.maxLagMilliseconds = maxLag
        return given
    }
}
