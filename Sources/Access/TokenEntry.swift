// One token as the token file holds it.
public import Crypto

/// One entry of the token file: everything about a token but its secret.
public struct TokenEntry: Equatable, Sendable {
    /// The most patterns in one list: each is held against every key.
    public static let maxPatterns = 256
    /// The longest pattern, in bytes: as long as the longest key by default.
    public static let maxPatternBytes = 1024
    /// The longest name, in characters.
    public static let maxNameCount = 64

    /// Which token it is; in the credential, too.
    public var id: TokenID
    /// What people call it: 1 to 64 characters of `A-Za-z0-9._-`.
    public var name: String
    /// The SHA-256 of the secret; see `IssuedToken.digest` for why no slower hash is needed.
    public var digest: Digest
    /// When the present secret was made, in milliseconds since 1970 UTC.
    public var createdAtUnixMilliseconds: Int64
    /// The first millisecond since 1970 UTC at which it is refused; nil if it does not expire.
    public var expiresAtUnixMilliseconds: Int64?
    /// What it may run; see `TokenPermissions`.
    public var permissions: [String]
    /// Patterns of the keys it may read.
    public var read: [String]
    /// Patterns of the keys it may write.
    public var write: [String]
    /// Patterns of the channels it may subscribe to.
    public var subscribe: [String]
    /// Patterns of the channels it may publish to.
    public var publish: [String]
    /// Its own limits, if any.
    public var rateLimit: TokenRateLimit?
    /// Whether connections are kept free for it where there are as many as there may be.
    public var hasReservedSlot: Bool

    /// Makes the entry of `issued`, by default for all keys and no channels.
    public init(
        _ issued: IssuedToken,
        name: String,
        createdAtUnixMilliseconds: Int64,
        expiresAtUnixMilliseconds: Int64? = nil,
        permissions: [String] = TokenPermissions.standard,
        read: [String] = ["*"],
        write: [String] = ["*"],
        subscribe: [String] = [],
        publish: [String] = [],
        rateLimit: TokenRateLimit? = nil,
        hasReservedSlot: Bool = false
    ) {
        self.init(
            id: issued.id,
            name: name,
            digest: issued.digest,
            createdAtUnixMilliseconds: createdAtUnixMilliseconds,
            expiresAtUnixMilliseconds: expiresAtUnixMilliseconds,
            permissions: permissions,
            read: read,
            write: write,
            subscribe: subscribe,
            publish: publish,
            rateLimit: rateLimit,
            hasReservedSlot: hasReservedSlot
        )
    }

    init(
        id: TokenID,
        name: String,
        digest: Digest,
        createdAtUnixMilliseconds: Int64,
        expiresAtUnixMilliseconds: Int64?,
        permissions: [String],
        read: [String],
        write: [String],
        subscribe: [String],
        publish: [String],
        rateLimit: TokenRateLimit?,
        hasReservedSlot: Bool
    ) {
        self.id = id
        self.name = name
        self.digest = digest
        self.createdAtUnixMilliseconds = createdAtUnixMilliseconds
        self.expiresAtUnixMilliseconds = expiresAtUnixMilliseconds
        self.permissions = permissions
        self.read = read
        self.write = write
        self.subscribe = subscribe
        self.publish = publish
        self.rateLimit = rateLimit
        self.hasReservedSlot = hasReservedSlot
    }
}

/// What is wrong with one field of an entry.
struct TokenFieldError: Error, Equatable {
    /// The field's name in the file; nil where the entry as a whole is wrong.
    var field: String?
    /// What is wrong, as a sentence that goes behind the field's name.
    var reason: String
    /// The entry's name, where it could be read.
    var token: String?
}

extension TokenEntry {
    /// Throws if a field's value breaks its rule; permissions are for `TokenPermissions` to judge.
    func validate() throws(TokenFieldError) {
        if !TokenEntry.isName(name) {
            throw TokenFieldError(
                field: "name",
                reason: "\"\(name)\" must be 1 to \(TokenEntry.maxNameCount) characters "
                    + "of A-Z a-z 0-9 . _ -"
            )
        }
        let lists = [
            ("read", read), ("write", write), ("subscribe", subscribe), ("publish", publish),
        ]
        for (field, patterns) in lists { try validate(patterns, field) }
        try rateLimit?.validate()
    }

    private func validate(_ patterns: [String], _ field: String) throws(TokenFieldError) {
        if patterns.count > TokenEntry.maxPatterns {
            throw TokenFieldError(
                field: field,
                reason: "\(patterns.count) patterns are more than the \(TokenEntry.maxPatterns) "
                    + "allowed"
            )
        }
        let lengths = 1...TokenEntry.maxPatternBytes
        for pattern in patterns where !lengths.contains(pattern.utf8.count) {
            throw TokenFieldError(
                field: field,
                reason: "a pattern must be 1 to \(TokenEntry.maxPatternBytes) bytes, and one has "
                    + "\(pattern.utf8.count)"
            )
        }
    }

    private static func isName(_ name: String) -> Bool {
        let isAllowed = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return (1...maxNameCount).contains(name.utf8.count) && name.utf8.allSatisfy(isAllowed)
    }
}
