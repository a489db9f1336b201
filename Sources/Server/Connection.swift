// One peer's connection: moves bytes between its socket, TLS and the batch, as its state machine says.
internal import Access
internal import Commands
internal import Core
internal import Gateway
internal import Logging
internal import Reactor
internal import Synchronization
internal import TLS
internal import Wire

/// A connection on its worker's loop.
final class Connection: EventHandler {
    /// The worker that owns it.
    ///
    /// The worker forgets a connection that closes, which ends this cycle. It is not unowned, because each
    /// use of such a reference retains and releases.
    let worker: Worker
    let socket: Socket
    /// Where it comes from, with the port; what its proxy said, if it came through one.
    var address: String
    /// The same without the port: what limits are charged to, once `addressIsKnown` was called.
    var peer: PeerAddress
    /// Reads the header of the PROXY protocol; nil where there is none to come, or no more.
    var proxyGate: ProxyGate?
    let session: Session
    /// The position in the worker's list; -1 once forgotten.
    var index = -1

    var machine: ConnectionStateMachine
    var registration: Registration?
    var armedDeadline = Int64.max

    // Nil until the first byte shows a TLS record, so that plaintext costs no OpenSSL state.
    var tls: TLSSession?
    // Not used before the first plaintext bytes have chosen the encoding.
    var decoder = RequestDecoder(encoding: .text)
    /// Whether its handshake waits for its turn; nothing is read meanwhile.
    var isSuspended = false
    /// What came behind the hello of a suspended handshake.
    var heldCiphertext = ByteBuffer()
    /// KeyUpdate messages since the last request.
    var keyUpdates = 0
    var hasChosenEncoding = false
    /// What it remembers if it speaks HTTP.
    var http: HTTPConnection?

    /// Plaintext that is not yet a complete request, or waits while the peer does not take its replies.
    var inbound = ByteBuffer()
    /// Bytes of `inbound` below which another look at it is not worth it.
    var neededBytes = 1
    /// Ciphertext that the socket has not taken; the first `outboundSent` bytes of it are gone.
    var outbound = ByteBuffer()
    var outboundSent = 0
    /// Whether replies of this turn wait in the worker's outbox.
    var isInOutbox = false
    /// Whether requests that have arrived wait for the next turn, because it has had its share of this one.
    var isYielding = false
    /// What the worker has counted of this connection's buffers.
    var countedBytes = 0
    /// What kind of place it takes.
    var place = ConnectionPlace.unknown
    /// How it is ended; nil unless the server shuts down.
    var draining: ConnectionDrain?
    /// Whether something was received since `releaseIfQuiet` looked.
    var hasHeard = false
    /// Whether TLS may hold record buffers.
    var holdsBuffers = false
    var hasPeerEnded = false
    /// What it needs while it is subscribed to something; nil while it is not.
    var messages: SubscriberOutput?

    init(
        _ socket: consuming Socket,
        _ address: SocketAddress,
        _ worker: Worker,
        _ now: Moment
    ) throws(SystemError) {
        let identifier = worker.shared.facts.connectionsMade.add(1, ordering: .relaxed).newValue
        let mailbox = worker.mailbox
        let text = "\(address)"
        let record = ClientRecord(
            identifier: identifier,
            address: text,
            madeAt: now.unixMilliseconds
        ) { mailbox.post(.kill(identifier)) }
        session = Session(record, encoding: .text)
        session.peer = address.peer
        let facts = worker.shared.facts
        machine = ConnectionStateMachine(
            limits: worker.limitsOfNewConnections(),
            now: now.monotonicMilliseconds
        )
        self.socket = socket
        self.address = text
        peer = address.peer
        let proxies = worker.shared.configuration.proxies
        proxyGate = proxies.contains(address: peer) ? ProxyGate() : nil
        self.worker = worker
        registration = try worker.loop.register(self.socket.descriptor, self)
        facts.clients.add(record)
        armTimer()
    }

    func becameReady(_ readiness: Readiness, _ now: Moment) {
        if session.record.isKilled.load(ordering: .acquiring) { return close() }
        if readiness.contains(.writable) { sendOutbound(now) }
        if machine.phase == .closed { return }
        if readiness.contains(.broken),
            machine.isPaused || machine.phase == .flushing || isSuspended || isYielding
        {
            perform(machine.broke(), now)
        } else if !isYielding, readiness.contains(.readable) || readiness.contains(.broken) {
            _ = receive(now)
            if worker.outbox.isFull { worker.flushOutbox(now) }
        }
    }

    func timerFired(_ now: Moment) {
        armedDeadline = .max
        perform(machine.timerFired(now.monotonicMilliseconds), now)
        armTimer()
    }

    /// Arms the timer if the deadline is earlier than the one armed; a later one is found out on firing.
    func armTimer() {
        guard let deadline = machine.deadline, deadline < armedDeadline, let registration else {
            return
        }
        armedDeadline = deadline
        worker.loop.setTimer(registration, at: deadline)
    }

    func perform(_ action: ConnectionAction, _ now: Moment) {
        switch action {
        case .none, .wait: break
        case .pauseReading: watch()
        case .resumeReading:
            watch()
            serve(now)
        case .refuse(let error): refuse(error, now)
        case .sendEnd: sendEnd()
        case .close: close()
        case .ping: sendPing(now)
        case .cutOff(let limit): cutOff(limit)
        }
    }

    /// Closes because a limit is broken and nothing can be said to the peer any more.
    func cutOff(_ limit: LimitName) {
        log("closed", ["limit": "\(limit.rawValue)"])
        worker.shared.admission.cutOff(limit, peer, now: worker.loop.now.monotonicMilliseconds)
        socket.resetOnClose()
        close()
    }

    /// Watches the socket for what the machine now wants of it.
    func watch() {
        guard let registration else { return }
        let isPaused = machine.servesRequests && machine.isPaused
        let readable = machine.phase != .flushing && !isPaused && !isSuspended
        worker.loop.watch(registration, readable: readable, writable: !outbound.isEmpty)
    }

    func close() {
        _ = machine.broke()
        guard let registration else { return }
        self.registration = nil
        worker.loop.unregister(registration)
        worker.endHandshake(self)
        forgetMemory()
        endSubscriptions()
        let wasAuthenticated = session.token != nil
        leavePlace(wasAuthenticated: wasAuthenticated)
        if wasAuthenticated {
            session.token = nil
            worker.shared.facts.authenticatedClients.subtract(1, ordering: .relaxed)
        }
        tls = nil
        http = nil
        if machine.answersPings { worker.shared.facts.webSockets.subtract(1, ordering: .relaxed) }
        worker.shared.facts.clients.remove(session.record)
        log("closed")
        worker.forget(self)
    }
}
