// What the worker asks of its connections: review, drain, abandon.
internal import Access
internal import Commands
internal import Core
internal import Logging
internal import Reactor
internal import TLS
internal import Wire

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
    static let readsWhileDraining = 64

    func announceShutdown(_ graceMilliseconds: Int64, _ now: Moment) {
        // RESP2 has no pushes, and the middle of a line of replies has no place for one.
        if !hasChosenEncoding || session.encoding == .resp2 || decoder.isInsideBatch { return }
        defer { worker.resetScratch() }
        worker.scratch.context.reply.push(3)
        worker.scratch.context.reply.string("shutdown")
        worker.scratch.context.reply.string("grace_ms")
        worker.scratch.context.reply.integer(graceMilliseconds)
        worker.encodeReply(session.encoding)
        transmit(now)
    }

    /// Gives back the memory that a quiet connection does not need; called about once a second.
    ///
    /// A connection is quiet if nothing came since the last time.
    func releaseIfQuiet() {
        if hasHeard {
            hasHeard = false
        } else if holdsBuffers {
            holdsBuffers = false
            tls?.releaseBuffers()
        }
    }

    /// Closes at once, whatever was under way.
    func abandon() {
        close()
    }

    /// Says so in the log if the connection ends because it guessed too often.
    func logFailedAuthentications() {
        let limit = worker.shared.configuration.limits.maxAuthenticationFailures
        if session.failedAuthentications < limit { return }
        worker.shared.logger.notice(
            "too many failed authentications",
            metadata: ["peer": "\(address)", "connection": "\(session.identifier)"]
        )
    }

    func log(_ message: Logger.Message, _ metadata: Logger.Metadata = [:]) {
        let logger = worker.shared.logger
        if logger.logLevel > .debug { return }
        var all = metadata
        all["peer"] = "\(address)"
        all["connection"] = "\(session.identifier)"
        logger.debug(message, metadata: all)
    }
}
