// The options that shape the load.
import ArgumentParser
import LoadKit

struct LoadArguments: ParsableArguments {
    @Option(name: .shortAndLong, help: "Connections to open.")
    var clients = 50

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("How long to send requests.", valueName: "seconds")
    )
    var duration = 10.0

    @Option(
        name: [.customShort("n"), .long],
        help: "How many requests to send in all, instead of a duration."
    )
    var requests: UInt64?

    @Option(
        name: [.customShort("P"), .long],
        help: "Requests kept in flight on each connection."
    )
    var pipeline = 1

    @Option(
        help: ArgumentHelp(
            "Commands and weights, of get, set, ping, echo, incr, del, who.",
            valueName: "mix"
        )
    )
    var mix = "get=80,set=20"

    @Option(
        name: [.customLong("value-size")],
        help: ArgumentHelp("Size of values: BYTES, or MIN-MAX.", valueName: "bytes")
    )
    var valueSize = "64"

    @Option(help: "Number of keys that GET, SET and DEL choose from.")
    var keys: UInt64 = 100_000

    @Option(help: ArgumentHelp("What every key begins with.", valueName: "prefix"))
    var keyPrefix = "load:"

    @Option(help: "What the connections speak: text, json or resp.")
    var encoding = LoadEncoding.resp.rawValue

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

    @Option(help: "Clients between connecting and being ready, at any time.")
    var maxHandshakes = 64

    func apply(to options: inout LoadOptions) throws(LoadError) {
        options.clients = clients
        options.durationSeconds = duration
        options.requests = requests
        options.pipeline = pipeline
        options.mix = try LoadMix(mix)
        options.valueBytes = try LoadOptions.valueBytes(valueSize)
        options.keyCount = keys
        options.keyPrefix = keyPrefix
        guard let encoding = LoadEncoding(rawValue: encoding) else {
            throw .usage("--encoding '\(encoding)' is neither text nor json nor resp")
        }
        options.encoding = encoding
        options.seed = seed ?? UInt64.random(in: 1...UInt64(UInt32.max))
        options.connectionsPerSecond = ramp
        options.maxHandshakes = maxHandshakes
    }
}
