// The end of a WebSocket: what a close frame may hold, and which one an error makes.
//
// Source: RFC 6455 sections 5.5.1 and 7.4.
internal import Core

/// What a close frame says.
struct WebSocketClose: Equatable {
    /// The close code; nil for a frame without a payload.
    var code: UInt16?
    /// Why, for a person.
    var reason = ""

    /// The end that was asked for.
    static let normal = WebSocketClose(code: 1000)

    init(code: UInt16?, reason: String = "") {
        self.code = code
        self.reason = reason
    }

    /// The end that `error` makes, by its row of the error table.
    init(_ error: ServerError) {
        code = UInt16(truncatingIfNeeded: error.code.row.webSocketCloseCode)
        reason = error.message
        if let retry = error.retryAfterMilliseconds, retry > 0 {
            reason += " retry_after_ms=\(retry)"
        }
    }

    /// Reads the payload of a client's close frame.
    ///
    /// Errors: `protocolError`, `invalidText`.
    init(payload: borrowing ByteBuffer) throws(ServerError) {
        let payload = payload.span
        if payload.isEmpty {
            code = nil
            return
        }
        if payload.count == 1 { throw .webSocket("a close frame of one byte") }
        let code = UInt16(payload[0]) << 8 | UInt16(payload[1])
        if !WebSocketClose.maySend(code) { throw .webSocket("close code \(code)") }
        var text = UTF8Stream()
        let rest = payload.extracting(2..<payload.count)
        if !text.take(rest) || !text.isComplete { throw .notUTF8 }
        self.code = code
    }

    /// Whether a frame may carry the code (RFC 6455 section 7.4, and the registry that it founds).
    static func maySend(_ code: UInt16) -> Bool {
        switch code {
        // 1004 has no meaning; 1005, 1006 and 1015 are never sent.
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    /// Appends the frame; of the reason only what fits a control frame.
    func write(to output: inout ByteBuffer) {
        guard let code else { return WebSocketFrame.append(.close, Span(), to: &output) }
        var bytes = [UInt8(truncatingIfNeeded: code >> 8), UInt8(truncatingIfNeeded: code)]
        for character in reason.unicodeScalars {
            let scalar = UTF8.encode(character) ?? UTF8.encodedReplacementCharacter
            if bytes.count + scalar.count > WebSocketFrameHeader.maxControlBytes { break }
            bytes += scalar
        }
        WebSocketFrame.append(.close, bytes.span, to: &output)
    }
}
