// What a SET may be told, and what it answers.

/// When a value is stored, and what becomes of the key's expiry.
public struct SetOptions: Equatable, Sendable {
    /// What must hold for the value to be stored.
    public enum Condition: Equatable, Sendable {
        /// Nothing.
        case always
        /// The key is missing (NX).
        case ifMissing
        /// The key exists (XX).
        case ifExists
        /// The key exists and its version is still the one given, as `Keyspace.version` told it.
        case ifVersion(UInt64)
    }

    /// What becomes of the key's expiry.
    public enum Expiry: Equatable, Sendable {
        /// The key will not expire.
        case none
        /// The expiry stays as it is; a new key has none (KEEPTTL).
        case keep
        /// The key expires at this Unix time in milliseconds; at or before now it is removed at once.
        case at(unixMs: Int64)
    }

    /// What must hold for the value to be stored.
    public var condition: Condition
    /// What becomes of the key's expiry.
    public var expiry: Expiry

    /// Makes options; without arguments those of a plain SET.
    public init(condition: Condition = .always, expiry: Expiry = .none) {
        self.condition = condition
        self.expiry = expiry
    }
}

/// What a SET did.
public struct SetOutcome: Equatable, Sendable {
    /// Whether the condition held.
    ///
    /// True also where an expiry in the past removed the key instead of storing the value.
    public var isStored: Bool
    /// Whether the key existed before.
    public var hadPrevious: Bool
    /// The version that the key has since; 0 where nothing was stored, or an expiry in the past removed it.
    public var version: UInt64

    /// Makes an outcome.
    public init(isStored: Bool, hadPrevious: Bool, version: UInt64 = 0) {
        self.isStored = isStored
        self.hadPrevious = hadPrevious
        self.version = version
    }
}

/// What must hold for an expiry to be set.
///
/// Source: Redis, EXPIRE.
public enum ExpiryCondition: Equatable, Sendable {
    /// Nothing.
    case always
    /// The key has no expiry (NX).
    case ifPersistent
    /// The key has an expiry (XX).
    case ifVolatile
    /// The new expiry is later than the present one; none counts as never (GT).
    case ifLater
    /// The new expiry is sooner than the present one; none counts as never (LT).
    case ifSooner
    /// The key has an expiry, and the new one is sooner (XX and LT).
    case ifVolatileAndSooner
}

/// How long a key has to live.
public enum TimeToLive: Equatable, Sendable {
    /// There is no such key.
    case missing
    /// The key does not expire.
    case persistent
    /// The key expires in so many milliseconds, at least 1.
    case milliseconds(Int64)
}

/// What the keyspace holds and what that takes.
public struct KeyspaceMemory: Equatable, Sendable {
    /// Keys, expired ones that are not yet reclaimed included.
    public var keys: Int
    /// Keys with an expiry.
    public var volatileKeys: Int
    /// Bytes that the allocator gave for entries, tables, expiry queues and namespace indices.
    public var bytes: Int
}
