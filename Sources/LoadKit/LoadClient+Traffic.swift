// The path of each request and reply: encode, encrypt, send; receive, decrypt, parse, verify.
internal import Core
internal import Reactor
internal import TLS

extension LoadClient {
    /// Bytes of requests that are encrypted at once; more wait for the next replies.
    private static let maxBatchBytes = 4 << 20
    /// Bytes of plaintext that one TLS record holds at most (RFC 8446 section 5.1).
    private static let recordBytes = 16 << 10

    /// Fills the pipeline with new requests, in one TLS write and one `send`.
    func issue(_ now: Moment) {
        let engine = engine
        let room = engine.options.pipeline - machine.inFlight
        var count = 0
        engine.outbound.removeAll()
        while count < room, engine.outbound.count < LoadClient.maxBatchBytes,
            engine.takeRequest()
        {
            let request = engine.workload.next(&random, client: number)
            engine.writer.append(request, to: &engine.outbound)
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

    /// Encrypts the engine's outbound bytes and sends them; the last `added` requests are among them.
    func encryptAndSend(_ now: Moment, stamping added: Int = 0) {
        let engine = engine
        guard let link, let session = link.session else { return }
        let progress = engine.outbound.withBytes { session.write($0) }
        engine.outbound.removeAll(keepingUpTo: LoadClient.maxBatchBytes)
        if case .failed(let error) = progress {
            return perform(machine.fail(Failure(.tlsFailed, "\(error)")), now)
        }
        pending.stamp(last: added, sentAt: SystemClock.monotonicNanoseconds())
        send(link, now)
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
                if reply.kind == .push { continue }
                if machine.state == .authenticating {
                    let isAccepted = reply.kind != .error
                    action = machine.tokenAnswered(refusal: isAccepted ? nil : whole.trimmed)
                } else if reply.isInScratch {
                    answered += check(reply, in: scratch.span, whole, arrivedAt)
                } else {
                    answered += check(reply, in: inbound.span, whole, arrivedAt)
                }
            }
        }
        swap(&scratch, &engine.scratch)
        inbound.moveRest(from: position, to: &rest)
        if answered > 0 {
            engine.lastReplyAt = arrivedAt
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
                engine.metrics.failures.count(Failure(.errorReply, payload.printable))
            } else {
                engine.metrics.failures.countWrong(nil, whole)
            }
            return 0
        }
        let verdict = verifier.check(reply, payload, for: request)
        engine.metrics.count(request.command, verdict, nanoseconds: arrivedAt - request.sentAt)
        switch verdict {
        case .good, .missing: break
        case .wrong: engine.metrics.failures.countWrong(request, whole)
        case .error: engine.metrics.failures.countError(request, payload, whole)
        }
        return 1
    }
}

extension ClientStateMachine.Action {
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
