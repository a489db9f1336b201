// The loop with real sockets: events, writing, wake-ups, ticks.
import Core
import Glibc
import Synchronization
import Testing

@testable import Reactor

/// Sends back what it receives, writing as the socket takes it.
private final class Echo: EventHandler {
    private let loop: EventLoop
    private let socket: Socket
    private var registration: Registration?
    private var pending: [UInt8] = []
    private(set) var hasEnded = false

    init(_ loop: EventLoop, _ socket: consuming Socket) throws {
        self.loop = loop
        self.socket = socket
        registration = try loop.register(self.socket.descriptor, self)
    }

    func becameReady(_ readiness: Readiness, _ now: Moment) {
        guard let registration else { return }
        if readiness.contains(.readable) {
            let (bytes, result) = socket.receiveNow(1 << 16)
            pending += bytes
            if result == .end { hasEnded = true }
        }
        if case .bytes(let count) = socket.send(pending) { pending.removeFirst(count) }
        if hasEnded, pending.isEmpty {
            loop.unregister(registration)
            self.registration = nil
            return
        }
        // Reading pauses while the peer does not take what it sent.
        loop.watch(registration, readable: pending.isEmpty, writable: !pending.isEmpty)
    }

    func timerFired(_ now: Moment) {}
}

private final class Delegate: EventLoopDelegate {
    var wakeUps = 0
    var ticks: [Int64] = []

    func wokeUp(_ now: Moment) { wakeUps += 1 }
    func ticked(_ now: Moment) { ticks.append(now.monotonicMilliseconds) }
}

@Suite struct EventLoopTests {
    @Test(arguments: [1, 1000, 1 << 21])
    func echoesOverLoopback(count: Int) throws {
        let loop = try EventLoop()
        let pair = try Pair()
        let client = pair.client
        let echo = try Echo(loop, pair.server)
        var random = SeededGenerator(state: UInt64(count))
        let sent = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        var unsent = sent[...]
        var received: [UInt8] = []
        let isDone = loop.turn(atMost: 100_000, waiting: 1) {
            if case .bytes(let count) = client.send(Array(unsent.prefix(1 << 16))), count > 0 {
                unsent.removeFirst(count)
                if unsent.isEmpty { client.shutdownWrites() }
            }
            // The client reads slowly, so that the handler must wait for room.
            received += client.receiveNow(1 << 14).bytes
            return received.count == count && echo.hasEnded
        }
        #expect(isDone)
        #expect(received == sent)
    }

    @Test func tellsOfAnEndAndOfABrokenConnection() throws {
        let loop = try EventLoop()
        let pair = try Pair()
        pair.client.resetOnClose()
        let server = pair.closeClient()
        let recorder = Recorder()
        let registration = try loop.register(server.descriptor, recorder)
        // Of a broken connection it tells even who watches for nothing.
        loop.watch(registration, readable: false, writable: false)
        #expect(loop.turn { !recorder.events.isEmpty })
        #expect(recorder.events.first?.contains(.broken) == true)
        loop.unregister(registration)
    }

    @Test func watchesForWhatItIsAskedTo() throws {
        let loop = try EventLoop()
        let pair = try Pair()
        let recorder = Recorder()
        let registration = try loop.register(pair.server.descriptor, recorder, writable: true)
        #expect(loop.turn { !recorder.events.isEmpty })
        #expect(recorder.events.first == .writable)
        loop.watch(registration, readable: true, writable: false)
        recorder.events = []
        _ = pair.client.send([1])
        #expect(loop.turn { !recorder.events.isEmpty })
        #expect(recorder.events.first == .readable)
        loop.watch(registration, readable: false, writable: false)
        recorder.events = []
        for _ in 0..<3 { loop.turn(maximumWaitMilliseconds: 0) }
        #expect(recorder.events.isEmpty)
        loop.unregister(registration)
    }

    @Test func oneTurnGivesEachReadyDescriptorOneEvent() throws {
        let loop = try EventLoop()
        let first = try Pair()
        let second = try Pair()
        let recorders = [Recorder(), Recorder()]
        let registrations = [
            try loop.register(first.server.descriptor, recorders[0]),
            try loop.register(second.server.descriptor, recorders[1]),
        ]
        _ = first.client.send([1])
        _ = second.client.send([1])
        awaitReadiness(first.server.descriptor, Int16(POLLIN))
        awaitReadiness(second.server.descriptor, Int16(POLLIN))
        loop.turn(maximumWaitMilliseconds: 0)
        #expect(recorders.map(\.events) == [[.readable], [.readable]])
        for registration in registrations { loop.unregister(registration) }
    }

    /// Both are ready at once; whichever comes first unregisters the other.
    @Test func anUnregisteredHandlerGetsNoEventOfTheSameTurn() throws {
        let loop = try EventLoop()
        let first = try Pair()
        let second = try Pair()
        let recorders = [Recorder(), Recorder()]
        let registrations = [
            try loop.register(first.server.descriptor, recorders[0]),
            try loop.register(second.server.descriptor, recorders[1]),
        ]
        recorders[0].onReady = { _ in loop.unregister(registrations[1]) }
        recorders[1].onReady = { _ in loop.unregister(registrations[0]) }
        _ = first.client.send([1])
        _ = second.client.send([1])
        awaitReadiness(first.server.descriptor, Int16(POLLIN))
        awaitReadiness(second.server.descriptor, Int16(POLLIN))
        for _ in 0..<3 { loop.turn(maximumWaitMilliseconds: 0) }
        #expect(recorders.filter { !$0.events.isEmpty }.count == 1)
        for registration in registrations { loop.unregister(registration) }
    }

    @Test func anUnregisteredHandlerIsLetGo() throws {
        let loop = try EventLoop()
        let pair = try Pair()
        var recorder: Recorder? = Recorder()
        weak let observed = recorder
        let registration = try loop.register(pair.server.descriptor, try #require(recorder))
        recorder = nil
        #expect(observed != nil, "the loop keeps it")
        loop.unregister(registration)
        #expect(observed == nil)
        loop.unregister(registration)
        loop.watch(registration, readable: true, writable: true)
        loop.setTimer(registration, at: 0)
        loop.turn(maximumWaitMilliseconds: 0)
    }

    @Test func whatCannotBeWatchedIsRefused() throws {
        let loop = try EventLoop()
        let file = Socket(owning: open(#filePath, O_RDONLY | O_CLOEXEC))
        try #require(file.descriptor >= 0)
        let error = #expect(throws: SystemError.self) {
            try loop.register(file.descriptor, Recorder())
        }
        #expect(error?.call == "epoll_ctl")
        #expect(error?.number == EPERM)
    }
}

@Suite struct WakeUpTests {
    @Test func wakeUpsFromOtherThreadsMerge() throws {
        let loop = try EventLoop()
        let delegate = Delegate()
        loop.delegate = delegate
        let waker = loop.wakeUpHandle
        let threads = try (0..<4).map { number in
            try LoopThread("waker-\(number)") { for _ in 0..<1000 { waker.wakeUp() } }
        }
        for thread in threads { thread.join() }
        loop.turn(maximumWaitMilliseconds: 0)
        #expect(delegate.wakeUps == 1)
        loop.turn(maximumWaitMilliseconds: 0)
        #expect(delegate.wakeUps == 1)
        waker.wakeUp()
        loop.turn(maximumWaitMilliseconds: 0)
        #expect(delegate.wakeUps == 2)
    }

    @Test func aWaitingLoopIsWoken() throws {
        let loop = try EventLoop()
        let delegate = Delegate()
        loop.delegate = delegate
        let waker = loop.wakeUpHandle
        let thread = try LoopThread("waker") { waker.wakeUp() }
        for _ in 0..<100 where delegate.wakeUps == 0 { loop.turn(maximumWaitMilliseconds: nil) }
        thread.join()
        #expect(delegate.wakeUps == 1)
    }

    @Test func aWakerMayOutliveItsLoop() throws {
        let waker = try EventLoop().wakeUpHandle
        waker.wakeUp()
    }

    @Test func ticksComeAtTheirInterval() throws {
        let loop = try EventLoop()
        let delegate = Delegate()
        loop.delegate = delegate
        let start = loop.now.monotonicMilliseconds
        for _ in 0..<100 where delegate.ticks.count < 3 { loop.turn(maximumWaitMilliseconds: nil) }
        #expect(delegate.ticks.count == 3)
        var last = start
        for tick in delegate.ticks {
            #expect(tick - last >= EventLoop.tickMilliseconds)
            last = tick
        }
    }

    @Test func runEndsWithStop() throws {
        let loop = try EventLoop()
        let pair = try Pair()
        let recorder = Recorder()
        recorder.onReady = { _ in loop.stop() }
        let registration = try loop.register(pair.server.descriptor, recorder)
        _ = pair.client.send([1])
        loop.run()
        #expect(recorder.events == [.readable])
        loop.unregister(registration)
    }

    @Test func aThreadRunsItsBodyOnce() throws {
        let counter = Counter()
        let thread = try LoopThread("a name longer than fifteen bytes") { counter.add() }
        thread.join()
        #expect(counter.value == 1)
    }
}

private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .acquiring) }
    func add() { count.add(1, ordering: .acquiringAndReleasing) }
}
