// Writing down who asked what when, while a load runs.
internal import Core

/// Takes down the operations of the clients of one loop.
///
/// A load records with two lines, one where a request is handed to the socket and one where its reply was
/// parsed; what is in flight when a connection is lost needs none, it stays open:
///
///     let ticket = recorder.begin(key, client: number, .get, at: SystemClock.monotonicNanoseconds())
///     recorder.end(ticket, .value(HistoryRecorder.name(payload)), at: arrivedAt)
///
/// All loops' times are of the same monotonic clock. `client` is the number of a connection, not of a
/// person: whoever connects again takes another number. At the end each loop hands over its `notes`;
/// `History` puts them together, and `HistoryJudge.judge` says whether all was right:
///
///     let report = HistoryJudge.judge(History(notes), HistoryJudge.Rules())
///
/// Every write to a recorded key must be recorded, by whomever; so either the keys are new, or the history
/// is made with `beginsUnknown`. A recorder that is full takes down nothing that is called later, and what
/// was still open then stays open, which leaves the history sound.
///
/// Belongs to one loop.
public final class HistoryRecorder {
    /// What `begin` gave out.
    public struct Ticket: Sendable, Equatable, BitwiseCopyable {
        fileprivate var index: Int32

        /// That of what is not taken down.
        public static let none = Ticket(index: -1)
    }

    /// The operations that one recorder takes down unless told otherwise: about 150 bytes each.
    public static let defaultCapacity = 2_000_000

    private let capacity: Int
    private var keys: [String: Int32] = [:]
    private var names: [String] = []
    private var operations: [HistoryOperation] = []
    private var keyOfOperation: [Int32] = []
    /// When it was full; what ended later is not known to have ended.
    private var fullAt = Int64.max
    /// What clients published.
    public var publications: [Publication] = []
    /// What subscribers got.
    public var listenings: [Listening] = []

    /// Makes a recorder of at most `capacity` operations.
    public init(capacity: Int = defaultCapacity) {
        self.capacity = min(capacity, Int(Int32.max))
    }

    /// Takes down that `client` asks for `action`; to be called before the request can reach the server.
    public func begin(
        _ key: String,
        client: Int,
        _ action: HistoryAction,
        at call: Int64
    ) -> Ticket {
        if operations.count >= capacity {
            fullAt = min(fullAt, call)
            return .none
        }
        let number: Int32
        if let known = keys[key] {
            number = known
        } else {
            number = Int32(truncatingIfNeeded: names.count)
            keys[key] = number
            names.append(key)
        }
        operations.append(HistoryOperation(client: client, call: call, end: nil, action))
        keyOfOperation.append(number)
        return Ticket(index: Int32(truncatingIfNeeded: operations.count - 1))
    }

    /// Takes down what came of an operation; to be called once its reply is there.
    public func end(_ ticket: Ticket, _ outcome: HistoryOutcome, at end: Int64) {
        let index = Int(ticket.index)
        if index < 0 { return }
        operations[index].end = max(end, operations[index].call)
        operations[index].outcome = outcome
    }

    /// How many operations were taken down.
    public var count: Int { operations.count }

    /// Whether there was no room for some.
    public var isFull: Bool { fullAt != .max }

    /// What was taken down, as it is known now; it may go to another thread.
    public var notes: HistoryNotes {
        var byKey = [[HistoryOperation]](repeating: [], count: names.count)
        for (operation, key) in zip(operations, keyOfOperation) {
            byKey[Int(key)].append(operation)
        }
        return HistoryNotes(
            operations: Dictionary(uniqueKeysWithValues: zip(names, byKey)),
            publications: publications,
            listenings: listenings,
            closedAt: fullAt
        )
    }

    /// A value as a history names it: itself where it is short and printable, else its length and a hash.
    ///
    /// Source of the hash: FNV-1a, 64 bits.
    public static func name(_ value: Span<UInt8>) -> String {
        if value.count <= 15, value.count > 0 {
            var text = ""
            for index in 0..<value.count {
                if value[index] <= 0x20 || value[index] > 0x7E { break }
                text.unicodeScalars.append(Unicode.Scalar(value[index]))
            }
            if text.utf8.count == value.count { return text }
        }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<value.count { hash = (hash ^ UInt64(value[index])) &* 0x100_0000_01B3 }
        return "#\(value.count)-" + String(hash, radix: 36)
    }
}

@available(*, unavailable)
extension HistoryRecorder: Sendable {}

/// What one recorder took down.
public struct HistoryNotes: Sendable {
    var operations: [String: [HistoryOperation]]
    var publications: [Publication]
    var listenings: [Listening]
    /// When there was no more room.
    var closedAt: Int64
}

/// All that the clients of a run did and saw.
public struct History: Sendable, Equatable {
    /// The keys' histories, by key.
    public var keys: [KeyHistory]
    /// What was published.
    public var publications: [Publication]
    /// What subscribers got.
    public var listenings: [Listening]
    /// Whether there was no room for all of it: what is there is checked, and is sound.
    public var isCut = false

    /// Makes a history of its parts.
    public init(
        keys: [KeyHistory] = [],
        publications: [Publication] = [],
        listenings: [Listening] = []
    ) {
        self.keys = keys
        self.publications = publications
        self.listenings = listenings
    }

    /// Puts together what several loops took down.
    ///
    /// `beginsUnknown` says that the keys may have been there before.
    public init(_ notes: [HistoryNotes], beginsUnknown: Bool = false) {
        let closedAt = notes.map(\.closedAt).min() ?? .max
        var all: [String: [HistoryOperation]] = [:]
        for note in notes { all.merge(note.operations) { $0 + $1 } }
        keys = all.map { key, operations in
            var history = KeyHistory(
                key: key,
                beginsUnknown: beginsUnknown,
                operations: operations.sorted { ($0.call, $0.latest) < ($1.call, $1.latest) }
            )
            history.mayVanish = beginsUnknown
            return closedAt == .max ? history : HistoryShrinker.until(closedAt, history)
        }
        .sorted { $0.key < $1.key }
        publications = notes.flatMap(\.publications)
        listenings = notes.flatMap(\.listenings)
        isCut = closedAt != .max
    }
}
