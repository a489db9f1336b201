// Subscribers within the program: to the exchange they are one more loop, whose thread calls them.
internal import Core
internal import PubSub
internal import Reactor
internal import Synchronization

/// Who is told of events.
protocol EventSink: AnyObject, Sendable {
    /// Takes an event; false if nobody is there any more.
    func take(_ event: ServerEvent) -> Bool
    /// Whether nobody is there any more.
    var isGone: Bool { get }
    /// No event comes any more.
    func finish()
}

/// What a sink wants.
struct EventInterest {
    var channels: [Topic] = []
    var channelPatterns: [Topic] = []
    var keyPatterns: [Topic] = []
    var options = ObserveOptions()
}

/// The sinks of the program, and the thread that calls them.
///
/// The exchange has its queue and not the hub, so that nothing keeps itself alive.
final class EmbeddedHub: Sendable {
    private struct State {
        let subscriptions: LoopSubscriptions
        var sinks: [Int: any EventSink] = [:]
        var made = 0
        var hasEnded = false
    }

    /// What the exchange posts for the hub.
    final class Queue: Sendable {
        private let publications = Mutex<[Publication]>([])
        private let waker: Waker

        init(_ waker: Waker) { self.waker = waker }

        func post(_ publication: Publication) {
            let isFirst = publications.withLock { queue in
                queue.append(publication)
                return queue.count == 1
            }
            if isFirst { waker.wakeUp() }
        }

        func take() -> [Publication] {
            publications.withLock { queue in
                defer { queue = [] }
                return queue
            }
        }
    }

    let queue: Queue
    private let state: Mutex<State>
    private let waker: Waker
    private let starting: Mutex<HubLoopBox?>
    private let thread = Mutex<LoopThread?>(nil)
    private let isStopping = Atomic<Bool>(false)

    /// Makes the hub that is loop number `loop` of `exchange`.
    init(_ exchange: Exchange, loop number: Int) throws(SystemError) {
        let loop = try EventLoop()
        waker = loop.wakeUpHandle
        queue = Queue(loop.wakeUpHandle)
        starting = Mutex(HubLoopBox(loop: loop))
        state = Mutex(State(subscriptions: LoopSubscriptions(exchange, loop: number)))
    }

    /// Starts the thread.
    func start() throws(SystemError) {
        let box = starting.withLock { box in
            defer { box = nil }
            return box
        }
        guard let box else { return }
        let started = try LoopThread("observers") { [self] in
            let delegate = HubDelegate { [self] in turn(box.loop) }
            box.loop.delegate = delegate
            box.loop.run()
            box.loop.delegate = nil
        }
        thread.withLock { $0 = started }
    }

    /// Ends every subscription and the thread, and waits for it.
    func stop() {
        let sinks = state.withLock { state in
            state.hasEnded = true
            defer { state.sinks = [:] }
            for number in state.sinks.keys { state.subscriptions.remove(number) }
            return Array(state.sinks.values)
        }
        for sink in sinks { sink.finish() }
        isStopping.store(true, ordering: .relaxed)
        waker.wakeUp()
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    /// Has `sink` be told from now on; the number ends it.
    func add(_ sink: any EventSink, _ interest: EventInterest) -> Int {
        let number = state.withLock { state -> Int? in
            if state.hasEnded { return nil }
            state.made += 1
            let number = state.made
            state.sinks[number] = sink
            for channel in interest.channels { state.subscriptions.subscribe(number, to: channel) }
            for pattern in interest.channelPatterns {
                state.subscriptions.subscribe(number, to: pattern, .pattern)
            }
            for pattern in interest.keyPatterns {
                state.subscriptions.observe(number, pattern, interest.options)
            }
            return number
        }
        if number == nil { sink.finish() }
        return number ?? 0
    }

    /// Tells the sink of this number nothing more; whoever is told at this moment is still told.
    func remove(_ number: Int) {
        // Dropped behind the lock: it may be the last that keeps an owner.
        let sink = state.withLock { state in
            state.subscriptions.remove(number)
            return state.sinks.removeValue(forKey: number)
        }
        sink?.finish()
    }

    /// How many sinks there are.
    var count: Int { state.withLock { $0.sinks.count } }

    private func turn(_ loop: EventLoop) {
        if isStopping.load(ordering: .relaxed) { return loop.stop() }
        loseChanges()
        let publications = queue.take()
        for publication in publications {
            for (number, sink, event) in targets(of: publication) where !sink.take(event) {
                remove(number)
            }
        }
        sweep()
    }

    /// Who is told of `publication`, each once.
    private func targets(of publication: Publication) -> [(Int, any EventSink, ServerEvent)] {
        state.withLock { state in
            state.subscriptions.receive(publication)
            _ = state.subscriptions.takePending()
            var wants: [Int: Bool] = [:]
            if publication.change?.kind == .drop {
                state.subscriptions.forEachObserver(ofDrop: publication) { number, _ in
                    wants[number] = false
                }
            } else if publication.change != nil {
                state.subscriptions.forEachObserver(of: publication) { wants[$0] = $1 }
            } else {
                state.subscriptions.forEachReceiver(of: publication) { number, _ in
                    wants[number] = false
                }
            }
            return wants.compactMap { number, hasValues in
                state.sinks[number].map {
                    (number, $0, ServerEvent(publication, hasValues: hasValues))
                }
            }
        }
    }

    private func loseChanges() {
        let (lost, sinks) = state.withLock { state -> (Int, [any EventSink]) in
            let lost = state.subscriptions.takeLostChanges()
            if lost == 0 { return (0, []) }
            return (lost, state.subscriptions.observingNumbers.compactMap { state.sinks[$0] })
        }
        for sink in sinks { _ = sink.take(.gap(lost: lost)) }
    }

    /// Removes the sinks of owners that are gone.
    private func sweep() {
        // Looked at behind the lock: an owner may go at this moment, and do whatever it does then.
        let sinks = state.withLock { $0.sinks }
        for (number, sink) in sinks where sink.isGone { remove(number) }
    }
}

/// A loop on its way to its thread.
// SAFETY: made by one thread and handed over once to the thread that runs it.
private final class HubLoopBox: @unchecked Sendable {
    let loop: EventLoop

    init(loop: EventLoop) { self.loop = loop }
}

private final class HubDelegate: EventLoopDelegate {
    private let turn: () -> Void

    init(_ turn: @escaping () -> Void) { self.turn = turn }

    func wokeUp(_: Moment) { turn() }

    func ticked(_: Moment) { turn() }
}
