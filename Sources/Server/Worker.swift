// One loop's share of the server: its connections and the scratch that they use by turns.
internal import Access
internal import Commands
internal import Core
internal import Gateway
internal import Keyspace
internal import Logging
internal import PubSub
internal import Reactor
internal import Synchronization
internal import TLS
internal import Wire

/// What one loop's thread owns.
///
/// Nothing of it is touched by another thread; others use its `Mailbox`.
final class Worker: EventLoopDelegate {
    let loop: EventLoop
    let shared: ServerState
    let mailbox: Mailbox
    let number: Int

    // Scratch. Each is empty again on every path out of an event: `resetScratch` sees to it.
    let tls = TLSBuffers()
    /// Whose replies of this turn wait at the beginning of the output of `tls`.
    var outbox = Outbox()
    var scratch: Scratch
    /// What the connections that speak HTTP share; nil before there is one.
    var gateway: Gateway?
    /// Writes the messages of WebSockets.
    let framer: WebSocketFramer
    var plaintext = ByteBuffer(capacity: Worker.scratchBytes)
    let tools: BatchTools
    /// Which connections of this loop are subscribed to what.
    let subscriptions: LoopSubscriptions
    let delivery: MessageDelivery
    // SAFETY: allocated in `init`, freed in `deinit`; only this loop's thread receives into it.
    let ciphertext = UnsafeMutableRawBufferPointer.allocate(
        byteCount: Worker.scratchBytes,
        alignment: 64
    )

    private(set) var connections: [Connection] = []
    private(set) var acceptors: [Acceptor] = []
    /// How connections are ended; nil unless the server shuts down.
    var drain: DrainSchedule?
    var hasAcceptingEnded = false
    /// Whether everything was closed and nothing more is taken.
    private var hasEnded = false
    var reviewed = 0
    private var connectionLimits: ConnectionLimits
    /// The limits of connections that are there to be told why they are not served.
    let explanationLimits: ConnectionLimits
    var handshakes: HandshakeQueue
    /// When the next full handshake may have its turn, in monotonic milliseconds.
    var nextFullHandshakeAt = Int64.min
    /// The connections that `handshakes` knows, by their number.
    var handshaking: [Int: Connection] = [:]
    /// Connections that go on in a later turn.
    var yielded: [Connection] = []
    /// Bytes in the buffers of this loop's connections.
    var heldBytes = 0
    /// Whether the buffers of all connections take too much.
    var wantsRelief = false
    /// The number of the last periodic notification; -1 before the first tick.
    var lastNotification: Int64 = -1
    /// Those of all loops, this one's included.
    private(set) var mailboxes: [Mailbox] = []
    private var expectedTick: Int64 = 0

    /// Bytes received at once, and kept of each scratch buffer: 256 KiB took a pipeline of 64 in one read
    /// with room to spare, and larger reads brought nothing.
    static let scratchBytes = 256 << 10

    init(_ number: Int, _ shared: ServerState) throws(SystemError) {
        self.number = number
        self.shared = shared
        loop = try EventLoop()
        mailbox = Mailbox(loop.wakeUpHandle)
        tools = BatchTools(
            dispatch: Dispatch(),
            catalog: CommandTable.catalog,
            limits: shared.configuration.limits,
            jsonParser: LineJSONParser()
        )
        subscriptions = LoopSubscriptions(shared.exchange, loop: number)
        let context = CommandContext(
            keyspace: shared.keyspace,
            authority: shared.authority,
            facts: shared.facts,
            limits: shared.configuration.limits,
            limiter: shared.limiter,
            subscriptions: subscriptions,
            session: Session(identifier: 0, encoding: .text),
            now: loop.now
        )
        scratch = Scratch(context: context, output: ByteBuffer(capacity: Worker.scratchBytes))
        let limits = shared.configuration.limits
        connectionLimits = ConnectionLimits(limits)
        var hasty = limits
        let time = limits.explanationTimeoutMilliseconds
        hasty.handshakeTimeoutMilliseconds = min(time, limits.handshakeTimeoutMilliseconds)
        hasty.authenticationTimeoutMilliseconds = min(
            time,
            limits.authenticationTimeoutMilliseconds
        )
        explanationLimits = ConnectionLimits(hasty)
        framer = WebSocketFramer(limits)
        delivery = MessageDelivery(framer)
        handshakes = HandshakeQueue(
            capacity: limits.maxPendingHandshakes / shared.loopCount,
            replaceableAfterMilliseconds: limits.handshakeSilenceMilliseconds,
            maxWaitMilliseconds: limits.handshakeWaitMilliseconds
        )
    }

    deinit {
        ciphertext.deallocate()
    }

    /// Tells it the mailboxes of all loops, before it runs.
    func join(_ mailboxes: [Mailbox]) { self.mailboxes = mailboxes }

    /// Runs the loop until the server is shut down and every connection is closed.
    func run() {
        loop.delegate = self
        loop.run()
        loop.delegate = nil
        // A loop that has ended is not late.
        mailbox.latenessMilliseconds.store(0, ordering: .relaxed)
        mailbox.tickedAt.store(0, ordering: .relaxed)
        // It must be dropped on the thread that made it.
        gateway = nil
    }

    /// Begins to accept on `listeners` and to hand connections to the mailboxes of all loops.
    func accept(_ listeners: [Listener], _ mailboxes: [Mailbox]) throws(SystemError) {
        for listener in listeners {
            acceptors.append(try Acceptor(listener, self, mailboxes))
        }
    }

    func wokeUp(_ now: Moment) {
        for message in mailbox.take() {
            switch message {
            case .adopt(let descriptor, let address, let refusal):
                adopt(Socket(owning: descriptor), address, refusal, now)
            case .tokensChanged: reviewSessions(now)
            case .drain(let schedule): beginDrain(schedule, now)
            case .acceptingEnded:
                hasAcceptingEnded = true
                stopIfDrained()
            case .kill(let identifier): kill(identifier)
            case .relieve: wantsRelief = true
            case .publication(let publication): subscriptions.receive(publication)
            case .end: end(now)
            }
        }
    }

    /// The limits of a connection that is made now, whose idle timeout CONFIG SET may have changed.
    func limitsOfNewConnections() -> ConnectionLimits {
        let idle = shared.facts.idleTimeoutMilliseconds.load(ordering: .relaxed)
        if connectionLimits.idleTimeoutMilliseconds != idle {
            var limits = shared.configuration.limits
            limits.idleTimeoutMilliseconds = idle
            connectionLimits = ConnectionLimits(limits)
        }
        return connectionLimits
    }

    /// Takes over a connection that was just accepted; with a `refusal` it is only told why it is not served.
    func adopt(
        _ socket: consuming Socket,
        _ address: SocketAddress,
        _ refusal: LimitRefusal?,
        _ now: Moment
    ) {
        if hasEnded { return forgetUnserved(address, refusal, now) }
        do {
            let connection = try Connection(socket, address, self, now)
            connection.index = connections.count
            connections.append(connection)
            if connection.proxyGate == nil { connection.addressIsKnown(refusal, now) }
            if !admitHandshake(connection, now) { return }
            if let drain { connection.beginDrain(drain, now) }
        } catch {
            shared.logger.error("cannot serve a connection", metadata: ["error": "\(error)"])
            forgetUnserved(address, refusal, now)
        }
    }

    /// Takes a connection that never came to be out of all counts.
    private func forgetUnserved(
        _ address: SocketAddress,
        _ refusal: LimitRefusal?,
        _ now: Moment
    ) {
        mailbox.load.subtract(1, ordering: .relaxed)
        shared.facts.openConnections.subtract(1, ordering: .relaxed)
        if refusal != nil { return shared.admission.endExplained() }
        if shared.configuration.proxies.contains(address: address.peer) { return }
        shared.limiter.closed(
            address.peer,
            wasAuthenticated: false,
            now: now.monotonicMilliseconds
        )
    }

    /// Forgets a connection that is closed.
    func forget(_ connection: Connection) {
        let index = connection.index
        if index < 0 || index >= connections.count { return }
        connections.swapAt(index, connections.count - 1)
        connections[index].index = index
        connections.removeLast()
        connection.index = -1
        mailbox.load.subtract(1, ordering: .relaxed)
        shared.facts.openConnections.subtract(1, ordering: .relaxed)
        stopIfDrained()
    }

    /// Gives every session its token's present rights, and ends those whose token is gone.
    private func reviewSessions(_ now: Moment) {
        for connection in connections.reversed() { connection.reviewToken(now) }
    }

    /// Forgets an acceptor that has stopped, and tells all loops when it was the last.
    func acceptorEnded(_ acceptor: Acceptor) {
        acceptors.removeAll { $0 === acceptor }
        if !acceptors.isEmpty { return }
        // Behind what was given to them.
        for mailbox in acceptor.mailboxes { mailbox.post(.acceptingEnded) }
    }

    private func kill(_ identifier: Int) {
        connections.first { $0.session.identifier == identifier }?.abandon()
    }

    private func end(_ now: Moment) {
        hasEnded = true
        for connection in connections.reversed() { connection.abandon() }
        loop.stop()
    }
}

extension Worker {
    /// Empties all scratch, so that one connection's bytes cannot reach the next one's.
    func resetScratch() {
        scratch.reset()
        gateway?.reset()
        plaintext.removeAll(keepingUpTo: 2 * Worker.scratchBytes)
        tls.clearInput()
        tls.truncateOutput(to: outbox.byteCount)
    }

    /// Whether nothing of any connection is left in the scratch.
    ///
    /// Asserted at the beginning of each event, so every live test checks it on every path before.
    var isScratchEmpty: Bool {
        scratch.isEmpty && gateway?.isEmpty != false && plaintext.isEmpty
            && tls.outputBytes == outbox.byteCount
            && tls.remainingInputBytes == 0
    }

    /// Renders the reply on the context's tape, which nobody asked for, into the output.
    func encodeReply(_ encoding: WireEncoding) {
        Worker.encodeReply(encoding, &scratch)
    }

    private static func encodeReply(_ encoding: WireEncoding, _ scratch: inout Scratch) {
        ReplyEncoder.encode(
            scratch.context.reply,
            as: encoding,
            identifier: Span(),
            into: &scratch.output
        )
        let context = scratch.context
        context.reply.reset()
    }

    /// Releases the buffers of quiet connections, a tenth of the connections a tick.
    private func releaseQuietBuffers() {
        let share = connections.count / Worker.ticksPerReview + 1
        for _ in 0..<min(share, connections.count) {
            reviewed = reviewed + 1 < connections.count ? reviewed + 1 : 0
            connections[reviewed].releaseIfQuiet()
        }
    }

    /// Ticks in which each connection is looked at once: about a second.
    private static let ticksPerReview = 10

    /// Reclaims expired keys of this loop's share of the shards, in bounded number, and buffers.
    func ticked(_ now: Moment) {
        report(now)
        releaseQuietBuffers()
        if drain != nil { drainTurn(now) } else { notifyIfDue(now) }
        tellLostChanges()
        if number == 0 { shared.exchange.trimHistory(now.monotonicMilliseconds) }
        let shards = Keyspace.shardCount
        let first = shards * number / shared.loopCount
        let last = shards * (number + 1) / shared.loopCount
        _ = shared.keyspace.reclaimExpired(
            shards: first..<last,
            limit: Worker.reclaimLimit,
            now: now.unixMilliseconds
        )
        scratch.context.now = now
        scratch.context.evictExcess(limit: Worker.evictionLimit)
    }

    /// Says how this loop fares, for the overload ladder.
    private func report(_ now: Moment) {
        let time = now.monotonicMilliseconds
        let lateness = expectedTick == 0 ? 0 : max(0, time - expectedTick)
        expectedTick = time + EventLoop.tickMilliseconds
        mailbox.latenessMilliseconds.store(lateness, ordering: .relaxed)
        mailbox.tickedAt.store(time, ordering: .relaxed)
        mailbox.waitingHandshakes.store(handshakes.waitingCount, ordering: .relaxed)
    }

    /// Keys reclaimed in one tick: about a millisecond of work, and 10,000 a second for each loop.
    private static let reclaimLimit = 1000

    /// Keys evicted in one tick where the keyspace is above its limit: some two milliseconds of work, and
    /// 40,000 a second for each loop.
    private static let evictionLimit = 4000
}
