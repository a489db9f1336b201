// Handshakes under way on one loop: who may begin one, whose turn it is, and who has to go.
internal import Core

/// How soon a handshake gets its turn.
enum HandshakeClass: Int, CaseIterable, Sendable {
    /// From an address that is exempt from limits: operators get in while others queue.
    case exempt
    /// The client offers a ticket: a third of the cost of a full one.
    case resumed
    /// Everybody else.
    case full
}

/// What a connection that was just accepted is told.
enum HandshakeAdmission: Equatable {
    /// It may begin.
    case admitted
    /// It may begin, and this connection, which has been silent for long, has to go.
    case replaces(Int)
    /// Too many are under way.
    case refused
}

/// Whose turn it is.
enum HandshakeTurn: Equatable {
    /// Nobody's.
    case none
    /// This connection's.
    case run(Int)
    /// This one has waited so long that its client has most likely given up: it is to be closed.
    case drop(Int)
}

/// Admits handshakes and puts those whose hello is complete in order; it knows connections by their number.
///
/// A handshake waits for its peer (to send the hello, later to finish), or for its turn: the private key's
/// operation. Established connections come first, so that is put off until a turn's events are handled, one
/// operation a turn: about half a millisecond is then the most that a storm adds to an established request.
struct HandshakeQueue {
    private enum Stage: Equatable {
        case awaitingPeer(since: Int64)
        case waiting(HandshakeClass, since: Int64)
    }

    private struct Arrival {
        var identifier: Int
        var since: Int64
    }

    /// The most handshakes under way at once.
    let capacity: Int
    /// Milliseconds after which a silent peer may be replaced by a newcomer.
    let replaceableAfterMilliseconds: Int64
    /// Milliseconds that a hello waits for its turn at most.
    let maxWaitMilliseconds: Int64

    private var stages: [Int: Stage] = [:]
    /// In the order of `since`; entries whose stage has changed are passed over.
    private var silent = Fifo<Arrival>()
    private var queues = [Fifo<Arrival>](
        repeating: Fifo(),
        count: HandshakeClass.allCases.count
    )
    /// Hellos that wait for their turn.
    private(set) var waitingCount = 0
    private var waitingFullCount = 0

    init(capacity: Int, replaceableAfterMilliseconds: Int64, maxWaitMilliseconds: Int64) {
        self.capacity = max(1, capacity)
        self.replaceableAfterMilliseconds = replaceableAfterMilliseconds
        self.maxWaitMilliseconds = maxWaitMilliseconds
    }

    /// Handshakes under way.
    var count: Int { stages.count }

    /// Whether only full handshakes wait, so that one of them is next.
    var isFullNext: Bool { waitingFullCount == waitingCount }

    /// A connection was accepted.
    mutating func accepted(_ identifier: Int, _ now: Int64) -> HandshakeAdmission {
        if stages.count < capacity {
            awaitPeer(identifier, now)
            return .admitted
        }
        guard let oldest = oldestSilent(), now - oldest.since >= replaceableAfterMilliseconds else {
            return .refused
        }
        ended(oldest.identifier)
        awaitPeer(identifier, now)
        return .replaces(oldest.identifier)
    }

    /// The hello of a connection is complete.
    mutating func gotHello(_ identifier: Int, _ kind: HandshakeClass, _ now: Int64) {
        guard case .awaitingPeer = stages[identifier] else { return }
        stages[identifier] = .waiting(kind, since: now)
        queues[kind.rawValue].append(Arrival(identifier: identifier, since: now))
        countWaiting(kind, 1)
        trimSilent()
    }

    /// Takes out whose turn it is; without `admitsFull` full handshakes go on waiting.
    mutating func next(admitsFull: Bool, _ now: Int64) -> HandshakeTurn {
        for kind in HandshakeClass.allCases where kind != .full || admitsFull {
            while let first = queues[kind.rawValue].removeFirst() {
                guard stages[first.identifier] == .waiting(kind, since: first.since) else {
                    continue
                }
                if now - first.since > maxWaitMilliseconds {
                    ended(first.identifier)
                    return .drop(first.identifier)
                }
                countWaiting(kind, -1)
                awaitPeer(first.identifier, now)
                return .run(first.identifier)
            }
        }
        return .none
    }

    /// A handshake is complete, has failed, or its connection is closed.
    mutating func ended(_ identifier: Int) {
        if case .waiting(let kind, _) = stages.removeValue(forKey: identifier) {
            countWaiting(kind, -1)
        }
        if stages.isEmpty {
            silent.removeAll()
            for index in queues.indices { queues[index].removeAll() }
        } else {
            trimSilent()
        }
    }

    private mutating func countWaiting(_ kind: HandshakeClass, _ change: Int) {
        waitingCount += change
        if kind == .full { waitingFullCount += change }
    }

    private mutating func awaitPeer(_ identifier: Int, _ now: Int64) {
        stages[identifier] = .awaitingPeer(since: now)
        silent.append(Arrival(identifier: identifier, since: now))
    }

    private func isCurrent(_ arrival: Arrival) -> Bool {
        stages[arrival.identifier] == .awaitingPeer(since: arrival.since)
    }

    private mutating func oldestSilent() -> Arrival? {
        while let first = silent.first {
            if isCurrent(first) { return first }
            silent.removeFirst()
        }
        return nil
    }

    /// Throws out what is passed over anyway, once it outnumbers the rest: the list stays bounded.
    private mutating func trimSilent() {
        if silent.count > 2 * stages.count + 64 { silent.filter(isCurrent) }
        for index in queues.indices where queues[index].count > 2 * waitingCount + 64 {
            queues[index].filter { stages[$0.identifier] != nil }
        }
    }
}

/// A queue in an array: removing the first element moves the others only now and then.
private struct Fifo<Element> {
    private var elements: [Element] = []
    private var start = 0

    var count: Int { elements.count - start }
    var first: Element? { start < elements.count ? elements[start] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    @discardableResult
    mutating func removeFirst() -> Element? {
        guard let first else { return nil }
        start += 1
        if start > 64, start * 2 > elements.count {
            elements.removeFirst(start)
            start = 0
        }
        return first
    }

    mutating func filter(_ isKept: (Element) -> Bool) {
        elements = elements[start...].filter(isKept)
        start = 0
    }

    mutating func removeAll() {
        elements.removeAll(keepingCapacity: elements.capacity <= 64)
        start = 0
    }
}
