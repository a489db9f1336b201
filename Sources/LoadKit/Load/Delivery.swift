// Published messages that say by themselves who sent them, when, and in which order.
import Core

/// The layout of a published message: printable ASCII that no encoding has to escape.
///
/// `~@[publisher: 12 digits][sequence: 12][seconds: 12][nanoseconds: 12][bytes behind: 12][value]`, the value
/// as LoadValue has it for a key that is the sequence number. Found by its mark in whatever a push wraps it.
enum DeliveryMessage {
    private static let mark: StaticString = "~@"
    /// The bytes before the value.
    static let headBytes = 2 + 5 * LoadKey.digits

    /// What a message says of itself.
    struct Content: Equatable, Sendable {
        var publisher: UInt64
        var sequence: UInt64
        /// When it was sent, or was to be, in nanoseconds.
        var sentAt: Int64
        /// Whether its value is what the publisher wrote.
        var isIntact: Bool
    }

    /// How many bytes the message of `request` has.
    static func count(_ request: PlannedRequest) -> Int {
        max(headBytes + 1, Int(request.valueBytes))
    }

    /// Appends the message of `request`.
    static func append(_ request: PlannedRequest, to output: inout ByteBuffer) {
        let time = UInt64(max(0, request.plannedAt != 0 ? request.plannedAt : request.sentAt))
        let rest = count(request) - headBytes
        output.append(mark)
        LoadKey.append(number: UInt64(request.version), to: &output)
        LoadKey.append(number: request.sequence, to: &output)
        LoadKey.append(number: time / 1_000_000_000, to: &output)
        LoadKey.append(number: time % 1_000_000_000, to: &output)
        LoadKey.append(number: UInt64(rest), to: &output)
        LoadValue.append(
            key: request.sequence,
            version: request.version,
            count: rest,
            to: &output
        )
    }

    /// The first message within `bytes`; nil if there is none.
    static func find(_ bytes: Span<UInt8>) -> Content? {
        var start = 0
        while start + headBytes < bytes.count {
            if bytes.hasPrefix(mark, at: start) { return content(bytes, start + 2) }
            start += 1
        }
        return nil
    }

    private static func content(_ bytes: Span<UInt8>, _ start: Int) -> Content? {
        func number(_ index: Int) -> Int64? {
            let from = start + index * LoadKey.digits
            return bytes.decimal(from, from + LoadKey.digits)
        }
        guard let publisher = number(0), let sequence = number(1), let seconds = number(2),
            let nanoseconds = number(3), let rest = number(4)
        else { return nil }
        let from = start + 5 * LoadKey.digits
        if publisher < 0 || sequence < 0 || rest <= 0 || rest > Int64(bytes.count - from) {
            return nil
        }
        let value = bytes.extracting(from..<(from + Int(rest)))
        return Content(
            publisher: UInt64(publisher),
            sequence: UInt64(sequence),
            sentAt: seconds * 1_000_000_000 + nanoseconds,
            isIntact: LoadValue.isIntact(value, key: UInt64(sequence))
        )
    }
}

/// What one subscriber has seen of each publisher: each message once, in the order of its publisher.
struct DeliveryOrder: Sendable {
    /// What a delivery is.
    enum Verdict: Equatable, Sendable {
        /// The one that was to come.
        case inOrder
        /// So many before it are missing.
        case gap(UInt64)
        /// One that came before, or behind a later one.
        case outOfOrder
    }

    private var last: [UInt64: UInt64] = [:]

    /// Looks at message number `sequence`, counted from 1, of `publisher`.
    mutating func look(publisher: UInt64, sequence: UInt64) -> Verdict {
        let before = last[publisher] ?? 0
        if sequence <= before { return .outOfOrder }
        last[publisher] = sequence
        return sequence == before + 1 ? .inOrder : .gap(sequence - before - 1)
    }
}

/// What the subscribers of a loop got.
struct DeliveryTally: Sendable {
    /// Deliveries that publishers were told of: for each message, how many subscribers it went to.
    var expected: UInt64 = 0
    /// Messages that came.
    private(set) var received: UInt64 = 0
    /// Messages that are missing between two that came.
    private(set) var missing: UInt64 = 0
    /// Messages that came twice, or behind a later one.
    private(set) var outOfOrder: UInt64 = 0
    /// Messages whose bytes are not what was published.
    private(set) var damaged: UInt64 = 0
    /// From the publisher's plan or send to the subscriber's parser.
    private(set) var latency = LatencyRecorder()
    /// By subscriber.
    var order: [Int: DeliveryOrder] = [:]

    /// Counts a message that `subscriber` got at `now`; returns what is wrong with it, if anything is.
    mutating func count(
        _ content: DeliveryMessage.Content,
        subscriber: Int,
        at now: Int64
    ) -> String? {
        received += 1
        latency.record(nanoseconds: now - content.sentAt)
        if !content.isIntact {
            damaged += 1
            return "a message that is not what was published"
        }
        let verdict = order[subscriber, default: DeliveryOrder()].look(
            publisher: content.publisher,
            sequence: content.sequence
        )
        switch verdict {
        case .inOrder:
            return nil
        case .gap(let count):
            missing += count
            return "messages are missing"
        case .outOfOrder:
            outOfOrder += 1
            return "a message out of order"
        }
    }

    /// Forgets how long messages took so far; how many there were must go on.
    mutating func forgetLatency() {
        latency = LatencyRecorder()
    }

    /// Adds what another loop has counted; the order is each loop's own.
    mutating func add(_ other: DeliveryTally) {
        expected += other.expected
        received += other.received
        missing += other.missing
        outOfOrder += other.outOfOrder
        damaged += other.damaged
        latency.add(other.latency)
    }
}
