// A token's own limits, as the token file holds them.
public import Core

/// The limits of one token; what is nil is not limited.
public struct TokenRateLimit: Equatable, Sendable {
    /// The commands of one category.
    public struct Category: Equatable, Sendable {
        /// The commands permitted each second, above 0.
        public var commandsPerSecond: Int
        /// The commands permitted at once, above 0; nil is one second's worth.
        public var burst: Int?

        /// Makes a limit.
        public init(commandsPerSecond: Int, burst: Int? = nil) {
            self.commandsPerSecond = commandsPerSecond
            self.burst = burst
        }
    }

    /// The commands permitted each second, above 0.
    public var commandsPerSecond: Int?
    /// The commands permitted at once, above 0; nil is one second's worth.
    public var burst: Int?
    /// The bytes of requests permitted each second, above 0; one second's worth may come at once.
    public var bytesPerSecond: Int?
    /// The connections open at once, above 0.
    public var connections: Int?
    /// Limits of single categories, on top of those of the whole.
    public var categories: [CommandCategory: Category]

    /// Makes limits.
    public init(
        commandsPerSecond: Int? = nil,
        burst: Int? = nil,
        bytesPerSecond: Int? = nil,
        connections: Int? = nil,
        categories: [CommandCategory: Category] = [:]
    ) {
        self.commandsPerSecond = commandsPerSecond
        self.burst = burst
        self.bytesPerSecond = bytesPerSecond
        self.connections = connections
        self.categories = categories
    }

    /// Throws if a value breaks its rule.
    func validate() throws(TokenFieldError) {
        let numbers = [
            ("commandsPerSecond", commandsPerSecond), ("burst", burst),
            ("bytesPerSecond", bytesPerSecond), ("connections", connections),
        ]
        for (name, number) in numbers { try TokenRateLimit.require(number, name) }
        if burst != nil, commandsPerSecond == nil {
            throw TokenFieldError(field: "rateLimit", reason: "burst needs commandsPerSecond")
        }
        for (category, limit) in categories {
            let path = "categories.\(category.rawValue)"
            try TokenRateLimit.require(limit.commandsPerSecond, "\(path).commandsPerSecond")
            try TokenRateLimit.require(limit.burst, "\(path).burst")
        }
    }

    private static func require(_ number: Int?, _ name: String) throws(TokenFieldError) {
        if let number, number < 1 {
            throw TokenFieldError(field: "rateLimit", reason: "\(name) must be above 0")
        }
    }
}

extension TokenRateLimit: Codable {
    /// Reads limits; it throws an error that tells the field.
    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: FieldName.self)
        try TokenRateLimit.requireKnown(
            object,
            ["commandsPerSecond", "burst", "bytesPerSecond", "connections", "categories"],
            ""
        )
        self.init(
            commandsPerSecond: try TokenRateLimit.number(object, "commandsPerSecond", ""),
            burst: try TokenRateLimit.number(object, "burst", ""),
            bytesPerSecond: try TokenRateLimit.number(object, "bytesPerSecond", ""),
            connections: try TokenRateLimit.number(object, "connections", "")
        )
        if !object.contains(FieldName("categories")) { return }
        guard
            let list = try? object.nestedContainer(
                keyedBy: FieldName.self,
                forKey: FieldName("categories")
            )
        else { throw TokenRateLimit.error("categories must be an object") }
        for name in list.allKeys {
            guard let category = CommandCategory(rawValue: name.stringValue) else {
                throw TokenRateLimit.error("categories has no \"\(name.stringValue)\"")
            }
            categories[category] = try TokenRateLimit.category(list, name)
        }
    }

    private static func category(
        _ list: KeyedDecodingContainer<FieldName>,
        _ name: FieldName
    ) throws -> Category {
        let path = "categories.\(name.stringValue)."
        guard let object = try? list.nestedContainer(keyedBy: FieldName.self, forKey: name) else {
            throw error("\(path.dropLast()) must be an object")
        }
        try requireKnown(object, ["commandsPerSecond", "burst"], path)
        guard let perSecond = try number(object, "commandsPerSecond", path) else {
            throw error("\(path)commandsPerSecond is missing")
        }
        return Category(
            commandsPerSecond: perSecond,
            burst: try number(object, "burst", path)
        )
    }

    // A misspelt limit must not make a token without one.
    private static func requireKnown(
        _ object: KeyedDecodingContainer<FieldName>,
        _ known: Set<String>,
        _ path: String
    ) throws {
        if let unknown = object.allKeys.first(where: { !known.contains($0.stringValue) }) {
            throw error("no field of it is called \"\(path)\(unknown.stringValue)\"")
        }
    }

    private static func number(
        _ object: KeyedDecodingContainer<FieldName>,
        _ name: String,
        _ path: String
    ) throws -> Int? {
        if !object.contains(FieldName(name)) { return nil }
        guard let number = try? object.decode(Int.self, forKey: FieldName(name)) else {
            throw error("\(path)\(name) must be a whole number")
        }
        return number
    }

    private static func error(_ reason: String) -> TokenFieldError {
        TokenFieldError(field: "rateLimit", reason: reason)
    }

    /// Writes limits.
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: FieldName.self)
        try object.encodeIfPresent(commandsPerSecond, forKey: FieldName("commandsPerSecond"))
        try object.encodeIfPresent(burst, forKey: FieldName("burst"))
        try object.encodeIfPresent(bytesPerSecond, forKey: FieldName("bytesPerSecond"))
        try object.encodeIfPresent(connections, forKey: FieldName("connections"))
        if categories.isEmpty { return }
        var list = object.nestedContainer(
            keyedBy: FieldName.self,
            forKey: FieldName("categories")
        )
        for (category, limit) in categories {
            var inner = list.nestedContainer(
                keyedBy: FieldName.self,
                forKey: FieldName(category.rawValue)
            )
            try inner.encode(limit.commandsPerSecond, forKey: FieldName("commandsPerSecond"))
            try inner.encodeIfPresent(limit.burst, forKey: FieldName("burst"))
        }
    }
}
