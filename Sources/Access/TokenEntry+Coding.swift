// An entry's JSON: one object, every field checked, no field unknown.
internal import Crypto

/// The name of any field, so that unknown ones are seen.
struct FieldName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// The form in which a digest is written: `sha256:` and 64 hexadecimal digits.
private let hashPrefix = "sha256:"

extension TokenEntry: Codable {
    private static let fields: Set = [
        "id", "name", "hash", "createdAt", "expiresAt", "permissions", "read", "write", "subscribe",
        "publish", "rateLimit", "reservedSlots",
    ]

    /// Reads an entry; it throws an error that tells the field.
    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: FieldName.self)
        let name = try? object.decode(String.self, forKey: FieldName("name"))
        do throws(TokenFieldError) {
            try self.init(object)
            try validate()
        } catch {
            throw TokenFieldError(field: error.field, reason: error.reason, token: name)
        }
    }

    private init(_ object: KeyedDecodingContainer<FieldName>) throws(TokenFieldError) {
        // A misspelt "expiresAt" must not make a token that lasts for ever.
        if let unknown = object.allKeys.first(where: { !TokenEntry.fields.contains($0.stringValue) }
        ) {
            throw TokenFieldError(field: unknown.stringValue, reason: "no field is called that")
        }
        self.init(
            id: try object.parsed("id", "12 characters of a-z 0-9", TokenID.init),
            name: try object.required("name", "text", String.self),
            digest: try object.parsed("hash", "\(hashPrefix)<64 hexadecimal digits>", readHash),
            createdAtUnixMilliseconds: try object.time("createdAt"),
            expiresAtUnixMilliseconds: object.has("expiresAt")
                ? try object.time("expiresAt") : nil,
            permissions: try object.required("permissions", listOfTexts, [String].self),
            read: try object.required("read", listOfTexts, [String].self),
            write: try object.required("write", listOfTexts, [String].self),
            subscribe: try object.optional("subscribe", listOfTexts, [String].self) ?? [],
            publish: try object.optional("publish", listOfTexts, [String].self) ?? [],
            rateLimit: try object.rateLimit("rateLimit"),
            hasReservedSlot: try object.optional("reservedSlots", "true or false", Bool.self)
                ?? false
        )
    }

    /// Writes an entry.
    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: FieldName.self)
        try object.encode(id.description, forKey: FieldName("id"))
        try object.encode(name, forKey: FieldName("name"))
        try object.encode(hashPrefix + digest.hex, forKey: FieldName("hash"))
        try object.encodeTime(createdAtUnixMilliseconds, "createdAt")
        if let expiresAtUnixMilliseconds {
            try object.encodeTime(expiresAtUnixMilliseconds, "expiresAt")
        }
        try object.encode(permissions, forKey: FieldName("permissions"))
        try object.encode(read, forKey: FieldName("read"))
        try object.encode(write, forKey: FieldName("write"))
        try object.encode(subscribe, forKey: FieldName("subscribe"))
        try object.encode(publish, forKey: FieldName("publish"))
        try object.encodeIfPresent(rateLimit, forKey: FieldName("rateLimit"))
        if hasReservedSlot { try object.encode(true, forKey: FieldName("reservedSlots")) }
    }
}

private let listOfTexts = "a list of texts"

private func readHash(_ text: String) -> Digest? {
    text.hasPrefix(hashPrefix) ? Digest(hex: text.dropFirst(hashPrefix.count)) : nil
}

extension KeyedDecodingContainer<FieldName> {
    /// Whether the field is there and not null.
    fileprivate func has(_ field: String) -> Bool {
        (try? decodeNil(forKey: FieldName(field))) == false
    }

    fileprivate func required<Value: Decodable>(
        _ field: String,
        _ expected: String,
        _ type: Value.Type
    ) throws(TokenFieldError) -> Value {
        guard let value = try optional(field, expected, type) else {
            throw TokenFieldError(field: field, reason: "it is missing; it must be \(expected)")
        }
        return value
    }

    fileprivate func optional<Value: Decodable>(
        _ field: String,
        _ expected: String,
        _ type: Value.Type
    ) throws(TokenFieldError) -> Value? {
        if !has(field) { return nil }
        guard let value = try? decode(type, forKey: FieldName(field)) else {
            throw TokenFieldError(field: field, reason: "it must be \(expected)")
        }
        return value
    }

    fileprivate func rateLimit(_ field: String) throws(TokenFieldError) -> TokenRateLimit? {
        if !has(field) { return nil }
        do {
            return try decode(TokenRateLimit.self, forKey: FieldName(field))
        } catch let error as TokenFieldError {
            throw error
        } catch {
            throw TokenFieldError(
                field: field,
                reason: "it must be an object such as {\"commandsPerSecond\": 100}"
            )
        }
    }

    fileprivate func parsed<Value>(
        _ field: String,
        _ expected: String,
        _ parse: (String) -> Value?
    ) throws(TokenFieldError) -> Value {
        guard let value = parse(try required(field, expected, String.self)) else {
            throw TokenFieldError(field: field, reason: "it must be \(expected)")
        }
        return value
    }

    fileprivate func time(_ field: String) throws(TokenFieldError) -> Int64 {
        try parsed(
            field,
            "a UTC time such as 2031-01-31T23:59:59Z",
            UTCTimestamp.unixMilliseconds
        )
    }
}

extension KeyedEncodingContainer<FieldName> {
    fileprivate mutating func encodeTime(_ unixMilliseconds: Int64, _ field: String) throws {
        guard let text = UTCTimestamp.text(unixMilliseconds: unixMilliseconds) else {
            throw TokenFieldError(field: field, reason: "the year must be 1970 to 9999")
        }
        try encode(text, forKey: FieldName(field))
    }
}
