// One connection of a run: carries out what its state machine decides.
internal import Core
internal import Reactor
internal import TLS

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// A client on the engine's loop.
final class LoadClient: EventHandler {
    /// How the engine counts a client.
    enum Standing {
        /// It has not begun.
        case waiting
        /// It has begun, and is not ready.
        case settingUp
        /// It is ready or running.
        case ready
    }

    /// A socket that connects or is connected.
    final class Link {
        let socket: Socket
        let address: SocketAddress
        var registration: Registration?
        var session: TLSSession?
        /// Ciphertext that the socket did not take yet.
        var unsent = ByteBuffer()

        init(_ socket: consuming Socket, _ address: SocketAddress) {
            self.socket = socket
            self.address = address
        }
    }

    /// Its number among all clients of the run.
    let number: Int
    /// Its place among the engine's clients.
    let index: Int
    /// Which of the encodings it speaks.
    let encoding: LoadEncoding
    // The engine owns its clients and outlives them.
    unowned let engine: LoadEngine
    let writer: RequestWriter
    /// Whether it takes messages, and asks for nothing.
    let isSubscriber: Bool
    /// The number of its channel, where there are channels.
    let topic: UInt64?
    var machine: ClientStateMachine
    var random: RandomSource
    var parser: ReplyParser
    var verifier: ReplyVerifier
    var pending: PendingRequests
    /// The beginning of a reply that is not all there.
    var rest = ByteBuffer()
    var link: Link?
    /// The requests that the connection begins with, and which of them is answered next.
    var opening: [[UInt8]] = []
    var openingStep = 0
    /// What a WebSocket's response must say.
    var expectedAccept = ""
    /// Messages published so far.
    var sequence: UInt64 = 0
    private var ticket: TLSTicket?
    private var standing = Standing.waiting
    private var handshakeBeganAt: Int64 = 0
    /// The number of its connection, where what it does is taken down.
    var connection = 0

    /// Makes the client numbered `number`, which waits for its turn.
    init(_ number: Int, index: Int, _ engine: LoadEngine) {
        self.number = number
        self.index = index
        self.engine = engine
        let options = engine.options
        let place = number % options.encodings.count
        encoding = options.encodings[place]
        writer = engine.writers[place]
        random = engine.workload.randomSource(client: number)
        parser = ReplyParser(encoding)
        verifier = ReplyVerifier(encoding)
        let isPublisher = options.pubSub.map { number < $0.publishers } ?? false
        isSubscriber = options.pubSub != nil && !isPublisher
        topic = options.pubSub.map { UInt64(number % $0.channels) }
        let room = options.preloads ? LoadEngine.preloadPipeline : 1
        pending = PendingRequests(capacity: isSubscriber ? 1 : max(room, options.pipeline))
        var limits = ClientStateMachine.Limits()
        limits.addressCount = engine.addresses.count
        limits.hasToken =
            options.token != nil || encoding == .resp3 || encoding == .websocket || isSubscriber
        limits.requestsPerConnection = isSubscriber ? nil : options.reconnectEvery
        limits.connectTimeout = Int64(options.connectTimeoutSeconds * 1000)
        limits.replyTimeout = Int64(options.replyTimeoutSeconds * 1000)
        machine = ClientStateMachine(limits)
    }

    /// Begins to connect.
    func begin(_ now: Moment) {
        standing = .settingUp
        perform(machine.begin(now.monotonicMilliseconds), now)
    }

    /// Begins to send requests, or goes on behind what came before them.
    func start(_ now: Moment) {
        let action = machine.start()
        perform(action == .nothing && machine.state == .running ? .issue : action, now)
    }

    /// Whether nothing is in flight that could still be answered.
    var isIdle: Bool { !machine.isOpen || machine.inFlight == 0 }

    /// Whether it can send a request now.
    var hasRoom: Bool { !isSubscriber && machine.room(pipeline: engine.pipeline) > 0 }

    /// Sends no more requests.
    func stop(_ now: Moment) {
        perform(machine.stop(now.monotonicMilliseconds), now)
    }

    /// Closes, whatever is in flight.
    func abandon(_ now: Moment) {
        perform(machine.abandon(), now)
    }

    /// Looks at the timeouts.
    func timePassed(_ now: Moment) {
        perform(machine.timePassed(now.monotonicMilliseconds), now)
    }

    /// When the oldest request without a reply was sent, in monotonic nanoseconds; nil if there is none.
    var oldestSentAt: Int64? {
        machine.isOpen && machine.inFlight > 0 ? pending.first?.sentAt : nil
    }

    /// The engine's tick looks at timeouts, so no timer is ever set.
    func timerFired(_: Moment) {}

    /// The socket is ready.
    func becameReady(_ readiness: Readiness, _ now: Moment) {
        if case .connecting = machine.state { return checkConnection(now) }
        if readiness.contains(.writable) { sendUnsent(now) }
        if readiness.contains(.readable) || readiness.contains(.broken) { receive(now) }
    }

    /// Does what the state machine decided.
    func perform(_ action: ClientStateMachine.Action, _ now: Moment) {
        switch action {
        case .nothing: break
        case .connect(let attempt): connect(attempt, now)
        case .handshake: beginHandshake(now)
        case .authenticate: beginOpening(now)
        case .issue: issue(now)
        case .reportReady:
            standing = .ready
            engine.becameReady()
        case .close:
            close()
            engine.hasEnded(nil, standing)
        case .reconnect:
            engine.metrics.reconnects += 1
            if engine.options.resumes { ticket = link?.session?.ticket ?? ticket }
            close()
            parser = ReplyParser(encoding)
            connect(0, now)
        case .fail(let failure):
            drop()
            engine.hasEnded(failure, standing)
        }
    }
}

extension LoadClient {
    private func connect(_ attempt: Int, _ now: Moment) {
        drop()
        let index = (engine.preferredAddress + attempt) % engine.addresses.count
        let address = engine.addresses[index]
        do throws(SystemError) {
            let link = Link(try Socket.connect(to: address), address)
            link.registration = try engine.loop.register(
                link.socket.descriptor,
                self,
                writable: true
            )
            self.link = link
        } catch {
            perform(machine.connectFailed(Failure(connecting: error, address)), now)
        }
    }

    private func checkConnection(_ now: Moment) {
        guard let link else { return }
        if let error = link.socket.connectError() {
            perform(machine.connectFailed(Failure(connecting: error, link.address)), now)
        } else {
            perform(machine.connected(), now)
        }
    }

    private func beginHandshake(_ now: Moment) {
        guard let link, let registration = link.registration else { return }
        engine.loop.watch(registration, readable: true, writable: false)
        engine.preferredAddress = engine.addresses.firstIndex(of: link.address) ?? 0
        handshakeBeganAt = SystemClock.monotonicNanoseconds()
        connection = engine.history?.newConnection() ?? 0
        do throws(TLSError) {
            link.session = try TLSSession(
                engine.context,
                engine.buffers,
                serverName: engine.options.host
            )
            if let ticket { link.session?.resume(ticket) }
            continueHandshake(now)
        } catch {
            perform(machine.fail(Failure(.tlsFailed, "\(error)")), now)
        }
    }

    /// Goes on with the handshake and sends what it wrote.
    func continueHandshake(_ now: Moment) {
        guard let link, let session = link.session else { return }
        switch session.handshake() {
        case .incomplete, .suspended:
            send(link, now)
        case .done:
            let nanoseconds = SystemClock.monotonicNanoseconds() - handshakeBeganAt
            if session.isResumed {
                engine.metrics.resumedHandshakes.record(nanoseconds: nanoseconds)
            } else {
                engine.metrics.handshakes.record(nanoseconds: nanoseconds)
            }
            if engine.totals.connection == nil { note(link, session) }
            // What the handshake wrote last leaves together with the token.
            perform(machine.handshakeCompleted(), now)
            if self.link === link { send(link, now) }
        case .closed:
            perform(machine.peerClosed(), now)
        case .failed(let error):
            // The alert says to the server why.
            send(link, now)
            perform(machine.fail(Failure(.tlsFailed, "\(error)")), now)
        }
    }

    private func note(_ link: Link, _ session: TLSSession) {
        engine.totals.connection = LoadTotals.Connection(
            address: link.address.description,
            version: session.version,
            cipher: session.cipherSuite
        )
    }

    private func beginOpening(_ now: Moment) {
        let key = encoding == .websocket ? WebSocketKey.random() : ""
        expectedAccept = encoding == .websocket ? WebSocketKey.answer(to: key) : ""
        opening = writer.opening(
            webSocketKey: key,
            topic: isSubscriber ? topic : nil,
            keyPrefix: engine.options.keyPrefix
        )
        openingStep = 0
        sendOpening(now)
    }

    /// Sends the next request of the opening.
    func sendOpening(_ now: Moment) {
        engine.outbound.removeAll()
        let step = opening[openingStep]
        engine.outbound.append(step.span)
        encryptAndSend(now)
    }

    /// Says that nothing more is coming, and closes.
    private func close() {
        if let link, let session = link.session {
            if encoding == .websocket, session.isEstablished {
                // Status 1000: it has done what it was made for (RFC 6455 section 7.4.1).
                engine.outbound.removeAll()
                WebSocketFrame.append(.close, [0x03, 0xE8], to: &engine.outbound)
                _ = engine.outbound.withBytes { session.write($0) }
                engine.outbound.removeAll()
            }
            session.close()
            if link.unsent.isEmpty { _ = link.socket.send(engine.buffers.output) }
            engine.buffers.clearOutput()
        }
        drop()
    }

    /// Closes the socket as it is.
    private func drop() {
        engine.buffers.clearOutput()
        rest.release()
        guard let link else { return }
        if let registration = link.registration { engine.loop.unregister(registration) }
        self.link = nil
    }
}

extension Failure {
    /// A connection that cannot be made, by whether anybody listens.
    fileprivate init(connecting error: SystemError, _ address: SocketAddress) {
        if error.number == ECONNREFUSED {
            self.init(.connectRefused, "\(address)")
        } else {
            let reason = error.subject.isEmpty ? "\(address): \(error)" : "\(error)"
            self.init(.connectFailed, reason)
        }
    }
}
