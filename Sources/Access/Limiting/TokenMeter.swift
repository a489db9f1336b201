// What a token has used of its limits, whichever connections used it.
public import Core
internal import Synchronization

/// The state of one token's limits, shared by all loops.
///
/// It belongs to the token's identity and not to one reading of the token file: a file that is read again
/// refills nothing, and a changed rate holds from then on for what is still owed.
public final class TokenMeter: Sendable {
    private final class State: Sendable {
        let arrival = AtomicGCRA()
    }

    private let commands = AtomicGCRA()
    private let bytes = AtomicGCRA()
    private let categories = CommandCategory.allCases.map { _ in State() }
    private let connections = Atomic<Int>(0)

    /// Makes the meter of a token that has used nothing.
    public init() {}

    /// Charges one command of `category` that came in `size` bytes; the limit that refuses it, if one does.
    ///
    /// What is refused costs nothing. Where limits are only watched, it costs what it would.
    public func charge(
        _ rates: TokenRates,
        _ category: CommandCategory,
        size: Int,
        now: Int64,
        isShadow: Bool = false
    ) -> LimitRefusal? {
        let own = rates.rate(of: category)
        let state = categories[category.position]
        var refusal: LimitRefusal?
        if case .retry(let wait) = state.arrival.charge(1, own, now: now) {
            refusal = LimitRefusal(limit: category.tokenLimit, retryAfterMilliseconds: wait)
            if !isShadow { return refusal }
        }
        if case .retry(let wait) = commands.charge(1, rates.commands, now: now) {
            refusal =
                refusal
                ?? LimitRefusal(limit: .tokenCommandsPerSecond, retryAfterMilliseconds: wait)
            if !isShadow {
                state.arrival.refund(1, own)
                return refusal
            }
        }
        if case .retry(let wait) = bytes.charge(size, rates.bytes, now: now) {
            refusal =
                refusal ?? LimitRefusal(limit: .tokenBytesPerSecond, retryAfterMilliseconds: wait)
            if !isShadow {
                state.arrival.refund(1, own)
                commands.refund(1, rates.commands)
            }
        }
        return refusal
    }

    /// The limit that would refuse a command of `category` now, if one would; nothing changes.
    public func refusal(
        _ rates: TokenRates,
        _ category: CommandCategory,
        now: Int64
    ) -> LimitRefusal? {
        let budgets = budgets(rates, now: now)
        let order = [category.tokenLimit, .tokenCommandsPerSecond, .tokenBytesPerSecond]
        for name in order {
            guard let budget = budgets.first(where: { $0.name == name }), budget.remaining == 0
            else { continue }
            return LimitRefusal(limit: name, retryAfterMilliseconds: budget.retryAfterMilliseconds)
        }
        return nil
    }

    /// Counts one more connection, unless there are as many as `rates` permit.
    public func enter(_ rates: TokenRates) -> Bool {
        var seen = connections.load(ordering: .relaxed)
        while rates.connections == 0 || seen < rates.connections {
            let result = connections.weakCompareExchange(
                expected: seen,
                desired: seen + 1,
                ordering: .relaxed
            )
            if result.exchanged { return true }
            seen = result.original
        }
        return false
    }

    /// Counts one more connection, whatever the limit: where limits are only watched.
    public func enterRegardless() { connections.add(1, ordering: .relaxed) }

    /// Counts one connection less: one that entered.
    public func leave() { connections.subtract(1, ordering: .relaxed) }

    /// The connections that entered and have not left.
    public var openConnections: Int { connections.load(ordering: .relaxed) }

    /// What is left of each limit; those that are none are told, too.
    public func budgets(_ rates: TokenRates, now: Int64) -> [LimitBudget] {
        var budgets = [
            LimitBudget(.tokenConnections, most: rates.connections, used: openConnections)
        ]
        for category in CommandCategory.allCases {
            let state = categories[category.position].arrival.snapshot
            let rate = rates.rate(of: category)
            budgets.append(LimitBudget(category.tokenLimit, rate, state, now: now))
        }
        budgets.append(
            LimitBudget(.tokenCommandsPerSecond, rates.commands, commands.snapshot, now: now)
        )
        budgets.append(LimitBudget(.tokenBytesPerSecond, rates.bytes, bytes.snapshot, now: now))
        return budgets
    }
}
