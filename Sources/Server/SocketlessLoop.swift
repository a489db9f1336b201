// A loop's requests without its socket, for the program that measures them.
package import Commands
package import Core
internal import Wire

/// What a loop does with the requests of one connection: the same scratch, the same `runBatch`.
///
/// `budget` counts what it allocates; the server itself has no use for it.
package struct SocketlessLoop: ~Copyable {
    private var scratch: Scratch
    private var decoder: RequestDecoder
    private let tools: BatchTools

    /// Makes the loop of a connection whose session is the context's.
    package init(_ context: CommandContext) {
        decoder = RequestDecoder(encoding: context.session.encoding)
        scratch = Scratch(context: context, output: ByteBuffer(capacity: Worker.scratchBytes))
        tools = BatchTools(
            dispatch: Dispatch(),
            catalog: CommandTable.catalog,
            limits: context.limits,
            jsonParser: LineJSONParser()
        )
    }

    /// The replies to what was last answered.
    package var output: Span<UInt8> {
        @_lifetime(borrow self)
        get { scratch.output.span }
    }

    /// Answers what `requests` holds, as one event of the loop would; how many requests that were.
    ///
    /// Their replies must fit one batch: it stops behind `Limits.replyBatchBytes`.
    package mutating func answer(_ requests: borrowing ByteBuffer) -> Int {
        scratch.reset()
        var position = 0
        var answered = 0
        _ = runBatch(requests, &position, &decoder, &scratch, tools, &answered)
        return answered
    }
}
