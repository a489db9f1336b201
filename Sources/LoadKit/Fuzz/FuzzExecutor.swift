// Carrying out one case against a server, and looking at what it does.
internal import Core
internal import Reactor
internal import TLS
internal import Wire

/// Runs cases, one at a time, each on a connection of its own.
final class FuzzExecutor {
    /// What was done so far.
    struct Tally: Sendable {
        var executed = 0
        var asked = 0
        var checked = 0
        var refused = 0
        var bytesSent = 0
        var bytesReceived = 0
    }

    /// Cases of which one checks that new connections are taken.
    private static let newConnectionEvery = 50
    /// Addresses of 127.0.0.0/8 that cases come from, so that no limit on an address ends the run.
    private static let sources: UInt32 = 60_000

    let options: FuzzOptions
    let room: PeerRoom
    let health: FuzzHealth
    private let version12: TLSContext
    private let firstSource: SocketAddress?
    private(set) var tally = Tally()

    init(
        _ options: FuzzOptions,
        _ address: SocketAddress,
        _ context: TLSContext,
        _ version12: TLSContext
    ) throws {
        self.options = options
        self.version12 = version12
        room = PeerRoom(try EventLoop(), context, address, host: options.load.host)
        health = FuzzHealth(room, options)
        let isLocal = address.host.hasPrefix("127.")
        firstSource = isLocal ? try SocketAddress.resolve(host: "127.1.0.1", port: 0).first : nil
    }

    /// Runs `subject`; the failure if it shows one.
    func run(_ subject: FuzzCase) -> FuzzFailure? {
        tally.executed += 1
        let step = UInt32(truncatingIfNeeded: tally.executed) % FuzzExecutor.sources
        let source = firstSource?.advanced(by: step)
        let context = subject.opening == .tls12 ? version12 : room.context
        let isSecure = subject.opening != .plain && !options.isPlain
        guard
            let peer = try? SecurePeer(room, isSecure: isSecure, source: source, context: context)
        else { return FuzzFailure(.dead, "a connection cannot be begun") }
        let attempt = FuzzAttempt(self, FuzzLine(peer), subject, prefix: prefix())
        let failure = attempt.run()
        peer.drop()
        tally.asked += attempt.asked
        tally.checked += attempt.checked
        tally.bytesSent += attempt.sent.count
        tally.bytesReceived += attempt.received
        if attempt.isRefused { tally.refused += 1 }
        if let failure { return failure }
        if tally.executed % FuzzExecutor.newConnectionEvery == 0 { return health.checkNew() }
        return nil
    }

    /// Eight letters that no other case of this run has.
    private func prefix() -> [UInt8] {
        let number = String(tally.executed, radix: 36)
        let padding = String(repeating: "0", count: max(0, 5 - number.count))
        return Array((options.runName + "---").utf8.prefix(3))
            + Array((padding + number).utf8.suffix(5))
    }
}

@available(*, unavailable)
extension FuzzExecutor: Sendable {}

/// One case on its way.
final class FuzzAttempt {
    private let executor: FuzzExecutor
    private let line: FuzzLine
    private let subject: FuzzCase
    private let prefix: [UInt8]
    private var model = FuzzModel()
    /// What the requests asked so far must be answered with, and the requests.
    private var expected: [(expectation: FuzzExpectation, words: [[UInt8]])] = []
    /// Bytes of replies that were looked at.
    private var position = 0
    private var hasEnded = false
    private(set) var asked = 0
    private(set) var checked = 0
    private(set) var received = 0
    private(set) var sent: [UInt8] = []
    /// Whether the server would not have the case: that is its right.
    private(set) var isRefused = false

    init(_ executor: FuzzExecutor, _ line: FuzzLine, _ subject: FuzzCase, prefix: [UInt8]) {
        self.executor = executor
        self.line = line
        self.subject = subject
        self.prefix = prefix
    }

    private var peer: SecurePeer { line.peer }
    private var loop: EventLoop { executor.room.loop }
    private var patience: Int64 { executor.options.patienceMilliseconds }

    func run() -> FuzzFailure? {
        if let failure = open() ?? (isRefused ? nil : authenticate()) { return failure }
        if !isRefused, line.end == nil, let failure = follow() { return failure }
        // Others are asked while this connection is still there, in whatever state.
        if let failure = executor.health.check() { return failure }
        if let failure = end() { return failure }
        received = line.inbound.count
        return isRefused ? nil : judge()
    }

    private func open() -> FuzzFailure? {
        var random = RandomSource(seed: subject.seed, stream: ~subject.number)
        let opening = subject.opening
        var isFirst = true
        peer.reshape = { bytes in
            defer { isFirst = false }
            return isFirst ? FuzzHello.reshaped(bytes, opening, &random) : [bytes]
        }
        if !opening.leadsToTLS, opening != .plain, !executor.options.isPlain {
            // What comes of it is an alert, or silence until the end.
            _ = line.wait(loop, 100) { false }
            isRefused = true
            return nil
        }
        if line.wait(loop, patience, until: { line.isReady }) { return nil }
        if line.end == nil {
            return FuzzFailure(.noReply, "TLS was not set up within \(patience) ms")
        }
        // More handshakes than the server takes, or connections of one address.
        isRefused = true
        return nil
    }

    private func authenticate() -> FuzzFailure? {
        let token = executor.options.load.token
        let renderer = RequestRenderer(encoding: subject.encoding, token: token)
        if !subject.authenticates { return nil }
        for bytes in renderer.opening() {
            peer.send(bytes)
            var reply: WireReplyOutcome = .incomplete
            let isThere = line.wait(loop, patience) {
                reply = WireReplyParser(encoding: subject.encoding).next(line.inbound[position...])
                return reply != .incomplete
            }
            switch reply {
            case .reply(.error, _): isRefused = true
            case .reply(.http(let status), _) where status != 101: isRefused = true
            case .reply(_, let consumed):
                if subject.encoding == .websocket, !isUpgraded(line.inbound[position...]) {
                    return FuzzFailure(.wrongReply, "the key of a WebSocket is not answered")
                }
                position += consumed
            case .malformed(let reason):
                return FuzzFailure(.malformedReply, "to a token: \(reason)")
            case .incomplete:
                if !isThere, line.end == nil {
                    return FuzzFailure(.noReply, "a token was not answered within \(patience) ms")
                }
                isRefused = true
            }
            if isRefused { return nil }
        }
        return nil
    }

    private func isUpgraded(_ response: ArraySlice<UInt8>) -> Bool {
        response.contains(Array("\(WebSocketKey.answer(to: ClientFrames.key))\r\n".utf8))
    }

    private func follow() -> FuzzFailure? {
        for step in subject.steps {
            if peer.isOver { return nil }
            switch step {
            case .ask(let words, let bytes):
                let own = words.map(substituted)
                asked += 1
                expected.append((model.expect(own), own))
                send(bytes)
            case .await:
                let count = expected.count
                let isThere = line.wait(loop, patience) { countReplies() >= count }
                if subject.isStrict, !isThere, line.end == nil {
                    return FuzzFailure(.noReply, "only \(countReplies()) of \(count) replies came")
                }
            case .send(let bytes): send(bytes)
            case .drip(let bytes):
                for byte in substituted(bytes) {
                    peer.send([byte])
                    loop.turn(maximumWaitMilliseconds: 0)
                }
                sent += substituted(bytes)
            case .stall(let milliseconds): _ = line.wait(loop, milliseconds) { false }
            case .raw(let bytes): if !executor.options.isPlain { peer.sendRaw(bytes) }
            case .renegotiate: peer.withSession { $0.renegotiate() }
            case .updateKeys(let count):
                for _ in 0..<count where subject.opening != .tls12 {
                    peer.withSession { $0.updateKeys() }
                }
            case .closeNotify: peer.sendCloseNotify()
            case .halfClose: halfClose()
            case .reset:
                peer.reset()
                hasEnded = true
            }
            loop.turn(maximumWaitMilliseconds: 0)
        }
        return nil
    }

    private func send(_ bytes: [UInt8]) {
        let own = substituted(bytes)
        sent += own
        peer.send(own)
    }

    private func halfClose() {
        // What the socket does not take yet is still to come before the end.
        _ = line.wait(loop, patience) { !peer.hasUnsent }
        peer.shutdownWrites()
    }

    /// The bytes with this attempt's keys and the token in place.
    private func substituted(_ bytes: [UInt8]) -> [UInt8] {
        if subject.encoding != .websocket { return replaced(bytes) }
        // Within frames, whose payload may be masked, keys alone: they keep its length.
        return ClientFrames.rewritten(
            bytes,
            { $0.replacing(FuzzCase.prefix, with: prefix) },
            rest: replaced
        )
    }

    private func replaced(_ bytes: [UInt8]) -> [UInt8] {
        var result = bytes.replacing(FuzzCase.prefix, with: prefix)
        let token = Array(FuzzCase.token.utf8)
        if result.contains(token[0]) {
            result = result.replacing(
                token,
                with: Array((executor.options.load.token ?? "none").utf8)
            )
        }
        return result
    }

    private func countReplies() -> Int {
        let parser = WireReplyParser(encoding: subject.encoding)
        var count = 0
        var at = position
        while case .reply(let reply, let consumed) = parser.next(line.inbound[at...]) {
            at += consumed
            if case .push = reply { continue }
            count += 1
        }
        return count
    }

    /// Says that nothing more is coming; the server must answer what is whole, and go.
    private func end() -> FuzzFailure? {
        if hasEnded || line.end != nil { return nil }
        if peer.isReady { peer.sendCloseNotify() }
        halfClose()
        // As long as replies come it has not come to the end.
        var seen = -1
        while line.inbound.count > seen {
            seen = line.inbound.count
            if line.wait(loop, patience, until: { line.end != nil }) { return nil }
        }
        return FuzzFailure(
            .lingering,
            "the connection stands \(patience) ms behind its client's end"
        )
    }
}

extension FuzzAttempt {
    /// What came, against what must.
    private func judge() -> FuzzFailure? {
        guard let encoding = spoken() else { return nil }
        let parser = WireReplyParser(encoding: encoding)
        var rest = line.inbound[position...]
        var number = 0
        while !rest.isEmpty {
            switch parser.next(rest) {
            case .incomplete:
                return subject.isStrict ? missing(number) : nil
            case .malformed(let reason):
                let start = Escaped.text(rest.prefix(60))
                return FuzzFailure(.malformedReply, "\(reason), at '\(start)'")
            case .reply(let reply, let consumed):
                rest = rest.dropFirst(consumed)
                // What follows is another protocol.
                if reply == .http(101) { return nil }
                if case .push(let items) = reply {
                    if items.first != WebSocketTree.close { continue }
                    if !rest.isEmpty {
                        return FuzzFailure(.malformedReply, "something behind a close frame")
                    }
                    // Going away, or no time.
                    if items.last == .integer(1001) || items.last == .integer(1013) {
                        isRefused = true
                        return nil
                    }
                    continue
                }
                if subject.isStrict {
                    if isOverloaded(reply) {
                        isRefused = true
                        return nil
                    }
                    if let failure = wrong(reply, number, encoding) { return failure }
                }
                number += 1
            }
        }
        return subject.isStrict ? missing(number) : nil
    }

    private func wrong(
        _ reply: WireReply,
        _ number: Int,
        _ encoding: FuzzEncoding
    ) -> FuzzFailure? {
        guard number < expected.count else {
            return FuzzFailure(.wrongReply, "nothing asked -> \(reply.text.prefix(200))")
        }
        checked += 1
        let (expectation, words) = expected[number]
        if expectation.matches(reply, encoding) { return nil }
        let request = words.map { Escaped.text($0.prefix(60)) }.joined(separator: " ")
        return FuzzFailure(
            .wrongReply,
            "\(request) -> \(reply.text.prefix(200)) instead of \(expectation.text.prefix(200))"
        )
    }

    private func missing(_ number: Int) -> FuzzFailure? {
        if number >= expected.count { return nil }
        let words = expected[number].words.map { Escaped.text($0.prefix(60)) }.joined(
            separator: " "
        )
        return FuzzFailure(
            .noReply,
            "\(words): not answered; the connection: \(line.end ?? "stands")"
        )
    }

    /// Whether the server does not do it because it has too much to do.
    private func isOverloaded(_ reply: WireReply) -> Bool {
        guard case .error(let code, let text) = reply else { return false }
        let word = code.lowercased()
        return ["rate", "busy", "overload", "limit", "oom", "memory"].contains { word.contains($0) }
            || text.contains("retry_after_ms")
    }

    /// The encoding of the replies: what the first bytes said; nil where they said nothing clear.
    private func spoken() -> FuzzEncoding? {
        if subject.opening == .plain, !executor.options.isPlain { return nil }
        let says = [Array("HEAD".utf8), Array("101 ".utf8)].contains { sent.contains($0) }
        if position > 0 || subject.isStrict {
            return says && subject.encoding == .http ? nil : subject.encoding
        }
        let bytes = sent
        switch RequestDecoder.sniff(bytes.span) {
        case .undecided: return nil
        case .http: return says ? nil : .http
        case .encoding(.text): return .text
        case .encoding(.json): return .json
        case .encoding(.protobuf): return .protobuf
        case .encoding: return .resp
        }
    }
}

@available(*, unavailable)
extension FuzzAttempt: Sendable {}

/// What becomes of a ClientHello.
enum FuzzHello {
    /// The pieces that are sent instead of `bytes`, in a packet each.
    static func reshaped(
        _ bytes: [UInt8],
        _ opening: FuzzOpening,
        _ random: inout RandomSource
    ) -> [[UInt8]] {
        var changed = bytes
        switch opening {
        case .tls13, .tls12, .plain: return [bytes]
        case .helloByByte: return bytes.map { [$0] }
        case .helloInPieces:
            return pieces(bytes, 1 + Int(random.next(below: 100)))
        case .helloInRecords:
            if bytes.count < 6 { return [bytes] }
            let size = 1 + Int(random.next(below: 120))
            return [
                pieces(Array(bytes[5...]), size).flatMap {
                    Array(bytes[..<3]) + [UInt8($0.count >> 8), UInt8($0.count & 255)] + $0
                }
            ]
        case .halfHello: return [Array(bytes.prefix(bytes.count / 2))]
        case .brokenHello:
            for _ in 0..<(1 + random.next(below: 8)) where !changed.isEmpty {
                let at = Int(random.next(below: UInt64(changed.count)))
                changed[at] ^= 1 << UInt8(truncatingIfNeeded: random.next(below: 8))
            }
            return [changed]
        case .wrongType:
            if !changed.isEmpty { changed[0] = [20, 21, 23, 24, 0x80][Int(random.next(below: 5))] }
            return [changed]
        }
    }

    private static func pieces(_ bytes: [UInt8], _ size: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: size).map {
            Array(bytes[$0..<min(bytes.count, $0 + size)])
        }
    }
}
