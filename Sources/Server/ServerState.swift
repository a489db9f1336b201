// What all loops of a server share: each part has its own lock or none.
internal import Access
internal import Commands
internal import Core
internal import Keyspace
internal import Logging
internal import PubSub
internal import TLS

/// The parts of a server that every worker reads.
final class ServerState: Sendable {
    let configuration: ServerConfiguration
    let keyspace: Keyspace
    let authority: TokenAuthority
    let facts: ServerFacts
    let limiter: PeerLimiter
    let admission: Admission
    let exchange: Exchange
    let tls: TLSContext
    let logger: Logger
    let loopCount: Int

    init(
        configuration: ServerConfiguration,
        keyspace: Keyspace,
        authority: TokenAuthority,
        facts: ServerFacts,
        tls: TLSContext,
        logger: Logger,
        loopCount: Int
    ) {
        self.configuration = configuration
        self.keyspace = keyspace
        self.authority = authority
        self.facts = facts
        let limiter = PeerLimiter(configuration.peerLimits)
        self.limiter = limiter
        admission = Admission(facts, limiter, configuration.limits, logger)
        self.tls = tls
        self.logger = logger
        self.loopCount = loopCount
        let limits = configuration.limits
        exchange = Exchange(
            // One more for the program itself.
            loopCount: loopCount + 1,
            retention: Retention(
                configuration.retention,
                maxBytes: limits.maxRetainedBytes,
                maxChannelBytes: limits.maxRetainedChannelBytes
            )
        )
    }
}
