// Who is connected: what each connection tells about itself to the others.
internal import Core
public import Synchronization

/// What one connection shows to CLIENT LIST, whichever loop it is on.
///
/// Its own loop writes, any loop reads.
public final class ClientRecord: Sendable {
    /// What of it changes seldom.
    struct Details: Sendable {
        /// The name that CLIENT SETNAME gave it; empty if none.
        var name = ""
        /// The client library's name, as CLIENT SETINFO gave it.
        var libraryName = ""
        /// The client library's version, as CLIENT SETINFO gave it.
        var libraryVersion = ""
        /// The name of its token; empty before one is accepted.
        var tokenName = ""
        /// Where it comes from, such as `127.0.0.1:40100`.
        var address = ""
    }

    /// The connection's number.
    public let identifier: Int
    /// Unix milliseconds at which it was made.
    let madeAt: Int64
    /// Unix milliseconds at which it was last heard of.
    public let lastSeen: Atomic<Int64>
    /// The number of its last command in the catalog; -1 before the first.
    public let lastCommand = Atomic<Int>(-1)
    /// Commands queued since MULTI; -1 outside a transaction.
    let queuedCommands = Atomic<Int>(-1)
    /// Channels that it is subscribed to.
    let channels = Atomic<Int>(0)
    /// Patterns that it is subscribed to.
    let patterns = Atomic<Int>(0)
    /// How many patterns of keys it observes.
    let observed = Atomic<Int>(0)
    /// How it speaks.
    let encoding = Atomic<UInt8>(WireEncoding.text.rawValue)
    /// What carries that.
    let carrier = Atomic<UInt8>(SessionCarrier.stream.rawValue)
    /// Whether the connection was killed: nothing more is served on it, even before it is closed.
    public let isKilled = Atomic<Bool>(false)
    let details = Mutex(Details())
    /// Closes the connection, soon; any thread may call it.
    let close: @Sendable () -> Void

    /// Makes the record of connection `identifier`, made at `madeAt`, in Unix milliseconds.
    ///
    /// `close` must be brief: it is called by the loop of whoever asks for it.
    public init(
        identifier: Int,
        address: String = "",
        madeAt: Int64 = 0,
        close: @escaping @Sendable () -> Void = {}
    ) {
        self.identifier = identifier
        self.madeAt = madeAt
        self.close = close
        lastSeen = Atomic(madeAt)
        details.withLock { $0.address = address }
    }

    /// Where it comes from, such as `127.0.0.1:40100`; what a proxy said, if it came through one.
    public var address: String {
        get { details.withLock { $0.address } }
        set { details.withLock { $0.address = newValue } }
    }
}

extension ClientRecord {
    /// Whether it is subscribed to anything.
    var isSubscriber: Bool {
        channels.load(ordering: .relaxed) + patterns.load(ordering: .relaxed)
            + observed.load(ordering: .relaxed) > 0
    }
}

/// The records of all open connections.
public final class ClientRegistry: Sendable {
    private let records = Mutex<[Int: ClientRecord]>([:])

    /// Makes an empty registry.
    public init() {}

    /// Adds the record of a connection that was made.
    public func add(_ record: ClientRecord) {
        records.withLock { $0[record.identifier] = record }
    }

    /// Removes the record of a connection that is closed.
    public func remove(_ record: ClientRecord) {
        records.withLock { _ = $0.removeValue(forKey: record.identifier) }
    }

    /// All records, the oldest connection first.
    var all: [ClientRecord] {
        records.withLock { Array($0.values) }.sorted { $0.identifier < $1.identifier }
    }
}
