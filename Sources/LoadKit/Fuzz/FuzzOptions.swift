// Everything that a user can ask of the fuzzer.

/// What a fuzzing run does; `validate` says whether it makes sense.
public struct FuzzOptions: Sendable {
    /// The server, whom to trust and the token; what concerns the load does not count.
    public var load: LoadOptions
    /// What determines every case.
    public var seed: UInt64 = 1
    /// Seconds of new cases, behind the replay of the corpus.
    public var durationSeconds = 60.0
    /// The only case to run, by number; nil for as many as there is time for.
    public var onlyCase: UInt64?
    /// The most new cases; nil for no limit.
    public var maxCases: UInt64?
    /// The folder of cases that are replayed first, and that new failures are saved to; nil for none.
    public var corpus: String?
    /// Whether failures are saved to the corpus.
    public var savesFailures = true
    /// The server's process, where it is on this machine.
    public var processID: Int32?
    /// Failures behind which no more are looked for.
    public var maxFailures = 5
    /// Milliseconds that others may have to wait for a reply.
    public var healthMilliseconds: Int64 = 2_000
    /// Milliseconds that a case's own connection may take for a reply, or for its end.
    public var patienceMilliseconds: Int64 = 6_000
    /// Seconds that making one failure smaller may take.
    public var shrinkSeconds = 20.0
    /// Descriptors that the server's process may hold more at the end than at the beginning.
    public var maxMoreDescriptors = 32
    /// Bytes that it may hold more.
    public var maxMoreBytes: UInt64 = 256 << 20
    /// Whether the server is asked without TLS, as only tests do.
    var isPlain = false
    /// Names this run's keys apart from those of others.
    var runName = "run"

    /// Makes the defaults.
    public init() throws(LoadError) {
        load = try LoadOptions()
    }

    /// Throws the first thing that makes no sense, in a sentence.
    public func validate() throws(LoadError) {
        try load.validate()
        if !(durationSeconds >= 0 && durationSeconds <= 1_000_000) {
            throw .usage("--duration must be from 0 to 1000000")
        }
        if maxFailures < 1 { throw .usage("--max-failures must be above 0") }
        for (name, value) in [
            ("--health-timeout", healthMilliseconds), ("--patience", patienceMilliseconds),
        ] where !(1...600_000).contains(value) {
            throw .usage("\(name) must be from 1 to 600000")
        }
    }
}
