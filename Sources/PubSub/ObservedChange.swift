// What an event tells of a key beside its name, and what observers want to be told.
public import Core

/// A change to a key, on its way to who observes it.
public struct ObservedChange: Sendable {
    /// What happened.
    public let kind: KeyChangeKind
    /// The key's version then.
    ///
    /// Of two changes to one key the later one has the higher version; 0 for a drop.
    public let version: UInt64
    /// When the key expires, in Unix milliseconds; 0 for never.
    public let expiresAt: Int64
    /// The value before; nil where there was none, or nobody wants it.
    public let old: [UInt8]?
    /// The value now; nil where there is none, or nobody wants it.
    public let new: [UInt8]?

    /// Makes a change; see the properties.
    public init(
        _ kind: KeyChangeKind,
        version: UInt64 = 0,
        expiresAt: Int64 = 0,
        old: [UInt8]? = nil,
        new: [UInt8]? = nil
    ) {
        self.kind = kind
        self.version = version
        self.expiresAt = expiresAt
        self.old = old
        self.new = new
    }
}

/// What an observer wants to be told of the keys that a pattern matches.
public struct ObserveOptions: Equatable, Sendable {
    /// Which changes.
    public var kinds: KeyChangeKinds
    /// Whether the values before and after come with them.
    public var hasValues: Bool

    /// Makes options; without arguments every change, without values.
    public init(kinds: KeyChangeKinds = .all, hasValues: Bool = false) {
        self.kinds = kinds
        self.hasValues = hasValues
    }
}
