// The path of each request and reply: encode, encrypt, send; receive, decrypt, parse, verify.
internal import Core
internal import Reactor
internal import TLS

extension LoadClient {
    /// Bytes of requests that are encrypted at once; more wait for the next replies.
    private static let maxBatchBytes = 4 << 20
    /// Bytes of plaintext that one TLS record holds at most (RFC 8446 section 5.1).
    private static let recordBytes = 16 << 10

    /// Fills the pipeline with new requests, in one TLS write and one `send`; in an open loop, says that
    /// there is room.
    func issue(_ now: Moment) {
        let engine = engine
        if isSubscriber { return }
        if engine.dispatcher != nil {
            if hasRoom { engine.dispatcher?.becameFree(index) }
            return
        }
        let room = machine.room(pipeline: engine.pipeline)
        var count = 0
        engine.outbound.removeAll()
        while count < room, engine.outbound.count < LoadClient.maxBatchBytes,
            var request = engine.nextRequest(self)
        {
            engine.history?.begin(&request, connection: connection)
            writer.append(request, to: &engine.outbound)
            pending.append(request)
            count += 1
        }
        if count == 0 {
            if engine.isSpent, machine.inFlight == 0 {
                perform(machine.stop(now.monotonicMilliseconds), now)
            }
            return
        }
        engine.metrics.bytesSent += UInt64(engine.outbound.count)
        machine.sent(count, now.monotonicMilliseconds)
        encryptAndSend(now, stamping: count)
    }

    /// Sends the request that was planned for `plannedAt`; there must be room.
    ///
    /// Returns when it was sent, in nanoseconds.
    func issue(plannedAt: Int64, _ now: Moment) -> Int64 {
        let engine = engine
        var request = makeRequest()
        request.plannedAt = plannedAt
        engine.history?.begin(&request, connection: connection)
        engine.outbound.removeAll()
        writer.append(request, to: &engine.outbound)
        pending.append(request)
        engine.metrics.bytesSent += UInt64(engine.outbound.count)
        machine.sent(1, now.monotonicMilliseconds)
        let sentAt = encryptAndSend(now, stamping: 1)
        if hasRoom { engine.dispatcher?.becameFree(index) }
        return sentAt
    }

    /// The next request of its own: a message of a publisher, else one of the mix.
    func makeRequest() -> PlannedRequest {
        guard let topic else { return engine.workload.next(&random, client: number) }
        sequence += 1
        var request = engine.workload.publish(
            topic: topic,
            publisher: UInt16(truncatingIfNeeded: number),
            sequence: sequence,
            &random
        )
        // In a closed loop a message says when it was made.
        request.sentAt = SystemClock.monotonicNanoseconds()
        return request
    }

    /// Encrypts the engine's outbound bytes and sends them; the last `added` requests are among them.
    ///
    /// Returns when they were sent, in nanoseconds.
    @discardableResult
    func encryptAndSend(_ now: Moment, stamping added: Int = 0) -> Int64 {
        let engine = engine
        guard let link, let session = link.session else { return 0 }
        let progress = engine.outbound.withBytes { session.write($0) }
        engine.outbound.removeAll(keepingUpTo: LoadClient.maxBatchBytes)
        if case .failed(let error) = progress {
            perform(machine.fail(Failure(.tlsFailed, "\(error)")), now)
            return SystemClock.monotonicNanoseconds()
        }
        let sentAt = SystemClock.monotonicNanoseconds()
        pending.stamp(last: added, sentAt: sentAt)
        send(link, now)
        return sentAt
    }

    /// Sends what TLS wrote, and keeps what the socket does not take.
    func send(_ link: Link, _ now: Moment) {
        let output = engine.buffers.output
        if output.isEmpty { return }
        defer { engine.buffers.clearOutput() }
        if !link.unsent.isEmpty { return link.unsent.append(output) }
        switch link.socket.send(output) {
        case .bytes(let sent) where sent == output.count:
            break
        case .bytes(let sent):
            keep(UnsafeRawBufferPointer(rebasing: output[sent...]), link)
        case .wouldBlock:
            keep(output, link)
        case .end, .failed:
            // Reading tells what happened, with what the server said before it closed.
            break
        }
    }

    private func keep(_ bytes: UnsafeRawBufferPointer, _ link: Link) {
        link.unsent.append(bytes)
        guard let registration = link.registration else { return }
        engine.loop.watch(registration, readable: true, writable: true)
    }

    /// Sends what was kept.
    func sendUnsent(_ now: Moment) {
        guard let link, let registration = link.registration, !link.unsent.isEmpty else { return }
        if case .bytes(let sent) = link.unsent.withBytes({ link.socket.send($0) }) {
            link.unsent.removeFirst(sent)
        }
        if !link.unsent.isEmpty { return }
        link.unsent.release()
        engine.loop.watch(registration, readable: true, writable: false)
    }

    /// Takes what has arrived.
    func receive(_ now: Moment) {
        let engine = engine
        guard let link, let session = link.session else { return }
        switch link.socket.receive(into: engine.receiveRoom) {
        case .bytes(let count):
            let input = UnsafeRawBufferPointer(rebasing: engine.receiveRoom[..<count])
            engine.buffers.setInput(input)
            if machine.state == .handshaking { continueHandshake(now) }
            if session.isEstablished, self.link === link { read(session, now) }
            engine.buffers.clearInput()
        case .wouldBlock:
            break
        case .end:
            perform(machine.peerClosed(), now)
        case .failed(let error):
            perform(machine.peerClosed("\(error)"), now)
        }
    }

    /// Decrypts the input and takes the replies out of it.
    private func read(_ session: TLSSession, _ now: Moment) {
        var inbound = ByteBuffer()
        swap(&inbound, &engine.inbound)
        inbound.takeOver(&rest)
        let before = inbound.count
        var progress = TLSProgress.done(0)
        repeat {
            inbound.withSpareRoom(LoadClient.recordBytes) { room in
                progress = session.read(into: room)
                if case .done(let count) = progress { return count }
                return 0
            }
        } while progress.isDone && session.needsRead
        engine.metrics.bytesReceived += UInt64(inbound.count - before)
        if inbound.count > before { takeReplies(&inbound, now) }
        inbound.removeAll()
        swap(&inbound, &engine.inbound)
        // The replies may have been the last of this connection.
        if link?.session !== session { return }
        switch progress {
        case .done, .incomplete, .suspended: break
        case .closed: perform(machine.peerClosed(), now)
        case .failed(let error): perform(machine.fail(Failure(.tlsFailed, "\(error)")), now)
        }
    }

    /// Parses and checks all whole replies in `inbound`, and keeps the rest of it.
    private func takeReplies(_ inbound: inout ByteBuffer, _ now: Moment) {
        let engine = engine
        let arrivedAt = SystemClock.monotonicNanoseconds()
        var scratch = ByteBuffer()
        swap(&scratch, &engine.scratch)
        var position = 0
        var answered = 0
        var action = ClientStateMachine.Action.nothing
        parsing: while true {
            let outcome = parser.next(inbound.span, from: position, scratch: &scratch)
            switch outcome {
            case .incomplete:
                break parsing
            case .malformed(let reason):
                action = machine.fail(Failure(.malformedReply, reason))
                break parsing
            case .reply(let reply):
                let whole = inbound.span.extracting(position..<(position + reply.consumed))
                position += reply.consumed
                if machine.state == .authenticating {
                    action = takeOpening(reply, inbound.span, whole, now)
                    continue
                }
                if isSubscriber { takeMessage(whole, arrivedAt) }
                if reply.kind == .push {
                    action = takePush(whole, now).or(action)
                    continue
                }
                if isSubscriber, reply.kind != .error { continue }
                answered +=
                    reply.isInScratch
                    ? check(reply, in: scratch.span, whole, arrivedAt)
                    : check(reply, in: inbound.span, whole, arrivedAt)
            }
        }
        swap(&scratch, &engine.scratch)
        inbound.moveRest(from: position, to: &rest)
        if answered > 0 {
            engine.totals.lastReplyAt = arrivedAt
            action = machine.received(answered, now.monotonicMilliseconds).orFailure(action)
        }
        perform(action, now)
    }

    /// Checks one reply against the oldest request; returns how many requests it answers.
    private func check(
        _ reply: ParsedReply,
        in bytes: Span<UInt8>,
        _ whole: Span<UInt8>,
        _ arrivedAt: Int64
    ) -> Int {
        let engine = engine
        let payload = bytes.extracting(reply.start..<reply.end)
        guard let request = pending.takeFirst() else {
            if reply.kind == .error {
                engine.metrics.fail(Failure(.errorReply, payload.printable), at: arrivedAt)
            } else {
                engine.metrics.fail(wrong: nil, whole, at: arrivedAt)
            }
            return 0
        }
        let verdict = verifier.check(reply, payload, for: request)
        if request.ticket != .none {
            engine.history?.end(
                request,
                verdict,
                payload,
                number: verifier.integer(reply, payload),
                at: arrivedAt
            )
        }
        engine.metrics.count(
            request.command,
            verdict,
            arrivedAt: arrivedAt,
            sentAt: request.sentAt,
            plannedAt: request.plannedAt
        )
        switch verdict {
        case .good, .missing:
            if request.command == .publish, let reached = verifier.integer(reply, payload) {
                engine.metrics.deliveries.expected += UInt64(clamping: reached)
            }
        case .wrong: engine.metrics.fail(wrong: request, whole, at: arrivedAt)
        case .error: engine.metrics.fail(request, payload, whole, at: arrivedAt)
        }
        return 1
    }
}

extension LoadClient {
    /// Takes the reply to a request of the opening, and sends the next of them.
    private func takeOpening(
        _ reply: ParsedReply,
        _ bytes: Span<UInt8>,
        _ whole: Span<UInt8>,
        _ now: Moment
    ) -> ClientStateMachine.Action {
        let isSubscribing = isSubscriber && openingStep == opening.count - 1
        // A WebSocket may be told things before it asks for any.
        if reply.kind == .push, !isSubscribing { return .nothing }
        if reply.kind == .error { return machine.tokenAnswered(refusal: whole.trimmed) }
        if encoding == .websocket, openingStep == 0 {
            let accept = bytes.extracting(reply.start..<reply.end).printable
            if accept != expectedAccept {
                return machine.fail(
                    Failure(.malformedReply, "Sec-WebSocket-Accept does not answer the key")
                )
            }
        }
        openingStep += 1
        if openingStep == opening.count { return machine.tokenAnswered(refusal: nil) }
        sendOpening(now)
        return .nothing
    }

    /// Takes what nobody asked for: frames that say how a WebSocket fares; all else is left alone.
    private func takePush(_ whole: Span<UInt8>, _ now: Moment) -> ClientStateMachine.Action {
        guard encoding == .websocket, case .frame(let frame) = WebSocketFrame.read(whole, from: 0)
        else { return .nothing }
        let payload = whole.extracting(frame.payload)
        switch frame.opcode {
        case .ping:
            var bytes: [UInt8] = []
            for index in 0..<payload.count { bytes.append(payload[index]) }
            engine.outbound.removeAll()
            WebSocketFrame.append(.pong, bytes, to: &engine.outbound)
            encryptAndSend(now)
            return .nothing
        case .close:
            let code = payload.count < 2 ? 1005 : Int(payload[0]) << 8 | Int(payload[1])
            return machine.peerClosed("WebSocket close \(code)")
        case .continuation, .text, .binary, .pong:
            return .nothing
        }
    }

    /// Takes a published message, if there is one in what came.
    private func takeMessage(_ whole: Span<UInt8>, _ arrivedAt: Int64) {
        guard let content = DeliveryMessage.find(whole) else { return }
        let fault = engine.metrics.deliveries.count(content, subscriber: index, at: arrivedAt)
        engine.totals.lastReplyAt = arrivedAt
        if let fault { engine.metrics.fail(Failure(.wrongDelivery, fault), at: arrivedAt) }
    }
}

extension ClientStateMachine.Action {
    /// This, or what was decided before where this is nothing.
    fileprivate func or(_ earlier: ClientStateMachine.Action) -> ClientStateMachine.Action {
        self == .nothing ? earlier : self
    }

    /// The failure that was decided before, if one was; else this.
    fileprivate func orFailure(_ earlier: ClientStateMachine.Action) -> ClientStateMachine.Action {
        if case .fail = earlier { return earlier }
        return self
    }
}

extension TLSProgress {
    fileprivate var isDone: Bool {
        if case .done = self { return true }
        return false
    }
}

extension Span where Element == UInt8 {
    /// The bytes for a person, without the line end.
    fileprivate var trimmed: String {
        var end = count
        while end > 0, self[end - 1] == 0x0A || self[end - 1] == 0x0D { end -= 1 }
        return extracting(0..<end).printable
    }
}
