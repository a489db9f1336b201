// Whether a key's history could have happened to one register, one operation at a time.

/// What is thought of a history.
public enum HistoryVerdict: String, Codable, Sendable {
    /// There is an order of the operations that explains every answer.
    case ok
    /// There is none.
    case illegal
    /// The search was given up.
    case unknown

    /// What programs that judge histories end with: 0 ok, 97 illegal, 96 unknown.
    public var exitCode: Int32 {
        switch self {
        case .ok: 0
        case .illegal: 97
        case .unknown: 96
        }
    }
}

/// Searches for an order that explains every answer: Wing and Gong's search, with Lowe's memory of
/// what was tried.
///
/// An operation takes effect at one moment between its call and its end. The search takes, again and
/// again, one operation that was called before any operation that is still to be taken has ended, and
/// goes back where an answer contradicts. What was tried before, the same operations taken and the same
/// state, is not tried again.
///
/// Sources: Wing and Gong, "Testing and verifying concurrent objects", 1993; Lowe, "Testing for
/// linearizability", 2017; Athalye's Porcupine.
struct LinearizabilityChecker {
    /// Steps of the search that one key may take.
    static let defaultBudget = 2_000_000

    /// What a search came to.
    struct Result: Equatable, Sendable {
        var verdict: HistoryVerdict
        /// How many operations were tried as the next one.
        var steps: Int
    }

    private struct Frame {
        var entry: Int
        var branch: Int
        var state: RegisterState
        var lastCall: Int64
    }

    private struct Memory: Hashable {
        var taken: TakenSet
        var state: RegisterState
    }

    private let model: RegisterModel
    // The calls and ends in the order of time, as a linked list with a head; what is taken is taken out.
    private var list: EventList
    private var taken = TakenSet()
    private var seen: Set<Memory> = []
    private var stack: [Frame] = []
    private var state: RegisterState
    private var lastCall = Int64.min
    private var left: Int
    private var steps = 0

    /// Checks `history` in at most `budget` steps.
    static func check(
        _ history: KeyHistory,
        slackNanoseconds: Int64 = 0,
        budget: Int = defaultBudget
    ) -> Result {
        let hasExpiry =
            history.mayVanish
            || history.operations.contains { $0.action.ttlMilliseconds != nil }
        let operations = HistoryPruning.pruned(history.operations)
        let model = RegisterModel(
            operations,
            slackNanoseconds: slackNanoseconds,
            hasExpiry: hasExpiry
        )
        var checker = LinearizabilityChecker(model, beginsUnknown: history.beginsUnknown)
        let verdict = checker.search(budget)
        return Result(verdict: verdict, steps: checker.steps)
    }

    private init(_ model: RegisterModel, beginsUnknown: Bool) {
        self.model = model
        list = EventList(model.operations)
        state = beginsUnknown ? RegisterState(content: .unknown) : .missing
        left = model.operations.count { $0.end != nil }
    }

    private mutating func search(_ budget: Int) -> HistoryVerdict {
        var entry = list.first
        var branch = 0
        // What has no answer is left over: it may never have happened.
        while left > 0 {
            if steps >= budget { return .unknown }
            steps += 1
            if let operation = list.calledOperation(entry) {
                if take(operation, at: entry, from: branch) {
                    entry = list.first
                } else {
                    entry = list.next(entry)
                }
                branch = 0
                continue
            }
            // An end: what it ends would have had to be taken, so something before was wrong.
            guard let frame = stack.popLast() else { return .illegal }
            putBack(frame)
            entry = frame.entry
            branch = frame.branch + 1
        }
        return .ok
    }

    /// Takes `operation` as the next, in the first way from `branch` on that leads to something new.
    private mutating func take(_ operation: Int, at entry: Int, from branch: Int) -> Bool {
        let call = max(lastCall, model.operations[operation].call)
        let moment = RegisterModel.Moment(earliest: call, latest: list.firstEnd(from: entry))
        for number in branch..<RegisterModel.Branch.allCases.count {
            guard let branch = RegisterModel.Branch(rawValue: number),
                let next = model.successor(operation, state, branch, moment)
            else { continue }
            var after = taken
            after.insert(operation)
            if !seen.insert(Memory(taken: after, state: next)).inserted { continue }
            stack.append(Frame(entry: entry, branch: number, state: state, lastCall: lastCall))
            taken = after
            state = next
            lastCall = call
            if model.operations[operation].end != nil { left -= 1 }
            list.remove(entry)
            return true
        }
        return false
    }

    private mutating func putBack(_ frame: Frame) {
        list.restore(frame.entry)
        let operation = list.operation(frame.entry)
        taken.remove(operation)
        state = frame.state
        lastCall = frame.lastCall
        if model.operations[operation].end != nil { left += 1 }
    }
}

/// Which operations were taken: nearly always all up to some number, and a few behind it.
struct TakenSet: Hashable, Sendable {
    /// Words of which all operations were taken; the rest of them follow in `words`.
    private var fullWords = 0
    private var words: [UInt64] = []

    /// Adds a number.
    mutating func insert(_ number: Int) {
        let word = number >> 6 - fullWords
        while words.count <= word { words.append(0) }
        words[word] |= 1 << UInt64(number & 63)
        while words.first == .max {
            words.removeFirst()
            fullWords += 1
        }
    }

    /// Removes a number that is in it.
    mutating func remove(_ number: Int) {
        while number >> 6 < fullWords {
            words.insert(.max, at: 0)
            fullWords -= 1
        }
        words[number >> 6 - fullWords] &= ~(1 << UInt64(number & 63))
        while words.last == 0 { words.removeLast() }
    }
}

/// Calls and ends in the order of time: a list that entries are taken out of and put back into.
struct EventList: Sendable {
    private static let head = 0
    private var nextEntry: [Int32]
    private var previousEntry: [Int32]
    /// By entry: the operation that is called, or the bitwise complement of the one that ends.
    private let meanings: [Int32]
    private let ends: [Int32]
    private let times: [Int64]

    /// Makes the list of `operations`; those without an answer have a call and no end.
    init(_ operations: [HistoryOperation]) {
        var events: [(time: Int64, isEnd: Bool, operation: Int)] = []
        for (index, operation) in operations.enumerated() {
            events.append((operation.call, false, index))
            if let end = operation.end { events.append((max(end, operation.call), true, index)) }
        }
        // What ends when something else is called overlaps with it.
        events.sort {
            ($0.time, $0.isEnd ? 1 : 0, $0.operation) < ($1.time, $1.isEnd ? 1 : 0, $1.operation)
        }
        var meanings: [Int32] = [0]
        var times: [Int64] = [.min]
        var ends = [Int32](repeating: -1, count: operations.count)
        for event in events {
            let operation = Int32(truncatingIfNeeded: event.operation)
            if event.isEnd { ends[event.operation] = Int32(truncatingIfNeeded: meanings.count) }
            meanings.append(event.isEnd ? ~operation : operation)
            times.append(event.time)
        }
        // Behind the last comes the head again, which stands for the end of all.
        let count = meanings.count
        nextEntry = (0..<count).map { Int32(truncatingIfNeeded: ($0 + 1) % count) }
        previousEntry = (0..<count).map { Int32(truncatingIfNeeded: ($0 + count - 1) % count) }
        self.meanings = meanings
        self.times = times
        self.ends = ends
    }

    /// The first entry that is left.
    var first: Int { Int(nextEntry[EventList.head]) }

    /// The entry behind `entry`.
    func next(_ entry: Int) -> Int { Int(nextEntry[entry]) }

    /// The operation whose call `entry` is; nil at an end, and at the end of all.
    func calledOperation(_ entry: Int) -> Int? {
        entry == EventList.head || meanings[entry] < 0 ? nil : Int(meanings[entry])
    }

    /// The operation of an entry that is a call.
    func operation(_ entry: Int) -> Int { Int(meanings[entry]) }

    /// The time of the first end at or behind `entry`; `.max` if there is none.
    func firstEnd(from entry: Int) -> Int64 {
        var entry = entry
        while entry != EventList.head {
            if meanings[entry] < 0 { return times[entry] }
            entry = Int(nextEntry[entry])
        }
        return .max
    }

    /// Takes a call and its end out.
    mutating func remove(_ entry: Int) {
        unlink(entry)
        let end = ends[operation(entry)]
        if end >= 0 { unlink(Int(end)) }
    }

    /// Puts back what was taken out last.
    mutating func restore(_ entry: Int) {
        let end = ends[operation(entry)]
        if end >= 0 { link(Int(end)) }
        link(entry)
    }

    private mutating func unlink(_ entry: Int) {
        nextEntry[Int(previousEntry[entry])] = nextEntry[entry]
        previousEntry[Int(nextEntry[entry])] = previousEntry[entry]
    }

    private mutating func link(_ entry: Int) {
        nextEntry[Int(previousEntry[entry])] = Int32(truncatingIfNeeded: entry)
        previousEntry[Int(nextEntry[entry])] = Int32(truncatingIfNeeded: entry)
    }
}
