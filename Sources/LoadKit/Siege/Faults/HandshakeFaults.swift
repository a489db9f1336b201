// Faults that make the server work for nothing: handshakes, guesses, short connections.

/// Handshakes as fast as they go.
enum Storm: SiegeFault {
    static let name = "storm"
    static let summary = "completes full TLS handshakes and closes, one after the other"
    static let peers = "handshakes at once, 64; --rate for so many a second"

    static func shape(_ wish: SiegeWish) -> SiegeShape {
        let peers = wish.peers ?? 64
        return SiegeShape(open: peers, perSecond: wish.perSecond, settingUp: peers)
    }

    static func script(_: SiegeWish, _: inout RandomSource) -> [SiegeStep] { [.handshake, .close] }
}

/// Resumed handshakes as fast as they go.
enum ResumedStorm: SiegeFault {
    static let name = "storm-resumed"
    static let summary = "completes TLS handshakes with a session ticket and closes"
    static let peers = "handshakes at once, 64; --rate for so many a second"

    static func shape(_ wish: SiegeWish) -> SiegeShape { Storm.shape(wish) }

    static func script(_: SiegeWish, _: inout RandomSource) -> [SiegeStep] {
        [.resumedHandshake, .close]
    }
}

/// Handshakes from ever other addresses.
enum AddressRotation: SiegeFault {
    static let name = "ipv6-rotation"
    static let summary =
        "completes TLS handshakes from one address after the other, of --source and --spread; "
        + "IPv6: first `ip -6 route add local PREFIX dev lo`, as root"
    static let peers = "handshakes at once, 64; --rate for so many a second"
    static let needsSources = true

    static func shape(_ wish: SiegeWish) -> SiegeShape { Storm.shape(wish) }

    static func script(_: SiegeWish, _: inout RandomSource) -> [SiegeStep] { [.handshake, .close] }
}

/// Wrong tokens as fast as they go.
enum Guessing: SiegeFault {
    static let name = "guess"
    static let summary = "presents wrong tokens until the server has enough, and comes again"
    static let peers = "connections at once, 16"
    /// The most guesses on one connection.
    static let guesses = 1000

    static func shape(_ wish: SiegeWish) -> SiegeShape {
        SiegeShape(open: wish.peers ?? 16, perSecond: wish.perSecond)
    }

    static func script(_: SiegeWish, _: inout RandomSource) -> [SiegeStep] {
        [.handshake] + Array(repeating: .guess, count: guesses) + [.close]
    }
}

/// Clients that stay for one request.
enum Churn: SiegeFault {
    static let name = "churn"
    static let summary = "connects, completes TLS, asks once and closes, until all have"
    static let peers = "connections in all, 50000, of which 64 at once"

    static func shape(_ wish: SiegeWish) -> SiegeShape {
        SiegeShape(
            open: 64,
            perSecond: wish.perSecond,
            total: wish.peers ?? 50_000,
            ending: .whenAllAreDone
        )
    }

    static func script(_: SiegeWish, _: inout RandomSource) -> [SiegeStep] {
        [.handshake, .authenticate, .issue(.pings, 1), .awaitReplies, .close]
    }
}
