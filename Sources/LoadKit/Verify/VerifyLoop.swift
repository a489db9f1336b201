// One thread of a verification: its clients, its notes, its end.
internal import Core
internal import Reactor
internal import Synchronization
internal import TLS

/// What the threads of a verification and the one that waits tell each other.
final class VerifyControl: Sendable {
    /// What one loop came to.
    struct Outcome: Sendable {
        var notes: HistoryNotes
        var connections: Int
        var refusals: Int
        var failures: [String]
    }

    private let stopping = Atomic<Bool>(false)
    private let answered = Atomic<Int>(0)
    private let shared = Mutex<[Outcome]>([])
    private let numbers = Atomic<Int>(0)

    /// Asks for the end.
    func stop() { stopping.store(true, ordering: .relaxed) }

    /// Whether no new requests are to be sent.
    var isStopping: Bool { stopping.load(ordering: .relaxed) }

    /// Counts answered requests.
    func count(_ requests: Int) { answered.add(requests, ordering: .relaxed) }

    /// Answered requests so far.
    var requests: Int { answered.load(ordering: .relaxed) }

    /// A number that no other connection has.
    func nextNumber() -> Int { numbers.add(1, ordering: .relaxed).newValue }

    /// Hands over what a loop came to.
    func finish(_ outcome: Outcome) { shared.withLock { $0.append(outcome) } }

    /// What the loops came to that have ended.
    var outcomes: [Outcome] { shared.withLock { $0 } }
}

/// Drives some of the clients.
final class VerifyLoop: EventLoopDelegate {
    /// Milliseconds behind the last event at which a subscriber is thought to have all.
    private static let quietMilliseconds: Int64 = 500
    /// Milliseconds that everything may take to come to its end.
    private static let endMilliseconds: Int64 = 10_000
    /// Failures that are told; more of the same kind say no more.
    private static let maxFailures = 5

    let options: VerifyOptions
    let control: VerifyControl
    let room: PeerRoom
    let recorder = HistoryRecorder()
    let index: Int
    /// Names this run's keys apart from those of others.
    let runName: String
    private let startedAt: Int64
    private var connections = 0
    /// Connections that the server had no time for.
    private var refusals = 0
    private var failures: [String] = []
    private var clients: [any VerifyRole] = []

    init(
        _ index: Int,
        _ options: VerifyOptions,
        _ address: SocketAddress,
        _ context: TLSContext,
        _ control: VerifyControl,
        startedAt: Int64
    ) throws {
        self.options = options
        self.control = control
        self.index = index
        self.startedAt = startedAt
        runName =
            String(options.load.seed, radix: 36) + "-" + String(startedAt / 1_000_000, radix: 36)
        room = PeerRoom(try EventLoop(), context, address, host: options.load.host)
        clients = roles()
    }

    /// This loop's share of everybody.
    private func roles() -> [any VerifyRole] {
        func share(_ count: Int) -> [Int] { (0..<count).filter { $0 % options.loops == index } }
        let seed = options.load.seed
        let workers = share(options.clients).map {
            VerifyWorker($0, self, RandomSource(seed: seed, stream: UInt64($0)))
        }
        let watchers = share(options.watchers).map {
            VerifyWatcher($0, self, RandomSource(seed: seed, stream: 10_000 + UInt64($0)))
        }
        let subscribers = share(options.subscribers).map {
            VerifySubscriber($0, self, RandomSource(seed: seed, stream: 20_000 + UInt64($0)))
        }
        return subscribers + workers + watchers
    }

    /// Runs until everybody is done.
    func run() {
        room.loop.delegate = self
        defer { room.loop.delegate = nil }
        for client in clients { client.begin(room.loop.now) }
        while !control.isStopping { room.loop.turn(maximumWaitMilliseconds: 5) }
        for client in clients { client.stop(room.loop.now) }
        var quietSince = room.loop.now.monotonicMilliseconds
        let giveUpAt = quietSince + VerifyLoop.endMilliseconds
        var seen = recorder.listenings.count
        while true {
            room.loop.turn(maximumWaitMilliseconds: 5)
            let now = room.loop.now.monotonicMilliseconds
            let events = clients.reduce(0) { $0 + $1.eventCount }
            if events != seen || clients.contains(where: \.isBusy) {
                seen = events
                quietSince = now
            }
            if now - quietSince > VerifyLoop.quietMilliseconds || now > giveUpAt { break }
        }
        for client in clients { client.finish(room.loop.now) }
        control.finish(
            VerifyControl.Outcome(
                notes: recorder.notes,
                connections: connections,
                refusals: refusals,
                failures: failures
            )
        )
    }

    /// A connection for one of the clients; nil where this machine has none to give.
    func connect(_ delegate: any SecurePeerDelegate) -> SecurePeer? {
        connections += 1
        guard let peer = try? SecurePeer(room) else {
            fail("a connection cannot be begun")
            return nil
        }
        peer.delegate = delegate
        return peer
    }

    /// A connection of `name` was ended by the server: that it has no time for one is its right.
    func lost(_ conversation: VerifyConversation?, _ name: String, _ reason: String) {
        let isUnserved = conversation?.wasServed == false && reason == "closed"
        if isUnserved || reason.lowercased().contains("busy") {
            refusals += 1
        } else {
            fail("\(name): \(reason)")
        }
    }

    /// Tells of something that should not have happened.
    func fail(_ text: String) {
        if failures.count < VerifyLoop.maxFailures { failures.append(text) }
    }

    /// The keys of now: their names change as time goes.
    func keyName(_ kind: String, _ number: Int) -> String {
        let seconds = Double(SystemClock.monotonicNanoseconds() - startedAt) / 1e9
        let generation = Int(seconds / options.keySeconds)
        return "\(options.load.keyPrefix)\(runName):\(kind)\(number).\(generation)"
    }

    /// The name of a channel.
    func channelName(_ number: Int) -> String { "\(options.load.keyPrefix)\(runName):c\(number)" }

    func wokeUp(_: Moment) {}

    func ticked(_ now: Moment) {
        for client in clients { client.timePassed(now) }
    }
}

/// What a client is there for.
protocol VerifyRole: AnyObject {
    /// Connects.
    func begin(_ now: Moment)
    /// Asks for nothing new.
    func stop(_ now: Moment)
    /// Looks at the time, ten times a second.
    func timePassed(_ now: Moment)
    /// Takes down what is not yet, and goes.
    func finish(_ now: Moment)
    /// Whether it still waits for something.
    var isBusy: Bool { get }
    /// How much it has been sent unasked.
    var eventCount: Int { get }
}

@available(*, unavailable)
extension VerifyLoop: Sendable {}
