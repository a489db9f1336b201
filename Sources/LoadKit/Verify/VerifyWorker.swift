// A client that reads, writes, counts and publishes what all others do too.
internal import Core
internal import Reactor

/// Contends for keys, over one connection after the other.
final class VerifyWorker: VerifyRole {
    // The loop keeps its clients and outlives them.
    private unowned let loop: VerifyLoop
    private let number: Int
    private var random: RandomSource
    private var conversation: VerifyConversation?
    /// The number of the connection.
    private var client = 0
    private var sentOnConnection = 0
    private var reconnectAt = 0
    private var isStopped = false
    private var busySince: Int64 = 0
    private var valueNumber = 0
    /// By key, what it was last seen to hold: what CAS expects.
    private var seen: [String: String] = [:]
    private var published: [String: Int64] = [:]

    init(_ number: Int, _ loop: VerifyLoop, _ random: RandomSource) {
        self.number = number
        self.loop = loop
        self.random = random
    }

    var eventCount: Int { 0 }
    var isBusy: Bool { (conversation?.inFlight ?? 0) > 0 }

    func begin(_ now: Moment) {
        busySince = now.monotonicMilliseconds
        connect()
    }

    func stop(_ now: Moment) {
        isStopped = true
    }

    func finish(_ now: Moment) {
        if isBusy { loop.fail("client \(client): no answer") }
        conversation?.close()
        conversation = nil
    }

    func timePassed(_ now: Moment) {
        let isStuck = isBusy || conversation.map { !$0.isReady } ?? false
        if !isStuck { busySince = now.monotonicMilliseconds }
        let patience = Int64(loop.options.load.replyTimeoutSeconds * 1000)
        if now.monotonicMilliseconds - busySince < patience { return }
        loop.fail("client \(client): no answer for a long time")
        busySince = now.monotonicMilliseconds
        reconnect(withReset: true)
    }

    private func connect() {
        if isStopped { return }
        client = loop.control.nextNumber()
        sentOnConnection = 0
        reconnectAt = 1 + Int(random.next(below: UInt64(2 * loop.options.reconnectEvery)))
        published = [:]
        // HTTP has no pipelines of commands worth the name here, and is in the mix all the same.
        let all = FuzzEncoding.allCases
        let encoding = loop.options.encoding ?? all[client % all.count]
        guard let made = VerifyConversation(loop, encoding) else { return }
        conversation = made
        made.whenEnded = { [weak self] reason in
            guard let self else { return }
            self.loop.lost(
                self.conversation,
                "client \(self.client), \(encoding.rawValue)",
                reason
            )
            self.conversation = nil
            self.connect()
        }
        made.whenReady = { [weak self] in self?.schedule() }
    }

    private func reconnect(withReset: Bool) {
        conversation?.close(withReset: withReset)
        conversation = nil
        connect()
    }

    /// Sends the next requests soon: how soon, the rate says.
    private func schedule() {
        guard let conversation, !isStopped else { return }
        let pause = Int64(Double(loop.options.pipeline) * 500 / loop.options.requestsPerSecond)
        let wait = 1 + Int64(random.next(below: UInt64(max(1, 2 * pause))))
        conversation.peer.onTimer = { [weak self] now in self?.issue(now) }
        conversation.peer.setTimer(milliseconds: wait, loop.room.loop.now)
    }

    private func issue(_ now: Moment) {
        guard let conversation, !isStopped else { return }
        let room = loop.options.pipeline - conversation.inFlight
        if room <= 0 { return schedule() }
        let count = 1 + Int(random.next(below: UInt64(room)))
        var requests: [(bytes: [UInt8], answer: VerifyConversation.Answer)] = []
        for _ in 0..<count {
            if let request = request(conversation) { requests.append(request) }
        }
        sentOnConnection += requests.count
        conversation.send(requests)
        if sentOnConnection < reconnectAt { return schedule() }
        // With its answers still to come: what was asked stays open.
        switch random.next(below: 3) {
        case 0: reconnect(withReset: true)
        case 1: reconnect(withReset: false)
        default:
            conversation.peer.onTimer = { [weak self] _ in self?.reconnect(withReset: false) }
            conversation.peer.setTimer(milliseconds: 20, now)
        }
    }

    private func request(
        _ conversation: VerifyConversation
    ) -> (bytes: [UInt8], answer: VerifyConversation.Answer)? {
        let kind = random.next(below: 100)
        if kind < 15, loop.options.subscribers > 0 { return publication(conversation) }
        let counts = kind < 40
        let key = loop.keyName(
            counts ? "n" : "r",
            Int(random.next(below: UInt64(loop.options.keys)))
        )
        let action = counts ? countingAction() : action(key)
        guard let bytes = conversation.render(VerifyWords.words(key, action)) else { return nil }
        let ticket = loop.recorder.begin(
            key,
            client: client,
            action,
            at: SystemClock.monotonicNanoseconds()
        )
        return (
            bytes,
            { [weak self] reply, at in self?.took(reply, of: ticket, key, action, at) }
        )
    }

    private func took(
        _ reply: WireReply,
        of ticket: HistoryRecorder.Ticket,
        _ key: String,
        _ action: HistoryAction,
        _ at: Int64
    ) {
        guard let outcome = VerifyWords.outcome(reply, of: action) else {
            return loop.fail("client \(client): \(action) is answered with \(reply.text)")
        }
        loop.recorder.end(ticket, outcome, at: at)
        loop.control.count(1)
        if case .value(let value) = outcome { seen[key] = value }
        if seen.count > 1000 { seen = [:] }
    }

    private func value() -> String {
        valueNumber += 1
        return "v\(number).\(valueNumber)"
    }

    private func action(_ key: String) -> HistoryAction {
        let ttl = 20 + Int64(random.next(below: 300))
        switch random.next(below: 100) {
        case 0..<40: return .get
        case 40..<60: return .set(value(), ttlMilliseconds: nil)
        case 60..<72: return .set(value(), ttlMilliseconds: ttl)
        case 72..<77: return .expire(ttlMilliseconds: ttl)
        case 77..<85: return .delete
        default: return .compareAndSet(expected: seen[key] ?? "none", value())
        }
    }

    private func countingAction() -> HistoryAction {
        switch random.next(below: 100) {
        case 0..<60: return .increment(1)
        case 60..<70: return .increment(Int64(random.next(below: 100)) - 30)
        case 70..<90: return .get
        case 90..<95: return .delete
        default: return .set("\(random.next(below: 1_000_000_000))", ttlMilliseconds: nil)
        }
    }

    private func publication(
        _ conversation: VerifyConversation
    ) -> (bytes: [UInt8], answer: VerifyConversation.Answer)? {
        let channel = loop.channelName(Int(random.next(below: UInt64(loop.options.channels))))
        let message = published[channel, default: 0] + 1
        guard let bytes = conversation.render(["PUBLISH", channel, "\(client):\(message)"]) else {
            return nil
        }
        published[channel] = message
        let place = loop.recorder.publications.count
        loop.recorder.publications.append(
            Publication(
                publisher: client,
                channel: channel,
                number: message,
                call: SystemClock.monotonicNanoseconds()
            )
        )
        return (
            bytes,
            { [weak self] reply, at in
                guard let self else { return }
                self.loop.control.count(1)
                self.loop.recorder.publications[place].end = at
                if case .error = reply { self.loop.recorder.publications[place].isRefused = true }
            }
        )
    }
}

/// Operations as requests, and replies as outcomes.
enum VerifyWords {
    /// The words of a request.
    static func words(_ key: String, _ action: HistoryAction) -> [String] {
        switch action {
        case .get: ["GET", key]
        case .set(let value, nil): ["SET", key, value]
        case .set(let value, let ttl?): ["SET", key, value, "PX", "\(ttl)"]
        case .delete: ["DEL", key]
        case .compareAndSet(let expected, let value): ["CAS", key, expected, value]
        case .increment(1): ["INCR", key]
        case .increment(let step): ["INCRBY", key, "\(step)"]
        case .expire(let ttl): ["PEXPIRE", key, "\(ttl)"]
        }
    }

    /// What a reply says; nil where it is no answer to such a request.
    static func outcome(_ reply: WireReply, of action: HistoryAction) -> HistoryOutcome? {
        if case .error(let code, _) = reply { return .refused(code) }
        switch action {
        case .get: return reply == .null ? .missing : value(reply)
        case .set: return isOK(reply) ? .done : nil
        case .compareAndSet:
            if reply == .null { return .missing }
            return isOK(reply) ? .done : value(reply)
        case .delete, .increment, .expire: return reply.number.map { .number($0) }
        }
    }

    private static func isOK(_ reply: WireReply) -> Bool { reply.flat == Array("OK".utf8) }

    private static func value(_ reply: WireReply) -> HistoryOutcome? {
        guard case .bytes(let bytes) = reply else { return nil }
        return .value(HistoryRecorder.name(bytes.span))
    }
}
