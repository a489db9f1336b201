// One peer's connection: moves bytes between its socket, TLS and the batch, as its state machine says.
internal import Access
internal import Commands
internal import Core
internal import Logging
internal import Reactor
internal import Synchronization
internal import TLS
internal import Wire

/// A connection on its worker's loop.
final class Connection: EventHandler {
    // The worker owns its connections and outlives them.
    unowned let worker: Worker
    let socket: Socket
    let address: SocketAddress
    let session: Session
    /// The position in the worker's list; -1 once forgotten.
    var index = -1

    private(set) var machine: ConnectionStateMachine
    private var registration: Registration?
    private var armedDeadline = Int64.max

    // Nil until the first byte shows a TLS record, so that plaintext costs no OpenSSL state.
    private var tls: TLSSession?
    // Nil until the first plaintext bytes have chosen the encoding.
    private var decoder: RequestDecoder?

    /// Plaintext that is not yet a complete request, or waits while the peer does not take its replies.
    private var inbound = ByteBuffer()
    /// Bytes of `inbound` below which another look at it is not worth it.
    private var neededBytes = 1
    /// Ciphertext that the socket has not taken; the first `outboundSent` bytes of it are gone.
    private var outbound = ByteBuffer()
    private var outboundSent = 0
    private var isDraining = false
    private var hasPeerEnded = false

    init(
        _ socket: consuming Socket,
        _ address: SocketAddress,
        _ worker: Worker,
        _ now: Moment
    ) throws(SystemError) {
        let identifier = worker.shared.facts.connectionsMade.add(1, ordering: .relaxed).newValue
        session = Session(identifier: identifier, encoding: .text)
        machine = ConnectionStateMachine(
            limits: worker.shared.configuration.limits,
            now: now.monotonicMilliseconds
        )
        self.socket = socket
        self.address = address
        self.worker = worker
        registration = try worker.loop.register(self.socket.descriptor, self)
        armTimer()
    }

    func becameReady(_ readiness: Readiness, _ now: Moment) {
        if readiness.contains(.writable) { sendOutbound(now) }
        if machine.phase == .closed { return }
        if readiness.contains(.broken), machine.isPaused || machine.phase == .flushing {
            perform(machine.broke(), now)
        } else if readiness.contains(.readable) || readiness.contains(.broken) {
            _ = receive(now)
        }
    }

    func timerFired(_ now: Moment) {
        armedDeadline = .max
        perform(machine.timerFired(now.monotonicMilliseconds), now)
        armTimer()
    }

    /// Arms the timer if the deadline is earlier than the one armed; a later one is found out on firing.
    private func armTimer() {
        guard let deadline = machine.deadline, deadline < armedDeadline, let registration else {
            return
        }
        armedDeadline = deadline
        worker.loop.setTimer(registration, at: deadline)
    }

    private func perform(_ action: ConnectionAction, _ now: Moment) {
        switch action {
        case .none, .wait: break
        case .pauseReading: watch()
        case .resumeReading:
            watch()
            serve(now)
        case .refuse(let error): refuse(error, now)
        case .sendEnd: sendEnd()
        case .close: close()
        }
    }

    /// Watches the socket for what the machine now wants of it.
    private func watch() {
        guard let registration else { return }
        let readable = machine.phase != .flushing && !(machine.servesRequests && machine.isPaused)
        worker.loop.watch(registration, readable: readable, writable: !outbound.isEmpty)
    }

    private func close() {
        _ = machine.broke()
        guard let registration else { return }
        self.registration = nil
        worker.loop.unregister(registration)
        if session.token != nil {
            session.token = nil
            worker.shared.facts.authenticatedClients.subtract(1, ordering: .relaxed)
        }
        tls = nil
        worker.forget(self)
    }
}

// MARK: - Receiving

extension Connection {
    /// Receives once and serves what came; false if nothing did.
    private func receive(_ now: Moment) -> Bool {
        switch socket.receive(into: worker.ciphertext) {
        case .wouldBlock: return false
        case .failed:
            perform(machine.broke(), now)
            return false
        case .end:
            hasPeerEnded = true
            peerEnded(now)
            return false
        case .bytes(let count):
            machine.heard(now.monotonicMilliseconds)
            if machine.phase == .lingering || machine.phase == .flushing { return true }
            ingest(UnsafeRawBufferPointer(rebasing: worker.ciphertext[..<count]), now)
            return machine.phase != .closed
        }
    }

    private func peerEnded(_ now: Moment) {
        perform(machine.peerEnded(now.monotonicMilliseconds), now)
        if machine.phase == .closed { return }
        afterSending(now)
    }

    /// Takes one read's ciphertext: handshake, then plaintext, then the requests in it.
    private func ingest(_ ciphertext: UnsafeRawBufferPointer, _ now: Moment) {
        defer { worker.resetScratch() }
        guard let tls = tls ?? beginTLS(ciphertext, now) else { return }
        worker.tls.setInput(ciphertext)
        if machine.phase == .handshaking, !handshake(tls, now) { return }
        worker.plaintext.takeOver(&inbound)
        switch readPlaintext(tls) {
        case .failed(let error):
            log("TLS failed", ["error": "\(error)"])
            transmit(now)
            perform(machine.broke(), now)
            return
        case .closed: hasPeerEnded = true
        default: break
        }
        runRequests(now)
        if hasPeerEnded, machine.phase != .closed { peerEnded(now) }
    }

    /// Makes the TLS session if the first byte is that of a handshake record (RFC 8446 section 5.1).
    private func beginTLS(_ first: UnsafeRawBufferPointer, _ now: Moment) -> TLSSession? {
        guard first.first == 0x16 else {
            refusePlaintext(first)
            return nil
        }
        do {
            tls = try TLSSession(worker.shared.tls, worker.tls)
        } catch {
            worker.shared.logger.error("cannot serve TLS", metadata: ["error": "\(error)"])
            close()
        }
        return tls
    }

    private func refusePlaintext(_ first: UnsafeRawBufferPointer) {
        log("plaintext refused")
        let answer = PlaintextAnswer.bytes(to: first)
        answer.withUnsafeBytes { _ = socket.send($0) }
        socket.shutdownWrites()
        close()
    }

    /// Goes on with the handshake; true once it is complete.
    private func handshake(_ tls: TLSSession, _ now: Moment) -> Bool {
        switch tls.handshake() {
        case .done:
            machine.handshakeCompleted(now.monotonicMilliseconds)
            return true
        case .incomplete:
            transmit(now)
            return false
        case .closed:
            close()
            return false
        case .failed(let error):
            log("handshake failed", ["error": "\(error)"])
            // The alert that says why is in the output.
            transmit(now)
            if machine.phase != .closed { close() }
            return false
        }
    }

    private func readPlaintext(_ tls: TLSSession) -> TLSProgress {
        var progress = TLSProgress.incomplete
        repeat {
            worker.plaintext.withSpareRoom(Connection.recordBytes) { room in
                progress = tls.read(into: room)
                guard case .done(let count) = progress else { return 0 }
                return count
            }
            guard case .done = progress else { return progress }
        } while tls.needsRead
        return progress
    }

    /// The most plaintext in one record (RFC 8446 section 5.1).
    private static let recordBytes = 16 << 10
}

// MARK: - Serving

extension Connection {
    /// Runs what waits in `inbound`, after reading was resumed.
    private func serve(_ now: Moment) {
        defer { worker.resetScratch() }
        worker.plaintext.takeOver(&inbound)
        runRequests(now)
    }

    /// Runs the requests in the worker's plaintext and sends the replies; what is left goes to `inbound`.
    private func runRequests(_ now: Moment) {
        var position = 0
        var answered = 0
        var end = BatchEnd.incomplete(needed: 1)
        worker.scratch.context.session = session
        worker.scratch.context.now = now
        repeat {
            end = nextBatch(&position, &answered)
            transmit(now)
        } while end == .full && machine.servesRequests && !machine.isPaused
        if machine.phase == .closed { return }
        if answered > 0 { worker.shared.facts.requests.add(answered, ordering: .relaxed) }
        if session.token != nil { machine.authenticated(now.monotonicMilliseconds) }
        if case .incomplete(let needed) = end { neededBytes = needed } else { neededBytes = 1 }
        worker.plaintext.moveRest(from: position, to: &inbound)
        let isPartial = end != .full && !inbound.isEmpty
        machine.processed(hasPartial: isPartial, now.monotonicMilliseconds)
        let isDone = isDraining && end != .full
        if end == .closing || isDone { finish(now) }
        armTimer()
    }

    private func nextBatch(_ position: inout Int, _ answered: inout Int) -> BatchEnd {
        if worker.plaintext.count - position < neededBytes {
            return .incomplete(needed: neededBytes)
        }
        if decoder == nil {
            guard chooseEncoding() else {
                return session.closesAfterReply ? .closing : .incomplete(needed: 1)
            }
        }
        guard var decoder else { return .incomplete(needed: 1) }
        let end = runBatch(
            worker.plaintext,
            &position,
            &decoder,
            &worker.scratch,
            worker.tools,
            &answered
        )
        self.decoder = decoder
        return end
    }

    /// Chooses the encoding by the first bytes; false if they do not tell yet, or it is not served.
    private func chooseEncoding() -> Bool {
        switch sniff(worker.plaintext) {
        case .undecided: return false
        case .encoding(let encoding):
            session.encoding = encoding
            decoder = RequestDecoder(encoding: encoding)
            return true
        case .http:
            worker.scratch.output.append(PlaintextAnswer.httpNotServed)
        case .protobuf:
            worker.scratch.output.append(
                "ERR NOT_SERVED protobuf is not served by this version\r\n"
            )
        }
        session.closesAfterReply = true
        return false
    }

    private func sniff(_ plaintext: borrowing ByteBuffer) -> Sniffed {
        RequestDecoder.sniff(plaintext.span)
    }

    /// Ends the connection behind what has been answered.
    private func finish(_ now: Moment) {
        machine.finish(now.monotonicMilliseconds)
        inbound.release()
        afterSending(now)
    }

    private func refuse(_ error: ServerError, _ now: Moment) {
        log("refused", ["error": "\(error.code.row.jsonCode)"])
        // A RESP client would take an error that answers nothing for the answer to its next command.
        if session.encoding == .text || session.encoding == .json {
            defer { worker.resetScratch() }
            worker.scratch.context.reply.error(error)
            worker.encodeReply(session.encoding)
            transmit(now)
        }
        if machine.phase != .closed { afterSending(now) }
    }
}

// MARK: - Sending

extension Connection {
    /// Encrypts the worker's output and sends as much as the socket takes; the rest waits in `outbound`.
    private func transmit(_ now: Moment) {
        if machine.phase == .closed { return }
        if let tls, !worker.scratch.output.isEmpty {
            let isWritten = worker.scratch.output.withBytes { tls.write($0) }
            worker.scratch.output.removeAll(keepingUpTo: 2 * Worker.scratchBytes)
            if case .failed(let error) = isWritten {
                log("TLS failed", ["error": "\(error)"])
                perform(machine.broke(), now)
                return
            }
        }
        let bytes = worker.tls.output
        if bytes.isEmpty { return }
        let isSent = send(bytes)
        worker.tls.clearOutput()
        if isSent { afterSending(now) } else { perform(machine.broke(), now) }
    }

    /// Sends `bytes` behind what waits already; false if the connection is broken.
    private func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var sent = 0
        if outbound.isEmpty {
            switch socket.send(bytes) {
            case .bytes(let count): sent = count
            case .failed: return false
            case .wouldBlock, .end: break
            }
        }
        if sent < bytes.count {
            let wasEmpty = outbound.isEmpty
            outbound.append(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
            if wasEmpty { watch() }
        }
        return true
    }

    /// Sends what waits in `outbound`.
    private func sendOutbound(_ now: Moment) {
        if outbound.isEmpty { return }
        let result = outbound.withBytes { bytes in
            socket.send(UnsafeRawBufferPointer(rebasing: bytes[outboundSent...]))
        }
        switch result {
        case .wouldBlock, .end: return
        case .failed:
            perform(machine.broke(), now)
            return
        case .bytes(let count): outboundSent += count
        }
        if outboundSent == outbound.count {
            outbound.release()
            outboundSent = 0
            watch()
        }
        afterSending(now)
    }

    /// Tells the machine how much waits to be sent, and does what it says.
    private func afterSending(_ now: Moment) {
        let waiting = outbound.count - outboundSent
        perform(machine.outboundChanged(waiting, now.monotonicMilliseconds), now)
        if machine.phase == .flushing { watch() }
        armTimer()
    }

    private func sendEnd() {
        tls?.close()
        let bytes = worker.tls.output
        if !bytes.isEmpty { _ = socket.send(bytes) }
        worker.tls.clearOutput()
        socket.shutdownWrites()
        if hasPeerEnded {
            close()
        } else {
            watch()
            armTimer()
        }
    }
}

// MARK: - What the worker asks of it

extension Connection {
    /// Gives the session its token's present rights, or ends it where the token is gone.
    func reviewToken(_ now: Moment) {
        guard let token = session.token, machine.servesRequests else { return }
        let authority = worker.shared.authority
        if let current = authority.current(for: token, nowUnixMilliseconds: now.unixMilliseconds) {
            session.token = current
            return
        }
        machine.finish(now.monotonicMilliseconds)
        refuse(ServerError(.sessionEnded), now)
    }

    /// Answers what has arrived, tells the peer that the server shuts down, and ends the connection.
    func drain(_ graceMilliseconds: Int64, _ now: Moment) {
        if machine.phase == .handshaking {
            close()
            return
        }
        if !machine.servesRequests { return }
        for _ in 0..<Connection.readsWhileDraining where !machine.isPaused && receive(now) {}
        if !machine.servesRequests { return }
        announceShutdown(graceMilliseconds, now)
        isDraining = true
        // A peer that does not take its replies gets the rest of them as it does, until the deadline.
        if machine.servesRequests, !machine.isPaused { finish(now) }
    }

    /// Reads of up to 256 KiB while draining: 16 MiB are more than a socket's buffer holds.
    private static let readsWhileDraining = 64

    private func announceShutdown(_ graceMilliseconds: Int64, _ now: Moment) {
        // RESP2 has no pushes.
        if decoder == nil || session.encoding == .resp2 { return }
        defer { worker.resetScratch() }
        worker.scratch.context.reply.push(3)
        worker.scratch.context.reply.string("shutdown")
        worker.scratch.context.reply.string("grace_ms")
        worker.scratch.context.reply.integer(graceMilliseconds)
        worker.encodeReply(session.encoding)
        transmit(now)
    }

    /// Closes at once, whatever was under way.
    func abandon() {
        close()
    }

    private func log(_ message: Logger.Message, _ metadata: Logger.Metadata = [:]) {
        let logger = worker.shared.logger
        if logger.logLevel > .debug { return }
        var all = metadata
        all["peer"] = "\(address)"
        all["connection"] = "\(session.identifier)"
        logger.debug(message, metadata: all)
    }
}
