// One attacker: carries out its steps on the attackers' loop.
internal import Core
internal import Reactor
internal import TLS

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// A connection that follows a plan.
final class SiegePeer: EventHandler {
    /// What the present step waits for.
    enum Wait {
        case nothing
        case connection
        case handshake
        case ticket
        case room
        case replies
        case bytes
        case end
        case time
        case forever
    }

    /// How an attacker ends.
    enum End {
        /// As its plan says.
        case finished
        /// The server refused or ended the connection, in words that few different ends have.
        case refused(String)
        /// The attack is over.
        case unfinished
    }

    /// Bytes that are sent one at a time.
    struct Drip {
        var bytes: [UInt8]
        var sent = 0
        var everyMilliseconds: Int64
    }

    let number: UInt64
    // The engine owns its peers and outlives them.
    unowned let engine: SiegeEngine
    let link: LoadClient.Link
    var parser: ReplyParser
    var verifier: ReplyVerifier
    /// The beginning of a reply that is not all there.
    var rest = ByteBuffer()
    var wait = Wait.connection
    /// Whether what arrives is TLS, and not just bytes.
    var isSecure = false
    var isReading = true
    /// Requests without a reply.
    var owed = 0
    /// The kind of those requests; nil for a token.
    var traffic: SiegeTraffic?
    /// Requests that the present step has not sent.
    var toIssue = 0
    var asked: RandomSource
    var answered: RandomSource
    var bytesAwaited = 0
    var drip: Drip?
    private var random: RandomSource
    private var script: ArraySlice<SiegeStep>
    private(set) var isSettingUp = true
    private(set) var isOver = false
    private var wantsTicket = false
    private var handshakeBeganAt: Int64 = 0

    /// Makes the attacker numbered `number`, whose socket connects.
    init(
        _ number: UInt64,
        _ engine: SiegeEngine,
        _ link: LoadClient.Link,
        _ script: [SiegeStep],
        _ random: RandomSource
    ) {
        self.number = number
        self.engine = engine
        self.link = link
        self.script = script[...]
        self.random = random
        asked = random
        answered = random
        parser = ReplyParser(engine.options.load.encoding)
        verifier = ReplyVerifier(engine.options.load.encoding)
    }

    /// The socket is ready.
    func becameReady(_ readiness: Readiness, _ now: Moment) {
        if wait == .connection { return connected(now) }
        if readiness.contains(.writable) { sendUnsent(now) }
        if isOver { return }
        if readiness.contains(.readable), isReading { return receive(now) }
        if !readiness.contains(.broken) { return }
        if isReading { return receive(now) }
        end(.refused(ending(link.socket.connectError())))
    }

    /// A pause is over, or a byte is due.
    func timerFired(_ now: Moment) {
        if drip != nil { return sendDrop(now) }
        if wait == .end || wait == .time { goOn(now) }
    }

    private func connected(_ now: Moment) {
        if let error = link.socket.connectError() { return end(.refused(ending(error))) }
        engine.tally.connected += 1
        watch()
        switch script.first {
        case .handshake, .resumedHandshake: break
        default: setUpIsOver()
        }
        goOn(now)
    }

    private func setUpIsOver() {
        if isSettingUp { engine.hasSetUp() }
        isSettingUp = false
    }

    /// What the present step waited for has come.
    func goOn(_ now: Moment) {
        wait = .nothing
        setTimer(nil, now)
        while !isOver, wait == .nothing {
            guard let step = script.popFirst() else { return close(now) }
            perform(step, now)
        }
    }

    private func perform(_ step: SiegeStep, _ now: Moment) {
        switch step {
        case .handshake: beginHandshake(isResuming: false, now)
        case .resumedHandshake: beginHandshake(isResuming: true, now)
        case .helloByByte(let interval): begin(Drip(hello(now), interval), now)
        case .halfHello:
            let hello = hello(now)
            sendPlain(Array(hello.prefix(hello.count / 2)), now)
        case .plain(let bytes): sendPlain(bytes, now)
        case .authenticate: present(engine.options.load.token, now)
        case .guess: present(wrongToken(), now)
        case .requestByByte(let interval): begin(Drip(engine.longRequest, interval), now)
        case .issue(let traffic, let count): begin(traffic, count, now)
        case .awaitReplies: if owed > 0 { wait = .replies }
        case .awaitBytes(let count):
            bytesAwaited = count
            wait = .bytes
        case .awaitEnd(let milliseconds):
            wait = .end
            setTimer(milliseconds, now)
        case .stopReading, .goOnReading:
            isReading = step == .goOnReading
            watch()
        case .pause(let milliseconds):
            wait = .time
            setTimer(milliseconds, now)
        case .hold: wait = .forever
        case .reset:
            link.socket.resetOnClose()
            end(.finished)
        case .close: close(now)
        }
    }

    /// Says that nothing more is coming, and closes.
    private func close(_ now: Moment) {
        if let session = link.session, isSecure {
            session.close()
            if link.unsent.isEmpty { send(now) }
            engine.buffers.clearOutput()
        }
        end(.finished)
    }

    /// Closes the socket as it is; told once to the engine.
    func end(_ how: End) {
        if isOver { return }
        isOver = true
        engine.buffers.clearOutput()
        if let registration = link.registration { engine.loop.unregister(registration) }
        link.registration = nil
        rest.release()
        link.unsent.release()
        link.session = nil
        engine.hasEnded(self, how)
    }

    /// Where the connection stood, and how it ended, in words.
    func ending(_ error: SystemError?) -> String {
        let place =
            if wait == .connection { "while connecting" } else if isSettingUp {
                "during the TLS handshake"
            } else if isSecure { "inside TLS" } else { "before TLS" }
        switch error?.number {
        case nil: return "closed \(place)"
        case ECONNREFUSED: return "refused \(place)"
        case ECONNRESET, EPIPE: return "reset \(place)"
        default: return "\(place): \(error.map { "\($0)" } ?? "")"
        }
    }
}

extension SiegePeer {
    private func beginHandshake(isResuming: Bool, _ now: Moment) {
        isSecure = true
        wait = .handshake
        handshakeBeganAt = SystemClock.monotonicNanoseconds()
        guard let session = makeSession() else { return }
        if isResuming {
            if let ticket = engine.ticket { session.resume(ticket) } else { wantsTicket = true }
        }
        continueHandshake(now)
    }

    /// Goes on with the handshake and sends what it wrote.
    func continueHandshake(_ now: Moment) {
        guard let session = link.session else { return }
        let progress = session.handshake()
        send(now)
        switch progress {
        case .incomplete, .suspended: return
        case .closed: return end(.refused(ending(nil)))
        case .failed:
            return end(.refused("TLS failed \(isSettingUp ? "in" : "behind") the handshake"))
        case .done: break
        }
        let nanoseconds = SystemClock.monotonicNanoseconds() - handshakeBeganAt
        engine.tally.handshakes += 1
        engine.tally.handshakeTimes.record(nanoseconds: nanoseconds)
        if session.isResumed { engine.tally.resumed += 1 }
        setUpIsOver()
        if wantsTicket { wait = .ticket } else { goOn(now) }
    }

    private func makeSession() -> TLSSession? {
        do throws(TLSError) {
            let session = try TLSSession(
                engine.context,
                engine.buffers,
                serverName: engine.options.load.host
            )
            link.session = session
            return session
        } catch {
            end(.refused("no memory for TLS"))
            return nil
        }
    }

    /// The bytes of a ClientHello; what answers it is not read as TLS.
    private func hello(_ now: Moment) -> [UInt8] {
        guard let session = makeSession() else { return [] }
        _ = session.handshake()
        defer { engine.buffers.clearOutput() }
        return Array(engine.buffers.output)
    }

    /// A token of the form that servers give out, of this source's letters.
    private func wrongToken() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        var text = ""
        for _ in 0..<55 { text.append(letters[Int(random.next(below: UInt64(letters.count)))]) }
        return "sp_\(text.prefix(12))_\(text.suffix(43))"
    }

    /// Watches the socket for what is wanted of it.
    func watch() {
        guard let registration = link.registration else { return }
        engine.loop.watch(registration, readable: isReading, writable: !link.unsent.isEmpty)
    }

    func setTimer(_ milliseconds: Int64?, _ now: Moment) {
        guard let registration = link.registration else { return }
        engine.loop.setTimer(registration, at: milliseconds.map { now.monotonicMilliseconds + $0 })
    }

    private func begin(_ drip: Drip, _ now: Moment) {
        self.drip = drip
        wait = .forever
        // A quiet connection keeps no record buffers: thousands of these must fit into memory.
        link.session?.releaseBuffers()
        sendDrop(now)
    }

    private func sendDrop(_ now: Moment) {
        guard let drip, drip.sent + 1 < drip.bytes.count else { return }
        let byte = drip.bytes[drip.sent]
        self.drip?.sent += 1
        if isSecure { sendSecure([byte], now) } else { sendPlain([byte], now) }
        if !isOver { setTimer(drip.everyMilliseconds, now) }
    }
}

extension SiegePeer.Drip {
    init(_ bytes: [UInt8], _ everyMilliseconds: Int64) {
        self.bytes = bytes
        self.everyMilliseconds = everyMilliseconds
    }
}
