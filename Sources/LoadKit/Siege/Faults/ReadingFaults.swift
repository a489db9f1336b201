// Faults of peers with a token that do not read their replies, or not now.

/// Peers that ask for much and never read.
enum DeafPeers: SiegeFault {
    static let name = "deaf"
    static let summary = "asks for large values and never reads a reply"
    static let peers = "connections kept open, 50"
    /// What one peer asks for: 512 MiB of replies.
    static let requests = 2048

    static func shape(_ wish: SiegeWish) -> SiegeShape {
        SiegeShape(open: wish.peers ?? 50, perSecond: wish.perSecond)
    }

    static func script(_: SiegeWish, _: inout RandomSource) -> [SiegeStep] {
        [
            .handshake, .authenticate, .issue(.storeLarge, 1), .awaitReplies, .stopReading,
            .issue(.readLarge, requests), .hold,
        ]
    }
}

/// Peers that write everything before they read anything.
enum DeepPipeline: SiegeFault {
    static let name = "deep-pipeline"
    static let summary =
        "writes 100,000 commands before it reads the first reply, then checks every one"
    static let peers = "connections at once, 4"
    /// The commands of one peer.
    static let requests = 100_000

    static func shape(_ wish: SiegeWish) -> SiegeShape {
        SiegeShape(open: wish.peers ?? 4, perSecond: wish.perSecond, ending: .whenOpenAreDone)
    }

    static func script(_: SiegeWish, _: inout RandomSource) -> [SiegeStep] {
        [
            .handshake, .authenticate, .stopReading, .issue(.small, requests), .goOnReading,
            .awaitReplies, .close,
        ]
    }
}

/// Peers that stop in a reply and go on later.
enum StoppedPeers: SiegeFault {
    static let name = "stop"
    static let summary =
        "stops reading in a reply for half of the phase, then checks every byte of the rest"
    static let peers = "connections at once, 8"
    /// What one peer asks for: 32 MiB of replies, more than any socket buffers hold.
    static let requests = 128

    static func shape(_ wish: SiegeWish) -> SiegeShape {
        SiegeShape(open: wish.peers ?? 8, perSecond: wish.perSecond, ending: .whenOpenAreDone)
    }

    static func script(_ wish: SiegeWish, _ random: inout RandomSource) -> [SiegeStep] {
        let place = 1 + Int(random.next(below: UInt64(4 * SiegeTraffic.largeBytes)))
        return [
            .handshake, .authenticate, .issue(.storeLarge, 1), .awaitReplies,
            .issue(.readLarge, requests), .awaitBytes(place), .stopReading,
            .pause(milliseconds: wish.phaseMilliseconds / 2), .goOnReading, .awaitReplies, .close,
        ]
    }
}
