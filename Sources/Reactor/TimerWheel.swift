// Timers in constant time each: a hashed wheel over one pool of nodes.

/// A timer that can be cancelled; valid until it fires or is cancelled.
public struct TimerHandle: Equatable, Sendable, BitwiseCopyable {
    fileprivate var node: Int32

    /// No timer.
    public static let none = TimerHandle(node: -1)
    /// A timer that is no longer in the wheel and has not been told of yet.
    static let due = TimerHandle(node: -2)
}

/// Timers by deadline, with no clock of its own.
///
/// Source: Varghese and Lauck 1987, scheme 6 (hashed wheel, unsorted slots). Scheduling and cancelling
/// are O(1); a timer fires at most one tick late and never early.
public struct TimerWheel {
    /// Milliseconds between two slots.
    public static let tickMilliseconds: Int64 = 16
    // 2,048 slots of 16 ms: 32 s a turn, so most timeouts are looked at only a few times.
    private static let slotCount = 2048

    private struct Node {
        var deadlineTick: Int64 = 0
        var payload: UInt64 = 0
        var previous: Int32 = -1
        var next: Int32 = -1
        var slot: Int32 = -1
    }

    private var nodes: [Node] = []
    private var free: Int32 = -1
    private var heads = [Int32](repeating: -1, count: slotCount)
    private var currentTick: Int64
    /// The number of timers that are waiting.
    public private(set) var count = 0

    /// Makes a wheel whose time begins at `now`, in milliseconds of a monotonic clock.
    public init(now: Int64) {
        currentTick = now / TimerWheel.tickMilliseconds
    }

    /// Schedules `payload` for `deadline`, in milliseconds of the wheel's clock.
    public mutating func schedule(at deadline: Int64, _ payload: UInt64) -> TimerHandle {
        let tick = TimerWheel.tickMilliseconds
        let rounded = deadline > Int64.max - tick ? Int64.max / tick : (deadline + tick - 1) / tick
        var node = Node()
        node.deadlineTick = max(rounded, currentTick + 1)
        node.payload = payload
        node.slot = Int32(truncatingIfNeeded: node.deadlineTick % Int64(TimerWheel.slotCount))
        node.next = heads[Int(node.slot)]
        let index = take(node)
        if node.next >= 0 { nodes[Int(node.next)].previous = index }
        heads[Int(node.slot)] = index
        count += 1
        return TimerHandle(node: index)
    }

    private mutating func take(_ node: Node) -> Int32 {
        if free < 0 {
            nodes.append(node)
            return Int32(truncatingIfNeeded: nodes.count - 1)
        }
        let index = free
        free = nodes[Int(index)].next
        nodes[Int(index)] = node
        return index
    }

    /// Cancels a timer and makes `handle` none; a handle that is none already changes nothing.
    public mutating func cancel(_ handle: inout TimerHandle) {
        if handle.node >= 0 { remove(handle.node) }
        handle = .none
    }

    private mutating func remove(_ index: Int32) {
        let node = nodes[Int(index)]
        if node.slot < 0 { return }
        if node.previous >= 0 {
            nodes[Int(node.previous)].next = node.next
        } else {
            heads[Int(node.slot)] = node.next
        }
        if node.next >= 0 { nodes[Int(node.next)].previous = node.previous }
        nodes[Int(index)] = Node(next: free)
        free = index
        count -= 1
    }

    /// Removes every timer that is due at `now` and appends its payload to `due`.
    public mutating func advance(to now: Int64, into due: inout [UInt64]) {
        let target = now / TimerWheel.tickMilliseconds
        // After a long pause one turn over all slots finds everything that is due.
        let first = max(currentTick + 1, target - Int64(TimerWheel.slotCount) + 1)
        if count > 0, first <= target {
            for tick in first...target { collect(tick, target, &due) }
        }
        currentTick = max(currentTick, target)
    }

    private mutating func collect(_ tick: Int64, _ target: Int64, _ due: inout [UInt64]) {
        var index = heads[Int(tick % Int64(TimerWheel.slotCount))]
        while index >= 0 {
            let node = nodes[Int(index)]
            if node.deadlineTick <= target {
                due.append(node.payload)
                remove(index)
            }
            index = node.next
        }
    }

    /// Milliseconds from `now` until the wheel should be advanced again; nil if nothing is scheduled.
    ///
    /// Looks `limit` milliseconds ahead; farther deadlines are looked for again then.
    public func millisecondsUntilNext(from now: Int64, limit: Int64) -> Int64? {
        if count == 0 { return nil }
        let ahead = max(
            1,
            min(limit / TimerWheel.tickMilliseconds + 1, Int64(TimerWheel.slotCount))
        )
        for tick in (currentTick + 1)...(currentTick + ahead)
        where heads[Int(tick % Int64(TimerWheel.slotCount))] >= 0 {
            return max(0, tick * TimerWheel.tickMilliseconds - now)
        }
        return max(0, (currentTick + ahead) * TimerWheel.tickMilliseconds - now)
    }
}
