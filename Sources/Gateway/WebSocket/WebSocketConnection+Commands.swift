// Running the requests in a text message: what the JSON encoding has on a line, and messages with a `type`.
internal import Commands
internal import Core
internal import Wire

extension WebSocketConnection {
    /// Runs what the gateway's line holds, from where it was left; the reply to all of it is one message.
    func runLine(
        _ gateway: Gateway,
        _ context: CommandContext,
        answered: inout Int,
        into output: inout ByteBuffer
    ) {
        gateway.body.removeAll()
        var last: ErrorCode?
        let count = gateway.line.count
        var isFirst = true
        while linePosition < count, !context.session.closesAfterReply {
            // The rest of a batch waits for its turn, and so does the end of its reply.
            if !isFirst, output.count + gateway.body.count >= gateway.limits.replyBatchBytes {
                sendPart(gateway, into: &output)
                swap(&line, &gateway.line)
                return
            }
            isFirst = false
            let before = answered
            last = runNext(gateway, context, answered: &answered)
            if answered == before { break }
        }
        linePosition = 0
        gateway.line.removeAll()
        decoder.endBatch(into: &gateway.body)
        sendReply(gateway, into: &output)
        if context.session.closesAfterReply {
            let error = last.flatMap { $0.row.closes ? ServerError($0) : nil }
            end(error.map(WebSocketClose.init) ?? .normal, context, into: &output)
        }
    }

    /// Runs the next request of the line; the error that it was answered with.
    private func runNext(
        _ gateway: Gateway,
        _ context: CommandContext,
        answered: inout Int
    ) -> ErrorCode? {
        let start = linePosition
        switch gateway.decodeLine(&decoder, from: start, context) {
        case .incomplete, .skipped:
            // Nothing but white space; somebody waits for an answer all the same.
            linePosition = gateway.line.count
            if start > 0 { return nil }
            answered += 1
            return refuse(ServerError(.malformedJSON, "malformed JSON: empty"), gateway, context)
        case .emptyBatch(let consumed):
            linePosition += consumed
            answered += 1
            gateway.body.append("[]\n")
            return nil
        case .request(let consumed):
            linePosition += consumed
            answered += 1
            let code = gateway.runFrame(context)
            let isAlone = !gateway.frame.place.contains(.inside)
            if isAlone, context.session.unansweredCommands != 0, context.session.leavesUnanswered()
            {
                return code
            }
            gateway.encodeReply(context)
            return code
        case .rejected(let error, let consumed):
            linePosition += consumed
            answered += 1
            if let known = gateway.answerTyped(error, from: start, context) { return known }
            context.session.breakTransaction()
            return refuse(error, gateway, context)
        }
    }

    private func refuse(
        _ error: ServerError,
        _ gateway: Gateway,
        _ context: CommandContext
    ) -> ErrorCode {
        context.reply.reset()
        context.reply.error(error)
        if error.code.row.closes { context.session.closesAfterReply = true }
        gateway.encodeReply(context)
        return error.code
    }

    /// Sends what there is of a reply that goes on.
    private func sendPart(_ gateway: Gateway, into output: inout ByteBuffer) {
        if gateway.body.isEmpty { return }
        WebSocketFrame.appendHeader(
            hasOpenReply ? .continuation : .text,
            isFinal: false,
            count: gateway.body.count,
            to: &output
        )
        output.append(gateway.body.span)
        gateway.body.removeAll()
        hasOpenReply = true
    }

    /// Sends the reply, or what is left of it, without its line end; nothing if there is none.
    private func sendReply(_ gateway: Gateway, into output: inout ByteBuffer) {
        if gateway.body.isEmpty, !hasOpenReply { return }
        gateway.body.truncate(to: gateway.body.count - 1)
        if hasOpenReply {
            let count = gateway.body.count
            WebSocketFrame.appendHeader(.continuation, count: count, to: &output)
            output.append(gateway.body.span)
        } else {
            gateway.framer.append(.text, gateway.body, windowBits: windowBits, to: &output)
        }
        gateway.body.removeAll(keepingUpTo: 64 << 10)
        hasOpenReply = false
    }
}

extension Gateway {
    /// Makes the payload a line of the JSON encoding: what ends lines is white space in JSON, and so is the
    /// tab that takes its place; within a string neither may be.
    func makeLine() {
        line.takeOver(&payload)
        for index in 0..<line.count {
            let byte = line.span[index]
            if byte == 0x0A || byte == 0x0D { line.replaceByte(at: index, with: 0x09) }
        }
        line.append(UInt8(ascii: "\n"))
    }

    /// Takes a request out of the line.
    fileprivate func decodeLine(
        _ decoder: inout RequestDecoder,
        from start: Int,
        _ context: CommandContext
    ) -> DecodeOutcome {
        Gateway.decode(line, start, &decoder, &frame, self, context.session)
    }

    private static func decode(
        _ line: borrowing ByteBuffer,
        _ start: Int,
        _ decoder: inout RequestDecoder,
        _ frame: inout RequestFrame,
        _ gateway: Gateway,
        _ session: Session
    ) -> DecodeOutcome {
        decoder.decode(
            line.span,
            from: start,
            into: &frame,
            catalog: gateway.catalog,
            limits: gateway.limits,
            isAuthenticated: session.rights.isAuthenticated,
            json: gateway.json
        )
    }

    /// Runs ECHO of the payload, for the permission, the charge and the limits; the error if it fails.
    func runEcho(_ context: CommandContext) -> ServerError? {
        begin("ECHO")
        frame.appendScratchArgument(payload.span)
        return runFrame(context).map { HTTPConnection.error($0, context.reply) }
    }

    /// Undoes the compression of the payload.
    func inflatePayload(isText: Bool) -> ServerError? {
        guard let inflater = takeInflater() else { return ServerError(.internalError) }
        let allowed = max(Gateway.freeInflationBytes, payload.count * limits.maxInflationRatio)
        let limit = min(limits.maxRequestBytes, allowed)
        inflated.removeAll(keepingUpTo: 256 << 10)
        switch inflater.append(payload.span, limit: limit, to: &inflated) {
        case .complete: break
        case .malformed: return .webSocket("not DEFLATE")
        case .tooLong:
            inflated.removeAll(keepingUpTo: 256 << 10)
            return limit < limits.maxRequestBytes
                ? .limit(.tooLong, "maxInflationRatio", limits.maxInflationRatio)
                : .limit(.tooLong, "maxRequestBytes", limits.maxRequestBytes)
        }
        swap(&payload, &inflated)
        inflated.removeAll(keepingUpTo: 256 << 10)
        if !isText { return nil }
        var text = UTF8Stream()
        return text.take(payload, from: 0) && text.isComplete ? nil : .notUTF8
    }

    /// What a message may become however short it came.
    private static let freeInflationBytes = 1 << 20

    /// Answers a message with a `type` in place of an `action`, if the line from `start` on is one.
    ///
    /// `error` is what is wrong with it as a request. The result is nil if it is none, else the error that it
    /// is answered with, which is nil again for none.
    fileprivate func answerTyped(
        _ error: ServerError,
        from start: Int,
        _ context: CommandContext
    ) -> ErrorCode?? {
        guard error.code == .invalidRequest, !frame.place.contains(.inside),
            let type = Gateway.type(line, from: start, json)
        else { return nil }
        let identifier = Array(frame.identifier)
        switch type {
        case "ping": return .some(answerTyped("pong", running: nil, identifier, context))
        case "status_request":
            return .some(answerTyped("status", running: "STATUS", identifier, context))
        default:
            frame.reset()
            context.reply.reset()
            context.reply.error(
                ServerError(
                    .invalidRequest,
                    "type '\(Printable.text(type.utf8.span, maxBytes: 64))' is none of ping, status_request"
                )
            )
            encodeReply(context)
            return .some(.invalidRequest)
        }
    }

    private static func type(
        _ line: borrowing ByteBuffer,
        from start: Int,
        _ json: LineJSONParser
    ) -> String? {
        json.type(in: line.span.extracting(start..<(line.count - 1)))
    }

    private func answerTyped(
        _ type: String,
        running command: String?,
        _ identifier: [UInt8],
        _ context: CommandContext
    ) -> ErrorCode? {
        var code: ErrorCode?
        if let command, context.session.isQueueing {
            code = .invalidRequest
            context.reply.reset()
            context.reply.error(
                ServerError(.invalidRequest, "\(command) is not between MULTI and EXEC")
            )
        } else if let command {
            code = run(command, context)
        } else if let error = charge("PING", context) {
            code = error.code
            context.reply.reset()
            context.reply.error(error)
        }
        if code != nil {
            frame.reset()
            frame.identifier.append(identifier.span)
            encodeReply(context)
            return code
        }
        body.append("{\"type\":\"")
        body.append(string: type)
        body.append(UInt8(ascii: "\""))
        if !identifier.isEmpty {
            body.append(",\"id\":")
            body.append(identifier.span)
        }
        if command != nil {
            // The object itself, whose first brace the comma takes the place of.
            let start = body.count
            ReplyEncoder.encodeValue(context.reply, into: &body)
            body.replaceByte(at: start, with: UInt8(ascii: ","))
        } else {
            body.append("}\n")
        }
        return nil
    }
}

extension Array where Element == UInt8 {
    /// Copies the bytes of `buffer`.
    fileprivate init(_ buffer: borrowing ByteBuffer) {
        // SAFETY: the pointer is used only during the call, which copies the bytes.
        self = buffer.withBytes { Array($0) }
    }
}
