// What one attacker does, step by step: data, carried out by a SiegePeer.

/// One thing that an attacker does before it goes on to the next; the connection stands when it begins.
enum SiegeStep: Equatable, Sendable {
    /// Completes TLS.
    case handshake
    /// Completes TLS with the ticket of an earlier connection; the first gets one, and waits for it.
    case resumedHandshake
    /// Sends a ClientHello byte by byte, all but the last, and then nothing more.
    case helloByByte(everyMilliseconds: Int64)
    /// Sends the first half of a ClientHello.
    case halfHello
    /// Sends bytes without TLS.
    case plain([UInt8])
    /// Presents the token and waits until it is accepted; nothing where there is no token.
    case authenticate
    /// Presents a token that is wrong, and waits for the reply.
    case guess
    /// Sends a request byte by byte, all but the last, and then nothing more.
    case requestByByte(everyMilliseconds: Int64)
    /// Sends so many requests, without waiting for a reply.
    case issue(SiegeTraffic, Int)
    /// Waits until all requests are answered.
    case awaitReplies
    /// Waits until so many more bytes of replies have come.
    case awaitBytes(Int)
    /// Waits for the server to end the connection, at most so long.
    case awaitEnd(milliseconds: Int64)
    /// Reads no more.
    case stopReading
    /// Reads again.
    case goOnReading
    /// Does nothing for so long.
    case pause(milliseconds: Int64)
    /// Does nothing more and keeps the connection.
    case hold
    /// Closes with RST.
    case reset
    /// Closes properly.
    case close
}

/// What an attacker asks for, with answers that can be checked.
enum SiegeTraffic: CaseIterable, Equatable, Sendable {
    /// PING.
    case pings
    /// PING and ECHO of 16 bytes, by turns that the seed decides.
    case small
    /// SET of the large value.
    case storeLarge
    /// GET of the large value.
    case readLarge

    /// The size of the large value, in bytes.
    static let largeBytes = 256 << 10
    /// What the attackers' keys begin with: no key of the established clients does.
    static let keyPrefix = "siege:"

    /// The workload that the requests come from.
    func workload(seed: UInt64) throws(LoadError) -> Workload {
        var options = try LoadOptions()
        options.seed = seed
        options.keyCount = 1
        options.keyPrefix = SiegeTraffic.keyPrefix
        switch self {
        case .pings: options.mix = try LoadMix("ping")
        case .small: options.mix = try LoadMix("ping,echo")
        case .storeLarge: options.mix = try LoadMix("set")
        case .readLarge: options.mix = try LoadMix("get")
        }
        options.valueBytes =
            self == .small ? 16...16 : SiegeTraffic.largeBytes...SiegeTraffic.largeBytes
        return Workload(options)
    }
}
