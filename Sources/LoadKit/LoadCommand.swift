// The commands that a load is made of, and how often each is sent.

/// A command that the generator can send.
public enum LoadCommand: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    /// Reads a random key.
    case get
    /// Writes a random key.
    case set
    /// Asks for `PONG`.
    case ping
    /// Sends bytes that must come back.
    case echo
    /// Counts up a key that belongs to the connection alone.
    case incr
    /// Removes a random key.
    case del
    /// Asks how many clients there are.
    case who
    /// Sends a message to subscribers: what publishers do, and no part of a mix.
    case publish

    /// What a mix can name.
    static let mixable = allCases.filter { $0 != .publish }

    /// The name as a person writes it in a mix: lower case.
    public var name: String {
        switch self {
        case .get: "get"
        case .set: "set"
        case .ping: "ping"
        case .echo: "echo"
        case .incr: "incr"
        case .del: "del"
        case .who: "who"
        case .publish: "publish"
        }
    }
}

/// How often each command is sent, as weights: `get=80,set=20`.
public struct LoadMix: Sendable, Equatable, CustomStringConvertible {
    /// A command and its weight, which is above 0.
    public struct Share: Sendable, Equatable {
        /// The command.
        public let command: LoadCommand
        /// Its weight: its share of the requests is this over the sum of all.
        public let weight: UInt64
    }

    /// The largest weight: the sum of all weights stays far below 64 bits.
    public static let maxWeight: UInt64 = 1_000_000

    /// The commands with their weights, each command once.
    public let shares: [Share]

    /// Parses `text`: commands with weights, separated by commas; a command alone weighs 1.
    ///
    /// The error says which part is wrong.
    public init(_ text: String) throws(LoadError) {
        var shares: [Share] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let share = try LoadMix.share(part)
            if shares.contains(where: { $0.command == share.command }) {
                throw .usage("the mix '\(text)' names \(share.command.name) twice")
            }
            shares.append(share)
        }
        shares.removeAll { $0.weight == 0 }
        if shares.isEmpty { throw .usage("the mix '\(text)' has no command with a weight above 0") }
        self.shares = shares
    }

    private static func share(_ part: Substring) throws(LoadError) -> Share {
        let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = sides[0].filter { $0 != " " }.lowercased()
        guard let command = LoadCommand.mixable.first(where: { $0.name == name }) else {
            let known = LoadCommand.mixable.map(\.name).joined(separator: ", ")
            throw .usage("'\(name)' in the mix is not a command: known are \(known)")
        }
        if sides.count == 1 { return Share(command: command, weight: 1) }
        let number = sides[1].filter { $0 != " " }
        guard let weight = UInt64(number), weight <= maxWeight else {
            throw .usage("the weight '\(number)' of \(name) is not a number from 0 to \(maxWeight)")
        }
        return Share(command: command, weight: weight)
    }

    /// The form that `init` parses.
    public var description: String {
        shares.map { "\($0.command.name)=\($0.weight)" }.joined(separator: ",")
    }
}
