// The options that shape a siege.
import ArgumentParser
import LoadKit

struct SiegeArguments: ParsableArguments {
    @Option(name: .shortAndLong, help: "Established clients.")
    var clients = 100

    @Option(help: "Attackers (default: the fault's own, see --list).")
    var peers: Int?

    @Option(
        help: ArgumentHelp(
            "Attackers that begin in a second (default: the fault's own).",
            valueName: "rate"
        )
    )
    var rate: Double?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("How long each phase takes.", valueName: "seconds")
    )
    var duration = 10.0

    @Option(help: ArgumentHelp("Time before anything is counted.", valueName: "seconds"))
    var warmUp = 1.0

    @Option(
        help: ArgumentHelp(
            "How much longer attackers may take that come to their own end.",
            valueName: "seconds"
        )
    )
    var grace = 120.0

    @Option(help: "Addresses of 127.0.0.0/8 that attackers come from, one after the other.")
    var spread = 0

    @Option(
        help: ArgumentHelp(
            "The first of these addresses, also IPv6 (default: \(SiegeOptions.defaultSource)).",
            valueName: "address"
        )
    )
    var source: String?

    @Option(help: "The server's process on this machine, to report what it uses.")
    var pid: Int32?

    @Option(
        help: ArgumentHelp(
            "What must hold, such as during.errors==0 or 'during.p99<before.p99*20'; repeatable.",
            valueName: "comparison"
        )
    )
    var threshold: [String] = []

    @Option(
        name: [.customShort("P"), .long],
        help: "Requests kept in flight on each established connection."
    )
    var pipeline = 1

    @Option(help: ArgumentHelp("What established clients ask for.", valueName: "mix"))
    var mix = "get=80,set=20"

    @Option(
        name: [.customLong("value-size")],
        help: ArgumentHelp("Size of values: BYTES, or MIN-MAX.", valueName: "bytes")
    )
    var valueSize = "64"

    @Option(help: "Number of keys that GET, SET and DEL choose from.")
    var keys: UInt64 = 100_000

    @Option(help: "What all connections speak: text, json or resp.")
    var encoding = LoadEncoding.resp.rawValue

    @Option(help: "What determines every random choice (default: another one for each siege).")
    var seed: UInt64?

    func apply(to options: inout SiegeOptions) throws(LoadError) {
        options.peers = peers
        options.perSecond = rate
        options.phaseSeconds = duration
        options.warmUpSeconds = warmUp
        options.graceSeconds = grace
        options.spread = spread
        options.source = source
        options.processID = pid
        options.load.clients = clients
        options.load.pipeline = pipeline
        options.load.mix = try LoadMix(mix)
        options.load.valueBytes = try LoadOptions.valueBytes(valueSize)
        options.load.keyCount = keys
        guard let encoding = LoadEncoding(rawValue: encoding),
            LoadEncoding.ofSieges.contains(encoding)
        else {
            throw .usage("--encoding '\(self.encoding)' is neither text nor json nor resp")
        }
        options.load.encoding = encoding
        options.load.seed = seed ?? UInt64.random(in: 1...UInt64(UInt32.max))
    }

    func thresholds() throws(LoadError) -> [Threshold] {
        var parsed: [Threshold] = []
        for text in threshold { parsed.append(try SiegeReport.threshold(text)) }
        return parsed
    }
}
