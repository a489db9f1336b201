// What a key may be after an operation, if keys are what they should be.

/// What a key may be: the state that a linearization has come to.
struct RegisterState: Hashable, Sendable {
    enum Content: Hashable, Sendable {
        case missing
        case value(String)
        /// Whatever was there before the history begins.
        case unknown
    }

    /// No time to live.
    static let noDeadline: Int32 = -1
    /// A deadline that nothing is known of.
    static let anyDeadline: Int32 = -2

    var content = Content.missing
    /// The operation that gave the key its time to live, by number; or one of the two above.
    var deadline = RegisterState.noDeadline

    static let missing = RegisterState()
}

/// The sequential register that histories are held against.
///
/// A key with a time to live may vanish at any moment of a window: as the operation that set its deadline
/// took effect somewhere between its call and its end, and the server's clock is `slackNanoseconds` off at
/// most, the deadline lies between call + ttl - slack and end + ttl + slack.
struct RegisterModel: Sendable {
    /// How an operation finds a key.
    enum Branch: Int, CaseIterable, Sendable {
        case present = 0
        case absent = 1
        /// It is left out, which only an optional operation may be.
        case skipped = 2
    }

    /// The moments at which an operation may take effect.
    struct Moment {
        var earliest: Int64
        var latest: Int64
    }

    let operations: [HistoryOperation]
    /// When the key may vanish of whose deadline each operation is the author.
    private let windows: [Moment]
    private let hasExpiry: Bool

    /// Makes the model of a history; `hasExpiry` says whether anything outside of it may set deadlines.
    init(_ operations: [HistoryOperation], slackNanoseconds: Int64, hasExpiry: Bool) {
        self.operations = operations
        self.hasExpiry = hasExpiry
        windows = operations.map { operation in
            guard let ttl = operation.action.ttlMilliseconds else {
                return Moment(earliest: .max, latest: .max)
            }
            let (span, isTooLong) = ttl.multipliedReportingOverflow(by: 1_000_000)
            if isTooLong { return Moment(earliest: .max, latest: .max) }
            return Moment(
                earliest: RegisterModel.sum(operation.call, span) - slackNanoseconds,
                latest: RegisterModel.sum(
                    RegisterModel.sum(operation.latest, span),
                    slackNanoseconds
                )
            )
        }
    }

    /// The sum, or the largest number.
    private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
        let (sum, isTooLarge) = left.addingReportingOverflow(right)
        return isTooLarge ? (right > 0 ? .max : .min) : sum
    }

    /// What the key is behind operation `index`, which found it as `branch` says; nil if that cannot be.
    func successor(
        _ index: Int,
        _ state: RegisterState,
        _ branch: Branch,
        _ moment: Moment
    ) -> RegisterState? {
        let operation = operations[index]
        if branch == .skipped { return operation.isOptional ? state : nil }
        if case .set(let value, let ttl) = operation.action {
            // What was there before does not matter.
            guard branch == .present, operation.outcome.isOneOf(.done) else { return nil }
            let deadline = ttl == nil ? RegisterState.noDeadline : Int32(truncatingIfNeeded: index)
            return RegisterState(content: .value(value), deadline: deadline)
        }
        switch (state.content, branch) {
        case (.unknown, .present):
            return found(operation)
        case (.unknown, _), (.missing, .present):
            return nil
        case (.missing, _):
            return absent(operation)
        case (.value, .absent):
            return mayBeGone(state, moment) ? absent(operation) : nil
        case (.value(let value), _):
            return mayBeThere(state, moment) ? present(operation, index, value, state) : nil
        }
    }

    private func mayBeThere(_ state: RegisterState, _ moment: Moment) -> Bool {
        state.deadline < 0 || moment.earliest <= windows[Int(state.deadline)].latest
    }

    private func mayBeGone(_ state: RegisterState, _ moment: Moment) -> Bool {
        if state.deadline == RegisterState.noDeadline { return false }
        return state.deadline == RegisterState.anyDeadline
            || moment.latest >= windows[Int(state.deadline)].earliest
    }

    /// The key is not there.
    private func absent(_ operation: HistoryOperation) -> RegisterState? {
        let outcome = operation.outcome
        switch operation.action {
        case .get, .compareAndSet: return outcome.isOneOf(.missing) ? .missing : nil
        case .delete, .expire: return outcome.isOneOf(.number(0)) ? .missing : nil
        case .increment(let step):
            return outcome.isOneOf(.number(step)) ? RegisterState(content: .value("\(step)")) : nil
        case .set: return nil
        }
    }

    /// The key is there, with `value`.
    private func present(
        _ operation: HistoryOperation,
        _ index: Int,
        _ value: String,
        _ state: RegisterState
    ) -> RegisterState? {
        let outcome = operation.outcome
        switch operation.action {
        case .get: return outcome.isOneOf(.value(value)) ? state : nil
        case .delete: return outcome.isOneOf(.number(1)) ? .missing : nil
        case .compareAndSet(let expected, let new):
            if value != expected { return outcome.isOneOf(.value(value)) ? state : nil }
            return outcome.isOneOf(.done) ? RegisterState(content: .value(new)) : nil
        case .increment(let step): return incremented(outcome, value, step, state)
        case .expire:
            if !outcome.isOneOf(.number(1)) { return nil }
            return RegisterState(content: state.content, deadline: Int32(truncatingIfNeeded: index))
        case .set: return nil
        }
    }

    private func incremented(
        _ outcome: HistoryOutcome,
        _ value: String,
        _ step: Int64,
        _ state: RegisterState
    ) -> RegisterState? {
        guard let number = Int64(value) else { return outcome == .unknown ? state : nil }
        let (sum, isTooLarge) = number.addingReportingOverflow(step)
        if isTooLarge { return outcome == .unknown ? state : nil }
        if !outcome.isOneOf(.number(sum)) { return nil }
        return RegisterState(content: .value("\(sum)"), deadline: state.deadline)
    }

    /// Nothing is known of the key but what the operation says.
    private func found(_ operation: HistoryOperation) -> RegisterState? {
        let unknown = RegisterState(content: .unknown)
        let deadline = hasExpiry ? RegisterState.anyDeadline : RegisterState.noDeadline
        switch (operation.action, operation.outcome) {
        case (.delete, _), (_, .missing), (.expire, .number(0)): return .missing
        case (_, .value(let value)):
            return RegisterState(content: .value(value), deadline: deadline)
        case (.increment, .number(let number)):
            return RegisterState(content: .value("\(number)"), deadline: deadline)
        case (.compareAndSet(_, let new), .done): return RegisterState(content: .value(new))
        default: return unknown
        }
    }
}

extension HistoryOutcome {
    /// Whether this is `expected`, or not known.
    @inline(__always)
    fileprivate func isOneOf(_ expected: HistoryOutcome) -> Bool {
        self == .unknown || self == expected
    }
}
