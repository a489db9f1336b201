// When each phase of a siege begins and ends: no clock, no I/O.

/// The phases of a siege, in order.
enum SiegePhase: Int, CaseIterable, Sendable {
    /// The established clients connect.
    case connecting
    /// They work, and nothing is counted.
    case warmUp
    /// They work alone.
    case before
    /// The fault is on.
    case during
    /// The fault has stopped.
    case after
    /// All is over.
    case over

    /// The name in reports.
    var name: String {
        switch self {
        case .connecting: "connecting"
        case .warmUp: "warm-up"
        case .before: "before"
        case .during: "during"
        case .after: "after"
        case .over: "over"
        }
    }

    /// The phases that are reported.
    static let reported: [SiegePhase] = [.before, .during, .after]
}

/// Decides when phases change; times are monotonic milliseconds.
struct SiegeSchedule: Sendable {
    /// What is to be done.
    enum Action: Equatable, Sendable {
        /// Nothing.
        case nothing
        /// The phase begins; with `during` the attack does, with `after` it is stopped.
        case enter(SiegePhase)
        /// No more attackers may come.
        case closeDoors
    }

    /// What the schedule must know of the loops.
    struct Situation: Equatable, Sendable {
        /// The established clients send requests.
        var isLoadRunning = false
        /// The established clients have all ended.
        var isLoadOver = false
        /// The attackers have all ended.
        var isAttackOver = false
    }

    private let warmUp: Int64
    private let length: Int64
    private let grace: Int64
    private let ending: SiegeShape.Ending
    private(set) var phase = SiegePhase.connecting
    private var beganAt: Int64 = 0
    private var isClosed = false

    /// Makes the schedule of phases that are `length` long.
    ///
    /// - Parameters:
    ///   - warmUp: How long the warm-up takes.
    ///   - length: How long each other phase takes.
    ///   - grace: How much longer an attack that comes to its own end may take.
    ///   - ending: When the attack is over.
    init(warmUp: Int64, length: Int64, grace: Int64, ending: SiegeShape.Ending) {
        self.warmUp = warmUp
        self.length = length
        self.grace = grace
        self.ending = ending
    }

    /// Looks at the time and the loops.
    mutating func next(_ now: Int64, _ situation: Situation) -> Action {
        if phase == .over { return .nothing }
        if situation.isLoadOver { return enter(.over, now) }
        switch phase {
        case .connecting:
            return situation.isLoadRunning ? enter(.warmUp, now) : .nothing
        case .warmUp:
            return now - beganAt >= warmUp ? enter(.before, now) : .nothing
        case .before:
            return now - beganAt >= length ? enter(.during, now) : .nothing
        case .during:
            return attack(now, situation)
        case .after:
            return now - beganAt >= length ? enter(.over, now) : .nothing
        case .over:
            return .nothing
        }
    }

    private mutating func attack(_ now: Int64, _ situation: Situation) -> Action {
        let passed = now - beganAt
        if ending == .whenAllAreDone, situation.isAttackOver { return enter(.after, now) }
        if passed < length { return .nothing }
        if ending == .atOnce || situation.isAttackOver || passed >= length + grace {
            return enter(.after, now)
        }
        if ending == .whenAllAreDone || isClosed { return .nothing }
        isClosed = true
        return .closeDoors
    }

    private mutating func enter(_ phase: SiegePhase, _ now: Int64) -> Action {
        self.phase = phase
        beganAt = now
        return .enter(phase)
    }
}
