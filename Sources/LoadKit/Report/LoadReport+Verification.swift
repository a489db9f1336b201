// What came of judging the histories that a load took down, in every form of the report.

extension LoadReport {
    /// Whether what clients saw of the keys of a sample can have happened to one register each.
    public struct Verification: Codable, Sendable, Equatable {
        /// What is thought of all of them.
        public var verdict = HistoryVerdict.ok
        /// Keys that were judged.
        public var keys = 0
        /// Operations on them.
        public var operations = 0
        /// Operations that were never answered, or with what is no answer: they may have been done.
        public var open = 0
        /// Operations that were answered with an error, and so were not done.
        public var refused = 0
        /// The most operations on one key.
        public var longest = 0
        /// Requests that were not judged: of other keys, of none, or behind the end of the room for them.
        public var notJudged: UInt64 = 0
        /// Whether there was no room for all operations: those before that moment were judged.
        public var isCut = false
        /// Keys whose history cannot have happened.
        public var illegalKeys: [String] = []
        /// Keys of which that could not be told.
        public var unknownKeys: [String] = []
        /// Why something could not be told.
        public var unknownBecause: [String] = []
        /// The smallest illegal histories found, drawn.
        public var drawings: [String] = []

        private enum CodingKeys: String, CodingKey {
            case verdict
            case keys
            case operations
            case open
            case refused
            case longest
            case notJudged = "not_judged"
            case isCut = "is_cut"
            case illegalKeys = "illegal_keys"
            case unknownKeys = "unknown_keys"
            case unknownBecause = "unknown_because"
            case drawings
        }

        /// Makes one that judged nothing.
        public init() {}
    }
}

extension LoadReport.Verification {
    /// Judges what the loops of a run took down.
    init(_ totals: LoadTotals, _ verification: LoadVerification) {
        let history = History(totals.histories, beginsUnknown: true)
        self.init(history, leftOut: totals.leftOut, verification)
    }

    /// Judges `history`, beside which `leftOut` requests were not taken down.
    init(_ history: History, leftOut: UInt64, _ verification: LoadVerification) {
        var rules = HistoryJudge.Rules()
        rules.budget = verification.budget
        rules.totalBudget = verification.totalBudget
        var history = history
        for index in history.keys.indices where history.keys[index].isCounter {
            // The run's own, to which nobody gives a time to live.
            history.keys[index].mayVanish = false
        }
        let found = HistoryJudge.judge(history, rules).keys
        keys = found.keys
        operations = found.operations
        open = found.open
        refused = found.refused
        longest = found.longest
        notJudged = leftOut
        isCut = history.isCut
        illegalKeys = found.illegalKeys
        unknownKeys = found.unknownKeys
        drawings = found.drawings
        if operations == 0 { unknownBecause.append("nothing was done to a key of the sample") }
        if found.isHollow {
            unknownBecause.append("most operations were not done, and the rest says nothing")
        }
        if !unknownKeys.isEmpty {
            unknownBecause.append(
                "the search was given up on \(unknownKeys.count) keys: ask for more --keys, or a shorter run"
            )
        }
        doubt(history)
        verdict = illegalKeys.isEmpty ? (unknownBecause.isEmpty ? .ok : .unknown) : .illegal
    }

    /// Takes back what may be somebody else's doing.
    ///
    /// What was there before the run may be seen before the run's own writes. Seen behind them, it was written
    /// meanwhile, or the server brought it back; who writes may also have removed what others miss.
    private mutating func doubt(_ history: History) {
        let illegal = Set(illegalKeys)
        let strange = history.keys.filter { key in
            illegal.contains(key.key) && key.operations.contains(where: \.sawForeignValue)
        }
        guard let first = strange.first else { return }
        unknownBecause.append(
            "of \(strange.count) keys values were seen that this run did not write, where they cannot have been "
                + "there before (\(first.key)): somebody else writes to these keys, or the server brings old "
                + "values back; a --key-prefix of its own tells"
        )
        unknownKeys = (unknownKeys + illegalKeys).sorted()
        illegalKeys = []
    }

    /// What was judged, in a line.
    var summary: String {
        "\(verdict.rawValue); \(Figures.grouped(UInt64(operations))) operations on "
            + "\(Figures.grouped(UInt64(keys))) keys, at most \(Figures.grouped(UInt64(longest))) on one; "
            + "\(Figures.grouped(UInt64(open))) without an answer, \(Figures.grouped(UInt64(refused))) refused; "
            + "\(Figures.grouped(notJudged)) requests not judged"
    }

    /// What a reader should know of it.
    var notes: [String] {
        var notes: [String] = []
        if isCut {
            notes.append(
                "there was no room for all operations (--verify-operations): only those before were judged"
            )
        }
        notes += unknownBecause.map { "not known: \($0)" }
        if !illegalKeys.isEmpty {
            notes.append("illegal: " + illegalKeys.prefix(10).joined(separator: " "))
        }
        return notes
    }
}

extension KeyHistory {
    /// Whether it is only counted up.
    fileprivate var isCounter: Bool {
        operations.allSatisfy { operation in
            if case .increment = operation.action { return true }
            return false
        }
    }
}

extension HistoryOperation {
    /// Whether it found a value that the run did not write.
    fileprivate var sawForeignValue: Bool {
        if case .value(let name) = outcome { return name.hasPrefix(LoadHistory.foreign) }
        return false
    }
}

extension LoadReport {
    /// The verification for a person.
    var verificationLines: [String] {
        guard let verification else { return [] }
        var lines = ["", "Linearizable: \(verification.summary)"]
        lines += verification.notes.map { "  \($0)" }
        for drawing in verification.drawings { lines += ["", drawing] }
        return lines
    }

    /// The verification on the page.
    var verificationSection: String {
        guard let verification else { return "" }
        let notes = verification.notes.map { "<p>\(HTMLText.escaped($0))</p>" }
        let drawings = verification.drawings.map { "<pre>\(HTMLText.escaped($0))</pre>" }
        let lines = ["<p>\(HTMLText.escaped(verification.summary))</p>"] + notes + drawings
        return section("Linearizable", lines.joined(separator: "\n"))
    }
}
