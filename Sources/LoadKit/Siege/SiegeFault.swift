// One way to attack a server, as a plan: who comes, how often, and what each does.

/// How attackers come.
struct SiegeShape: Equatable, Sendable {
    /// When the attack is over.
    enum Ending: Equatable, Sendable {
        /// When the phase is: attackers that are at it are cut off.
        case atOnce
        /// When those that are at it at the end of the phase have come to their end.
        case whenOpenAreDone
        /// When all have come and have come to their end.
        case whenAllAreDone
    }

    /// The most connections at once.
    var open: Int
    /// The most connections begun in a second; nil for no limit.
    var perSecond: Double?
    /// The connections in all; nil for as many as the phase has time for.
    var total: Int?
    /// The most connections that are being set up at once.
    var settingUp = 128
    /// When the attack is over.
    var ending = Ending.atOnce
}

/// What the user wants of a fault; what is nil is the fault's to say.
struct SiegeWish: Equatable, Sendable {
    /// `--peers`.
    var peers: Int?
    /// `--rate`.
    var perSecond: Double?
    /// `--duration`, in milliseconds.
    var phaseMilliseconds: Int64 = 10_000
}

/// A named fault.
///
/// It is a plan alone: no I/O, and no randomness but the source that it is given.
protocol SiegeFault: Sendable {
    /// The name on the command line.
    static var name: String { get }
    /// What it does, in a sentence.
    static var summary: String { get }
    /// What `--peers` counts, and how many there are without it.
    static var peers: String { get }
    /// Whether attackers need addresses to come from, `--spread`.
    static var needsSources: Bool { get }
    /// How attackers come.
    static func shape(_ wish: SiegeWish) -> SiegeShape
    /// What the next attacker does; it closes where the steps end.
    static func script(_ wish: SiegeWish, _ random: inout RandomSource) -> [SiegeStep]
}

extension SiegeFault {
    static var needsSources: Bool { false }
}

/// A fault as a person chooses it.
public struct SiegeFaultInformation: Sendable, Equatable {
    /// The name on the command line.
    public let name: String
    /// What it does, in a sentence.
    public let summary: String
    /// What `--peers` counts, and how many there are without it.
    public let peers: String
}

/// All faults.
public enum SiegeFaults {
    static let all: [any SiegeFault.Type] = [
        Slowloris.self, SlowHandshake.self, IdlePeers.self, Garbage.self, Plaintext.self,
        Storm.self, ResumedStorm.self, Resets.self, DeafPeers.self, DeepPipeline.self,
        Guessing.self, Churn.self, StoppedPeers.self, AddressRotation.self,
    ]

    /// What can be chosen, in the order of the list.
    public static let list: [SiegeFaultInformation] = all.map { fault in
        SiegeFaultInformation(name: fault.name, summary: fault.summary, peers: fault.peers)
    }

    /// The list as lines for a person, ended by a line feed.
    public static var text: String {
        list.map { fault in
            "\(Figures.left(fault.name, 16))\(fault.summary)\n"
                + "\(Figures.left("", 16))--peers: \(fault.peers)\n"
        }
        .joined()
    }

    /// The fault called `name`; the error names all.
    static func named(_ name: String) throws(LoadError) -> any SiegeFault.Type {
        if let fault = all.first(where: { $0.name == name }) { return fault }
        let known = all.map { $0.name }.joined(separator: ", ")
        throw .usage("'\(name)' is not a fault: known are \(known)")
    }
}
