// Messages out of a client's frames, as the bytes of them arrive.
//
// Source: RFC 6455 sections 5.4 to 5.6 and 8.1.
package import Core

/// What a reader found.
package enum WebSocketEvent: Equatable {
    /// Nothing is complete; another look pays once as many bytes are there behind those taken.
    case incomplete(needed: Int)
    /// A message: `text` or `binary`; its payload is in the buffer.
    case message(WebSocketOpcode, isCompressed: Bool)
    /// A control frame; its payload is in the buffer.
    case control(WebSocketOpcode)
    /// What came is refused: the connection fails with the error's close code.
    case violation(ServerError)
}

/// Reads frames and puts messages together.
///
/// It holds memory only while a message is unfinished.
package struct WebSocketReader: ~Copyable {
    /// Whether messages may be compressed, which was negotiated.
    let allowsCompression: Bool
    /// The payload so far of the message that is unfinished.
    private var message = ByteBuffer()
    /// What the unfinished message is; nil where none is.
    private var kind: WebSocketOpcode?
    private var isCompressed = false
    private var fragments = 0
    private var text = UTF8Stream()
    /// The data frame whose header was taken and whose payload was not.
    private var frame: WebSocketFrameHeader?
    /// Bytes of its payload that were taken.
    private var taken = 0

    package init(allowsCompression: Bool = false) {
        self.allowsCompression = allowsCompression
    }

    /// Whether a message has begun and not ended.
    var isInsideMessage: Bool { kind != nil }

    /// Bytes of memory that the unfinished message takes.
    var heldBytes: Int { message.capacity }

    /// Takes what is next in `input` from `position` on, which is moved behind it.
    ///
    /// `payload` must be empty. Behind a violation nothing may be read any more.
    package mutating func next(
        _ input: Span<UInt8>,
        from position: inout Int,
        _ limits: Limits,
        into payload: inout ByteBuffer
    ) -> WebSocketEvent {
        while true {
            if frame == nil {
                let rest = input.extracting(position..<input.count)
                let parsed = WebSocketFrameHeader.parse(rest, allowsCompression: allowsCompression)
                switch parsed {
                case .incomplete(let needed): return .incomplete(needed: needed)
                case .violation(let error): return .violation(error)
                case .header(let header):
                    if header.opcode.isControl {
                        return control(header, rest, &position, &payload)
                    }
                    if let error = begin(header, limits) { return .violation(error) }
                    position += header.byteCount
                }
            }
            guard let frame else { return .incomplete(needed: 2) }
            let count = min(frame.length - taken, input.count - position)
            let isWhole = taken + count == frame.length
            let piece = input.extracting(position..<(position + count))
            position += count
            // A message that is here in one piece never gets to the connection's own buffer.
            if isWhole, frame.isFinal, message.isEmpty {
                payload.append(unmasking: piece, frame.mask, offset: taken)
                if checksText, !text.take(payload, from: 0) { return .violation(.notUTF8) }
            } else {
                let before = message.count
                message.append(unmasking: piece, frame.mask, offset: taken)
                if checksText, !text.take(message, from: before) {
                    return .violation(.notUTF8)
                }
            }
            taken += count
            if !isWhole { return .incomplete(needed: 1) }
            if let event = end(frame, &payload) { return event }
        }
    }

    /// A control frame, which is taken as a whole.
    private func control(
        _ header: WebSocketFrameHeader,
        _ rest: Span<UInt8>,
        _ position: inout Int,
        _ payload: inout ByteBuffer
    ) -> WebSocketEvent {
        let end = header.byteCount + header.length
        if rest.count < end { return .incomplete(needed: end) }
        let bytes = rest.extracting(header.byteCount..<end)
        payload.append(unmasking: bytes, header.mask, offset: 0)
        position += end
        return .control(header.opcode)
    }

    /// Takes the header of a data frame; an error if it may not be here.
    private mutating func begin(
        _ header: WebSocketFrameHeader,
        _ limits: Limits
    ) -> ServerError? {
        if header.opcode == .continuation {
            if kind == nil { return .webSocket("a continuation of nothing") }
            fragments += 1
        } else {
            if kind != nil { return .webSocket("a message within another") }
            kind = header.opcode
            isCompressed = header.isCompressed
            fragments = 1
        }
        if fragments > limits.maxWebSocketFragments {
            return .limit(.tooLong, "maxWebSocketFragments", limits.maxWebSocketFragments)
        }
        if header.length > limits.maxRequestBytes - message.count {
            return .limit(.tooLong, "maxRequestBytes", limits.maxRequestBytes)
        }
        frame = header
        taken = 0
        return nil
    }

    /// Whether the payload is text as it comes.
    private var checksText: Bool { kind == .text && !isCompressed }

    /// Ends the data frame at hand; the message, if it was its last frame.
    private mutating func end(
        _ header: WebSocketFrameHeader,
        _ payload: inout ByteBuffer
    ) -> WebSocketEvent? {
        frame = nil
        guard header.isFinal, let opcode = kind else { return nil }
        if !text.isComplete { return .violation(.notUTF8) }
        kind = nil
        if !message.isEmpty {
            payload.takeOver(&message)
            message.release()
        }
        return .message(opcode, isCompressed: isCompressed)
    }
}

extension ServerError {
    /// A text message or a close reason is not UTF-8.
    static let notUTF8 = ServerError(.invalidText, "WebSocket: not UTF-8")
}
