// Which channels keep their last messages, and how many for how long: the rules that an operator gives.

/// A rule for the channels that a pattern matches.
public struct RetentionRule: Equatable, Sendable {
    /// A glob pattern.
    public var pattern: [UInt8]
    /// The most messages that a channel keeps; nil for any number.
    public var maxMessages: Int?
    /// Seconds behind which a message is no longer kept; nil for any time.
    public var maxSeconds: Int?

    /// Makes a rule; one of both says how much is kept.
    public init(pattern: [UInt8], maxMessages: Int? = nil, maxSeconds: Int? = nil) {
        self.pattern = pattern
        self.maxMessages = maxMessages
        self.maxSeconds = maxSeconds
    }

    /// The longest time, in seconds: some 31 years.
    public static let maxSeconds = 1_000_000_000
}

extension RetentionRule {
    /// Reads a rule as an operator writes it: `news.*=1000,60s`, or with one of both numbers.
    ///
    /// What follows the last `=` is a number of messages, a number of seconds with `s`, or both.
    public init(parsing text: String) throws(RuleError) {
        guard let equals = text.utf8.lastIndex(of: UInt8(ascii: "=")) else {
            throw RuleError(
                description: "keeps nothing: write PATTERN=MESSAGES,SECONDSs, as 'news.*=1000,60s'"
            )
        }
        self.init(pattern: Array(text.utf8[..<equals]))
        if pattern.isEmpty { throw RuleError(description: "has no pattern") }
        let numbers = text.utf8[text.utf8.index(after: equals)...]
        for part in numbers.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            try apply(Array(part))
        }
    }

    private mutating func apply(_ part: [UInt8]) throws(RuleError) {
        let isTime = part.last == UInt8(ascii: "s")
        let digits = isTime ? Array(part.dropLast()) : part
        let text = String(decoding: part, as: UTF8.self)
        guard let value = DecimalInteger.parse(digits.span).flatMap({ Int(exactly: $0) }),
            value >= 1, value <= (isTime ? RetentionRule.maxSeconds : 1 << 32)
        else {
            throw RuleError(
                description:
                    "says '\(text)', which is no number of messages, nor of seconds as '60s'"
            )
        }
        if (isTime ? maxSeconds : maxMessages) != nil {
            throw RuleError(description: "says '\(text)' after saying so already")
        }
        if isTime { maxSeconds = value } else { maxMessages = value }
    }
}
