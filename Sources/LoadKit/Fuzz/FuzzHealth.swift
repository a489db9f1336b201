// Somebody who does nothing wrong, and must be served right and in time whatever others do.
internal import Core
internal import Reactor

/// A connection that asks, and checks.
final class FuzzHealth {
    private let room: PeerRoom
    private let options: FuzzOptions
    private var line: FuzzLine?
    /// Another one that speaks HTTP, of which connections share more.
    private var web: FuzzLine?
    private var round: Int64 = 0
    /// Checks so far, and how long the longest took.
    private(set) var checks = 0
    private(set) var latency = LatencyRecorder()

    private var key: String { "fuzz-health:\(options.runName)" }

    init(_ room: PeerRoom, _ options: FuzzOptions) {
        self.room = room
        self.options = options
    }

    /// Asks for three things; the failure if they are not answered as they must be.
    func check() -> FuzzFailure? {
        round += 1
        checks += 1
        if line == nil, let failure = connect() { return failure }
        guard let line else { return FuzzFailure(.dead, "there is no connection") }
        let value = "round \(round)"
        let requests = [["PING"], ["SET", key, value], ["GET", key]]
        let expected: [WireReply] = [
            .status(Array("PONG".utf8)), .status(Array("OK".utf8)), .bytes(Array(value.utf8)),
        ]
        let begin = SystemClock.monotonicNanoseconds()
        line.peer.send(requests.flatMap { RequestRenderer.resp($0.map { Array($0.utf8) }) })
        let failure = answers(line, expected) ?? checkWeb()
        latency.record(nanoseconds: SystemClock.monotonicNanoseconds() - begin)
        if failure != nil { drop() }
        return failure
    }

    private func checkWeb() -> FuzzFailure? {
        if web == nil {
            var made: FuzzLine?
            if let failure = open(&made) { return failure }
            web = made
        }
        guard let web else { return nil }
        // With a token it may stay for as long as it likes, and reads what was just written.
        let request =
            options.load.token.map {
                "GET /v1/kv/\(key) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \($0)\r\n\r\n"
            } ?? "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
        web.peer.send(Array(request.utf8))
        return answers(web, [.http(200)], .http)
    }

    /// A connection of its own that is made, used once and closed: the server takes new ones.
    func checkNew() -> FuzzFailure? {
        drop()
        return check()
    }

    /// Closes the connection.
    func drop() {
        line?.peer.drop()
        line = nil
        web?.peer.drop()
        web = nil
    }

    private func open(_ line: inout FuzzLine?) -> FuzzFailure? {
        guard let peer = try? SecurePeer(room, isSecure: !options.isPlain) else {
            return FuzzFailure(.dead, "a connection cannot be begun")
        }
        let made = FuzzLine(peer)
        let patience = options.patienceMilliseconds
        if !made.wait(room.loop, patience, until: { made.isReady }) {
            peer.drop()
            return FuzzFailure(
                .dead,
                "no new connection within \(patience) ms: \(made.end ?? "silence")"
            )
        }
        line = made
        return nil
    }

    private func connect() -> FuzzFailure? {
        var made: FuzzLine?
        if let failure = open(&made) { return failure }
        guard let made else { return nil }
        line = made
        let renderer = RequestRenderer(encoding: .resp, token: options.load.token)
        for request in renderer.opening() {
            made.peer.send(request)
            if let failure = answers(made, [.status(Array("OK".utf8))]) {
                drop()
                return failure
            }
        }
        return nil
    }

    private func answers(
        _ line: FuzzLine,
        _ expected: [WireReply],
        _ encoding: FuzzEncoding = .resp
    ) -> FuzzFailure? {
        let parser = WireReplyParser(encoding: encoding)
        for reply in expected {
            var seen: WireReplyOutcome = .incomplete
            let patience = options.healthMilliseconds
            let isThere = line.wait(room.loop, patience) {
                seen = parser.next(line.inbound[...])
                return seen != .incomplete
            }
            guard isThere, case .reply(let answer, let consumed) = seen else {
                if case .malformed(let reason) = seen {
                    return FuzzFailure(.health, "others get what is no reply: \(reason)")
                }
                let end = line.end.map { "the connection was ended: \($0)" }
                return FuzzFailure(.health, "others: " + (end ?? "no reply within \(patience) ms"))
            }
            line.inbound.removeFirst(consumed)
            if answer != reply {
                return FuzzFailure(.health, "others get \(answer.text) instead of \(reply.text)")
            }
        }
        return nil
    }
}

/// A connection whose bytes pile up until somebody looks at them.
final class FuzzLine: SecurePeerDelegate {
    let peer: SecurePeer
    var inbound: [UInt8] = []
    private(set) var isReady = false
    /// How it ended, in words; nil while it stands.
    private(set) var end: String?

    init(_ peer: SecurePeer) {
        self.peer = peer
        peer.delegate = self
    }

    func isReady(_: SecurePeer, _: Moment) { isReady = true }
    func received(_ bytes: [UInt8], _: SecurePeer, _: Moment) { inbound += bytes }
    func ended(_ reason: String, _: SecurePeer, _: Moment) { end = reason }

    /// Turns the loop until `condition` holds, the connection ends, or time is up; whether it holds.
    func wait(_ loop: EventLoop, _ milliseconds: Int64, until condition: () -> Bool) -> Bool {
        let deadline = SystemClock.monotonicNanoseconds() + milliseconds * 1_000_000
        while true {
            if condition() { return true }
            if end != nil { return condition() }
            let left = (deadline - SystemClock.monotonicNanoseconds()) / 1_000_000
            if left <= 0 { return false }
            loop.turn(maximumWaitMilliseconds: min(left, 20))
        }
    }
}
