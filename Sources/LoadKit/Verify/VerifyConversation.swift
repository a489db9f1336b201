// One connection that asks and is answered in order, in any encoding.
internal import Core
internal import Reactor

/// Sends requests and pairs replies with them; authenticates by itself.
final class VerifyConversation: SecurePeerDelegate {
    /// What becomes of an answer: the reply and when it was there, in nanoseconds.
    typealias Answer = (WireReply, Int64) -> Void

    let peer: SecurePeer
    let renderer: RequestRenderer
    private let parser: WireReplyParser
    private var inbound: [UInt8] = []
    private var answers: [Answer] = []
    private var answered = 0
    private(set) var isReady = false
    /// Whether anything but an error was answered.
    private(set) var wasServed = false
    /// Called once requests can be sent.
    var whenReady: (() -> Void)?
    /// Called with what nobody asked for.
    var whenPushed: (([WireReply], Int64) -> Void)?
    /// Called once, when the connection has ended for another reason than `close`, in words.
    var whenEnded: ((String) -> Void)?

    init?(_ loop: VerifyLoop, _ encoding: FuzzEncoding) {
        renderer = RequestRenderer(encoding: encoding, token: loop.options.load.token)
        parser = WireReplyParser(encoding: encoding)
        let link = Unowned()
        guard let peer = loop.connect(link) else { return nil }
        self.peer = peer
        self.link = link
        link.conversation = self
    }

    /// Stands in for the conversation until it is made.
    private final class Unowned: SecurePeerDelegate {
        weak var conversation: VerifyConversation?
        func isReady(_ peer: SecurePeer, _ now: Moment) { conversation?.isReady(peer, now) }
        func received(_ bytes: [UInt8], _ peer: SecurePeer, _ now: Moment) {
            conversation?.received(bytes, peer, now)
        }
        func ended(_ reason: String, _ peer: SecurePeer, _ now: Moment) {
            conversation?.ended(reason, peer, now)
        }
    }

    private let link: any SecurePeerDelegate

    /// Requests without an answer.
    var inFlight: Int { answers.count - answered }

    /// The bytes of a request; nil where the encoding has no form for it.
    func render(_ words: [String]) -> [UInt8]? { renderer.render(words.map { Array($0.utf8) }) }

    /// Sends requests at once; what answers each is handed to the closure beside it.
    func send(_ requests: [(bytes: [UInt8], answer: Answer)]) {
        answers += requests.map(\.answer)
        peer.send(requests.flatMap(\.bytes))
    }

    /// Ends the connection, with whatever is in flight.
    func close(withReset: Bool = false) {
        whenEnded = nil
        if withReset { return peer.reset() }
        peer.sendCloseNotify()
        peer.drop()
    }

    func isReady(_: SecurePeer, _: Moment) {
        let opening = renderer.opening().map { bytes in
            (bytes: bytes, answer: { [weak self] reply, _ in self?.took(opening: reply) } as Answer)
        }
        if !opening.isEmpty { send(opening) }
        // Before it is a WebSocket nothing can be sent to it.
        if renderer.encoding == .websocket { return }
        isReady = true
        whenReady?()
    }

    private func took(opening reply: WireReply) {
        switch reply {
        case .error(let code, let text): return fail("the token was refused: \(code) \(text)")
        case .http(101): break
        case .http(let status): return fail("no WebSocket: status \(status)")
        default: return
        }
        isReady = true
        whenReady?()
    }

    func received(_ bytes: [UInt8], _: SecurePeer, _: Moment) {
        let at = SystemClock.monotonicNanoseconds()
        inbound += bytes
        var rest = inbound[...]
        while !rest.isEmpty {
            switch parser.next(rest) {
            case .incomplete:
                inbound = Array(rest)
                return
            case .malformed(let reason):
                return fail("a reply is malformed: \(reason)")
            case .reply(let reply, let consumed):
                rest = rest.dropFirst(consumed)
                take(reply, at)
            }
        }
        inbound = []
    }

    private func take(_ reply: WireReply, _ at: Int64) {
        if case .push(let items) = reply {
            whenPushed?(items, at)
            return
        }
        guard answered < answers.count else {
            // RESP2 knows no pushes: there they look like answers.
            if case .list(let items) = reply, let whenPushed { return whenPushed(items, at) }
            return fail("an answer to nothing: \(reply.text)")
        }
        if case .error = reply {} else { wasServed = true }
        let answer = answers[answered]
        answered += 1
        if answered > 1000 {
            answers.removeFirst(answered)
            answered = 0
        }
        answer(reply, at)
    }

    private func fail(_ reason: String) {
        let told = whenEnded
        whenEnded = nil
        peer.drop()
        told?(reason)
    }

    func ended(_ reason: String, _: SecurePeer, _: Moment) {
        let told = whenEnded
        whenEnded = nil
        told?(reason)
    }
}
