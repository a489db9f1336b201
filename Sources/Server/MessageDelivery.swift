// How a loop delivers messages: each encoded once for all subscribers, and one send for each of them.
internal import Access
internal import Commands
internal import Core
internal import Gateway
internal import PubSub
internal import Reactor

/// What a connection needs while it is subscribed to something.
final class SubscriberOutput {
    /// What waits because the connection takes its messages too slowly.
    var backlog: Backlog
    /// The part of the loop's encoded messages that the connection is sent next, behind `gathered`.
    ///
    /// Subscribers to the same channels are sent one run of bytes, which nobody copies.
    var run = 0..<0
    /// Messages to be sent next that are no one run.
    var gathered = ByteBuffer()
    var form = MessageForm.stream(.text)
    /// Whether it has messages to be sent.
    var isTouched = false
    /// Whether it is among those to be sent what waits.
    var isResuming = false

    init(_ limits: Limits) {
        backlog = Backlog(
            maxMessages: limits.maxHeldMessages,
            maxBytes: limits.maxHeldMessageBytes
        )
    }
}

/// The messages that are being sent, in one form.
final class EncodedMessages {
    var bytes = ByteBuffer()
    /// Where the message at hand is in it; nil if it was not needed in this form so far.
    var last: Range<Int>?
}

/// What a loop keeps to deliver messages with.
final class MessageDelivery {
    /// The connections that are subscribed to something, by their numbers.
    var subscribers: [Int: Connection] = [:]
    /// By the index of the form.
    private let encoded = (0..<MessageForm.count).map { _ in EncodedMessages() }
    private let framer: WebSocketFramer
    private var reply = Reply()
    /// Which variant of the message at hand is encoded: the position of a pattern, or -1; see `Backlog.Item`.
    private var pattern = -1
    /// Those that have messages to be sent, the next of them at `nextTouched`.
    private var touched: [Connection] = []
    private var nextTouched = 0
    /// Those that could be sent what waits for them.
    var resuming: [Connection] = []
    /// Those that hold more back than they may.
    var overflown: [Connection] = []
    /// Messages given out since they were last counted.
    var delivered = 0
    var lost = 0

    init(_ framer: WebSocketFramer) {
        self.framer = framer
    }

    var hasResuming: Bool { !resuming.isEmpty }

    /// Whether somebody has messages that were not sent yet.
    var hasTouched: Bool { nextTouched < touched.count }

    /// Adds one that has messages to be sent.
    func touch(_ connection: Connection) { touched.append(connection) }

    /// Takes the one that has waited longest to be sent its messages; nil if there is none.
    func takeTouched() -> Connection? {
        if !hasTouched { return nil }
        let connection = touched[nextTouched]
        nextTouched += 1
        // Those in front, who are done, are dropped when they are most of it.
        if nextTouched >= 1024, nextTouched * 2 > touched.count {
            touched.removeFirst(nextTouched)
            nextTouched = 0
        }
        return connection
    }

    /// Bytes of messages encoded and not yet forgotten.
    private(set) var byteCount = 0

    func begin(pattern: Int) {
        self.pattern = pattern
        for messages in encoded { messages.last = nil }
    }

    /// Where `publication` is among the encoded messages of `form`; encodes it if that was not done.
    func range(
        of publication: Publication,
        _ pattern: Int,
        _ form: MessageForm
    ) -> Range<Int> {
        if pattern != self.pattern { begin(pattern: pattern) }
        let messages = encoded[form.index]
        if let last = messages.last { return last }
        let start = messages.bytes.count
        let item = Backlog.Item(publication, variant: pattern)
        let tellsOffset = pattern == MessageDelivery.withOffset
        append(.message(item), form, tellsOffset: tellsOffset, to: &messages.bytes)
        let range = start..<messages.bytes.count
        byteCount += range.count
        messages.last = range
        return range
    }

    /// The variant of a message that tells its offset to who asked for that.
    static let withOffset = -2

    /// Encodes one push.
    func append(
        _ next: Backlog.Next,
        _ form: MessageForm,
        tellsOffset: Bool,
        to output: inout ByteBuffer
    ) {
        form.append(next, tellsOffset: tellsOffset, framer, &reply, to: &output)
    }

    /// Gives `body` the bytes that `output` is to be sent: its run, behind what was gathered for it.
    func withBytes<R>(
        of output: SubscriberOutput,
        _ body: (UnsafeRawBufferPointer) -> R
    ) -> R {
        if !output.gathered.isEmpty {
            gatherRun(of: output)
            return output.gathered.withBytes(body)
        }
        return encoded[output.form.index].bytes.withBytes { bytes in
            body(UnsafeRawBufferPointer(rebasing: bytes[output.run]))
        }
    }

    /// Adds the message at `range` to what `output` is sent.
    func add(_ range: Range<Int>, _ form: MessageForm, to output: SubscriberOutput) {
        if output.form == form, output.run.upperBound == range.lowerBound {
            output.run = output.run.lowerBound..<range.upperBound
            return
        }
        gatherRun(of: output)
        output.form = form
        output.run = range
    }

    private func gatherRun(of output: SubscriberOutput) {
        let messages = encoded[output.form.index]
        messages.bytes.withBytes { bytes in
            output.gathered.append(UnsafeRawBufferPointer(rebasing: bytes[output.run]))
        }
        output.run = output.run.upperBound..<output.run.upperBound
    }

    /// Forgets what was encoded, and who it was for, once everybody has been sent it.
    func removeSent() {
        if hasTouched { return }
        touched.removeAll(keepingCapacity: true)
        nextTouched = 0
        for messages in encoded {
            messages.bytes.removeAll(keepingUpTo: 2 * Worker.scratchBytes)
            messages.last = nil
        }
        byteCount = 0
    }
}

extension Worker {
    /// Delivers the messages that wait, behind a turn's events: what one connection is sent is encrypted
    /// together and leaves with one send.
    ///
    /// No more than `deliveriesAtOnce` connections are sent theirs, and the others the next times: a
    /// message to thousands holds up no request for long, and who publishes one after the other meets
    /// subscribers that are still to be sent the last one, and are then sent both at once.
    func deliverMessages(_ now: Moment) {
        tellLostChanges()
        if subscriptions.hasPending {
            for publication in subscriptions.takePending() {
                give(publication)
                if delivery.byteCount >= Worker.scratchBytes { sendAllMessages(now) }
            }
        }
        sendMessages(upTo: drain == nil ? Worker.deliveriesAtOnce : .max, now)
        resumeSubscribers(now)
        shared.exchange.count(delivered: delivery.delivered, lost: delivery.lost)
        delivery.delivered = 0
        delivery.lost = 0
    }

    /// Connections that are sent messages before the loop looks at its events again: well below a
    /// millisecond of work.
    private static let deliveriesAtOnce = 64

    /// Whether `deliverMessages` has something to do.
    var hasMessagesToDeliver: Bool {
        subscriptions.hasPending || delivery.hasTouched || delivery.hasResuming
    }

    /// Sends every message that was given out and waits for its turn.
    func sendAllMessages(_ now: Moment) { sendMessages(upTo: .max, now) }

    /// Gives a message to each of its subscribers, encoded once for all who speak alike.
    private func give(_ publication: Publication) {
        delivery.begin(pattern: -1)
        if let change = publication.change { return give(publication, change) }
        subscriptions.forEachReceiver(of: publication) { number, pattern in
            guard let connection = delivery.subscribers[number] else { return }
            connection.give(publication, pattern ?? -1)
        }
    }

    /// Gives a message to every WebSocket that is there for requests.
    func giveToWebSockets(_ publication: Publication) {
        delivery.begin(pattern: -1)
        for connection in delivery.subscribers.values {
            let session = connection.session
            if session.isWebSocketOfCommands, session.rights.isAuthenticated {
                connection.give(publication, -1)
            }
        }
    }

    /// Encrypts and sends what was given out, to as many as `most` connections.
    private func sendMessages(upTo most: Int, _ now: Moment) {
        var count = 0
        while count < most, let connection = delivery.takeTouched() {
            connection.sendMessages(now)
            if outbox.isFull { flushOutbox(now) }
            count += 1
        }
        flushOutbox(now)
        delivery.removeSent()
        if delivery.overflown.isEmpty { return }
        for connection in delivery.overflown { connection.cutOff(.maxHeldMessages) }
        delivery.overflown.removeAll()
    }

    /// Sends held messages to those who have taken what they were sent before.
    private func resumeSubscribers(_ now: Moment) {
        if delivery.resuming.isEmpty { return }
        var resuming: [Connection] = []
        swap(&resuming, &delivery.resuming)
        for connection in resuming {
            connection.resume(now)
            if outbox.isFull { flushOutbox(now) }
        }
        flushOutbox(now)
    }
}
