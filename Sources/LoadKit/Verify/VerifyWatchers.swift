// Clients that watch: keys as they go, and channels.
internal import Core
internal import Reactor

/// Sets a key with a time to live, and looks at it around its deadline until it is gone; again and again.
final class VerifyWatcher: VerifyRole {
    /// Milliseconds before the deadline at which it begins to look.
    private static let before: Int64 = 20
    /// Milliseconds between two looks.
    private static let interval: Int64 = 3

    private unowned let loop: VerifyLoop
    private let number: Int
    private var random: RandomSource
    private var conversation: VerifyConversation?
    private var client = 0
    private var round = 0
    private var key = ""
    private var isStopped = false
    private var isWaiting = false

    init(_ number: Int, _ loop: VerifyLoop, _ random: RandomSource) {
        self.number = number
        self.loop = loop
        self.random = random
    }

    var eventCount: Int { 0 }
    var isBusy: Bool { isWaiting }

    func begin(_ now: Moment) {
        client = loop.control.nextNumber()
        guard let made = VerifyConversation(loop, .resp) else { return }
        conversation = made
        made.whenReady = { [weak self] in self?.setKey() }
        made.whenEnded = { [weak self] reason in
            guard let self else { return }
            self.isWaiting = false
            self.loop.lost(self.conversation, "watcher", reason)
        }
    }

    func stop(_ now: Moment) { isStopped = true }
    func timePassed(_ now: Moment) {}

    func finish(_ now: Moment) {
        conversation?.close()
        conversation = nil
    }

    private func setKey() {
        if isStopped { return }
        round += 1
        key = "\(loop.options.load.keyPrefix)\(loop.runName):t\(number).\(round)"
        let ttl = 25 + Int64(random.next(below: 400))
        ask(.set("t\(round)", ttlMilliseconds: ttl)) { watcher, _ in
            watcher.later(max(1, ttl - VerifyWatcher.before))
        }
    }

    private func look() {
        ask(.get) { watcher, outcome in
            if outcome == .missing {
                watcher.setKey()
            } else {
                watcher.later(VerifyWatcher.interval)
            }
        }
    }

    private func later(_ milliseconds: Int64) {
        guard let conversation, !isStopped else { return }
        conversation.peer.onTimer = { [weak self] _ in self?.look() }
        conversation.peer.setTimer(milliseconds: milliseconds, loop.room.loop.now)
    }

    private func ask(
        _ action: HistoryAction,
        then: @escaping (VerifyWatcher, HistoryOutcome) -> Void
    ) {
        guard let conversation, let bytes = conversation.render(VerifyWords.words(key, action))
        else { return }
        isWaiting = true
        let ticket = loop.recorder.begin(
            key,
            client: client,
            action,
            at: SystemClock.monotonicNanoseconds()
        )
        let answer: VerifyConversation.Answer = { [weak self] reply, at in
            guard let self else { return }
            self.isWaiting = false
            guard let outcome = VerifyWords.outcome(reply, of: action) else {
                return self.loop.fail("watcher: \(action) is answered with \(reply.text)")
            }
            self.loop.recorder.end(ticket, outcome, at: at)
            self.loop.control.count(1)
            then(self, outcome)
        }
        conversation.send([(bytes, answer)])
    }
}

/// Listens to all channels, and comes again now and then.
final class VerifySubscriber: VerifyRole {
    private unowned let loop: VerifyLoop
    private let number: Int
    private var random: RandomSource
    private var conversation: VerifyConversation?
    private var client = 0
    private var listenings: [String: Listening] = [:]
    private var isStopped = false
    private var leaveAt = 0
    private var events = 0
    private var stoppedAt: Int64 = 0

    init(_ number: Int, _ loop: VerifyLoop, _ random: RandomSource) {
        self.number = number
        self.loop = loop
        self.random = random
    }

    var isBusy: Bool { false }
    var eventCount: Int { events }

    func begin(_ now: Moment) {
        client = loop.control.nextNumber()
        listenings = [:]
        // Some stay to the end.
        leaveAt = number % 2 == 0 ? .max : events + 100 + Int(random.next(below: 2000))
        guard let made = VerifyConversation(loop, number % 2 == 0 ? .resp : .resp3) else { return }
        conversation = made
        made.whenPushed = { [weak self] items, at in self?.took(items, at) }
        made.whenReady = { [weak self] in self?.subscribe() }
        made.whenEnded = { [weak self] reason in
            guard let self else { return }
            self.loop.lost(self.conversation, "subscriber \(self.client)", reason)
            self.leave()
        }
    }

    func stop(_ now: Moment) {
        isStopped = true
        stoppedAt = SystemClock.monotonicNanoseconds()
    }

    func timePassed(_ now: Moment) {
        if events < leaveAt || isStopped { return }
        leave()
        begin(now)
    }

    /// Takes down what came; what was answered by the stop must have come by now.
    func finish(_ now: Moment) {
        for (channel, listening) in listenings {
            listenings[channel] = listening
            listenings[channel]?.until = stoppedAt
        }
        leave()
    }

    private func leave() {
        loop.recorder.listenings += listenings.values
        listenings = [:]
        conversation?.close(withReset: random.next(below: 2) == 0)
        conversation = nil
    }

    private func subscribe() {
        guard let conversation else { return }
        let channels = (0..<loop.options.channels).map { loop.channelName($0) }
        // In RESP each channel is confirmed by a push, which is no answer.
        if let bytes = conversation.render(["SUBSCRIBE"] + channels) {
            conversation.peer.send(bytes)
        }
    }

    private func took(_ items: [WireReply], _ at: Int64) {
        let words = items.map { $0.flat.map { String(decoding: $0, as: UTF8.self) } ?? "" }
        guard words.count >= 3 else { return }
        switch words[0] {
        case "subscribe":
            listenings[words[1]] = Listening(subscriber: client, channel: words[1], from: at)
        case "gap":
            lost(words[1], Int64(words[2]) ?? 1, at)
        case "message" where words[1] == "$sys.gap":
            let parts = words[2].split(separator: " ")
            lost(String(parts.first ?? ""), parts.last.flatMap { Int64($0) } ?? 1, at)
        case "message":
            let parts = words[2].split(separator: ":").compactMap { Int64($0) }
            guard parts.count == 2 else {
                return loop.fail("subscriber \(client): a message '\(words[2])' of nobody")
            }
            events += 1
            let event = Listening.Event(publisher: Int(parts[0]), number: parts[1], at: at)
            listenings[words[1]]?.events.append(event)
        default: break
        }
    }

    private func lost(_ channel: String, _ count: Int64, _ at: Int64) {
        events += 1
        let event = Listening.Event(publisher: nil, number: count, at: at)
        // A notice for many channels names none of them.
        for name in listenings.keys where name == channel || channel == "*" {
            listenings[name]?.events.append(event)
        }
    }
}
