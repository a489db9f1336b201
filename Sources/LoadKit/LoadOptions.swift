// Everything that a user can ask of a run.

/// The encodings that the generator speaks.
public enum LoadEncoding: String, Sendable, CaseIterable, Codable {
    /// ASCII lines.
    case text
    /// A JSON object a line.
    case json
    /// The Redis protocol, version 2.
    case resp
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
    /// What the connections speak.
    public var encoding = LoadEncoding.resp

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
    /// The most clients: the ports that one address has towards another.
    public static let maxClients = 64_000

    /// Makes the defaults: 50 clients, 10 seconds, four reads for each write.
    public init() throws(LoadError) {
        mix = try LoadMix("get=80,set=20")
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

    private func require(
        _ range: ClosedRange<Int>,
        _ value: Int,
        _ name: String
    ) throws(LoadError) {
        if range.contains(value) { return }
        throw .usage("\(name) must be from \(range.lowerBound) to \(range.upperBound)")
    }

    private func require(positive value: Double, _ name: String) throws(LoadError) {
        // A million seconds, eleven days: far from overflow in any unit.
        if value > 0, value <= 1_000_000 { return }
        throw .usage("\(name) must be above 0 and at most 1000000")
    }

    /// Parses the sizes of values: `BYTES` or `MIN-MAX`.
    public static func valueBytes(_ text: String) throws(LoadError) -> ClosedRange<Int> {
        let sides = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = sides.compactMap { Int($0) }
        guard numbers.count == sides.count, let low = numbers.first, let high = numbers.last,
            low >= 1, low <= high, high <= maxValueBytes
        else {
            throw .usage(
                "--value-size '\(text)' is neither BYTES nor MIN-MAX, from 1 to \(maxValueBytes)"
            )
        }
        return low...high
    }
}
