// What a namespace may hold, and how long its keys live by default: the rules that an operator gives.

/// A rule for every key that begins with a prefix.
public struct NamespaceRule: Equatable, Sendable {
    /// What the keys begin with; its last byte is `^`.
    public var prefix: [UInt8]
    /// The most keys below the prefix; nil for any number.
    public var maxKeys: Int?
    /// The most bytes below the prefix, of keys and values together; nil for any number.
    public var maxBytes: Int?
    /// Seconds after which a key expires that was stored without an expiry; nil for never.
    public var defaultTTLSeconds: Int?

    /// The longest default expiry, in seconds: some 31 years.
    public static let maxTTLSeconds = 1_000_000_000

    /// Makes a rule for the keys that begin with `prefix`.
    public init(
        prefix: [UInt8],
        maxKeys: Int? = nil,
        maxBytes: Int? = nil,
        defaultTTLSeconds: Int? = nil
    ) {
        self.prefix = prefix
        self.maxKeys = maxKeys
        self.maxBytes = maxBytes
        self.defaultTTLSeconds = defaultTTLSeconds
    }
}

extension NamespaceRule {
    /// Reads a rule as an operator writes it: `users^:keys=1000,bytes=1048576,ttl=3600`.
    ///
    /// What follows the last `:` are one to three of these in any order, each a number of at least 1.
    public init(parsing text: String) throws(RuleError) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else {
            throw RuleError(
                description: "has no limits: write PREFIX^:keys=N,bytes=N,ttl=SECONDS"
            )
        }
        self.init(prefix: Array(text.utf8[..<colon]))
        if prefix.count < 2 || prefix.last != UInt8(ascii: "^") {
            throw RuleError(description: "names no prefix that ends in '^', as 'users^'")
        }
        let options = String(Substring(text.utf8[text.utf8.index(after: colon)...]))
        for option in options.split(separator: ",", omittingEmptySubsequences: false) {
            try apply(String(option))
        }
    }

    private mutating func apply(_ option: String) throws(RuleError) {
        let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts.count == 2 ? Array(parts[1].utf8) : []
        let value = DecimalInteger.parse(digits.span).flatMap { Int(exactly: $0) }
        switch parts.first {
        case "keys": try set(\.maxKeys, value, option)
        case "bytes": try set(\.maxBytes, value, option)
        case "ttl":
            try set(\.defaultTTLSeconds, value, option)
            if let value, value > NamespaceRule.maxTTLSeconds {
                throw RuleError(
                    description:
                        "says '\(option)', and ttl is at most \(NamespaceRule.maxTTLSeconds)"
                )
            }
        default:
            throw RuleError(
                description: "says '\(option)': there are keys=N, bytes=N and ttl=SECONDS"
            )
        }
    }

    private mutating func set(
        _ limit: WritableKeyPath<NamespaceRule, Int?>,
        _ value: Int?,
        _ option: String
    ) throws(RuleError) {
        guard let value, value >= 1 else {
            throw RuleError(
                description: "says '\(option)', which needs a whole number of at least 1"
            )
        }
        if self[keyPath: limit] != nil {
            throw RuleError(description: "says '\(option)' after saying so already")
        }
        self[keyPath: limit] = value
    }
}
