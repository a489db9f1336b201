// What can happen to a key, as observers are told it.

/// What happened to a key, or to all keys below a prefix.
///
/// Source: Redis, keyspace notifications: where it has a word for it, the word is the same.
public enum KeyChangeKind: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// It has a value that was written, whichever command did it.
    case set
    /// It was removed.
    case delete
    /// It is to expire, at another time than before; its value is the same.
    case expire
    /// It is to expire no more; its value is the same.
    case persist
    /// Its time had come.
    case expired
    /// It made room for others.
    case evicted
    /// All keys that began with it were removed at once.
    case drop

    /// The kind that is called `name`, whatever its letter case.
    public init?(named name: Span<UInt8>) {
        let text = Printable.text(name, maxBytes: 16).lowercased()
        guard let kind = KeyChangeKind.allCases.first(where: { "\($0.word)" == text }) else {
            return nil
        }
        self = kind
    }

    /// The word for it.
    public var word: StaticString {
        switch self {
        case .set: "set"
        case .delete: "del"
        case .expire: "expire"
        case .persist: "persist"
        case .expired: "expired"
        case .evicted: "evicted"
        case .drop: "drop"
        }
    }
}

/// Kinds of changes.
public struct KeyChangeKinds: OptionSet, Sendable, BitwiseCopyable {
    /// The bits.
    public let rawValue: UInt8
    /// Makes kinds of bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The one kind `kind`.
    public init(_ kind: KeyChangeKind) { rawValue = 1 << kind.rawValue }

    /// Every kind.
    public static let all = KeyChangeKinds(KeyChangeKind.allCases.map { KeyChangeKinds($0) })
}

/// What somebody wants to be told of the changes to a key.
public enum KeyInterest: Sendable, BitwiseCopyable {
    /// Nothing.
    case none
    /// That it changed.
    case change
    /// That it changed, and what it held before and holds now.
    case values
}
