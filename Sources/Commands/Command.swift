// One row of the command table: what a command is, and the function that does it.
public import Access
public import Core
public import Keyspace
public import PubSub

/// What runs a command: it reads the request, and writes one reply or throws one error.
///
/// Synchronous, on the connection's loop; it must not block and must not keep the request.
public typealias CommandHandler =
    @Sendable (borrowing Request, CommandContext) throws(ServerError) -> Void

/// One row of the command table.
public struct Command: Sendable {
    /// Everything that other rooms may know of it.
    public let spec: CommandSpec
    /// What it does.
    public let handler: CommandHandler

    init(_ spec: CommandSpec, _ handler: @escaping CommandHandler) {
        self.spec = spec
        self.handler = handler
    }
}

/// What a handler works with; one per loop, pointed at another session for each event.
///
/// A class, so that a handler reaches the keyspace without counting references. Belongs to one loop.
public final class CommandContext {
    /// What is being answered.
    public var reply: Reply
    /// Who asks.
    public var session: Session
    /// The time of this event.
    public var now: Moment
    /// Whether the server is so overloaded that commands of low priority are refused.
    public var shedsLoad = false
    /// The number of the last command that was run.
    public internal(set) var lastCommand = -1
    /// The command that was found last by its name, whether or not it was run.
    var found = FoundCommand()
    /// The keys and values.
    public let keyspace: Keyspace
    /// The tokens.
    public let authority: TokenAuthority
    /// What the server knows of itself.
    public let facts: ServerFacts
    /// The limits in force.
    public let limits: Limits
    /// Who of this loop is subscribed to what.
    public let subscriptions: LoopSubscriptions
    /// What makes room for requests that need some; nil where EXEC has made it.
    let evictor: Evictor?
    /// The limits of addresses, and what is remembered of each.
    public let limiter: PeerLimiter
    /// Whether the requests are those that EXEC runs: they were paid for when they were queued.
    let isExecuting: Bool
    /// What EXEC runs the queued commands with.
    let dispatch: Dispatch

    /// Makes a context over the parts of a server.
    public init(
        keyspace: Keyspace,
        authority: TokenAuthority,
        facts: ServerFacts,
        limits: Limits,
        limiter: PeerLimiter = PeerLimiter(.unlimited),
        subscriptions: LoopSubscriptions = LoopSubscriptions(),
        session: Session,
        now: Moment
    ) {
        self.keyspace = keyspace
        self.authority = authority
        self.facts = facts
        self.limits = limits
        reply = Reply(maxBytes: limits.maxReplyBytes)
        self.limiter = limiter
        self.subscriptions = subscriptions
        isExecuting = false
        self.session = session
        self.now = now
        evictor = Evictor(keyspace)
        dispatch = Dispatch()
        subscriptions.exchange.watch(keyspace, limits)
    }

    /// Makes the context in which EXEC runs commands: like `outer`, over `keyspace`, with a reply of its own.
    init(_ outer: CommandContext, keyspace: Keyspace) {
        self.keyspace = keyspace
        authority = outer.authority
        facts = outer.facts
        limits = outer.limits
        limiter = outer.limiter
        subscriptions = outer.subscriptions
        isExecuting = true
        session = outer.session
        now = outer.now
        evictor = nil
        dispatch = outer.dispatch
        reply = Reply(maxBytes: outer.limits.maxReplyBytes)
    }
}

extension CommandContext {
    /// Evicts until a request that adds `bytes` fits the limit on memory, or throws `.outOfMemory`.
    func makeRoom(for bytes: Int) throws(ServerError) {
        try evictor?.makeRoom(for: bytes, now: now.unixMilliseconds)
    }

    /// Evicts keys while the keyspace is above its limit, up to `limit` of them; for a loop's leisure.
    public func evictExcess(limit: Int) {
        if keyspace.hasMemoryLimit {
            evictor?.evictExcess(limit: limit, now: now.unixMilliseconds)
        }
    }
}

@available(*, unavailable)
extension CommandContext: Sendable {}
