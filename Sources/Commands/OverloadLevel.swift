// How far a server is overloaded, and what it leaves undone then.

/// A rung of the overload ladder; each includes what those below it do.
public enum OverloadLevel: UInt8, Sendable, Comparable, CaseIterable {
    /// Everything is served.
    case normal = 0
    /// New full handshakes are slowed down.
    case handshakesSlowed = 1
    /// Commands of low priority are refused.
    case lowPriorityRefused = 2
    /// Only connections that are established are served, and tokens with a reserved slot.
    case establishedOnly = 3

    /// What INFO and the log call it.
    public var name: String {
        switch self {
        case .normal: "normal"
        case .handshakesSlowed: "handshakes_slowed"
        case .lowPriorityRefused: "low_priority_refused"
        case .establishedOnly: "established_only"
        }
    }

    /// Lower rungs come first.
    public static func < (left: OverloadLevel, right: OverloadLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}
