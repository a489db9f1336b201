// What the worker asks of its connections: review, abandon; see also Connection+Draining.
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
            if maySubscribe(current), session.mayGoOnObserving { return }
        }
        machine.finish(now.monotonicMilliseconds)
        refuse(ServerError(.sessionEnded), now)
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
