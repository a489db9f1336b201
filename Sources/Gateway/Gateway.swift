// What the HTTP connections and WebSockets of one loop share: parsers, compressors, and scratch to run commands with.
public import Commands
internal import Core
internal import Wire

/// One loop's part in HTTP.
///
/// It belongs to the loop's thread: it must be made and dropped there.
public final class Gateway {
    let limits: Limits
    let catalog = CommandTable.catalog
    private let dispatch = Dispatch()
    let json = LineJSONParser()
    /// The request that is being run.
    var frame = RequestFrame()
    /// The body of the response that is being made.
    var body = ByteBuffer()
    private var spare: HTTPParser?
    /// The origins whose pages may open WebSockets, beside the server's own.
    let allowedOrigins: [String]
    /// Whether there is a page at `/`.
    let servesDashboard: Bool
    /// Writes the messages of all WebSockets.
    let framer: WebSocketFramer
    /// The message of a WebSocket that was read.
    var payload = ByteBuffer()
    /// What it stood for, if it was compressed.
    var inflated = ByteBuffer()
    /// It again, as a line of requests.
    var line = ByteBuffer()
    private var inflater: Inflater?

    /// Makes the gateway of a loop that serves under the context's limits.
    public init(
        _ context: CommandContext,
        framer: WebSocketFramer? = nil,
        allowedOrigins: [String] = [],
        servesDashboard: Bool = true
    ) {
        limits = context.limits
        self.framer = framer ?? WebSocketFramer(context.limits)
        self.allowedOrigins = allowedOrigins
        self.servesDashboard = servesDashboard
    }

    /// Whether nothing of any connection is left in it.
    public var isEmpty: Bool {
        body.isEmpty && frame.ranges.isEmpty && frame.scratch.isEmpty && payload.isEmpty
            && inflated.isEmpty && line.isEmpty
    }

    /// The decompressor, made when it is first needed; nil if zlib has no memory.
    func takeInflater() -> Inflater? {
        if inflater == nil { inflater = Inflater() }
        return inflater
    }

    /// A parser that stands before a request; nil if none can be made.
    func takeParser() -> HTTPParser? {
        defer { spare = nil }
        return spare ?? HTTPParser(limits)
    }

    /// Takes back a parser that stands behind a request.
    func giveBack(_ parser: HTTPParser) {
        parser.reset()
        spare = parser
    }

    /// Forgets the last request and its answer.
    public func reset() {
        frame.reset()
        body.removeAll(keepingUpTo: 64 << 10)
        payload.removeAll(keepingUpTo: 64 << 10)
        inflated.removeAll(keepingUpTo: 64 << 10)
        line.removeAll(keepingUpTo: 64 << 10)
    }

    /// Charges the session for the command called `name`, which is not run; the error if it may not be.
    func charge(
        _ name: String,
        options words: [String] = [],
        _ context: CommandContext
    ) -> ServerError? {
        begin(name)
        for word in words { frame.appendScratchArgument(word.utf8.span) }
        do throws(ServerError) {
            try Gateway.charge(frame, dispatch, context)
            return nil
        } catch {
            return error
        }
    }

    private static func charge(
        _ frame: borrowing RequestFrame,
        _ dispatch: Dispatch,
        _ context: CommandContext
    ) throws(ServerError) {
        let request = Request(bytes: frame.scratch.span, ranges: frame.ranges.span)
        try dispatch.admit(request, context)
    }

    /// Runs what `frame` holds and leaves the answer in the context.
    func runFrame(_ context: CommandContext) -> ErrorCode? {
        Gateway.run(frame, dispatch, context)
    }

    private static func run(
        _ frame: borrowing RequestFrame,
        _ dispatch: Dispatch,
        _ context: CommandContext
    ) -> ErrorCode? {
        dispatch.run(Request(bytes: frame.scratch.span, ranges: frame.ranges.span), context)
    }

    /// Runs the command called `name`, with `key` if there is one, and `words` behind it.
    func run(
        _ name: String,
        key: [UInt8]? = nil,
        options words: [String] = [],
        _ context: CommandContext
    ) -> ErrorCode? {
        begin(name)
        if let key { frame.appendScratchArgument(key.span) }
        for word in words { frame.appendScratchArgument(word.utf8.span) }
        return runFrame(context)
    }

    /// Fills `frame` with the fields of the object `text` as the arguments of the command called `action`.
    func fill(_ text: Span<UInt8>, as action: StaticString) -> ServerError? {
        frame.reset()
        return json.fill(&frame, from: text, catalog: catalog, action: action)
    }

    /// Runs SET of `key` and `value`, with `options`.
    func set(
        _ key: [UInt8],
        _ value: borrowing ByteBuffer,
        _ options: [String],
        _ context: CommandContext
    ) -> ErrorCode? {
        begin("SET")
        frame.appendScratchArgument(key.span)
        frame.appendScratchArgument(value.span)
        for option in options { frame.appendScratchArgument(option.utf8.span) }
        return runFrame(context)
    }

    /// Begins a request of the command called `name`; its arguments are to be appended.
    func begin(_ name: String) {
        frame.reset()
        frame.usesScratch = true
        frame.appendScratchArgument(name.utf8.span)
    }

    /// Appends the context's reply to the body, as the JSON answer to what `frame` holds.
    func encodeReply(_ context: CommandContext) {
        Gateway.encode(context.reply, frame, &body)
    }

    private static func encode(
        _ reply: borrowing Reply,
        _ frame: borrowing RequestFrame,
        _ body: inout ByteBuffer
    ) {
        ReplyEncoder.encode(
            reply,
            as: .json,
            identifier: frame.identifier.span,
            place: frame.place,
            into: &body
        )
    }
}

@available(*, unavailable)
extension Gateway: Sendable {}
