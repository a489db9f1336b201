// What a command is, apart from what it does: the part of a table row that other rooms may read.

/// The part of a command's row that says everything but the handler.
public struct CommandSpec: Sendable {
    /// The name, upper case.
    public var name: String
    /// Other names for it, upper case.
    public var aliases: [String]
    /// The chapter that HELP lists it in.
    public var group: CommandGroup
    /// The arguments, in the order of the RESP and text encodings.
    public var arguments: [ArgumentSpec]
    /// What a token must be permitted to run it.
    public var category: CommandCategory
    /// What the dispatcher and the decoders must know.
    public var flags: CommandFlags
    /// The cost, in big O notation.
    public var complexity: String
    /// The version of Sallyport that first had it.
    public var since: String
    /// One sentence.
    public var summary: String
    /// The shape of what it answers.
    public var reply: ReplyShape
    /// The errors it can answer with, beside those that every command can.
    public var errors: [ErrorCode]

    /// Makes a spec.
    public init(
        _ name: String,
        aliases: [String] = [],
        group: CommandGroup,
        arguments: [ArgumentSpec] = [],
        category: CommandCategory,
        flags: CommandFlags = [],
        complexity: String = "O(1)",
        since: String = "1.0.0",
        summary: String,
        reply: ReplyShape,
        errors: [ErrorCode] = []
    ) {
        self.name = name
        self.aliases = aliases
        self.group = group
        self.arguments = arguments
        self.category = category
        self.flags = flags
        self.complexity = complexity
        self.since = since
        self.summary = summary
        self.reply = reply
        self.errors = errors
    }

    /// Whether it is refused where the server is overloaded: what looks at the server, and what is laborious.
    public var isLowPriority: Bool { category == .information || flags.contains(.laborious) }

    /// The errors that every command can answer with.
    public static let commonErrors: [ErrorCode] = [
        .unknownCommand, .wrongArity, .unauthenticated, .forbidden, .invalidRequest, .tooLong,
        .rateLimited, .busy, .overloaded,
    ]

    /// The errors of this command: those its row lists, and what whoever may store something can meet.
    public var ownErrors: [ErrorCode] {
        flags.contains(.growsMemory) ? errors + [.namespaceFull, .outOfMemory] : errors
    }

    /// The fewest arguments, the name included.
    public var minimumCount: Int {
        1 + arguments.reduce(0) { $0 + ($1.isOptional ? 0 : $1.minimumWidth) }
    }

    /// The most arguments, the name included; nil where there is no most.
    public var maximumCount: Int? {
        var count = 1
        for argument in arguments {
            if argument.isRepeated { return nil }
            count += argument.width
        }
        return count
    }

    /// Arity as Redis's COMMAND gives it: exact if positive, a minimum if negative.
    public var redisArity: Int {
        maximumCount == minimumCount ? minimumCount : -minimumCount
    }

    /// The position of the first argument that is a key, the last, and the step between keys, as Redis's
    /// COMMAND gives them; zeros where no argument is a key.
    public var keyPositions: KeyPositions {
        var position = 1
        for (index, argument) in arguments.enumerated() {
            switch argument.kind {
            case .key where argument.isRepeated:
                return KeyPositions(first: position, last: -1, step: 1)
            case .key:
                // Keys that follow one another, as in RENAME, are one run.
                let others = arguments[(index + 1)...].prefix {
                    $0.kind == .key && !$0.isRepeated && $0.token == nil
                }
                return KeyPositions(first: position, last: position + others.count, step: 1)
            case .pairs: return KeyPositions(first: position, last: -1, step: 2)
            default: position += argument.width
            }
        }
        return KeyPositions(first: 0, last: 0, step: 0)
    }
}

/// Where a command's keys are among its words, as Redis's COMMAND gives it.
public struct KeyPositions: Equatable, Sendable, BitwiseCopyable {
    /// The first key; 0 where no argument is a key.
    public let first: Int
    /// The last key; -1 if it is the request's last word.
    public let last: Int
    /// From one key to the next; 0 where no argument is a key.
    public let step: Int

    /// Makes positions; see the properties.
    public init(first: Int, last: Int, step: Int) {
        self.first = first
        self.last = last
        self.step = step
    }

    /// The positions of the keys of a request of `count` words, the name included.
    ///
    /// A key may be optional, and then not be there.
    public func among(_ count: Int) -> StrideThrough<Int> {
        let end = last < 0 ? count - 1 : min(last, count - 1)
        return stride(from: first, through: first == 0 ? -1 : end, by: max(1, step))
    }
}

/// The chapters of the command table.
public enum CommandGroup: String, Sendable, CaseIterable {
    /// Getting in and out.
    case connection
    /// The server itself.
    case server
    /// Several commands as one.
    case transactions
    /// Values.
    case string
    /// Keys whatever their value.
    case keys
    /// Namespaces.
    case namespace
    /// Messages between clients.
    case pubsub
}

/// What a token is permitted by: `@read` and so on in a token's permissions.
public enum CommandCategory: String, Sendable, CaseIterable {
    /// Whoever has a token may run it; with the flag `withoutToken`, anybody.
    case open
    /// Tells about the server or the connection.
    case information
    /// Reads keys.
    case read
    /// Changes keys.
    case write
    /// Goes over all keys, or changes many at once.
    case admin
    /// Publishes, and subscribes; which channels, the token's patterns say.
    case pubsub
}

/// What the dispatcher and the decoders must know of a command.
public struct CommandFlags: OptionSet, Sendable, BitwiseCopyable {
    /// The bits.
    public let rawValue: UInt16
    /// Makes flags of bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// Served before a token is accepted.
    public static let withoutToken = CommandFlags(rawValue: 1 << 0)
    /// In the text encoding the single argument is the rest of the line as it came.
    public static let restOfLine = CommandFlags(rawValue: 1 << 1)
    /// May make the keyspace larger, so it is refused where memory is used up.
    public static let growsMemory = CommandFlags(rawValue: 1 << 2)
    /// Ends the connection behind its reply.
    public static let closes = CommandFlags(rawValue: 1 << 3)
    /// An argument is a secret: never logged, never part of an error's text.
    public static let secret = CommandFlags(rawValue: 1 << 4)
    /// Runs at once between MULTI and EXEC, where others are queued.
    public static let notQueued = CommandFlags(rawValue: 1 << 5)
    /// Walks or compares much, and can wait: refused first where the server is overloaded.
    public static let laborious = CommandFlags(rawValue: 1 << 6)
    /// May be run by a RESP2 client that is subscribed to something; most may not.
    public static let forSubscribers = CommandFlags(rawValue: 1 << 7)
}

/// One argument of a command.
public struct ArgumentSpec: Sendable, Equatable {
    /// What an argument is.
    public enum Kind: Sendable, Equatable, BitwiseCopyable {
        /// A key, held against the token's namespace patterns.
        case key
        /// Any bytes.
        case bytes
        /// Any bytes; in JSON any value, which travels as its JSON text.
        case anyValue
        /// A decimal integer of 64 bits.
        case integer
        /// A word that is either there or not: a boolean in JSON. Its token is the word.
        case flag
        /// Keys and values by turns: an object in JSON.
        case pairs
        /// A glob pattern or namespace prefix.
        case pattern
    }

    /// The field's name in JSON, lower case.
    public var name: String
    /// What it is.
    public var kind: Kind
    /// The word that goes before it (`EX` before seconds), or is it (`NX`), upper case.
    public var token: String?
    /// Whether it may be left out.
    public var isOptional: Bool
    /// Whether it may come more than once: an array, or a single one, in JSON.
    public var isRepeated: Bool
    /// What becomes of the key, where that does not follow from the command's category.
    public var access: KeyAccess?

    /// Makes an argument.
    public init(
        _ name: String,
        _ kind: Kind,
        token: String? = nil,
        optional: Bool = false,
        repeated: Bool = false,
        access: KeyAccess? = nil
    ) {
        self.name = name
        self.kind = kind
        self.token = token
        self.isOptional = optional
        self.isRepeated = repeated
        self.access = access
    }

    /// How many words it takes once.
    var width: Int {
        switch kind {
        case .flag: 1
        case .pairs: 2
        default: token == nil ? 1 : 2
        }
    }

    /// How many words it takes at least where it is given.
    var minimumWidth: Int { width }
}

/// What a reply looks like; the validator holds each reply against its command's.
public indirect enum ReplyShape: Sendable, Equatable {
    /// `OK` or another word.
    case status
    /// A 64-bit integer.
    case integer
    /// Any bytes.
    case bytes
    /// Any bytes; in JSON any value, unchanged.
    case anyValue
    /// A floating-point number.
    case double
    /// True or false.
    case boolean
    /// An integer of any size.
    case bigNumber
    /// Text for a person.
    case verbatim
    /// No value.
    case null
    /// A list, each item of the shape.
    case list(ReplyShape)
    /// A list without order or repetition, each item of the shape.
    case set(ReplyShape)
    /// Names and values, the values of the shape.
    case map(ReplyShape)
    /// How many subscriptions there are then; in RESP, a push for each channel or pattern instead.
    case subscriptions
    /// One of several shapes.
    case oneOf([ReplyShape])
    /// Anything.
    case any
}
