// How a connection is sent the messages that it is subscribed to, at the pace at which it takes them.
internal import Access
internal import Commands
internal import Core
internal import Gateway
internal import Logging
internal import PubSub
internal import Reactor
internal import TLS
internal import Wire

extension Connection {
    /// Makes the connection a subscriber, or one no more.
    func subscriptionsChanged() {
        machine.isSubscriber = session.isSubscriber
        if machine.isSubscriber {
            messages = SubscriberOutput(worker.shared.configuration.limits)
            worker.delivery.subscribers[session.identifier] = self
        } else {
            messages = nil
            worker.delivery.subscribers.removeValue(forKey: session.identifier)
        }
    }

    /// Leaves nothing of the connection behind among the subscribers; called once, when it is closed.
    func endSubscriptions() {
        if session.receivesPushes { worker.subscriptions.remove(session.identifier) }
        if messages == nil { return }
        messages = nil
        worker.delivery.subscribers.removeValue(forKey: session.identifier)
    }

    /// Whether `token` permits all that the connection is subscribed to.
    func maySubscribe(_ token: Token) -> Bool {
        if session.subscriptionCount == 0 { return true }
        let number = session.identifier
        let channels = worker.subscriptions.topics(of: number, .channel)
        let patterns = worker.subscriptions.topics(of: number, .pattern)
        return channels.allSatisfy { token.maySubscribe(to: $0.bytes.span) }
            && patterns.allSatisfy { token.maySubscribe(toAllOf: $0.bytes.span) }
    }

    /// Takes a message to be sent soon, or holds it back.
    func give(_ publication: Publication, _ pattern: Int) {
        guard let messages else { return }
        if mustHold(messages) { return hold(publication, pattern, messages) }
        let form = messageForm
        let tellsOffset = session.tellsOffsets && pattern < 0 && publication.offset > 0
        let variant = tellsOffset ? MessageDelivery.withOffset : pattern
        let range = worker.delivery.range(of: publication, variant, form)
        worker.delivery.add(range, form, to: messages)
        worker.delivery.delivered += 1
        if messages.isTouched { return }
        messages.isTouched = true
        worker.delivery.touch(self)
    }

    /// Bytes that may wait for the socket before a policy decides.
    private var holdBytes: Int { worker.shared.configuration.limits.messageHoldBytes }

    /// Whether a reply has begun and not ended: no push may come between.
    private var isInsideReply: Bool { decoder.isInsideBatch || http?.isInsideReply == true }

    private func mustHold(_ messages: SubscriberOutput) -> Bool {
        if !messages.backlog.isEmpty || isInsideReply { return true }
        return session.deliveryPolicy != .close && unsentBytes > holdBytes
    }

    private func hold(_ publication: Publication, _ pattern: Int, _ messages: SubscriberOutput) {
        let lost = messages.backlog.lostCount
        let item = Backlog.Item(publication, variant: pattern)
        if !messages.backlog.append(item, session.deliveryPolicy) {
            worker.delivery.overflown.append(self)
        }
        worker.delivery.lost += messages.backlog.lostCount - lost
    }

    /// Encrypts what it was given, to be sent with that of others; nothing if that was done already.
    func sendMessages(_ now: Moment) {
        guard let messages, messages.isTouched else { return }
        messages.isTouched = false
        if machine.servesRequests {
            worker.delivery.withBytes(of: messages) { encryptMessages($0, now) }
        }
        messages.run = 0..<0
        messages.gathered.removeAll(keepingUpTo: 1024)
    }

    /// Encrypts `bytes` into the outbox.
    private func encryptMessages(_ bytes: UnsafeRawBufferPointer, _ now: Moment) {
        guard let tls else { return }
        // Whoever is sent messages needs its record buffers, whether or not it says anything.
        hasHeard = true
        holdsBuffers = true
        if case .failed(let error) = tls.write(bytes) {
            worker.tls.truncateOutput(to: worker.outbox.byteCount)
            log("TLS failed", ["error": "\(error)"])
            return perform(machine.broke(), now)
        }
        worker.outbox.append(self, end: worker.tls.outputBytes)
    }

    /// Has the connection be sent what was held back, if it can be, behind this turn's events.
    func resumeSoon() {
        guard let messages, !messages.isResuming, mayResume(messages) else { return }
        messages.isResuming = true
        worker.delivery.resuming.append(self)
    }

    private func mayResume(_ messages: SubscriberOutput) -> Bool {
        !messages.backlog.isEmpty && !isInsideReply && unsentBytes <= holdBytes / 2
            && machine.servesRequests
    }

    /// Sends what was held back, as much as may wait for the socket.
    func resume(_ now: Moment) {
        guard let messages else { return }
        messages.isResuming = false
        if !mayResume(messages) { return }
        sendMessages(now)
        var output = ByteBuffer()
        let exchange = worker.shared.exchange
        while output.count < holdBytes, let next = messages.backlog.next(from: exchange) {
            switch next {
            case .message(let item):
                if !isSubscribed(to: item) { continue }
                worker.delivery.delivered += 1
            case .replayed(let publication):
                if !isSubscribed(to: publication.channel, &messages.backlog) { continue }
                worker.delivery.delivered += 1
            case .missed where session.deliveryPolicy == .close:
                return cutOff(.maxRetainedBytes)
            case .missed, .gap, .changeGap: break
            }
            worker.delivery.append(
                next,
                messageForm,
                tellsOffset: session.tellsOffsets,
                to: &output
            )
        }
        if !output.isEmpty { output.withBytes { encryptMessages($0, now) } }
    }

    /// Whether the subscription that a message was held for still exists.
    private func isSubscribed(to item: Backlog.Item) -> Bool {
        if item.publication.isForEveryone { return true }
        if item.publication.change != nil { return mayTell(item.publication) }
        return worker.subscriptions.receives(session.identifier, item)
    }

    /// Has the connection be sent what it asked for of what channels kept, before any newer message.
    func beginReplays() {
        for replay in session.takeReplays() { messages?.backlog.begin(replay) }
    }

    /// Whether the subscription that a replay is for still exists; if not, the replay ends.
    private func isSubscribed(to channel: Topic, _ backlog: inout Backlog) -> Bool {
        if worker.subscriptions.isSubscribed(session.identifier, to: channel, .channel) {
            return true
        }
        backlog.endReplay(of: channel)
        return false
    }
}
