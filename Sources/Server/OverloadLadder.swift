// The overload ladder: which rung a server stands on, by what its loops and buffers report.
internal import Commands

/// What is measured each tick.
struct OverloadSample: Equatable, Sendable {
    /// How late the latest loop was for its tick, as a share of `Limits.overloadLatenessMilliseconds`.
    var latenessShare = 0.0
    /// Hellos that wait for their turn, as a share of the handshakes that may be under way.
    var handshakeShare = 0.0
    /// Bytes in the buffers of all connections, as a share of what they may take.
    var memoryShare = 0.0
}

/// Decides on the rung: up as soon as the mean of a second calls for it, down by one after two calm seconds.
///
/// Means and not single values, because a loop on a shared machine is late now and then through no fault of
/// its own. The way down asks for clearly less than the way up did, so that a server on the brink does not
/// swing between two rungs.
struct OverloadLadder: Equatable, Sendable {
    /// What calls for a rung.
    private struct Rung: Sendable {
        var level: OverloadLevel
        var latenessShare: Double
        var handshakeShare: Double
        var memoryShare: Double
    }

    // Handshakes alone never lead above the first rung: established connections come before them anyway.
    private static let rungs = [
        Rung(
            level: .establishedOnly,
            latenessShare: 16,
            handshakeShare: .infinity,
            memoryShare: 0.95
        ),
        Rung(
            level: .lowPriorityRefused,
            latenessShare: 4,
            handshakeShare: .infinity,
            memoryShare: 0.85
        ),
        Rung(
            level: .handshakesSlowed,
            latenessShare: 1,
            handshakeShare: 0.25,
            memoryShare: 0.7
        ),
    ]
    /// Samples in a mean: a second of them.
    static let windowCount = 10
    /// Calm samples after which it goes down by one rung: two seconds of them.
    static let calmCount = 20
    /// What the measures must be below, as a share of what led up, to count as calm.
    private static let calmShare = 0.7

    /// Where it stands.
    private(set) var level = OverloadLevel.normal
    private var window: [OverloadSample] = []
    private var calmSamples = 0

    /// Takes the next sample; the rung on which that leaves it.
    mutating func take(_ sample: OverloadSample) -> OverloadLevel {
        if window.count == OverloadLadder.windowCount { window.removeFirst() }
        window.append(sample)
        // One sample in a window that is not full yet must not count as a whole second.
        let wanted = level(forShare: 1)
        if wanted > level {
            level = wanted
            calmSamples = 0
        } else if level > .normal {
            stepDownIfCalm()
        }
        return level
    }

    private mutating func stepDownIfCalm() {
        calmSamples = level(forShare: OverloadLadder.calmShare) < level ? calmSamples + 1 : 0
        if calmSamples < OverloadLadder.calmCount { return }
        calmSamples = 0
        level = OverloadLevel(rawValue: level.rawValue - 1) ?? .normal
    }

    private func level(forShare share: Double) -> OverloadLevel {
        let lateness = mean { $0.latenessShare }
        let handshakes = mean { $0.handshakeShare }
        let memory = mean { $0.memoryShare }
        let rung = OverloadLadder.rungs.first { rung in
            lateness >= rung.latenessShare * share
                || handshakes >= rung.handshakeShare * share || memory >= rung.memoryShare * share
        }
        return rung?.level ?? .normal
    }

    /// The mean over a window, by a hair more: ten times 0.85 and divided by ten is less than 0.85.
    private func mean(_ value: (OverloadSample) -> Double) -> Double {
        window.reduce(1e-9) { $0 + value($1) } / Double(OverloadLadder.windowCount)
    }
}
