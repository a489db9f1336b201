// Everything that a user can ask of a verification.

/// What a verification does; `validate` says whether it makes sense.
public struct VerifyOptions: Sendable {
    /// The server, whom to trust and the token; what concerns the load does not count.
    public var load: LoadOptions
    /// Clients that read and write keys, at a time.
    public var clients = 12
    /// Threads that they are spread over.
    public var loops = 2
    /// Seconds of load.
    public var durationSeconds = 10.0
    /// Requests that a client keeps in flight, at most.
    public var pipeline = 4
    /// Keys that all clients contend for, of each kind, at a time.
    public var keys = 4
    /// Seconds behind which other keys take their place, which bounds what is to be searched.
    public var keySeconds = 1.0
    /// Clients that watch keys go.
    public var watchers = 4
    /// Subscribers; the clients publish for them.
    public var subscribers = 3
    /// Channels.
    public var channels = 2
    /// Requests behind which a client comes again with another connection, on average.
    public var reconnectEvery = 150
    /// What clients speak; nil for all encodings by turns.
    public var encoding: FuzzEncoding?
    /// Requests that each client sends in a second, at most: more only make for longer searches.
    public var requestsPerSecond = 1_000.0
    /// What the checks allow.
    public var rules = HistoryJudge.Rules()

    /// Makes the defaults.
    public init() throws(LoadError) {
        load = try LoadOptions()
        load.keyPrefix = "verify:"
    }

    /// Throws the first thing that makes no sense, in a sentence.
    public func validate() throws(LoadError) {
        try load.validate()
        let numbers: [(String, Int, ClosedRange<Int>)] = [
            ("--clients", clients, 1...1000), ("--loops", loops, 1...16),
            ("--pipeline", pipeline, 1...64), ("--keys", keys, 1...1000),
            ("--watchers", watchers, 0...1000), ("--subscribers", subscribers, 0...1000),
            ("--channels", channels, 1...100), ("--reconnect-every", reconnectEvery, 1...1_000_000),
        ]
        for (name, value, range) in numbers where !range.contains(value) {
            throw .usage("\(name) must be from \(range.lowerBound) to \(range.upperBound)")
        }
        for (name, seconds) in [
            ("--duration", durationSeconds), ("--key-seconds", keySeconds),
            ("--rate", requestsPerSecond),
        ] where !(seconds > 0 && seconds <= 100_000) {
            throw .usage("\(name) must be above 0 and at most 100000")
        }
    }
}
