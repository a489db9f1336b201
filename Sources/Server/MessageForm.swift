// In what form a connection is sent messages: what speaks alike shares one rendering of each.
internal import Commands
internal import Core
internal import Gateway
internal import PubSub
internal import Wire

/// The form of messages to one connection.
enum MessageForm: Equatable {
    /// The encoding's own, behind one another.
    case stream(WireEncoding)
    /// JSON, each message in a frame of a WebSocket.
    case webSocket
    /// The same, compressed where that pays.
    case compressedWebSocket

    /// How many forms there are.
    static let count = WireEncoding.allCases.count + 2

    /// A number of its own, below `count`.
    var index: Int {
        switch self {
        case .stream(let encoding): Int(encoding.rawValue)
        case .webSocket: MessageForm.count - 2
        case .compressedWebSocket: MessageForm.count - 1
        }
    }

    /// The encoding of what is in it.
    var encoding: WireEncoding {
        if case .stream(let encoding) = self { return encoding }
        return .json
    }

    private var isWebSocket: Bool { index >= MessageForm.count - 2 }

    /// Appends one push.
    func append(
        _ next: Backlog.Next,
        tellsOffset: Bool,
        _ framer: WebSocketFramer,
        _ reply: inout Reply,
        to output: inout ByteBuffer
    ) {
        reply.reset()
        defer { reply.reset() }
        if case .message(let item) = next, let notification = item.publication.notification,
            isWebSocket || encoding == .resp2 || encoding == .resp3
        {
            return append(notification, item, framer, &reply, to: &output)
        }
        switch next {
        case .replayed(let publication):
            MessagePush.write(publication, nil, encoding, &reply, tellsOffset: tellsOffset)
        case .message(let item):
            MessagePush.write(
                item.publication,
                item.pattern,
                encoding,
                &reply,
                hasValues: item.hasValues,
                tellsOffset: tellsOffset
            )
        case .gap(let channel, let lost), .missed(let channel, let lost):
            MessagePush.writeGap(channel, lost: lost, encoding, &reply)
        case .changeGap(let key, let lost): MessagePush.writeChangeGap(key, lost: lost, &reply)
        }
        if !isWebSocket {
            ReplyEncoder.encode(reply, as: encoding, identifier: Span(), into: &output)
            return
        }
        var text = ByteBuffer()
        ReplyEncoder.encode(reply, as: encoding, identifier: Span(), into: &text)
        frame(&text, framer, to: &output)
    }

    /// Appends a notification, which WebSockets and RESP are sent as one JSON object.
    private func append(
        _ notification: Notification,
        _ item: Backlog.Item,
        _ framer: WebSocketFramer,
        _ reply: inout Reply,
        to output: inout ByteBuffer
    ) {
        let sender = item.publication.sender
        MessagePush.writeMap(notification, sender, isTyped: isWebSocket, &reply)
        var text = ByteBuffer()
        ReplyEncoder.encodeValue(reply, into: &text)
        if isWebSocket { return frame(&text, framer, to: &output) }
        reply.reset()
        text.truncate(to: text.count - 1)
        MessagePush.writeText(text.span, item.publication.channel, item.pattern, &reply)
        ReplyEncoder.encode(reply, as: encoding, identifier: Span(), into: &output)
    }

    /// Appends a line of JSON, without its end, as a text message.
    private func frame(
        _ line: inout ByteBuffer,
        _ framer: WebSocketFramer,
        to output: inout ByteBuffer
    ) {
        line.truncate(to: line.count - 1)
        let windowBits = self == .compressedWebSocket ? WebSocketFramer.sharedWindowBits : nil
        framer.append(.text, line, windowBits: windowBits, to: &output)
    }
}

extension Connection {
    /// In what form it is sent messages.
    var messageForm: MessageForm {
        guard let http, http.isWebSocket else { return .stream(session.encoding) }
        return http.sharesCompressedMessages ? .compressedWebSocket : .webSocket
    }
}
