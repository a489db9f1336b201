// How an HTTP connection becomes a WebSocket, and what its owner may have it say then.
internal import Commands
public import Core
internal import NIOHTTP1

extension HTTPConnection {
    /// Whether the connection was upgraded.
    public var isWebSocket: Bool { webSocket != nil }

    /// Whether a reply has begun and not ended: no other message may be sent meanwhile.
    public var isInsideReply: Bool { webSocket?.isInsideReply ?? false }

    /// Whether a request was complete since the last time that this was asked; told of WebSockets alone.
    public func takeFinished() -> Bool { webSocket?.takeFinished() ?? false }

    /// Whether a message has begun and not ended, beside what was not taken; told of WebSockets alone.
    public var isReceiving: Bool { webSocket?.isReceiving ?? false }

    /// Whether messages may be compressed for it with the window that all share; told of WebSockets alone.
    public var sharesCompressedMessages: Bool {
        webSocket?.windowBits == WebSocketFramer.sharedWindowBits
    }

    /// Asks a WebSocket whether its client is there.
    public func ping(into output: inout ByteBuffer) { webSocket?.ping(into: &output) }

    /// Tells a WebSocket that its connection will be closed, and when to come back; one that only returns what
    /// comes is not told.
    public func announceShutdown(
        graceMilliseconds: Int64,
        reconnectAfterMilliseconds: Int64,
        into output: inout ByteBuffer
    ) {
        guard let webSocket, webSocket.purpose == .commands else { return }
        let text =
            "{\"type\":\"shutdown\",\"grace_ms\":\(graceMilliseconds),"
            + "\"reconnect_after_ms\":\(reconnectAfterMilliseconds)}"
        WebSocketFrame.append(.text, text.utf8.span, to: &output)
    }

    /// Answers a request for a WebSocket; the connection is one from here on.
    func upgrade(
        _ head: HTTPHead,
        _ purpose: WebSocketPurpose,
        _ response: inout HTTPResponse,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) throws(ServerError) {
        let handshake = try WebSocketHandshake(head, gateway.allowedOrigins, &response)
        if context.facts.isDrainingNow { throw ServerError(.shuttingDown) }
        // The permission is that of what every message will be.
        let isEcho = purpose == .echo
        if let error = gateway.charge(
            isEcho ? "ECHO" : "PING",
            options: isEcho ? [""] : [],
            context
        ) {
            throw error
        }
        handshake.write(to: &output)
        context.reply.reset()
        gateway.reset()
        credentials = nil
        context.session.carrier = .webSocket
        context.session.takesPushes = !isEcho
        context.session.isWebSocketOfCommands = !isEcho
        if !isEcho { context.hearNotifications() }
        webSocket = WebSocketConnection(purpose, handshake.compression)
    }
}
