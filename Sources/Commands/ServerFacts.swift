// What the server knows of itself, shared by all loops.
public import Core
public import Synchronization

/// The server's identity and the counts that commands report.
public final class ServerFacts: Sendable {
    /// The server's UUID, lower case: what `WHERE` answers.
    public let identifier: String
    /// The version of this program.
    public static let version = "1.0.0"
    /// The version of Redis whose commands it speaks: clients decide by it what they may send.
    static let redisVersion = "7.0.0"
    /// Connections whose token was accepted and that are still open: what `WHO` answers.
    public let authenticatedClients = Atomic<Int>(0)
    /// Connections made since the start; the last one's number is its identifier.
    public let connectionsMade = Atomic<Int>(0)
    /// Open connections, authenticated or not.
    public let openConnections = Atomic<Int>(0)
    /// Open connections that are WebSockets.
    public let webSockets = Atomic<Int>(0)
    /// Requests answered since the start.
    public let requests = Atomic<Int>(0)
    /// The most connections at once: `Limits.maxClients`, or what CONFIG SET made of it.
    public let maxClients: Atomic<Int>
    /// The idle timeout of connections that are made from now on, in milliseconds; 0 is never.
    public let idleTimeoutMilliseconds: Atomic<Int64>
    /// Which rung of the overload ladder the server stands on: the raw value of an `OverloadLevel`.
    public let overload = Atomic<UInt8>(0)
    /// Bytes in the buffers of all connections.
    public let connectionBytes = Atomic<Int>(0)
    /// TLS handshakes that were completed since the start, full and resumed.
    public let handshakes = Atomic<Int>(0)
    /// TLS handshakes that were completed by resuming a session.
    public let resumedHandshakes = Atomic<Int>(0)
    /// Whether the server shuts down: it takes no new clients and should be given none.
    public let isDraining = Atomic<Bool>(false)
    /// Who is connected.
    public let clients = ClientRegistry()
    /// Unix milliseconds at which the server started.
    let startedAt: Int64
    /// What the allocator says: bytes that the program holds, and bytes of physical memory behind them.
    let allocator: @Sendable () -> (allocatedBytes: Int, residentBytes: Int)

    /// Asks the loops how they fare; set once by who starts them.
    private let loopSource = Mutex<@Sendable (Moment) -> [LoopState]>({ _ in [] })

    /// How the loops fare; none before `watchLoops`.
    public func loops(_ now: Moment) -> [LoopState] {
        let source = loopSource.withLock { $0 }
        return source(now)
    }

    /// Sets what `loops` asks.
    public func watchLoops(_ source: @escaping @Sendable (Moment) -> [LoopState]) {
        loopSource.withLock { $0 = source }
    }

    /// Milliseconds since the start.
    public func uptimeMilliseconds(_ now: Moment) -> Int64 {
        max(0, now.unixMilliseconds - startedAt)
    }

    /// Seconds since the start.
    func uptimeSeconds(_ now: Moment) -> Int64 { max(0, now.unixMilliseconds - startedAt) / 1000 }

    /// Whether the server shuts down.
    public var isDrainingNow: Bool { isDraining.load(ordering: .relaxed) }

    /// Which rung of the overload ladder the server stands on.
    public var overloadLevel: OverloadLevel {
        OverloadLevel(rawValue: overload.load(ordering: .relaxed)) ?? .normal
    }

    /// Makes the facts of a server called `identifier`, started at `startedAt`, in Unix milliseconds.
    public init(
        identifier: String,
        limits: Limits = Limits(),
        startedAt: Int64 = 0,
        allocator: @escaping @Sendable () -> (allocatedBytes: Int, residentBytes: Int) = { (0, 0) }
    ) {
        self.identifier = identifier
        self.startedAt = startedAt
        self.allocator = allocator
        maxClients = Atomic(limits.maxClients)
        idleTimeoutMilliseconds = Atomic(limits.idleTimeoutMilliseconds)
    }
}

/// How one loop fares.
public struct LoopState: Equatable, Sendable {
    /// Its connections, authenticated or not.
    public var connections: Int
    /// How late it was for its last tick, or is for the one that has not come, in milliseconds.
    public var latenessMilliseconds: Int64
    /// Bytes in the buffers of its connections.
    public var heldBytes: Int
    /// TLS hellos that wait for their turn.
    public var waitingHandshakes: Int

    /// Makes the state of a loop.
    public init(
        connections: Int,
        latenessMilliseconds: Int64,
        heldBytes: Int = 0,
        waitingHandshakes: Int = 0
    ) {
        self.connections = connections
        self.latenessMilliseconds = latenessMilliseconds
        self.heldBytes = heldBytes
        self.waitingHandshakes = waitingHandshakes
    }
}
