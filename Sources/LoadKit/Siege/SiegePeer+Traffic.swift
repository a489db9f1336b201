// An attacker's bytes: what it sends, what it takes, and whether replies are right.
internal import Core
internal import Reactor
internal import TLS

extension SiegePeer {
    /// Bytes of requests that are encrypted at once.
    private static let batchBytes = 128 << 10
    /// Bytes of plaintext that one TLS record holds at most (RFC 8446 section 5.1).
    private static let recordBytes = 16 << 10

    /// Presents `token` and waits for the reply; goes on where there is none.
    func present(_ token: String?, _ now: Moment) {
        guard let token else { return }
        traffic = nil
        owed = 1
        wait = .replies
        engine.tally.requests += 1
        var request = ByteBuffer()
        engine.writer.append(token: token, to: &request)
        sendSecure(request, now)
    }

    /// Begins to send `count` requests.
    func begin(_ traffic: SiegeTraffic, _ count: Int, _ now: Moment) {
        self.traffic = traffic
        toIssue = count
        answered = asked
        wait = .room
        issue(now)
    }

    /// Sends requests while the socket takes them; the next step comes when it has taken all.
    private func issue(_ now: Moment) {
        guard let traffic else { return }
        let workload = engine.workload(traffic)
        while toIssue > 0, link.unsent.isEmpty, !isOver {
            var batch = ByteBuffer()
            while toIssue > 0, batch.count < SiegePeer.batchBytes {
                engine.writer.append(workload.next(&asked, client: 0), to: &batch)
                toIssue -= 1
                owed += 1
                engine.tally.requests += 1
            }
            sendSecure(batch, now)
        }
        if toIssue == 0, link.unsent.isEmpty, !isOver, wait == .room { wait = .nothing }
    }

    /// Encrypts and sends `bytes`.
    func sendSecure(_ bytes: [UInt8], _ now: Moment) {
        var buffer = ByteBuffer()
        buffer.append(bytes.span)
        sendSecure(buffer, now)
    }

    private func sendSecure(_ bytes: borrowing ByteBuffer, _ now: Moment) {
        guard let session = link.session else { return }
        if case .failed = bytes.withBytes({ session.write($0) }) {
            return end(.refused("TLS failed inside TLS"))
        }
        send(now)
    }

    /// Sends `bytes` without TLS.
    func sendPlain(_ bytes: [UInt8], _ now: Moment) {
        bytes.withUnsafeBytes { transmit($0) }
    }

    /// Sends what TLS wrote.
    func send(_: Moment) {
        transmit(engine.buffers.output)
        engine.buffers.clearOutput()
    }

    /// Sends, and keeps what the socket does not take.
    private func transmit(_ bytes: UnsafeRawBufferPointer) {
        if bytes.isEmpty { return }
        if !link.unsent.isEmpty { return link.unsent.append(bytes) }
        switch link.socket.send(bytes) {
        case .bytes(let sent):
            engine.tally.bytesSent += UInt64(sent)
            if sent < bytes.count { keep(UnsafeRawBufferPointer(rebasing: bytes[sent...])) }
        case .wouldBlock: keep(bytes)
        case .end, .failed: break  // Reading, or the broken socket, tells what happened.
        }
    }

    private func keep(_ bytes: UnsafeRawBufferPointer) {
        link.unsent.append(bytes)
        watch()
    }

    /// Sends what was kept, and then more of the present step.
    func sendUnsent(_ now: Moment) {
        if !link.unsent.isEmpty {
            if case .bytes(let sent) = link.unsent.withBytes({ link.socket.send($0) }) {
                engine.tally.bytesSent += UInt64(sent)
                link.unsent.removeFirst(sent)
            }
            if !link.unsent.isEmpty { return }
            link.unsent.release()
            watch()
        }
        if wait != .room { return }
        issue(now)
        if wait == .nothing { goOn(now) }
    }

    /// Takes what has arrived.
    func receive(_ now: Moment) {
        switch link.socket.receive(into: engine.receiveRoom) {
        case .bytes(let count):
            engine.tally.bytesReceived += UInt64(count)
            let input = UnsafeRawBufferPointer(rebasing: engine.receiveRoom[..<count])
            if isSecure { take(input, now) } else { note(input) }
        case .wouldBlock: break
        case .end: ended(nil, now)
        case .failed(let error): ended(error, now)
        }
    }

    private func note(_ input: UnsafeRawBufferPointer) {
        let bytes = Array(input.prefix(FailureTally.maxSampleBytes))
        engine.tally.notePlain(bytes.span)
    }

    private func ended(_ error: SystemError?, _ now: Moment) {
        if wait == .end { return end(.finished) }
        end(.refused(ending(error)))
    }

    private func take(_ input: UnsafeRawBufferPointer, _ now: Moment) {
        engine.buffers.setInput(input)
        if wait == .handshake { continueHandshake(now) }
        if let session = link.session, session.isEstablished, !isOver { read(session, now) }
        engine.buffers.clearInput()
    }

    /// Decrypts the input and takes the replies out of it.
    private func read(_ session: TLSSession, _ now: Moment) {
        var inbound = ByteBuffer()
        swap(&inbound, &engine.inbound)
        inbound.takeOver(&rest)
        let before = inbound.count
        var progress = TLSProgress.done(0)
        var isMore = true
        while isMore {
            inbound.withSpareRoom(SiegePeer.recordBytes) { room in
                progress = session.read(into: room)
                if case .done(let count) = progress { return count }
                return 0
            }
            if case .done = progress { isMore = session.needsRead } else { isMore = false }
        }
        bytesAwaited -= inbound.count - before
        let isUnderstood = takeReplies(&inbound)
        inbound.removeAll()
        swap(&inbound, &engine.inbound)
        // What the session wants to say by itself, such as a key update.
        if engine.buffers.outputBytes > 0 { send(now) }
        if !isUnderstood { return end(.refused("no reply inside TLS")) }
        switch progress {
        case .done, .incomplete, .suspended: lookAtWait(session, now)
        case .closed: ended(nil, now)
        case .failed: end(.refused("TLS failed inside TLS"))
        }
    }

    private func lookAtWait(_ session: TLSSession, _ now: Moment) {
        switch wait {
        case .replies: if owed == 0 { goOn(now) }
        case .bytes: if bytesAwaited <= 0 { goOn(now) }
        case .ticket:
            guard let ticket = session.ticket else { return }
            engine.ticket = ticket
            goOn(now)
        default: break
        }
    }

    /// Checks all whole replies in `inbound`, and keeps the rest of it; false if one is no reply.
    private func takeReplies(_ inbound: inout ByteBuffer) -> Bool {
        var scratch = ByteBuffer()
        swap(&scratch, &engine.scratch)
        defer { swap(&scratch, &engine.scratch) }
        var position = 0
        while true {
            switch parser.next(inbound.span, from: position, scratch: &scratch) {
            case .incomplete:
                inbound.moveRest(from: position, to: &rest)
                return true
            case .malformed:
                engine.tally.countWrong(inbound.span.extracting(position...))
                return false
            case .reply(let reply):
                let whole = inbound.span.extracting(position..<(position + reply.consumed))
                position += reply.consumed
                if reply.kind == .push { continue }
                if reply.isInScratch {
                    check(reply, scratch.span.extracting(reply.start..<reply.end), whole)
                } else {
                    check(reply, inbound.span.extracting(reply.start..<reply.end), whole)
                }
            }
        }
    }

    private func check(_ reply: ParsedReply, _ payload: Span<UInt8>, _ whole: Span<UInt8>) {
        let isOwed = owed > 0
        owed -= isOwed ? 1 : 0
        // The request is drawn again, so that none has to be kept.
        let request =
            isOwed ? traffic.map { engine.workload($0).next(&answered, client: 0) } : nil
        if reply.kind == .error { return engine.tally.countError(payload, whole) }
        guard isOwed else { return engine.tally.countWrong(whole) }
        // An accepted token is right, and so is what the verifier says of a request.
        let verdict = request.map { verifier.check(reply, payload, for: $0) } ?? .good
        if verdict == .good { engine.tally.right += 1 } else { engine.tally.countWrong(whole) }
    }
}
