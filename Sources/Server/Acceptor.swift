// Accepting: one loop takes connections from the kernel and gives each to the loop that has the fewest.
internal import Access
internal import Commands
internal import Core
internal import Logging
internal import Reactor
internal import Synchronization

/// A listener on its loop.
///
/// One loop accepts for all, because the kernel's own spreading (SO_REUSEPORT) is by hash and leaves
/// loops without work when connections are few.
final class Acceptor: EventHandler {
    // SAFETY: the worker owns its acceptors and outlives them: its loop calls nobody once it has ended.
    unowned(unsafe) let worker: Worker
    let listener: Listener
    let mailboxes: [Mailbox]
    var registration: Registration?
    /// The monotonic millisecond at which it stops; nil unless it is about to.
    var stopsAt: Int64?
    private var isPaused = false
    private var hasComplained = false

    /// Connections accepted in one turn, so that a storm of them leaves time for those that are there.
    private static let acceptsPerTurn = 64
    /// Milliseconds to wait where descriptors or memory ran out.
    private static let pauseMilliseconds: Int64 = 100

    init(
        _ listener: Listener,
        _ worker: Worker,
        _ mailboxes: [Mailbox]
    ) throws(SystemError) {
        self.listener = listener
        self.worker = worker
        self.mailboxes = mailboxes
        registration = try worker.loop.register(listener.descriptor, self)
    }

    func becameReady(_ readiness: Readiness, _ now: Moment) {
        for _ in 0..<Acceptor.acceptsPerTurn {
            switch listener.accept() {
            case .accepted(let socket, let address): give(socket, address, now)
            case .gone: continue
            case .none: return
            case .exhausted(let error):
                pause(error, now)
                return
            }
        }
    }

    func timerFired(_ now: Moment) {
        if let stopsAt, now.monotonicMilliseconds >= stopsAt { return endStopping(now) }
        guard let registration, isPaused else { return }
        isPaused = false
        worker.loop.watch(registration, readable: true, writable: false)
        worker.loop.setTimer(registration, at: stopsAt)
    }

    func give(_ socket: consuming Socket, _ address: SocketAddress, _ now: Moment) {
        let shared = worker.shared
        hasComplained = false
        let isProxy = shared.configuration.proxies.contains(address: address.peer)
        var refusal: LimitRefusal?
        if isProxy {
            if !shared.admission.hasSlot { return socket.resetOnClose() }
        } else {
            switch shared.admission.judge(address.peer, now: now.monotonicMilliseconds) {
            case .admitted: break
            case .explained(let reason): refusal = reason
            // Closing with a reset leaves no TIME_WAIT and costs the attacker as much as us.
            case .refused: return socket.resetOnClose()
            }
        }
        shared.facts.openConnections.add(1, ordering: .relaxed)
        let target = leastLoaded()
        mailboxes[target].load.add(1, ordering: .relaxed)
        if target == worker.number {
            worker.adopt(socket, address, refusal, now)
        } else {
            mailboxes[target].post(
                .adopt(descriptor: socket.release(), address: address, refusal: refusal)
            )
        }
    }

    private func leastLoaded() -> Int {
        var best = 0
        var bestLoad = Int.max
        for (index, mailbox) in mailboxes.enumerated() {
            let load = mailbox.load.load(ordering: .relaxed)
            if load < bestLoad {
                best = index
                bestLoad = load
            }
        }
        return best
    }

    /// Looks away from the listener for a while; it would be ready all the time and nothing could be done.
    private func pause(_ error: SystemError, _ now: Moment) {
        guard let registration else { return }
        isPaused = true
        worker.loop.watch(registration, readable: false, writable: false)
        worker.loop.setTimer(
            registration,
            at: now.monotonicMilliseconds + Acceptor.pauseMilliseconds
        )
        worker.shared.complain(&hasComplained, "accepting paused", "\(error)")
    }
}

extension ServerState {
    /// Logs a warning once, until the cause has gone and come back.
    func complain(_ hasComplained: inout Bool, _ message: String, _ reason: String) {
        if hasComplained { return }
        hasComplained = true
        logger.warning("\(message)", metadata: ["reason": "\(reason)"])
    }
}
