// One WebSocket without its I/O: frames in, frames out.
internal import Commands
internal import Core
internal import Wire

/// What a connection that was upgraded remembers.
///
/// Between two messages it holds no memory but itself.
final class WebSocketConnection {
    let purpose: WebSocketPurpose
    /// The window for what is compressed; nil if nothing is to be.
    let windowBits: Int?
    private var reader: WebSocketReader
    /// Takes the requests out of `line`.
    var decoder = RequestDecoder(encoding: .json)
    /// The message whose requests are being run, where they wait for their next turn.
    var line = ByteBuffer()
    /// Where the next of them begins.
    var linePosition = 0
    /// Whether a part of a reply was sent and its end was not.
    var hasOpenReply = false
    /// Whether the end was said: nothing may follow it.
    private(set) var hasClosed = false
    /// Whether a ping of ours is not answered.
    private var awaitsPong = false
    /// Whether a message was complete since somebody asked.
    private var hasFinishedMessage = false

    init(_ purpose: WebSocketPurpose, _ compression: WebSocketCompression?) {
        self.purpose = purpose
        windowBits = compression?.serverWindowBits
        reader = WebSocketReader(allowsCompression: compression != nil)
    }

    /// Whether a message has begun and not ended, or waits for its turn.
    var isInsideMessage: Bool { isReceiving || isInsideReply }

    /// Whether the first frame of a message was taken, or the beginning of it, and the last was not.
    var isReceiving: Bool { reader.isInsideMessage }

    /// Whether a reply has begun and not ended: no other message may be sent meanwhile.
    var isInsideReply: Bool { hasOpenReply || !line.isEmpty }

    /// Bytes of memory that unfinished messages take.
    var heldBytes: Int { reader.heldBytes + line.capacity }

    /// Whether a message was complete since the last time that this was asked.
    func takeFinished() -> Bool {
        defer { hasFinishedMessage = false }
        return hasFinishedMessage
    }

    /// Serves the frames in `input`, as `HTTPConnection.serve` does requests.
    func serve(
        _ input: Span<UInt8>,
        from position: inout Int,
        _ gateway: Gateway,
        _ context: CommandContext,
        answered: inout Int,
        into output: inout ByteBuffer
    ) -> HTTPProgress {
        while true {
            if hasClosed { return .closing }
            if output.count >= gateway.limits.replyBatchBytes { return .full }
            if !line.isEmpty {
                gateway.line.takeOver(&line)
                line.release()
                runLine(gateway, context, answered: &answered, into: &output)
                continue
            }
            gateway.payload.removeAll()
            let event = reader.next(input, from: &position, gateway.limits, into: &gateway.payload)
            switch event {
            case .incomplete(let needed): return .incomplete(needed: needed)
            case .violation(let error): fail(error, context, into: &output)
            case .control(let opcode):
                if opcode != .close, !reader.isInsideMessage { hasFinishedMessage = true }
                takeControl(opcode, gateway, context, answered: &answered, into: &output)
            case .message(let opcode, let isCompressed):
                hasFinishedMessage = true
                takeMessage(
                    opcode,
                    isCompressed: isCompressed,
                    gateway,
                    context,
                    answered: &answered,
                    into: &output
                )
            }
        }
    }

    private func takeMessage(
        _ opcode: WebSocketOpcode,
        isCompressed: Bool,
        _ gateway: Gateway,
        _ context: CommandContext,
        answered: inout Int,
        into output: inout ByteBuffer
    ) {
        if isCompressed {
            if let error = gateway.inflatePayload(isText: opcode == .text) {
                return fail(error, context, into: &output)
            }
        }
        switch (purpose, opcode) {
        case (.echo, _):
            answered += 1
            if let error = gateway.runEcho(context) { return fail(error, context, into: &output) }
            gateway.framer.append(
                opcode,
                gateway.payload,
                windowBits: windowBits,
                to: &output
            )
        case (.commands, .text):
            gateway.makeLine()
            runLine(gateway, context, answered: &answered, into: &output)
        case (.commands, _):
            let error = ServerError(.notServed, "binary messages are not served here: send text")
            fail(error, context, into: &output)
        }
    }

    private func takeControl(
        _ opcode: WebSocketOpcode,
        _ gateway: Gateway,
        _ context: CommandContext,
        answered: inout Int,
        into output: inout ByteBuffer
    ) {
        switch opcode {
        case .close:
            do throws(ServerError) {
                let close = try WebSocketClose(payload: gateway.payload)
                end(WebSocketClose(code: close.code), context, into: &output)
            } catch {
                fail(error, context, into: &output)
            }
        case .pong where awaitsPong: awaitsPong = false
        default:
            // Whoever sends these without end pays for them as for commands.
            answered += 1
            if let error = gateway.charge("PING", context) {
                return fail(error, context, into: &output)
            }
            if opcode == .ping {
                WebSocketFrame.append(.pong, gateway.payload, to: &output)
            }
        }
    }

    /// Says the end that `error` makes.
    func fail(
        _ error: ServerError,
        _ context: CommandContext,
        into output: inout ByteBuffer
    ) {
        end(WebSocketClose(error), context, into: &output)
    }

    /// Says the end, once.
    func end(
        _ close: WebSocketClose,
        _ context: CommandContext,
        into output: inout ByteBuffer
    ) {
        if !hasClosed { close.write(to: &output) }
        hasClosed = true
        context.session.closesAfterReply = true
        line.release()
    }

    /// Asks whether the client is there.
    func ping(into output: inout ByteBuffer) {
        if hasClosed { return }
        awaitsPong = true
        WebSocketFrame.append(.ping, Span(), to: &output)
    }
}

@available(*, unavailable)
extension WebSocketConnection: Sendable {}
