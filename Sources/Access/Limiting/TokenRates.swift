// A token's limits, ready to be charged.
public import Core

/// The limits of one token.
public struct TokenRates: Equatable, Sendable {
    /// Commands of every category.
    public let commands: Rate
    /// Bytes of requests.
    public let bytes: Rate
    /// The most connections open at once; 0 is no limit.
    public let connections: Int
    /// Commands of each category, in the order of `CommandCategory.allCases`.
    let categories: [Rate]
    /// Whether any command is limited.
    public let areMetered: Bool

    /// No limits.
    public static let unlimited = TokenRates(nil)

    /// Makes the limits that the token file gives, or none.
    public init(_ limit: TokenRateLimit?) {
        commands = Rate(perSecond: limit?.commandsPerSecond ?? 0, burst: limit?.burst)
        bytes = Rate(perSecond: limit?.bytesPerSecond ?? 0)
        connections = limit?.connections ?? 0
        categories = CommandCategory.allCases.map { category in
            guard let own = limit?.categories[category] else { return .unlimited }
            return Rate(perSecond: own.commandsPerSecond, burst: own.burst)
        }
        areMetered = !(categories + [commands, bytes]).allSatisfy(\.isUnlimited)
    }

    /// The limit of the commands of `category`.
    public func rate(of category: CommandCategory) -> Rate { categories[category.position] }
}

extension CommandCategory {
    /// Its position in `allCases`.
    var position: Int {
        switch self {
        case .open: 0
        case .information: 1
        case .read: 2
        case .write: 3
        case .admin: 4
        case .pubsub: 5
        }
    }

    /// The name of a token's limit on commands of the category.
    var tokenLimit: LimitName {
        switch self {
        case .open: .tokenOpenCommandsPerSecond
        case .information: .tokenInformationCommandsPerSecond
        case .read: .tokenReadCommandsPerSecond
        case .write: .tokenWriteCommandsPerSecond
        case .admin: .tokenAdminCommandsPerSecond
        case .pubsub: .tokenPubsubCommandsPerSecond
        }
    }
}
