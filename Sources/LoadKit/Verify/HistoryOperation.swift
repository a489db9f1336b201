// What one client asked of one key, when, and what came of it.

/// What is done to a key.
public enum HistoryAction: Sendable, Hashable {
    /// Reads it.
    case get
    /// Sets it, and its time to live; nil for none, whatever it had.
    case set(String, ttlMilliseconds: Int64?)
    /// Removes it.
    case delete
    /// Sets it if its value is the one expected; its time to live goes.
    case compareAndSet(expected: String, String)
    /// Adds to the number that it holds; a missing key counts from 0. Its time to live stays.
    case increment(Int64)
    /// Sets its time to live.
    case expire(ttlMilliseconds: Int64)

    /// The time to live that it gives a key.
    var ttlMilliseconds: Int64? {
        switch self {
        case .set(_, let ttl): ttl
        case .expire(let ttl): ttl
        case .get, .delete, .compareAndSet, .increment: nil
        }
    }
}

/// What came of an operation.
public enum HistoryOutcome: Sendable, Hashable {
    /// Nothing is known of it: it may have had its effect, or not.
    case unknown
    /// It was done: SET, and CAS that found what it expected.
    case done
    /// The value that the key has: GET, and CAS that found another.
    case value(String)
    /// The key is not there: GET, CAS.
    case missing
    /// The number that was answered: DEL, INCR, PEXPIRE.
    case number(Int64)
    /// An error, by its code: it had no effect.
    case refused(String)
}

/// One operation on one key.
///
/// Times are nanoseconds of one monotonic clock, for all clients the same.
public struct HistoryOperation: Sendable, Hashable {
    /// Who asked: one connection of a client's, by number.
    public var client: Int
    /// When it was handed to the socket, or before.
    public var call: Int64
    /// When its answer was there, or later; nil if none came, so that it may still take effect.
    public var end: Int64?
    /// What was asked.
    public var action: HistoryAction
    /// What came of it.
    public var outcome: HistoryOutcome
    /// Whether it may as well be left out: what it did may have been done before the history begins.
    var isOptional = false

    /// Makes an operation; without an `end` its outcome is unknown.
    public init(
        client: Int,
        call: Int64,
        end: Int64?,
        _ action: HistoryAction,
        _ outcome: HistoryOutcome = .unknown
    ) {
        self.client = client
        self.call = call
        self.end = end
        self.action = action
        self.outcome = end == nil ? .unknown : outcome
    }

    /// When it has had its effect at the latest; `.max` where it has no answer.
    var latest: Int64 { end ?? .max }
}

/// What all clients did to one key.
public struct KeyHistory: Sendable, Equatable {
    /// The key.
    public var key: String
    /// Whether the key was there before is not known; else it was not.
    public var beginsUnknown = false
    /// Whether what was there before, of which nothing is known, may have a time to live.
    var mayVanish = false
    /// The operations, in any order.
    public var operations: [HistoryOperation]

    /// Makes a history.
    public init(
        key: String,
        beginsUnknown: Bool = false,
        operations: [HistoryOperation] = []
    ) {
        self.key = key
        self.beginsUnknown = beginsUnknown
        self.operations = operations
    }
}
