// Turning a request into commands, and what they answer into a response.
internal import Commands
internal import Core
internal import NIOHTTP1
internal import Wire

extension HTTPConnection {
    /// Makes the session's token the one that the request presents, or throws what AUTH says.
    ///
    /// AUTH is run once for as long as the same credentials come.
    func authenticate(
        _ head: HTTPHead,
        _ route: HTTPRoute,
        _ gateway: Gateway,
        _ context: CommandContext
    ) throws(ServerError) {
        var presented = head.value("authorization").map { Array($0.utf8) }
        if presented == nil, case .webSocket = route,
            let token = try WebSocketHandshake.token(in: head)
        {
            presented = Array("bearer \(token)".utf8)
        }
        // A token that the session has from elsewhere, such as AUTH in a body, is not that of the credentials.
        let isTheirs = context.session.tokenChanges == tokenChanges
        if let presented, context.session.rights.isAuthenticated, isTheirs,
            HTTPConnection.isSame(presented, credentials)
        {
            return
        }
        credentials = nil
        let scheme = Array("bearer ".utf8)
        let prefix = presented?.prefix(scheme.count).map { $0 | 0x20 }
        guard let presented, prefix == scheme else {
            // Nothing is free: this one is paid for as any other.
            try require(gateway.run("PING", context), context)
            throw ServerError(.unauthenticated)
        }
        let token = Array(presented.dropFirst(scheme.count).drop { $0 == 0x20 })
        try require(gateway.run("AUTH", key: token, context), context)
        credentials = presented
        tokenChanges = context.session.tokenChanges
    }

    /// Throws the error that a command has answered with, if it has.
    private func require(
        _ code: ErrorCode?,
        _ context: CommandContext
    ) throws(ServerError) {
        guard let code else { return }
        throw HTTPConnection.error(code, context.reply)
    }

    /// The error on a tape.
    static func error(_ code: ErrorCode, _ reply: borrowing Reply) -> ServerError {
        var reader = ReplyReader(reply.tape.span)
        guard reader.next() else { return ServerError(code) }
        let retry = reader.retryAfterMilliseconds
        guard reader.next() else { return ServerError(code) }
        let message = Printable.text(reader.payload, maxBytes: 1024)
        return ServerError(code, message, retryAfterMilliseconds: retry)
    }

    /// Compares secrets in a time that does not tell how much of them is the same.
    private static func isSame(_ left: [UInt8], _ right: [UInt8]?) -> Bool {
        guard let right, left.count == right.count else { return false }
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }

    /// Answers with an error.
    func refuse(
        _ error: ServerError,
        _ response: HTTPResponse,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) {
        context.reply.reset()
        context.reply.error(error)
        answerWithError(response, gateway, context, &output)
    }

    /// Answers with the error that is on the tape.
    func answerWithError(
        _ begun: HTTPResponse,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) {
        gateway.body.removeAll()
        ReplyEncoder.encode(context.reply, as: .json, identifier: Span(), into: &gateway.body)
        var response = begun
        let (code, retry) = HTTPConnection.code(context.reply)
        response.status = code.row.httpStatus
        if let retry { response.fields.append(("Retry-After", "\(max(1, (retry + 999) / 1000))")) }
        if response.status == 401 {
            let reason = code == .unauthenticated ? "" : ", error=\"invalid_token\""
            response.fields.append(("WWW-Authenticate", "Bearer realm=\"sallyport\"\(reason)"))
        }
        if code.row.closes { context.session.closesAfterReply = true }
        finish(response, gateway, context, &output)
    }

    /// The error on the tape; a missing key is one.
    private static func code(_ reply: borrowing Reply) -> (ErrorCode, retry: Int64?) {
        var reader = ReplyReader(reply.tape.span)
        guard reader.next() else { return (.internalError, nil) }
        if reader.item == .missingKey { return (.keyNotFound, nil) }
        return (reader.errorCode, reader.retryAfterMilliseconds)
    }

    /// Writes the response, whose body is the gateway's.
    func finish(
        _ begun: HTTPResponse,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) {
        let response = decideOnEnd(begun, context)
        HTTPConnection.write(response, gateway.body, &output)
        context.reply.reset()
        gateway.reset()
    }

    private static func write(
        _ response: HTTPResponse,
        _ body: borrowing ByteBuffer,
        _ output: inout ByteBuffer
    ) {
        response.write(body.span, into: &output)
    }

    /// Decides on whether the connection goes on behind the response, which says so.
    func decideOnEnd(_ begun: HTTPResponse, _ context: CommandContext) -> HTTPResponse {
        var response = begun
        let session = context.session
        if response.closes || context.facts.isDrainingNow { session.closesAfterReply = true }
        response.closes = session.closesAfterReply
        return response
    }
}
