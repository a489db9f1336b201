// One HTTP/1.1 connection without its I/O: plaintext in, responses out, in the order of the requests.
public import Commands
public import Core
internal import NIOHTTP1
internal import Wire

/// Why `HTTPConnection.serve` stopped.
public enum HTTPProgress: Equatable, Sendable {
    /// The next request is not all there; another look pays once this many bytes are.
    case incomplete(needed: Int)
    /// The output has reached `replyBatchBytes` and should be sent first.
    case full
    /// The connection ends behind what was answered.
    case closing
}

/// Looks for a line that could be the size of the last chunk (RFC 9112 section 7.1).
private struct ChunkLine {
    private enum Place { case start, zeros, behind }

    private var place = Place.start
    /// Whether there was such a line.
    var hasSeenZeros = false

    mutating func take(_ byte: UInt8) {
        switch (place, byte) {
        case (_, 0x0A): place = .start
        case (.start, UInt8(ascii: "0")): place = .zeros
        case (.zeros, UInt8(ascii: "0")): break
        case (.zeros, 0x0D), (.zeros, UInt8(ascii: ";")):
            hasSeenZeros = true
            place = .behind
        default: place = .behind
        }
    }
}

/// A request whose head was taken and whose body is on its way.
final class PendingRequest {
    let head: HTTPHead
    let route: HTTPRoute
    let parser: HTTPParser
    /// The query, as it came.
    let query: Substring
    /// Bytes of the body that are to come; not known where it comes in chunks.
    var missing: Int
    /// Bytes of a body in chunks, their framing included.
    var chunkedBytes = 0
    /// The last four bytes of it.
    var lastBytes: UInt32 = 0
    fileprivate var line = ChunkLine()

    init(_ head: HTTPHead, _ route: HTTPRoute, _ parser: HTTPParser, query: Substring) {
        self.head = head
        self.route = route
        self.parser = parser
        self.query = query
        missing = head.contentLength
    }
}

/// What a connection that speaks HTTP remembers.
///
/// Every request is run through `Dispatch` on the connection's session. It belongs to the connection's loop.
public final class HTTPConnection {
    private var scanner = HTTPHeadScanner()
    private var pending: PendingRequest?
    /// Whether a request was answered.
    private var hasAnswered = false
    /// The credentials by which the session got its token; nil where it has none.
    var credentials: [UInt8]?
    /// `Session.tokenChanges` when they were accepted.
    var tokenChanges = 0

    /// Makes the state of a new connection.
    public init() {}

    /// What the connection has become, if it was upgraded.
    var webSocket: WebSocketConnection?

    /// Whether the head of a request was taken and its body was not, or a WebSocket's message has begun.
    public var isInsideRequest: Bool { webSocket?.isInsideMessage ?? (pending != nil) }

    /// Bytes of memory that the body of a request takes which is not all there, or a WebSocket's message.
    public var heldBytes: Int { webSocket?.heldBytes ?? pending?.parser.bodyCapacity ?? 0 }

    /// Serves the requests in `input` from `position` on, which is moved behind what was taken.
    ///
    /// The next call must show what was not taken again, and what has come since. `answered` is increased by
    /// each request that was answered.
    public func serve(
        _ input: Span<UInt8>,
        from position: inout Int,
        _ gateway: Gateway,
        _ context: CommandContext,
        answered: inout Int,
        into output: inout ByteBuffer
    ) -> HTTPProgress {
        while true {
            if let webSocket {
                return webSocket.serve(
                    input,
                    from: &position,
                    gateway,
                    context,
                    answered: &answered,
                    into: &output
                )
            }
            if context.session.closesAfterReply { return .closing }
            if output.count >= gateway.limits.replyBatchBytes { return .full }
            if pending == nil { position += HTTPConnection.blankLines(input, from: position) }
            let rest = input.extracting(position..<input.count)
            if let pending {
                position += takeBody(pending, rest, gateway, context, &output)
            } else {
                let outcome = takeHead(rest, gateway, context, &output)
                guard let taken = outcome else { return .incomplete(needed: rest.count + 1) }
                position += taken
            }
            guard let pending else {
                answered += 1
                hasAnswered = true
                continue
            }
            if pending.parser.isComplete {
                answer(pending, gateway, context, &output)
                answered += 1
                hasAnswered = true
            } else if position == input.count {
                return .incomplete(needed: 1)
            }
        }
    }

    /// Answers that the connection is refused or has run out of time, unless that would answer nothing.
    public func refuse(
        _ error: ServerError,
        _ gateway: Gateway,
        _ context: CommandContext,
        hasBegun: Bool,
        into output: inout ByteBuffer
    ) {
        if let webSocket { return webSocket.fail(error, context, into: &output) }
        // A client that has nothing under way would take it for the answer to its next request; only one that
        // was never served can be told so, and only that it will not be.
        let isIdle = !hasBegun && !isInsideRequest
        if isIdle, hasAnswered || error.code.row.httpStatus == 408 { return }
        let isHead = pending?.head.method == .HEAD
        context.session.closesAfterReply = true
        refuse(error, HTTPResponse(isHead: isHead), gateway, context, &output)
        pending = nil
    }

    /// Takes a head from the front of `rest`; how many bytes that are, or nil if it is not all there.
    private func takeHead(
        _ rest: Span<UInt8>,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) -> Int? {
        // The first half of an empty line is not yet that of a head.
        if rest.count == 1, rest[0] == 0x0D { return nil }
        switch scanner.scan(rest, gateway.limits) {
        case .incomplete: return nil
        case .refused(let error):
            context.session.closesAfterReply = true
            refuse(error, HTTPResponse(), gateway, context, &output)
            return rest.count
        case .complete(let count):
            scanner = HTTPHeadScanner()
            begin(rest.extracting(0..<count), gateway, context, &output)
            let isWaiting = pending.map { !$0.parser.isComplete && $0.head.expectsContinue }
            if isWaiting == true, rest.count == count {
                output.append("HTTP/1.1 100 Continue\r\n\r\n")
            }
            return count
        }
    }

    /// How many bytes of empty lines there are at `start` (RFC 9112 section 2.2).
    private static func blankLines(_ input: Span<UInt8>, from start: Int) -> Int {
        var end = start
        while end + 1 < input.count, input[end] == 0x0D, input[end + 1] == 0x0A { end += 2 }
        return end - start
    }

    /// Takes a whole head: a request is pending behind it, or was refused.
    private func begin(
        _ bytes: Span<UInt8>,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) {
        var response = HTTPResponse()
        var hasBody = true
        guard let parser = gateway.takeParser() else {
            context.session.closesAfterReply = true
            return refuse(ServerError(.internalError), response, gateway, context, &output)
        }
        do throws(ServerError) {
            if let error = parser.feed(bytes) { throw error }
            guard let parsed = parser.head, !parser.isOverrun else { throw .protocol("no head") }
            let head = try HTTPHead(parsed)
            response.isHead = head.method == .HEAD
            response.isOld = head.isOld
            response.closes = !head.keepsAlive
            // What the parser thinks of the length must be what we think.
            if head.method != .CONNECT, parser.isComplete == head.hasBody {
                throw .protocol("the length of the body")
            }
            hasBody = head.hasBody || head.asksForUpgrade
            pending = try accept(head, parser, &response, gateway, context)
        } catch {
            // What is left of the request cannot be told from the next one.
            if hasBody { context.session.closesAfterReply = true }
            // The parser of a request that is the last of its connection takes no more.
            if !hasBody, !response.closes { gateway.giveBack(parser) }
            refuse(error, response, gateway, context, &output)
        }
    }

    /// Holds a request against its route, its token and its limits, before its body is waited for.
    private func accept(
        _ head: HTTPHead,
        _ parser: HTTPParser,
        _ response: inout HTTPResponse,
        _ gateway: Gateway,
        _ context: CommandContext
    ) throws(ServerError) -> PendingRequest {
        let path = head.target.prefix { $0 != "?" }
        guard let route = try HTTPRoute.find(path) else {
            throw ServerError(.routeNotFound)
        }
        if route == .dashboard, !gateway.servesDashboard { throw ServerError(.routeNotFound) }
        if !route.methods.contains(head.method) {
            let allowed = route.methods.map(\.rawValue).joined(separator: ", ")
            response.fields.append(("Allow", allowed))
            throw ServerError(.methodNotAllowed)
        }
        if route.needsToken { try authenticate(head, route, gateway, context) }
        if route == .command || route == .notify, !HTTPConnection.isJSON(head.value("content-type"))
        {
            throw ServerError(.unsupportedMediaType)
        }
        let request = PendingRequest(
            head,
            route,
            parser,
            query: head.target.dropFirst(path.count + 1)
        )
        try checkLength(request, head.contentLength, gateway, context)
        // CONNECT never gets here; any other request that asks for an upgrade is one without.
        if head.asksForUpgrade, head.hasBody { throw .protocol("an upgrade with a body") }
        return request
    }

    private static func isJSON(_ type: Substring?) -> Bool {
        guard let type else { return false }
        let name = type.prefix { $0 != ";" && $0 != " " && $0 != "\t" }
        return name.lowercased() == "application/json"
    }

    /// Throws if a body of `count` bytes is more than this connection may send.
    private func checkLength(
        _ request: PendingRequest,
        _ count: Int,
        _ gateway: Gateway,
        _ context: CommandContext
    ) throws(ServerError) {
        let isTrusted = context.session.rights.isAuthenticated && request.route.needsToken
        let limit =
            isTrusted
            ? gateway.limits.maxRequestBytes : gateway.limits.maxUnauthenticatedArgumentBytes
        if count <= limit { return }
        let name = isTrusted ? "maxRequestBytes" : "maxUnauthenticatedArgumentBytes"
        throw .limit(.tooLong, name, limit)
    }

    /// Takes what `rest` holds of the body; how many bytes that are.
    private func takeBody(
        _ request: PendingRequest,
        _ rest: Span<UInt8>,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) -> Int {
        let piece =
            request.head.isChunked ? request.nextChunkedPiece(rest) : request.nextPiece(rest)
        do throws(ServerError) {
            try checkLength(request, request.chunkedBytes, gateway, context)
            if let error = request.parser.feed(rest.extracting(0..<piece)) { throw error }
            // A body that ends where none can would be taken for the next request by somebody else.
            let mayEnd = request.head.isChunked ? request.isAtBlankLine : request.missing == 0
            if request.parser.isOverrun || request.parser.isComplete && !mayEnd {
                throw .protocol("the end of the body")
            }
        } catch {
            context.session.closesAfterReply = true
            pending = nil
            refuse(error, request.response, gateway, context, &output)
        }
        return piece
    }

    /// Answers a request that is all there.
    private func answer(
        _ request: PendingRequest,
        _ gateway: Gateway,
        _ context: CommandContext,
        _ output: inout ByteBuffer
    ) {
        pending = nil
        run(request, gateway, context, &output)
        // The parser takes no more behind a request that asked for an upgrade, or that says that it is the last
        // of its connection; and the next request that it is given may be somebody else's.
        let isReusable = !request.head.asksForUpgrade && request.head.keepsAlive
        if isReusable { gateway.giveBack(request.parser) }
    }
}

extension PendingRequest {
    /// A response to this request, so far.
    var response: HTTPResponse {
        HTTPResponse(closes: !head.keepsAlive, isHead: head.method == .HEAD, isOld: head.isOld)
    }

    /// How much of `rest` belongs to a body of known length.
    fileprivate func nextPiece(_ rest: Span<UInt8>) -> Int {
        let count = min(rest.count, missing)
        missing -= count
        return count
    }

    /// How much of `rest` can be given to the parser at once, where the body comes in chunks.
    ///
    /// Such a body ends with a line of zeros, the last size, and the first empty line from there. Each piece
    /// ends where it could be, so that what is behind the body never gets into the parser with it. Within the
    /// data of a chunk the same bytes end a piece and nothing else.
    fileprivate func nextChunkedPiece(_ rest: Span<UInt8>) -> Int {
        var count = 0
        while count < rest.count {
            let byte = rest[count]
            lastBytes = lastBytes << 8 | UInt32(byte)
            count += 1
            line.take(byte)
            if isAtBlankLine, line.hasSeenZeros { break }
        }
        if isAtBlankLine { line.hasSeenZeros = false }
        chunkedBytes += count
        return count
    }

    /// Whether the last bytes were a line end and an empty line.
    fileprivate var isAtBlankLine: Bool { lastBytes == 0x0D0A_0D0A }
}

@available(*, unavailable)
extension HTTPConnection: Sendable {}
