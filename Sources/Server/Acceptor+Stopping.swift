// How a listener is closed without losing whom the kernel has let in already.
internal import Core
internal import Reactor

extension Acceptor {
    /// Begins to stop; it ends itself by `Worker.acceptorEnded`, at once or a little later.
    ///
    /// A socket that somebody else holds too keeps its queue for them. One that shares its port leaves new
    /// connections to the others first, and goes on for a while for those whose handshake has begun.
    func beginStopping(_ now: Moment) {
        guard let registration, stopsAt == nil else { return }
        switch listener.sharing {
        case .socket: forgetListener()
        case .alone: endStopping(now)
        case .port:
            let overlap = worker.shared.configuration.limits.listenerOverlapMilliseconds
            let end = now.monotonicMilliseconds + overlap
            stopsAt = end
            listener.leaveToOthers { give($0, $1, now) }
            worker.loop.watch(registration, readable: true, writable: false)
            worker.loop.setTimer(registration, at: end)
        }
    }

    /// Accepts everybody who waits, then closes.
    func endStopping(_ now: Moment) {
        for _ in 0..<Acceptor.lastAccepts {
            switch listener.accept() {
            case .accepted(let socket, let address): give(socket, address, now)
            case .gone: continue
            case .none: return forgetListener()
            case .exhausted: return forgetListener()
            }
        }
        forgetListener()
    }

    /// Twice what the queue holds, so that no storm keeps it open.
    private static let lastAccepts = 2 * Int(Listener.backlog)

    private func forgetListener() {
        if let registration { worker.loop.unregister(registration) }
        registration = nil
        worker.acceptorEnded(self)
    }
}
