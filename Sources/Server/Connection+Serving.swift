// How a connection runs the requests in its plaintext.
internal import Commands
internal import Core
internal import Gateway
internal import Logging
internal import Synchronization
internal import Wire

extension Connection {
    /// Runs what waits in `inbound`, after reading was resumed.
    func serve(_ now: Moment) {
        assert(worker.isScratchEmpty, "an earlier event left a peer's bytes in the scratch")
        defer { worker.resetScratch() }
        worker.plaintext.takeOver(&inbound)
        runRequests(now)
    }

    /// Runs the requests in the worker's plaintext and sends the replies; what is left goes to `inbound`.
    func runRequests(_ now: Moment) {
        var position = 0
        var answered = 0
        var end = BatchEnd.incomplete(needed: 1)
        worker.scratch.context.session = session
        worker.scratch.context.now = now
        // Messages from before these requests come before their replies.
        if messages != nil {
            sendMessages(now)
            if machine.phase == .closed { return }
        }
        let level = worker.shared.facts.overload.load(ordering: .relaxed)
        worker.scratch.context.shedsLoad = level >= OverloadLevel.lowPriorityRefused.rawValue
        end = nextBatch(&position, &answered)
        // Only replies behind which nothing follows now can wait for those of others.
        if case .incomplete = end, !hasPeerEnded {
            putOff(now)
        } else {
            transmit(now)
        }
        if machine.phase == .closed { return }
        if answered > 0 { count(answered, now) }
        if session.isSubscriber != machine.isSubscriber { subscriptionsChanged() }
        if !session.replays.isEmpty { beginReplays() }
        if session.rights.isAuthenticated { machine.authenticated(now.monotonicMilliseconds) }
        if case .incomplete(let needed) = end { neededBytes = needed } else { neededBytes = 1 }
        worker.plaintext.moveRest(from: position, to: &inbound)
        countMemory()
        if let http {
            processedHTTP(http, end, answered, now)
        } else {
            let isPartial = end != .full && !inbound.isEmpty
            machine.processed(
                hasPartial: isPartial,
                hasFinished: answered > 0,
                now.monotonicMilliseconds
            )
        }
        if messages != nil { resumeSoon() }
        let isDone = hasPeerEnded && end != .full
        if end == .closing { logFailedAuthentications() }
        if end == .closing || isDone { finish(now) }
        if end == .full, machine.servesRequests, !machine.isPaused { worker.yield(self) }
        armTimer()
    }

    private func count(_ answered: Int, _ now: Moment) {
        keyUpdates = 0
        worker.shared.facts.requests.add(answered, ordering: .relaxed)
        let record = session.record
        record.lastSeen.store(now.unixMilliseconds, ordering: .relaxed)
        record.lastCommand.store(worker.scratch.context.lastCommand, ordering: .relaxed)
    }

    func nextBatch(_ position: inout Int, _ answered: inout Int) -> BatchEnd {
        if worker.plaintext.count - position < neededBytes {
            return .incomplete(needed: neededBytes)
        }
        // That was for the request that is complete now; the next one is looked at from its first byte.
        neededBytes = 1
        if !hasChosenEncoding {
            if !chooseEncoding() { return .incomplete(needed: 1) }
        }
        if let http { return serveHTTP(http, &position, &answered) }
        return runBatch(
            worker.plaintext,
            &position,
            &decoder,
            &worker.scratch,
            worker.tools,
            &answered
        )
    }

    /// Chooses the encoding, by what the handshake settled or the first bytes; false if they do not tell yet.
    func chooseEncoding() -> Bool {
        if hasAgreedOnHTTP {
            beginHTTP()
            return true
        }
        switch sniff(worker.plaintext) {
        case .undecided:
            return false
        case .encoding(let encoding):
            session.encoding = encoding
            decoder.encoding = encoding
            hasChosenEncoding = true
        case .http: beginHTTP()
        }
        return true
    }

    func sniff(_ plaintext: borrowing ByteBuffer) -> Sniffed {
        RequestDecoder.sniff(plaintext.span)
    }

    /// Ends the connection behind what has been answered.
    func finish(_ now: Moment) {
        machine.finish(now.monotonicMilliseconds)
        inbound.release()
        afterSending(now)
    }

    func refuse(_ error: ServerError, _ now: Moment) {
        log("refused", ["error": "\(error.code.row.jsonCode)"])
        if !hasChosenEncoding, hasAgreedOnHTTP { beginHTTP() }
        if let http {
            refuseHTTP(http, error, now)
            if machine.phase != .closed { afterSending(now) }
            return
        }
        // A RESP client would take an error that answers nothing for the answer to its next command.
        if session.encoding != .resp2, session.encoding != .resp3 {
            defer { worker.resetScratch() }
            decoder.endBatch(into: &worker.scratch.output)
            let context = worker.scratch.context
            context.reply.error(error)
            worker.encodeReply(session.encoding)
            transmit(now)
        }
        if machine.phase != .closed { afterSending(now) }
    }
}
