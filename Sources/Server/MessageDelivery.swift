// How a loop delivers messages: each encoded once for all subscribers, and one send for each of them.
internal import Commands
internal import Core
internal import PubSub
internal import Reactor
internal import Wire

/// What a connection needs while it is subscribed to something.
final class SubscriberOutput {
    /// What waits because the connection takes its messages too slowly.
    var backlog: Backlog
    /// The part of the loop's encoded messages that the connection is sent in this turn, behind `gathered`.
    ///
    /// Subscribers to the same channels are sent one run of bytes, which nobody copies.
    var run = 0..<0
    /// Messages of this turn that are no one run.
    var gathered = ByteBuffer()
    var encoding = WireEncoding.text
    /// Whether it has messages in this turn.
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

/// One encoding's messages of a turn.
final class EncodedMessages {
    var bytes = ByteBuffer()
    /// Where the message at hand is in it; nil if it was not needed in this encoding so far.
    var last: Range<Int>?
}

/// What a loop keeps to deliver messages with.
final class MessageDelivery {
    /// The connections that are subscribed to something, by their numbers.
    var subscribers: [Int: Connection] = [:]
    /// By the raw value of the encoding.
    private let encoded = WireEncoding.allCases.map { _ in EncodedMessages() }
    private var reply = Reply()
    /// Which variant of the message at hand is encoded: the position of a pattern, or -1; see `Backlog.Item`.
    private var pattern = -1
    /// Those that have messages in this turn.
    var touched: [Connection] = []
    /// Those that could be sent what waits for them.
    var resuming: [Connection] = []
    /// Those that hold more back than they may.
    var overflown: [Connection] = []
    /// Messages given out since they were last counted.
    var delivered = 0
    var lost = 0

    var hasResuming: Bool { !resuming.isEmpty }

    /// Bytes of messages encoded in this turn.
    private(set) var byteCount = 0

    func begin(pattern: Int) {
        self.pattern = pattern
        for messages in encoded { messages.last = nil }
    }

    /// Where `publication` is among the encoded messages of `encoding`; encodes it if that was not done.
    func range(
        of publication: Publication,
        _ pattern: Int,
        _ encoding: WireEncoding
    ) -> Range<Int> {
        if pattern != self.pattern { begin(pattern: pattern) }
        let messages = encoded[Int(encoding.rawValue)]
        if let last = messages.last { return last }
        let start = messages.bytes.count
        let item = Backlog.Item(publication, variant: pattern)
        let tellsOffset = pattern == MessageDelivery.withOffset
        append(.message(item), encoding, tellsOffset: tellsOffset, to: &messages.bytes)
        let range = start..<messages.bytes.count
        byteCount += range.count
        messages.last = range
        return range
    }

    /// The variant of a message that tells its offset to who asked for that.
    static let withOffset = -2

    /// Encodes one push for the connection of `session`.
    func append(_ next: Backlog.Next, _ session: Session, to output: inout ByteBuffer) {
        append(next, session.encoding, tellsOffset: session.tellsOffsets, to: &output)
    }

    private func append(
        _ next: Backlog.Next,
        _ encoding: WireEncoding,
        tellsOffset: Bool,
        to output: inout ByteBuffer
    ) {
        switch next {
        case .replayed(let publication):
            MessagePush.write(publication, nil, encoding, &reply, tellsOffset: tellsOffset)
        case .message(let item):
            MessagePush.write(
                item.publication,
                item.pattern,
                encoding,
                &reply,
                hasValues: item.hasValues,
                tellsOffset: tellsOffset
            )
        case .gap(let channel, let lost), .missed(let channel, let lost):
            MessagePush.writeGap(channel, lost: lost, encoding, &reply)
        case .changeGap(let key, let lost): MessagePush.writeChangeGap(key, lost: lost, &reply)
        }
        ReplyEncoder.encode(reply, as: encoding, identifier: Span(), into: &output)
        reply.reset()
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
        return encoded[Int(output.encoding.rawValue)].bytes.withBytes { bytes in
            body(UnsafeRawBufferPointer(rebasing: bytes[output.run]))
        }
    }

    /// Adds the message at `range` to what `output` is sent.
    func add(_ range: Range<Int>, _ encoding: WireEncoding, to output: SubscriberOutput) {
        if output.encoding == encoding, output.run.upperBound == range.lowerBound {
            output.run = output.run.lowerBound..<range.upperBound
            return
        }
        gatherRun(of: output)
        output.encoding = encoding
        output.run = range
    }

    private func gatherRun(of output: SubscriberOutput) {
        let messages = encoded[Int(output.encoding.rawValue)]
        messages.bytes.withBytes { bytes in
            output.gathered.append(UnsafeRawBufferPointer(rebasing: bytes[output.run]))
        }
        output.run = output.run.upperBound..<output.run.upperBound
    }

    /// Forgets all that was encoded.
    func removeEncoded() {
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
    func deliverMessages(_ now: Moment) {
        tellLostChanges()
        if subscriptions.hasPending {
            for publication in subscriptions.takePending() {
                give(publication)
                if delivery.byteCount >= Worker.scratchBytes { sendMessages(now) }
            }
            sendMessages(now)
        }
        resumeSubscribers(now)
        shared.exchange.count(delivered: delivery.delivered, lost: delivery.lost)
        delivery.delivered = 0
        delivery.lost = 0
    }

    /// Gives a message to each of its subscribers, encoded once for all who speak alike.
    private func give(_ publication: Publication) {
        delivery.begin(pattern: -1)
        if let change = publication.change { return give(publication, change) }
        subscriptions.forEachReceiver(of: publication) { number, pattern in
            guard let connection = delivery.subscribers[number] else { return }
            connection.give(publication, pattern ?? -1)
        }
    }

    /// Encrypts and sends what was given out.
    private func sendMessages(_ now: Moment) {
        var touched: [Connection] = []
        swap(&touched, &delivery.touched)
        for connection in touched {
            connection.sendMessages(now)
            if outbox.isFull { flushOutbox(now) }
        }
        flushOutbox(now)
        delivery.removeEncoded()
        touched.removeAll(keepingCapacity: true)
        if delivery.touched.isEmpty { swap(&touched, &delivery.touched) }
        if delivery.overflown.isEmpty { return }
        for connection in delivery.overflown { connection.cutOff("maxHeldMessages") }
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
