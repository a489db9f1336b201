// How many attackers are there, and how many more may come: no clock, no I/O.

/// The attackers of one siege, as numbers.
struct SiegeCrowd: Sendable {
    /// The most connections begun between two looks at the sockets.
    static let maxBegunAtOnce = 64

    private let shape: SiegeShape
    private var ramp: Ramp
    private var isClosed = false
    /// Connections begun so far.
    private(set) var begun = 0
    /// Connections that are there.
    private(set) var open = 0
    /// Those of them that are being set up.
    private(set) var settingUp = 0

    /// Makes a crowd of nobody.
    init(_ shape: SiegeShape) {
        self.shape = shape
        ramp = Ramp(maxSettingUp: shape.settingUp, perSecond: shape.perSecond)
    }

    /// How many may begin at `now`, in monotonic milliseconds.
    mutating func allowance(_ now: Int64) -> Int {
        if isClosed { return 0 }
        var count = min(ramp.allowance(settingUp: settingUp, now), shape.open - open)
        if let total = shape.total { count = min(count, total - begun) }
        return max(0, min(count, SiegeCrowd.maxBegunAtOnce))
    }

    /// One has begun.
    mutating func began() {
        ramp.began(1)
        begun += 1
        open += 1
        settingUp += 1
    }

    /// One is set up.
    mutating func hasSetUp() {
        settingUp -= 1
    }

    /// One has ended.
    mutating func ended(wasSettingUp: Bool) {
        open -= 1
        if wasSettingUp { settingUp -= 1 }
    }

    /// Nobody begins any more.
    mutating func close() {
        isClosed = true
    }

    /// Whether all that were to come have come, and have ended.
    var isOver: Bool {
        open == 0 && (isClosed || shape.total.map { begun >= $0 } ?? false)
    }
}
