// Everything that a user can ask of a siege.
internal import Reactor

/// What a siege does; `validate` says whether it makes sense.
public struct SiegeOptions: Sendable {
    /// The fault's name.
    public var fault: String
    /// The server, and the load of the established clients; its duration does not count.
    public var load: LoadOptions
    /// The attackers; nil for the fault's default.
    public var peers: Int?
    /// The attackers that begin in a second; nil for the fault's default.
    public var perSecond: Double?
    /// Seconds before anything is counted.
    public var warmUpSeconds = 1.0
    /// Seconds of each phase.
    public var phaseSeconds = 10.0
    /// Seconds more for attackers that come to their own end.
    public var graceSeconds = 120.0
    /// The addresses that attackers come from; 0 for the one that the kernel chooses.
    public var spread = 0
    /// The first of them; nil for one in 127.0.0.0/8.
    public var source: String?
    /// The server's process, where it is on this machine.
    public var processID: Int32?

    /// The first address that attackers come from where `source` does not say.
    public static let defaultSource = "127.1.0.1"
    /// The most addresses: what lies behind the default in 127.0.0.0/8.
    public static let maxSpread = 16_000_000
    /// The most attackers in all.
    public static let maxPeers = 100_000_000

    /// Makes the defaults: 100 established clients, phases of 10 seconds.
    public init(fault: String) throws(LoadError) {
        self.fault = fault
        load = try LoadOptions()
        load.clients = 100
    }

    /// Throws the first thing that makes no sense, in a sentence.
    public func validate() throws(LoadError) {
        let fault = try SiegeFaults.named(fault)
        try load.validate()
        for (name, seconds) in [
            ("--duration", phaseSeconds), ("--warm-up", warmUpSeconds), ("--grace", graceSeconds),
        ] where !(seconds > 0 && seconds <= 100_000) {
            throw .usage("\(name) must be above 0 and at most 100000")
        }
        if let peers, peers < 1 || peers > SiegeOptions.maxPeers {
            throw .usage("--peers must be from 1 to \(SiegeOptions.maxPeers)")
        }
        if let perSecond, !(perSecond > 0 && perSecond <= 1_000_000) {
            throw .usage("--rate must be above 0 and at most 1000000")
        }
        if spread < 0 || spread > SiegeOptions.maxSpread {
            throw .usage("--spread must be from 0 to \(SiegeOptions.maxSpread)")
        }
        if source != nil, spread == 0 { throw .usage("--source needs --spread") }
        if fault.needsSources, spread == 0 {
            throw .usage("the fault \(fault.name) needs --spread, and --source for IPv6")
        }
    }

    /// The host and port of `HOST:PORT`, an IPv6 host in brackets; nil if `text` is something else.
    public static func server(_ text: String) -> (host: String, port: UInt16)? {
        Endpoint(text).map { ($0.host, $0.port) }
    }

    /// What the faults look at.
    var wish: SiegeWish {
        SiegeWish(
            peers: peers,
            perSecond: perSecond,
            phaseMilliseconds: max(1, Int64(phaseSeconds * 1000))
        )
    }
}
