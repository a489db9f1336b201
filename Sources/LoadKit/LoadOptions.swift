// Everything that a user can ask of a run.

/// The encodings that the generator speaks.
public enum LoadEncoding: String, Sendable, CaseIterable, Codable {
    /// ASCII lines.
    case text
    /// A JSON object a line.
    case json
    /// The Redis protocol, version 2.
    case resp
    /// The Redis protocol, version 3.
    case resp3
    /// Messages of `sallyport.proto`.
    case protobuf
    /// HTTP/1.1: each request a POST to /v1/command.
    case http
    /// JSON in the text messages of a WebSocket at /ws.
    case websocket

    /// What a person can write.
    public static let known = "text, json, resp (or resp2), resp3, protobuf, http, websocket"
    /// What a siege can speak.
    public static let ofSieges: [LoadEncoding] = [.text, .json, .resp]

    /// Whether a reply tells a status from bytes.
    var marksStatus: Bool {
        switch self {
        case .resp, .resp3, .protobuf: true
        case .text, .json, .http, .websocket: false
        }
    }

    /// Whether the server can send what nobody asked for.
    var takesPushes: Bool { self != .http }

    /// Parses one encoding, or several separated by commas.
    public static func list(_ text: String) throws(LoadError) -> [LoadEncoding] {
        var list: [LoadEncoding] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let name = part.filter { $0 != " " }.lowercased()
            guard let encoding = LoadEncoding(rawValue: name == "resp2" ? "resp" : name) else {
                throw .usage("'\(name)' is no encoding: known are \(known)")
            }
            list.append(encoding)
        }
        return list
    }
}

/// Who publishes to whom, instead of requests and replies alone.
public struct PubSubShape: Sendable, Equatable {
    /// The clients that publish, the first ones.
    public var publishers: Int
    /// The clients that are subscribed, all others.
    public var subscribers: Int
    /// The channels, which both are dealt out to in turn.
    public var channels: Int

    /// The most publishers.
    public static let maxPublishers = 60_000

    /// Makes a shape.
    public init(publishers: Int, subscribers: Int, channels: Int = 1) {
        self.publishers = publishers
        self.subscribers = subscribers
        self.channels = channels
    }
}

/// Whom the generator trusts.
public enum LoadTrust: Sendable, Equatable {
    /// The certificate authorities of a PEM file.
    case authorities(file: String)
    /// The system's certificate authorities.
    case system
    /// Anybody: neither the chain nor the name is checked.
    case anyone
}

/// What a run does; `validate` says whether it makes sense.
public struct LoadOptions: Sendable {
    /// The server's name or address, without brackets; what its certificate must be for.
    public var host = "localhost"
    /// The server's port.
    public var port: UInt16 = 9999
    /// Whom to trust.
    public var trust = LoadTrust.system
    /// The token to present; nil for none.
    public var token: String?
    /// What the connections speak, dealt out in turn.
    public var encodings = [LoadEncoding.resp]
    /// What the connections speak, or the first of several.
    public var encoding: LoadEncoding {
        get { encodings.first ?? .resp }
        set { encodings = [newValue] }
    }

    /// How many connections to open.
    public var clients = 50
    /// How long to send requests, in seconds, where `requests` does not say how many.
    public var durationSeconds = 10.0
    /// How many requests to send in all; nil to go by time.
    public var requests: UInt64?
    /// Requests kept in flight on each connection.
    public var pipeline = 1
    /// How often each command is sent.
    public var mix: LoadMix
    /// The sizes of values, in bytes, each as likely as the others.
    public var valueBytes = 64...64
    /// Requests to start in a second, of all clients together, whatever the replies do; nil for a closed
    /// loop, in which each reply lets the next request go.
    public var rate: Double?
    /// How the planned starts follow each other.
    public var arrivals = Arrivals.constant
    /// Seconds of load before anything is measured.
    public var warmUpSeconds = 0.0
    /// Requests on a connection before it is closed and made anew; nil to keep it.
    public var reconnectEvery: Int?
    /// Whether connections that are made anew resume the TLS session of the one before.
    public var resumes = false
    /// Whether every key is set before the run.
    public var preloads = false
    /// Threads, each with an event loop and its share of the clients.
    public var loops = 1
    /// How much of what clients see is judged when the run is over; nil for nothing of it.
    public var verification: LoadVerification?
    /// Who publishes to whom; nil for requests alone.
    public var pubSub: PubSubShape?
    /// How often each key is asked for.
    public var distribution = KeyDistribution.uniform
    /// What must hold of the report.
    public var thresholds: [Threshold] = []
    /// How late the generator itself may be, in milliseconds, in 99 % of all looks; nil for the default.
    public var maxLagMilliseconds: Double?
    /// The server's process; nil to look for it, if the server is on this machine.
    public var processID: Int32?
    /// What the run is called in its report.
    public var title: String?

    /// The number of keys that GET, SET and DEL choose from.
    public var keyCount: UInt64 = 100_000
    /// What every key begins with.
    public var keyPrefix = "load:"
    /// What determines every random choice.
    public var seed: UInt64 = 1

    /// Seconds for one client to connect, complete TLS and have its token accepted.
    public var connectTimeoutSeconds = 10.0
    /// Seconds that a reply may take.
    public var replyTimeoutSeconds = 30.0
    /// The most clients between connecting and being ready, at any time.
    public var maxHandshakes = 64
    /// The most connections begun in a second; nil for no limit.
    public var connectionsPerSecond: Double?

    /// Whether the run is cut into stages, and how late its loop is gets measured.
    var isStaged = false

    /// The largest value, in bytes: what the protocol allows.
    public static let maxValueBytes = 16 << 20
    /// The most requests in flight on a connection.
    public static let maxPipeline = 65_536
    /// The most loops.
    public static let maxLoops = 64
    /// The lag that makes a run invalid in an open loop: there it is part of the response time.
    public static let openLagMilliseconds = 10.0
    /// The lag that makes a run invalid in a closed loop: there it mostly makes the load smaller.
    public static let closedLagMilliseconds = 50.0
    /// The most clients: the ports that one address has towards another.
    public static let maxClients = 64_000

    /// Makes the defaults: 50 clients, 10 seconds, four reads for each write.
    public init() throws(LoadError) {
        mix = try LoadMix("get=80,set=20")
    }

    /// Whom requests of HTTP go to, and as whom.
    var peer: RequestWriter.Peer {
        let name = host.contains(":") ? "[\(host)]" : host
        return RequestWriter.Peer(authority: "\(name):\(port)", token: token)
    }

    /// Throws the first thing that makes no sense, in a sentence.
    public func validate() throws(LoadError) {
        try require(1...LoadOptions.maxClients, clients, "--clients")
        try require(1...LoadOptions.maxPipeline, pipeline, "--pipeline")
        try require(1...LoadOptions.maxClients, maxHandshakes, "--max-handshakes")
        try require(1...LoadOptions.maxValueBytes, valueBytes.lowerBound, "--value-size")
        try require(1...LoadOptions.maxValueBytes, valueBytes.upperBound, "--value-size")
        try require(positive: durationSeconds, "--duration")
        try require(positive: connectTimeoutSeconds, "--connect-timeout")
        try require(positive: replyTimeoutSeconds, "--reply-timeout")
        if let connectionsPerSecond { try require(positive: connectionsPerSecond, "--ramp") }
        try validateShape()
        if requests == 0 { throw .usage("--requests must be above 0") }
        if keyCount < 1 || keyCount > LoadKey.maxKeys {
            throw .usage("--keys must be from 1 to \(LoadKey.maxKeys)")
        }
        if !LoadKey.isUsablePrefix(keyPrefix) {
            throw .usage(
                "--key-prefix must be at most 512 printable ASCII characters, "
                    + "without spaces, quotes and backslashes"
            )
        }
        if let token, !token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) {
            throw .usage("the token holds characters that are not printable ASCII, or spaces")
        }
    }

    private func validateShape() throws(LoadError) {
        try require(1...LoadOptions.maxLoops, loops, "--loops")
        if loops > clients { throw .usage("--loops must not be above --clients") }
        if let rate { try require(positive: rate, "--rate", atMost: 10_000_000) }
        if arrivals == .poisson, rate == nil { throw .usage("--arrivals needs --rate") }
        if !(warmUpSeconds >= 0 && warmUpSeconds <= 1_000_000) {
            throw .usage("--warm-up must be from 0 to 1000000")
        }
        if let maxLagMilliseconds { try require(positive: maxLagMilliseconds, "--max-lag") }
        if let reconnectEvery {
            try require(1...1_000_000_000, reconnectEvery, "--reconnect-every")
        }
        if resumes, reconnectEvery == nil {
            throw .usage("--resume needs --reconnect-every: only a later connection can resume")
        }
        if encodings.isEmpty { throw .usage("--encoding names no encoding") }
        if preloads, keyCount > LoadOptions.maxPreloadedKeys {
            throw .usage("--preload sets every key, of which --keys allows too many")
        }
        if let pubSub { try validate(pubSub) }
        try validateVerification()
    }

    /// The most keys that are set before a run.
    public static let maxPreloadedKeys: UInt64 = 100_000_000

    private func validate(_ shape: PubSubShape) throws(LoadError) {
        try require(1...PubSubShape.maxPublishers, shape.publishers, "--publishers")
        try require(1...LoadOptions.maxClients, shape.subscribers, "--subscribers")
        try require(1...min(shape.publishers, shape.subscribers), shape.channels, "--channels")
        if clients != shape.publishers + shape.subscribers {
            throw .usage("--clients is the sum of --publishers and --subscribers: leave it out")
        }
        if encodings.contains(where: { !$0.takesPushes }) {
            throw .usage("subscribers cannot speak http: nothing can be sent to it unasked")
        }
        if reconnectEvery != nil || preloads {
            throw .usage("--reconnect-every and --preload do not go with --publishers")
        }
    }

    func require(
        _ range: ClosedRange<Int>,
        _ value: Int,
        _ name: String
    ) throws(LoadError) {
        if range.contains(value) { return }
        throw .usage("\(name) must be from \(range.lowerBound) to \(range.upperBound)")
    }

    private func require(
        positive value: Double,
        _ name: String,
        // A million seconds, eleven days: far from overflow in any unit.
        atMost limit: Int = 1_000_000
    ) throws(LoadError) {
        if value > 0, value <= Double(limit) { return }
        throw .usage("\(name) must be above 0 and at most \(limit)")
    }

    /// Parses the sizes of values: `BYTES`, `MIN-MAX` or `MIN..MAX`.
    public static func valueBytes(_ text: String) throws(LoadError) -> ClosedRange<Int> {
        let dotted = Threshold.split(text, at: "..")
        let sides: [Substring] =
            text.contains("..")
            ? [dotted.0[...], dotted.1[...]]
            : text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = sides.compactMap { Int($0) }
        guard numbers.count == sides.count, let low = numbers.first, let high = numbers.last,
            low >= 1, low <= high, high <= maxValueBytes
        else {
            throw .usage(
                "--value-size '\(text)' is neither BYTES nor MIN-MAX nor MIN..MAX, from 1 to \(maxValueBytes)"
            )
        }
        return low...high
    }
}
