// The attackers' thread: one loop that all of them are on.
internal import Core
internal import Reactor
internal import Synchronization
internal import TLS

/// What the attackers' thread and the one that waits tell each other.
final class SiegeControl: Sendable {
    /// How much the attack is to end.
    enum Wish: Int, Sendable {
        case goOn = 0
        /// Nobody comes any more.
        case closeDoors = 1
        /// Everybody goes.
        case stop = 2
    }

    private let wish = Atomic<Int>(0)
    private let shared = Mutex(SiegeTally())
    private let over = Atomic<Bool>(false)
    private let openNow = Atomic<Int>(0)

    /// Asks for the end.
    func ask(for wish: Wish) {
        self.wish.store(wish.rawValue, ordering: .relaxed)
    }

    /// How much the attack is to end.
    var wanted: Wish { Wish(rawValue: wish.load(ordering: .relaxed)) ?? .stop }

    /// Leaves how many attackers are there, for whoever shows it.
    func publish(open: Int) {
        openNow.store(open, ordering: .relaxed)
    }

    /// How many attackers are there.
    var open: Int { openNow.load(ordering: .relaxed) }

    /// Ends the attack with what was seen.
    func finish(_ tally: SiegeTally) {
        shared.withLock { $0 = tally }
        over.store(true, ordering: .releasing)
    }

    /// Whether all attackers have ended.
    var isOver: Bool { over.load(ordering: .acquiring) }

    /// What they saw, once they have ended.
    var tally: SiegeTally { shared.withLock { $0 } }
}

/// Drives all attackers of one siege.
final class SiegeEngine: EventLoopDelegate {
    /// Bytes of ciphertext taken from a socket at once.
    private static let receiveBytes = 256 << 10

    // What does not change.
    let options: SiegeOptions
    let context: TLSContext
    let writer: RequestWriter
    let loop: EventLoop
    /// A request that takes hours to send byte by byte.
    let longRequest: [UInt8]
    private let fault: any SiegeFault.Type
    private let address: SocketAddress
    private let source: SocketAddress?
    private let control: SiegeControl
    private let workloads: [Workload]

    // What all attackers share, by turns; empty between two turns.
    let buffers = TLSBuffers()
    var inbound = ByteBuffer()
    var scratch = ByteBuffer()
    // SAFETY: allocated in `init`, freed in `deinit`; only attackers on this loop write to it.
    let receiveRoom: UnsafeMutableRawBufferPointer

    // What changes.
    var tally = SiegeTally()
    /// What the next resumed handshake resumes.
    var ticket: TLSTicket?
    private var crowd: SiegeCrowd
    private var peers: [UInt64: SiegePeer] = [:]

    /// Makes the engine of one attack on `address`, on the thread that will call `run`.
    init(
        _ options: SiegeOptions,
        _ address: SocketAddress,
        _ source: SocketAddress?,
        _ context: TLSContext,
        _ control: SiegeControl
    ) throws {
        self.options = options
        self.address = address
        self.source = source
        self.context = context
        self.control = control
        fault = try SiegeFaults.named(options.fault)
        crowd = SiegeCrowd(fault.shape(options.wish))
        workloads = try SiegeTraffic.allCases.map { try $0.workload(seed: options.load.seed) }
        writer = RequestWriter(
            options.load.encoding,
            keyPrefix: SiegeTraffic.keyPrefix,
            seed: options.load.seed
        )
        var request = ByteBuffer()
        writer.append(PlannedRequest(command: .set, valueBytes: 8192), to: &request)
        longRequest = request.withBytes { Array($0) }
        loop = try EventLoop()
        receiveRoom = .allocate(byteCount: SiegeEngine.receiveBytes, alignment: 64)
    }

    deinit {
        receiveRoom.deallocate()
    }

    /// Runs until all have ended, or are told to.
    func run() {
        loop.delegate = self
        defer { loop.delegate = nil }
        while control.wanted != .stop, !crowd.isOver {
            if control.wanted == .closeDoors { crowd.close() }
            let isInTrouble = !beginPeers(loop.now)
            let isWaiting = crowd.allowance(loop.now.monotonicMilliseconds) > 0
            // Where a rate decides, the next is due before long.
            loop.turn(maximumWaitMilliseconds: isInTrouble ? 10 : isWaiting ? 0 : 2)
        }
        for peer in Array(peers.values) { peer.end(.unfinished) }
        control.publish(open: 0)
        control.finish(tally)
    }

    /// Begins as many as may; false where this machine cannot.
    private func beginPeers(_ now: Moment) -> Bool {
        for _ in 0..<crowd.allowance(now.monotonicMilliseconds) where !begin(now) { return false }
        return true
    }

    private func begin(_ now: Moment) -> Bool {
        let number = tally.tried
        tally.tried += 1
        crowd.began()
        tally.openPeak = max(tally.openPeak, crowd.open)
        do throws(SystemError) {
            let link = LoadClient.Link(
                try Socket.connect(to: address, from: source(number)),
                address
            )
            var random = RandomSource(seed: options.load.seed, stream: number)
            let script = fault.script(options.wish, &random)
            let peer = SiegePeer(number, self, link, script, random)
            link.registration = try loop.register(link.socket.descriptor, peer, writable: true)
            peers[number] = peer
            return true
        } catch {
            crowd.ended(wasSettingUp: true)
            tally.countRefusal("cannot connect: \(error.call), error \(error.number)")
            return false
        }
    }

    private func source(_ number: UInt64) -> SocketAddress? {
        let step = number % UInt64(max(1, options.spread))
        return source?.advanced(by: UInt32(truncatingIfNeeded: step))
    }
}

extension SiegeEngine {
    /// What the requests of `traffic` come from.
    func workload(_ traffic: SiegeTraffic) -> Workload {
        workloads[SiegeTraffic.allCases.firstIndex(of: traffic) ?? 0]
    }

    /// An attacker's connection stands as far as its plan needs it.
    func hasSetUp() {
        crowd.hasSetUp()
    }

    /// An attacker has ended; told once of each.
    func hasEnded(_ peer: SiegePeer, _ how: SiegePeer.End) {
        peers[peer.number] = nil
        crowd.ended(wasSettingUp: peer.isSettingUp)
        switch how {
        case .finished: tally.finished += 1
        case .refused(let kind): tally.countRefusal(kind)
        case .unfinished: tally.unfinished += 1
        }
    }

    /// Nobody wakes this loop: wishes are looked at in each turn.
    func wokeUp(_: Moment) {}

    /// Leaves a figure for whoever shows it.
    func ticked(_: Moment) {
        control.publish(open: crowd.open)
    }
}

@available(*, unavailable)
extension SiegeEngine: Sendable {}
