// How fast connections are opened.

/// Decides how many clients may begin to connect: no clock, no I/O.
struct Ramp: Sendable {
    private let maxSettingUp: Int
    private let perSecond: Double?
    private var beganAt: Int64?
    private var begun = 0

    /// Makes a ramp.
    ///
    /// - Parameters:
    ///   - maxSettingUp: The most clients between connecting and being ready.
    ///   - perSecond: The most clients that begin in a second; nil for no limit.
    init(maxSettingUp: Int, perSecond: Double?) {
        self.maxSettingUp = maxSettingUp
        self.perSecond = perSecond
    }

    /// How many more clients may begin at `now` (monotonic milliseconds), where `settingUp` are at it;
    /// the caller begins as many as it has, and says how many with `began`.
    mutating func allowance(settingUp: Int, _ now: Int64) -> Int {
        let room = max(0, maxSettingUp - settingUp)
        guard let perSecond else { return room }
        let start = beganAt ?? now
        beganAt = start
        // The first begins at once, each further one its share of a second later.
        let due = Double(now - start) / 1000 * perSecond + 1
        return min(room, max(0, Int(min(due, 1e9)) - begun))
    }

    /// `count` clients have begun.
    mutating func began(_ count: Int) {
        begun += count
    }
}
