// The hot loop: every complete request of a read, decoded, run and answered into one buffer.
internal import Commands
internal import Core
internal import Keyspace
internal import Wire

/// The scratch that a batch works in; one per loop, empty between events.
struct Scratch: ~Copyable {
    var frame = RequestFrame()
    var run = RequestRun()
    let context: CommandContext
    var output: ByteBuffer

    /// Whether nothing of any connection is left in it.
    ///
    /// The context still points at the last one's session, which the next event replaces first of all.
    var isEmpty: Bool {
        output.isEmpty && context.reply.isEmpty && frame.ranges.isEmpty && run.count == 0
    }

    /// Empties it, so that one connection's bytes cannot reach the next.
    mutating func reset() {
        output.removeAll(keepingUpTo: 2 * Worker.scratchBytes)
        // By itself, here and elsewhere: ThreadSanitizer's build breaks on a call through the struct.
        let context = context
        context.reply.reset()
        frame.reset()
        run.removeAll()
    }
}

/// Why a batch ended.
enum BatchEnd: Equatable {
    /// No complete request is left; at least this many bytes must be there before another look.
    case incomplete(needed: Int)
    /// The output has reached `replyBatchBytes` and should be sent first.
    case full
    /// The connection ends behind what was answered.
    case closing
}

/// Decodes and runs requests until there are none, the output is full, or the connection ends.
///
/// `plaintext` is what has arrived, `position` where the next request begins in it, which is moved behind
/// each one that was run; `answered` is increased by each that was answered.
func runBatch(
    _ plaintext: borrowing ByteBuffer,
    _ position: inout Int,
    _ decoder: inout RequestDecoder,
    _ scratch: inout Scratch,
    _ tools: borrowing BatchTools,
    _ answered: inout Int
) -> BatchEnd {
    let session = scratch.context.session
    while position < plaintext.count {
        decoder.decodeRun(
            plaintext.span,
            from: position,
            into: &scratch.run,
            catalog: tools.catalog,
            limits: tools.limits,
            isAuthenticated: session.rights.isAuthenticated
        )
        let end =
            scratch.run.count > 0
            ? answerRun(plaintext, &position, &decoder, &scratch, tools, &answered)
            : answerOne(plaintext, &position, &decoder, &scratch, tools, &answered)
        if let end { return end }
    }
    return .incomplete(needed: 1)
}

/// Runs the requests of the scratch's run, which begins at `position`; why the batch ends there, if it does.
private func answerRun(
    _ plaintext: borrowing ByteBuffer,
    _ position: inout Int,
    _ decoder: inout RequestDecoder,
    _ scratch: inout Scratch,
    _ tools: borrowing BatchTools,
    _ answered: inout Int
) -> BatchEnd? {
    let context = scratch.context
    let session = context.session
    let isAuthenticated = session.rights.isAuthenticated
    let start = position
    let bytes = plaintext.span.extracting(start..<plaintext.count)
    if scratch.run.count > 1, isAuthenticated { context.keyspace.prefetch(scratch.run, bytes) }
    for index in 0..<scratch.run.count {
        tools.dispatch.run(scratch.run.request(index, in: bytes), context)
        position = start + scratch.run.end(of: index)
        decoder.encoding = session.encoding
        answered += 1
        if session.unansweredCommands == 0 || !session.leavesUnanswered() {
            let identifier = scratch.run.identifier(index, in: bytes)
            encode(scratch.context.reply, session.encoding, identifier, .alone, &scratch.output)
        }
        if session.closesAfterReply { return .closing }
        if scratch.output.count >= tools.limits.replyBatchBytes { return .full }
        // The rest was read under the limits of who this no longer is.
        if session.rights.isAuthenticated != isAuthenticated { return nil }
    }
    return nil
}

/// Decodes and runs the request at `position`; why the batch ends there, if it does.
private func answerOne(
    _ plaintext: borrowing ByteBuffer,
    _ position: inout Int,
    _ decoder: inout RequestDecoder,
    _ scratch: inout Scratch,
    _ tools: borrowing BatchTools,
    _ answered: inout Int
) -> BatchEnd? {
    let context = scratch.context
    let session = context.session
    let outcome = decoder.decode(
        plaintext.span,
        from: position,
        into: &scratch.frame,
        catalog: tools.catalog,
        limits: tools.limits,
        isAuthenticated: session.rights.isAuthenticated,
        json: tools.jsonParser
    )
    switch outcome {
    case .incomplete(let needed): return .incomplete(needed: needed)
    case .skipped(let consumed):
        position += consumed
        return nil
    case .request(let consumed):
        let range = position..<(position + consumed)
        execute(plaintext, range, scratch.frame, tools.dispatch, context)
        position += consumed
        decoder.encoding = session.encoding
    case .emptyBatch(let consumed):
        position += consumed
        answered += 1
        scratch.output.append("[]\n")
        return scratch.output.count >= tools.limits.replyBatchBytes ? .full : nil
    case .rejected(let error, let consumed):
        position += consumed
        context.reply.reset()
        context.reply.error(error)
        session.breakTransaction()
        if error.code.row.closes { session.closesAfterReply = true }
    }
    answered += 1
    if session.unansweredCommands != 0, session.leavesUnanswered() {
        return session.closesAfterReply ? .closing : nil
    }
    encode(context.reply, session.encoding, scratch.frame, &scratch.output)
    if session.closesAfterReply {
        decoder.endBatch(into: &scratch.output)
        return .closing
    }
    return scratch.output.count >= tools.limits.replyBatchBytes ? .full : nil
}

/// What a batch reads and never changes.
struct BatchTools: ~Copyable {
    let dispatch: Dispatch
    let catalog: CommandCatalog
    let limits: Limits
    let jsonParser: LineJSONParser
}

private func execute(
    _ plaintext: borrowing ByteBuffer,
    _ range: Range<Int>,
    _ frame: borrowing RequestFrame,
    _ dispatch: borrowing Dispatch,
    _ context: CommandContext
) {
    if frame.usesScratch {
        dispatch.run(Request(bytes: frame.scratch.span, ranges: frame.ranges.span), context)
    } else {
        let bytes = plaintext.span.extracting(range)
        dispatch.run(Request(bytes: bytes, ranges: frame.ranges.span), context)
    }
}

private func encode(
    _ reply: borrowing Reply,
    _ encoding: WireEncoding,
    _ frame: borrowing RequestFrame,
    _ output: inout ByteBuffer
) {
    encode(reply, encoding, frame.identifier.span, frame.place, &output)
}

@inline(__always)
private func encode(
    _ reply: borrowing Reply,
    _ encoding: WireEncoding,
    _ identifier: Span<UInt8>,
    _ place: BatchPlace,
    _ output: inout ByteBuffer
) {
    ReplyEncoder.encode(reply, as: encoding, identifier: identifier, place: place, into: &output)
}
