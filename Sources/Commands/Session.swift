// What the server remembers of a connection between its requests.
public import Access
public import Core
public import PubSub
internal import Synchronization

/// A connection's session: who it is and how it speaks.
///
/// Belongs to the connection's loop.
public final class Session {
    /// The connection's number, from 1 and never used twice.
    public var identifier: Int { record.identifier }
    /// What others may see of it.
    public let record: ClientRecord
    /// Where it comes from, which limits are charged to; nil where it comes from nowhere, or is not known.
    public var peer: PeerAddress?
    /// The token that was accepted; nil before.
    public var token: Token? {
        didSet {
            rights = SessionRights(token)
            tokenChanges += 1
            if token == nil { leaveMeter() }
            let name = token?.name ?? ""
            record.details.withLock { $0.tokenName = name }
        }
    }
    /// How often `token` was set: who keeps something by the token can tell by it that it is another.
    public private(set) var tokenChanges = 0
    /// What counts this connection among its token's; nil while nothing does.
    private var meter: TokenMeter?
    /// What the token permits, at hand without touching the token's reference count.
    public private(set) var rights = SessionRights(nil)
    /// How the connection speaks.
    public var encoding: WireEncoding {
        didSet {
            record.encoding.store(encoding.rawValue, ordering: .relaxed)
            confine()
        }
    }
    /// The name the client gave itself; empty if none.
    public internal(set) var clientName: String {
        get { record.details.withLock { $0.name } }
        set { record.details.withLock { $0.name = newValue } }
    }
    /// Whether the connection counts for its address until a token pays for it.
    public var countsForAddress = true
    /// Whether messages can be sent to it that it does not ask for: not over HTTP.
    public var takesPushes = true
    /// What carries its encoding.
    public var carrier = SessionCarrier.stream {
        didSet { record.carrier.store(carrier.rawValue, ordering: .relaxed) }
    }
    /// Why the connection is not served; nil where it is.
    public var refusal: SessionRefusal?
    /// Failed authentications so far.
    public var failedAuthentications = 0
    /// Whether the connection is to be closed behind the reply.
    public var closesAfterReply = false
    /// How many more commands are not answered: none, the next ones, or `Int.max`; see CLIENT REPLY.
    public var unansweredCommands = 0
    /// Whether commands are queued, not run: between MULTI and EXEC.
    public private(set) var isQueueing = false
    /// How many channels and patterns it is subscribed to.
    public internal(set) var subscriptionCount = 0 {
        didSet { confine() }
    }
    /// Whether the offset goes with messages where only Redis's own pushes would come otherwise.
    public internal(set) var tellsOffsets = false
    /// What it asked to be sent of what channels kept, and is not sent yet.
    public internal(set) var replays: [Replay] = []
    /// How many patterns of keys it observes.
    public internal(set) var observedCount = 0 {
        didSet { confine() }
    }
    /// Whether it is subscribed to channels, or observes keys.
    public var receivesPushes: Bool { subscriptionCount > 0 || observedCount > 0 }
    /// Whether it is sent what every WebSocket is sent, subscribed to something or not.
    public var isWebSocketOfCommands = false {
        didSet { confine() }
    }
    /// Whether messages come to it that it does not ask for.
    public private(set) var isSubscriber = false
    /// What becomes of messages that it does not take in time.
    public internal(set) var deliveryPolicy = DeliveryPolicy.close
    /// Whether it may run few commands: a subscriber whose encoding does not tell messages from replies.
    private(set) var isRESP2Subscriber = false
    /// Whether commands may be put aside or refused because of what the session is in the middle of: one bit,
    /// since every request asks.
    private(set) var isConfined = false
    /// The commands that are queued; nil unless they are.
    var transaction: Transaction? {
        didSet {
            isQueueing = transaction != nil
            confine()
            record.queuedCommands.store(transaction == nil ? -1 : 0, ordering: .relaxed)
        }
    }
    /// The keys that the next EXEC depends on.
    var watched: [WatchedKey] = []

    /// Makes the session of connection `identifier`.
    public convenience init(identifier: Int, encoding: WireEncoding) {
        self.init(ClientRecord(identifier: identifier), encoding: encoding)
    }

    /// Makes the session of the connection that `record` shows.
    public init(_ record: ClientRecord, encoding: WireEncoding) {
        self.record = record
        self.encoding = encoding
        record.encoding.store(encoding.rawValue, ordering: .relaxed)
        #if SALLYPORT_PLANT
        Plant.connection()
        #endif
    }

    deinit { meter?.leave() }

    /// Takes `token` for this connection; the error names `tokenConnections` where it has too many.
    ///
    /// Refused, the session stays as it was. Where limits are only watched, it is taken all the same; the
    /// result is then the limit that would have refused it.
    @discardableResult
    public func accept(
        _ token: Token,
        isShadow: Bool = false
    ) throws(ServerError) -> LimitRefusal? {
        var refusal: LimitRefusal?
        if meter !== token.meter {
            if !token.meter.enter(token.rates) {
                let full = LimitRefusal(limit: .tokenConnections)
                if !isShadow { throw ServerError(full) }
                refusal = full
                token.meter.enterRegardless()
            }
            leaveMeter()
            meter = token.meter
        }
        self.token = token
        return refusal
    }

    private func confine() {
        isSubscriber = receivesPushes || isWebSocketOfCommands
        isRESP2Subscriber = receivesPushes && encoding == .resp2
        isConfined = isQueueing || isRESP2Subscriber
    }

    private func leaveMeter() {
        meter?.leave()
        meter = nil
    }
}

extension Session {
    /// Queues a command for EXEC, which brings `growth` bytes; `.tooLong` names the limit that is in the
    /// way.
    func queue(
        _ request: borrowing Request,
        _ command: Int,
        _ growth: Int,
        _ limits: Limits
    ) throws(ServerError) {
        guard let transaction else { return }
        try transaction.append(request, command, limits)
        transaction.growth += growth
        record.queuedCommands.store(transaction.count, ordering: .relaxed)
    }

    /// What it asked to be sent of what channels kept since this was last called.
    public func takeReplays() -> [Replay] {
        let taken = replays
        replays = []
        return taken
    }

    /// Ends what one request may leave to the next, for HTTP, where they have nothing to do with each other.
    public func leaveNothing(_ encoding: WireEncoding) {
        if isQueueing || !watched.isEmpty { endTransaction() }
        unansweredCommands = 0
        self.encoding = encoding
    }

    /// Whether the command that was just run is not to be answered; counts it.
    public func leavesUnanswered() -> Bool {
        if unansweredCommands == 0 { return false }
        if unansweredCommands < .max { unansweredCommands -= 1 }
        return true
    }
}

@available(*, unavailable)
extension Session: Sendable {}

/// What carries a session's requests and replies.
public enum SessionCarrier: UInt8, Sendable {
    /// The connection itself.
    case stream
    /// HTTP.
    case http
    /// A WebSocket.
    case webSocket

    /// What CLIENT LIST calls it; nil for a connection that its encoding says enough of.
    var name: String? {
        switch self {
        case .stream: nil
        case .http: "http"
        case .webSocket: "websocket"
        }
    }
}

/// What every request of a session is held against: plain bits, taken from its token.
public struct SessionRights: Sendable, BitwiseCopyable {
    /// Whether a token was accepted.
    public let isAuthenticated: Bool
    /// Whether the token has rates that its commands are charged to.
    let isMetered: Bool
    /// Whether the token is served whatever else must wait.
    let hasReservedSlot: Bool
    /// Whether every key may be read, so that no key needs to be looked at.
    public let readsEverything: Bool
    /// Whether every key may be written, so that no key needs to be looked at.
    public let writesEverything: Bool
    /// What may be done with every key, so that no key needs to be looked at.
    let reach: KeyAccess.RawValue
    /// The commands that may be run.
    public let commands: CommandSet

    init(_ token: Token?) {
        isAuthenticated = token != nil
        isMetered = token?.rates.areMetered ?? false
        hasReservedSlot = token?.hasReservedSlot ?? false
        readsEverything = token?.readsEverything ?? false
        writesEverything = token?.writesEverything ?? false
        let access: KeyAccess = [readsEverything ? .read : [], writesEverything ? .write : []]
        reach = access.rawValue
        commands = token?.commands ?? CommandSet()
    }
}
