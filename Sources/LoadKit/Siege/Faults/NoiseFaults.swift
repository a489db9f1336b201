// Faults that send what no server expects: noise, plaintext, resets.

/// Random bytes where TLS should be.
enum Garbage: SiegeFault {
    static let name = "garbage"
    static let summary = "sends random bytes and waits for the end"
    static let peers = "the most connections at once, 500; --rate 500 a second"
    /// The most bytes that one peer sends.
    static let maxBytes = 2048

    static func shape(_ wish: SiegeWish) -> SiegeShape {
        SiegeShape(open: wish.peers ?? 500, perSecond: wish.perSecond ?? 500)
    }

    static func script(_: SiegeWish, _ random: inout RandomSource) -> [SiegeStep] {
        let count = 1 + Int(random.next(below: UInt64(maxBytes)))
        let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        return [.plain(bytes), .awaitEnd(milliseconds: 2000)]
    }
}

/// Other protocols, in plaintext.
enum Plaintext: SiegeFault {
    static let name = "plaintext"
    static let summary = "sends an HTTP request or PING without TLS and waits for the end"
    static let peers = "the most connections at once, 500; --rate 500 a second"
    /// What is sent.
    static let requests = ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "PING\r\n"]

    static func shape(_ wish: SiegeWish) -> SiegeShape {
        SiegeShape(open: wish.peers ?? 500, perSecond: wish.perSecond ?? 500)
    }

    static func script(_: SiegeWish, _ random: inout RandomSource) -> [SiegeStep] {
        let request = requests[Int(random.next(below: UInt64(requests.count)))]
        return [.plain(Array(request.utf8)), .awaitEnd(milliseconds: 2000)]
    }
}

/// Connections that break anywhere.
enum Resets: SiegeFault {
    static let name = "reset"
    static let summary =
        "resets connections: after connect, in the ClientHello, after the handshake, "
        + "after a request, in a reply"
    static let peers = "the most connections at once, 200; --rate 500 a second"

    static func shape(_ wish: SiegeWish) -> SiegeShape {
        SiegeShape(open: wish.peers ?? 200, perSecond: wish.perSecond ?? 500)
    }

    static func script(_: SiegeWish, _ random: inout RandomSource) -> [SiegeStep] {
        switch random.next(below: 5) {
        case 0: return [.reset]
        case 1: return [.halfHello, .reset]
        case 2: return [.handshake, .reset]
        case 3: return [.handshake, .authenticate, .issue(.pings, 1), .reset]
        default:
            let place = 1 + Int(random.next(below: UInt64(SiegeTraffic.largeBytes)))
            return [
                .handshake, .authenticate, .issue(.storeLarge, 1), .awaitReplies,
                .issue(.readLarge, 4), .awaitBytes(place), .reset,
            ]
        }
    }
}
