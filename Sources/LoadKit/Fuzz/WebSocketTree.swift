// Replies in the messages of a WebSocket, read strictly: what a server may not send is told.
//
// Source: RFC 6455 sections 5 and 7.4.

/// What comes out of a WebSocket, and the response that made it one.
enum WebSocketTree {
    /// The first item of the push that stands for a close frame.
    static let close = WireReply.bytes(Array("close".utf8))

    /// Takes a message or a control frame; a response where one begins, since no frame begins like one.
    static func reply(_ reader: inout ReplyBytes) throws(ReplyBytes.Stop) -> WireReply {
        if !reader.isAtEnd, reader.bytes[reader.position] == UInt8(ascii: "H") {
            return try HTTPTree.reply(&reader)
        }
        var message: [UInt8]?
        while true {
            let (frame, payload) = try frame(&reader)
            switch frame.opcode {
            case .close:
                return .push([close, .integer(try closeCode(payload))])
            case .ping, .pong:
                // Between the frames of a message they may stand, too.
                if message == nil { return .push([.bytes(Array("control".utf8))]) }
            case .binary: throw .malformed("a binary message")
            case .text:
                if message != nil { throw .malformed("a message within a message") }
                message = Array(payload)
            case .continuation:
                if message == nil { throw .malformed("a continuation of nothing") }
                message?.append(contentsOf: payload)
            }
            if !frame.opcode.isControl, frame.isFinal, let message { return try content(message) }
        }
    }

    private static func frame(
        _ reader: inout ReplyBytes
    ) throws(ReplyBytes.Stop) -> (WebSocketFrame, ArraySlice<UInt8>) {
        let rest = reader.bytes[reader.position...]
        switch WebSocketFrame.read(rest.span, from: 0) {
        case .incomplete: throw .incomplete
        case .malformed(let reason): throw .malformed(reason)
        case .frame(let frame):
            reader.position += frame.consumed
            return (frame, rest.part(frame.payload))
        }
    }

    /// What a close frame says; 1005 where it says nothing.
    private static func closeCode(_ payload: ArraySlice<UInt8>) throws(ReplyBytes.Stop) -> Int64 {
        if payload.isEmpty { return 1005 }
        let bytes = Array(payload)
        if bytes.count == 1 { throw .malformed("a close frame of one byte") }
        let code = Int64(bytes[0]) << 8 | Int64(bytes[1])
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: throw .malformed("the close code \(code)")
        }
        if !JSONText.isUTF8(Array(bytes[2...])) { throw .malformed("a reason that is no UTF-8") }
        return code
    }

    private static func content(_ message: [UInt8]) throws(ReplyBytes.Stop) -> WireReply {
        if !JSONText.isUTF8(message) { throw .malformed("a text message that is no UTF-8") }
        let tree = try JSONTree.whole(message[...])
        guard let type = tree["type"]?.text else { return try JSONTree.lineReply(tree) }
        guard case .object(let members) = tree else { throw .malformed("JSON that is no reply") }
        let items = members.map { WireReply.bytes(Array($0.name.utf8)) }
        return type == "pong" || type == "status" ? .map(items) : .push(items)
    }
}
