// Replies as text messages of a WebSocket, behind the response that makes it one.
import Core

enum WebSocketReplyParser {
    /// Takes the response to the upgrade: a status with the server's answer to the key, or an error.
    static func upgrade(_ input: Span<UInt8>, from start: Int) -> ReplyOutcome {
        switch HTTPText.head(input, from: start) {
        case .incomplete: return .incomplete
        case .malformed(let reason): return .malformed(reason)
        case .head(let head):
            if head.status == 101 {
                return .reply(
                    ParsedReply(
                        kind: .status,
                        consumed: head.bodyStart - start,
                        start: head.accept.lowerBound,
                        end: head.accept.upperBound
                    )
                )
            }
            let end = head.bodyStart + head.bodyBytes
            if input.count < end { return .incomplete }
            return .reply(
                ParsedReply(kind: .error, consumed: end - start, start: start + 9, end: start + 12)
            )
        }
    }

    /// Takes the message or control frame that begins at `start`; control frames are pushes.
    static func next(
        _ input: Span<UInt8>,
        from start: Int,
        _ scratch: inout ByteBuffer
    ) -> ReplyOutcome {
        switch WebSocketFrame.read(input, from: start) {
        case .incomplete: return .incomplete
        case .malformed(let reason): return .malformed(reason)
        case .frame(let frame):
            if frame.opcode.isControl {
                return .reply(ParsedReply(kind: .push, consumed: frame.consumed))
            }
            if frame.opcode != .text { return .malformed("a message that is not text") }
            if !frame.isFinal { return joined(input, frame, from: start, &scratch) }
            let outcome = JSONReplyParser.next(
                input,
                from: frame.payload.lowerBound,
                lineEnd: frame.payload.upperBound,
                &scratch
            )
            guard case .reply(var reply) = outcome else { return outcome }
            reply.consumed = frame.consumed
            return .reply(reply)
        }
    }

    /// Takes a message in several frames; its payload ends up in the scratch.
    ///
    /// A control frame in between goes unanswered: our servers send messages whole.
    private static func joined(
        _ input: Span<UInt8>,
        _ first: WebSocketFrame,
        from start: Int,
        _ scratch: inout ByteBuffer
    ) -> ReplyOutcome {
        var message = ByteBuffer()
        message.append(input.extracting(first.payload))
        var consumed = first.consumed
        while true {
            switch WebSocketFrame.read(input, from: start + consumed) {
            case .incomplete: return .incomplete
            case .malformed(let reason): return .malformed(reason)
            case .frame(let frame):
                consumed += frame.consumed
                if frame.opcode.isControl { continue }
                if frame.opcode != .continuation {
                    return .malformed("a message within a message")
                }
                message.append(input.extracting(frame.payload))
                if !frame.isFinal { continue }
            }
            break
        }
        let outcome = JSONReplyParser.next(
            message.span,
            from: 0,
            lineEnd: message.count,
            &scratch
        )
        guard case .reply(var reply) = outcome else { return outcome }
        reply.consumed = consumed
        if !reply.isInScratch {
            scratch.removeAll()
            scratch.append(message.span.extracting(reply.start..<reply.end))
            reply.start = 0
            reply.end = scratch.count
            reply.isInScratch = true
        }
        return .reply(reply)
    }
}
