// Faults that take up connections and time: slow and silent peers.

/// Peers that never finish a request.
enum Slowloris: SiegeFault {
    static let name = "slowloris"
    static let summary =
        "completes TLS, then sends a request byte by byte and never its last one"
    static let peers = "connections kept open, 5000"

    static func shape(_ wish: SiegeWish) -> SiegeShape {
        SiegeShape(open: wish.peers ?? 5000, perSecond: wish.perSecond ?? 2000)
    }

    static func script(_: SiegeWish, _ random: inout RandomSource) -> [SiegeStep] {
        [.handshake, .requestByByte(everyMilliseconds: SlowHandshake.interval(&random))]
    }
}

/// Peers that never finish a ClientHello.
enum SlowHandshake: SiegeFault {
    static let name = "slow-handshake"
    static let summary = "sends a ClientHello byte by byte and never its last one"
    static let peers = "connections kept open, 5000"

    static func shape(_ wish: SiegeWish) -> SiegeShape {
        SiegeShape(open: wish.peers ?? 5000, perSecond: wish.perSecond ?? 2000)
    }

    static func script(_: SiegeWish, _ random: inout RandomSource) -> [SiegeStep] {
        [.helloByByte(everyMilliseconds: interval(&random))]
    }

    /// Another one for each peer, so that they do not all send at the same time.
    static func interval(_ random: inout RandomSource) -> Int64 {
        750 + Int64(random.next(below: 500))
    }
}

/// Peers that say nothing at all.
enum IdlePeers: SiegeFault {
    static let name = "idle"
    static let summary = "connects and sends no byte"
    static let peers = "connections kept open, 5000"

    static func shape(_ wish: SiegeWish) -> SiegeShape {
        SiegeShape(open: wish.peers ?? 5000, perSecond: wish.perSecond ?? 2000)
    }

    static func script(_: SiegeWish, _: inout RandomSource) -> [SiegeStep] { [.hold] }
}
