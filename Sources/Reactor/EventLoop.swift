// One thread's loop: epoll, timers, wake-ups.
internal import CLinux
public import Core
internal import Glibc

/// What a descriptor is ready for.
public struct Readiness: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt8
    /// Makes a set of bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Bytes, a connection, or the peer's end can be read.
    public static let readable = Readiness(rawValue: 1)
    /// Bytes can be written, or connecting has ended.
    public static let writable = Readiness(rawValue: 2)
    /// The connection is broken; reading tells how.
    public static let broken = Readiness(rawValue: 4)
}

/// What a loop calls for a registered descriptor.
///
/// On the loop's thread.
public protocol EventHandler: AnyObject {
    /// The descriptor is ready.
    func becameReady(_ readiness: Readiness, _ now: Moment)
    /// The timer that the handler scheduled has fired.
    func timerFired(_ now: Moment)
}

/// What a loop calls once a wake-up, and once a turn.
///
/// On the loop's thread.
public protocol EventLoopDelegate: AnyObject {
    /// Another thread called `wakeUp`; calls may have been merged.
    func wokeUp(_ now: Moment)
    /// `EventLoop.tickMilliseconds` have passed since the last tick, or more under load.
    func ticked(_ now: Moment)
    /// Everything that was due has been handled: what was put off until then is to be done now.
    ///
    /// Called behind a turn's events, and again behind its wake-ups, timers and tick.
    func handledEvents(_ now: Moment)
}

extension EventLoopDelegate {
    /// Does nothing.
    public func handledEvents(_: Moment) {}
}

/// Which registration an event or a timer is for: a descriptor and how often it had been used before.
public struct Registration: Equatable, Sendable, BitwiseCopyable {
    fileprivate var descriptor: Int32
    fileprivate var generation: UInt32

    fileprivate var word: UInt64 { UInt64(generation) << 32 | UInt64(UInt32(descriptor)) }
}

/// An epoll loop, level-triggered.
///
/// Everything but `wakeUp` belongs to the thread that calls `run`.
public final class EventLoop {
    private struct Slot {
        var handler: (any EventHandler)?
        var generation: UInt32 = 0
        var timer = TimerHandle.none
    }

    private static let eventsPerTurn = 512
    /// Milliseconds between two calls of the delegate's `ticked`.
    public static let tickMilliseconds: Int64 = 100

    private let epoll: Int32
    private let waker: Waker
    private var slots: [Slot] = []
    private var wheel: TimerWheel
    private var due: [UInt64] = []
    private var isRunning = false
    private var nextTick: Int64
    // SAFETY: allocated in `init` for `eventsPerTurn` events, freed in `deinit`.
    private let events: UnsafeMutablePointer<epoll_event>

    /// Called at wake-ups.
    ///
    /// Kept: whoever sets it to something that keeps the loop sets it to nil when the loop has ended. It
    /// is not weak, since weak references make every retain of the object slower.
    public var delegate: (any EventLoopDelegate)?
    /// When there will be work that no event announces, in monotonic milliseconds: the next turn waits no
    /// longer than until then.
    ///
    /// `.min` is now, `.max` is never.
    public var workDueAt = Int64.max
    /// The time at the beginning of this turn.
    public private(set) var now: Moment

    /// Makes a loop; fails where there are no descriptors left.
    public init() throws(SystemError) {
        now = SystemClock.now()
        wheel = TimerWheel(now: now.monotonicMilliseconds)
        nextTick = now.monotonicMilliseconds + EventLoop.tickMilliseconds
        waker = try Waker()
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        if epoll < 0 { throw SystemError("epoll_create1") }
        events = .allocate(capacity: EventLoop.eventsPerTurn)
        let result = epoll_add_shim(epoll, waker.descriptor, UInt32(SALLYPORT_EPOLLIN), wakeWord)
        if result != 0 { throw SystemError("epoll_ctl") }
    }

    deinit {
        events.deallocate()
        close(epoll)
    }

    /// What other threads may use to wake this loop.
    public var wakeUpHandle: Waker { waker }

    /// Watches `descriptor` for reading, and for writing if asked; the loop keeps `handler`.
    public func register(
        _ descriptor: Int32,
        _ handler: any EventHandler,
        writable: Bool = false
    ) throws(SystemError) -> Registration {
        while slots.count <= Int(descriptor) { slots.append(Slot()) }
        slots[Int(descriptor)].generation &+= 1
        let generation = slots[Int(descriptor)].generation
        let registration = Registration(descriptor: descriptor, generation: generation)
        let interest = bits(readable: true, writable: writable)
        if epoll_add_shim(epoll, descriptor, interest, registration.word) != 0 {
            throw SystemError("epoll_ctl")
        }
        slots[Int(descriptor)].handler = handler
        return registration
    }

    /// Changes what a registered descriptor is watched for; broken connections are always told of.
    public func watch(_ registration: Registration, readable: Bool, writable: Bool) {
        if slot(registration.word) == nil { return }
        let interest = bits(readable: readable, writable: writable)
        _ = epoll_modify_shim(epoll, registration.descriptor, interest, registration.word)
    }

    /// Forgets a descriptor, its handler and its timer; to be called before it is closed.
    public func unregister(_ registration: Registration) {
        guard let index = slot(registration.word) else { return }
        wheel.cancel(&slots[index].timer)
        slots[index].handler = nil
        _ = epoll_ctl(epoll, EPOLL_CTL_DEL, registration.descriptor, nil)
    }

    /// Sets the one timer of a registration, in monotonic milliseconds; nil cancels it.
    public func setTimer(_ registration: Registration, at deadline: Int64?) {
        guard let index = slot(registration.word) else { return }
        wheel.cancel(&slots[index].timer)
        if let deadline {
            slots[index].timer = wheel.schedule(at: deadline, registration.word)
        }
    }

    /// Runs until `stop`.
    public func run() {
        isRunning = true
        while isRunning { turn(maximumWaitMilliseconds: nil) }
    }

    /// Ends `run` after this turn.
    public func stop() { isRunning = false }

    /// Runs one turn: waits for events, handles them, then wake-ups, timers and the tick.
    public func turn(maximumWaitMilliseconds: Int64?) {
        let last = now.monotonicMilliseconds
        var wait = max(0, min(nextTick, max(workDueAt, last)) - last)
        wait = min(wait, wheel.millisecondsUntilNext(from: last, limit: wait) ?? wait)
        let timeout = Int32(clamping: min(wait, maximumWaitMilliseconds ?? wait))
        let count = epoll_wait(epoll, events, Int32(EventLoop.eventsPerTurn), timeout)
        now = SystemClock.now()
        var isWoken = false
        for index in 0..<max(0, Int(count)) {
            let word = epoll_event_data_shim(events + index)
            if word == wakeWord {
                isWoken = true
            } else {
                deliver(epoll_event_events_shim(events + index), word)
            }
        }
        delegate?.handledEvents(now)
        if isWoken {
            waker.drain()
            delegate?.wokeUp(now)
        }
        fireTimers()
        if now.monotonicMilliseconds >= nextTick {
            nextTick = now.monotonicMilliseconds + EventLoop.tickMilliseconds
            delegate?.ticked(now)
        }
        delegate?.handledEvents(now)
    }

    private func deliver(_ bits: UInt32, _ word: UInt64) {
        // A handler that an earlier event of this turn unregistered is not called any more.
        guard let index = slot(word), let handler = slots[index].handler else { return }
        var readiness: Readiness = []
        if bits & UInt32(SALLYPORT_EPOLLIN) != 0 { readiness.insert(.readable) }
        if bits & UInt32(SALLYPORT_EPOLLOUT) != 0 { readiness.insert(.writable) }
        if bits & UInt32(SALLYPORT_EPOLLERR | SALLYPORT_EPOLLHUP) != 0 {
            readiness.insert(.broken)
        }
        handler.becameReady(readiness, now)
    }

    private func fireTimers() {
        wheel.advance(to: now.monotonicMilliseconds, into: &due)
        for word in due {
            if let index = slot(word) { slots[index].timer = .due }
        }
        for word in due {
            // A handler before this one may have unregistered it, or set or cancelled its timer.
            guard let index = slot(word), let handler = slots[index].handler else { continue }
            if slots[index].timer != .due { continue }
            slots[index].timer = .none
            handler.timerFired(now)
        }
        due.removeAll(keepingCapacity: true)
    }

    private func slot(_ word: UInt64) -> Int? {
        let index = Int(UInt32(truncatingIfNeeded: word))
        guard index < slots.count, slots[index].generation == UInt32(word >> 32) else { return nil }
        return slots[index].handler == nil ? nil : index
    }

    private func bits(readable: Bool, writable: Bool) -> UInt32 {
        (readable ? UInt32(SALLYPORT_EPOLLIN) : 0)
            | (writable ? UInt32(SALLYPORT_EPOLLOUT) : 0)
    }
}

@available(*, unavailable)
extension EventLoop: Sendable {}

/// The event word of the loop's own waker: no descriptor has this number.
private let wakeWord = UInt64.max
