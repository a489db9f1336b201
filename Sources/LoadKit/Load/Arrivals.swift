// When requests are due in an open loop: a plan that no reply can delay.

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// How the planned starts of an open loop follow each other.
public enum Arrivals: String, Sendable, CaseIterable, Codable {
    /// One behind the other at the same distance.
    case constant
    /// At random, independently of each other, as many users come.
    case poisson
}

/// The planned starts of one loop's requests, in nanoseconds of the monotonic clock.
///
/// It keeps nothing but where it stands: however far behind the sending is, it takes no more memory.
struct ArrivalSchedule: Sendable {
    private let arrivals: Arrivals
    private let beganAt: Int64
    private let intervalNanoseconds: Double
    private let phaseNanoseconds: Double
    private var random: RandomSource
    private var index = 0.0
    private var elapsedNanoseconds = 0.0
    /// Starts at this time and later are not planned.
    var end = Int64.max
    /// The first start that has not been taken.
    private(set) var next: Int64

    /// Makes the schedule of loop number `loop` of `loops`, which begins at `beganAt`.
    ///
    /// - Parameters:
    ///   - arrivals: How starts follow each other.
    ///   - perSecond: The starts in a second of all loops together.
    ///   - beganAt: When the first may be, in nanoseconds.
    ///   - loop: Which loop it is for: constant ones of several loops interlock.
    ///   - loops: How many loops there are.
    ///   - seed: What determines random distances.
    init(
        _ arrivals: Arrivals,
        perSecond: Double,
        beganAt: Int64,
        loop: Int = 0,
        loops: Int = 1,
        seed: UInt64
    ) {
        self.arrivals = arrivals
        self.beganAt = beganAt
        intervalNanoseconds = 1e9 / perSecond * Double(loops)
        phaseNanoseconds = 1e9 / perSecond * Double(loop)
        random = RandomSource(seed: seed, stream: UInt64.max - UInt64(loop))
        next = beganAt
        if arrivals == .poisson { elapsedNanoseconds = distance() }
        plan()
    }

    /// Whether a start is due at `now`.
    func isDue(_ now: Int64) -> Bool { next <= now && next < end }

    /// Takes the next start; the one behind it becomes the next.
    mutating func take() -> Int64 {
        let taken = next
        switch arrivals {
        case .constant: index += 1
        case .poisson: elapsedNanoseconds += distance()
        }
        plan()
        return taken
    }

    private mutating func plan() {
        let offset =
            arrivals == .constant
            ? phaseNanoseconds + index * intervalNanoseconds : elapsedNanoseconds
        // Far beyond any run; a sum with the monotonic clock stays in range.
        next = beganAt + Int64(min(offset, 4e18))
    }

    private mutating func distance() -> Double {
        -log(random.nextUnit()) * intervalNanoseconds
    }
}

extension RandomSource {
    /// The next number above 0 and at most 1.
    @inline(__always)
    mutating func nextUnit() -> Double {
        Double((next() >> 11) + 1) * 0x1p-53
    }
}

/// Gives planned starts to clients that have room, in the order in which both came.
///
/// Pure: the engine tells the time, and who has room.
struct Dispatcher: Sendable {
    /// A start and who makes it.
    struct Assignment: Equatable, Sendable {
        /// The client's index.
        var client: Int
        /// When it was planned.
        var plannedAt: Int64
        /// Whether it waited for a client, and not for the generator.
        var waitedForClient: Bool
    }

    /// The plan.
    var schedule: ArrivalSchedule
    private var ring: [Int]
    private var head = 0
    private var count = 0
    private var isQueued: [Bool]
    /// The last time at which a start was due and no client was free.
    private var blockedThrough = Int64.min

    /// Makes the dispatcher of `clients` clients, none of which is free yet.
    init(_ schedule: ArrivalSchedule, clients: Int) {
        self.schedule = schedule
        ring = Array(repeating: 0, count: max(1, clients))
        isQueued = Array(repeating: false, count: max(1, clients))
    }

    /// The client with this index has room for a request.
    mutating func becameFree(_ client: Int) {
        if isQueued[client] { return }
        isQueued[client] = true
        ring[(head + count) % ring.count] = client
        count += 1
    }

    /// The next start that is due, and the client that has waited longest among those that `isFree`.
    mutating func next(_ now: Int64, isFree: (Int) -> Bool) -> Assignment? {
        if !schedule.isDue(now) { return nil }
        while count > 0 {
            let client = ring[head]
            head = (head + 1) % ring.count
            count -= 1
            isQueued[client] = false
            if !isFree(client) { continue }
            let planned = schedule.take()
            return Assignment(
                client: client,
                plannedAt: planned,
                waitedForClient: planned <= blockedThrough
            )
        }
        blockedThrough = now
        return nil
    }
}
