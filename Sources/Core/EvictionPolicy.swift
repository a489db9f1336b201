// Which keys make room for others once the keyspace is as large as it may be.

/// What is done where a write would make the keyspace larger than `Limits.maxMemoryBytes`.
///
/// Source: Redis 7.0, maxmemory-policy, whose names these are.
public enum EvictionPolicy: UInt8, CaseIterable, Sendable {
    /// The write is refused with `.outOfMemory`.
    case noEviction = 0
    /// Keys go that were used the longest ago, approximately.
    case allKeysLRU = 1
    /// Any keys go.
    case allKeysRandom = 2
    /// Of the keys with an expiry those go that were used the longest ago, approximately.
    case volatileLRU = 3
    /// Any keys with an expiry go.
    case volatileRandom = 4
    /// Of the keys with an expiry those go that expire soonest.
    case volatileTTL = 5

    /// The policy's name in options and in CONFIG.
    public var name: String {
        switch self {
        case .noEviction: "noeviction"
        case .allKeysLRU: "allkeys-lru"
        case .allKeysRandom: "allkeys-random"
        case .volatileLRU: "volatile-lru"
        case .volatileRandom: "volatile-random"
        case .volatileTTL: "volatile-ttl"
        }
    }

    /// The policy called `name`, in letters of any case; nil if there is none.
    public init?(name: String) {
        let name = name.lowercased()
        guard let policy = EvictionPolicy.allCases.first(where: { $0.name == name }) else {
            return nil
        }
        self = policy
    }

    /// Whether only keys with an expiry may go.
    public var sparesPersistentKeys: Bool {
        switch self {
        case .noEviction, .allKeysLRU, .allKeysRandom: false
        case .volatileLRU, .volatileRandom, .volatileTTL: true
        }
    }
}
