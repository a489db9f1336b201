// Whether a reply is one that its request can have.
import Core

/// What is thought of a reply.
enum Verdict: Equatable, Sendable {
    /// It is right.
    case good
    /// It is right: the key is not there.
    case missing
    /// It is an error.
    case error
    /// It is no answer to what was asked.
    case wrong
}

/// One connection's verifier; it remembers the connection's own counter and nothing else.
struct ReplyVerifier: Sendable {
    private let encoding: LoadEncoding
    /// What the last INCR answered; nil before the first.
    private var counter: Int64?

    /// Makes the verifier of a connection that speaks `encoding`.
    init(_ encoding: LoadEncoding) {
        self.encoding = encoding
    }

    /// Checks `reply`, whose payload is `payload`, against what was asked.
    mutating func check(
        _ reply: ParsedReply,
        _ payload: Span<UInt8>,
        for request: PlannedRequest
    ) -> Verdict {
        if reply.kind == .error { return .error }
        switch request.command {
        case .get:
            if reply.kind == .null { return .missing }
            return verdict(reply.kind == .bytes && LoadValue.isIntact(payload, key: request.key))
        case .set:
            return verdict(isStatus(reply) && payload.equals("OK"))
        case .ping:
            return verdict(isStatus(reply) && payload.equals("PONG"))
        case .echo:
            let count = Int(request.valueBytes)
            return verdict(
                reply.kind == .bytes
                    && LoadValue.isExact(
                        payload,
                        key: request.key,
                        version: request.version,
                        count: count
                    )
            )
        case .del:
            let removed = integer(reply, payload)
            return verdict(removed == 0 || removed == 1)
        case .who:
            return verdict(integer(reply, payload).map { $0 >= 1 } ?? false)
        case .publish:
            return verdict(integer(reply, payload).map { $0 >= 0 } ?? false)
        case .incr:
            return checkCounter(integer(reply, payload))
        }
    }

    private mutating func checkCounter(_ value: Int64?) -> Verdict {
        guard let value else { return .wrong }
        let expected = counter.map { $0 &+ 1 }
        // After a wrong one the count goes on from there, so that one mistake is counted once.
        counter = value
        return verdict(expected == nil || expected == value)
    }

    private func verdict(_ isRight: Bool) -> Verdict { isRight ? .good : .wrong }

    /// Only some encodings tell a status from bytes.
    private func isStatus(_ reply: ParsedReply) -> Bool {
        reply.kind == (encoding.marksStatus ? .status : .bytes)
    }

    /// How many there are in an answer that is a number.
    func integer(_ reply: ParsedReply, _ payload: Span<UInt8>) -> Int64? {
        if reply.kind == .integer { return reply.integer }
        // A number in text is a bare word like any other.
        if encoding == .text, reply.kind == .bytes { return payload.decimal(0, payload.count) }
        return nil
    }
}
