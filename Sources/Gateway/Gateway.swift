// What the HTTP connections of one loop share: a parser between two requests, and scratch to run commands with.
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

    /// Makes the gateway of a loop that serves under the context's limits.
    public init(_ context: CommandContext) {
        limits = context.limits
    }

    /// Whether nothing of any connection is left in it.
    public var isEmpty: Bool { body.isEmpty && frame.ranges.isEmpty && frame.scratch.isEmpty }

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

    private func begin(_ name: String) {
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
