// How an HTTP connection becomes a WebSocket, and what its owner may have it say then.
internal import Commands
internal import Core
internal import NIOHTTP1

extension HTTPConnection {
    /// Whether the connection was upgraded.
    public var isWebSocket: Bool { webSocket != nil }

    /// Whether a reply has begun and not ended: no other message may be sent meanwhile.
    public var isInsideReply: Bool { webSocket?.isInsideReply ?? false }

    /// Whether a request was complete since the last time that this was asked; told of WebSockets alone.
    public func takeFinished() -> Bool { webSocket?.takeFinished() ?? false }

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
        context.session.takesPushes = purpose == .commands
        webSocket = WebSocketConnection(purpose, handshake.compression)
    }
}
