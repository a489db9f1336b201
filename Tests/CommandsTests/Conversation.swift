// A connection without a socket: bytes in pieces go in, the bytes of all replies come out.
import Access
import Core
import Keyspace
import Testing
import Wire

@testable import Commands

/// One connection of the server, as its loop drives it.
struct Conversation {
    var encoding: WireEncoding
    var limits = Limits()
    /// The token that the connection has presented; nil for none.
    var token: String? = "root"

    /// What answers `input`, of which the first bytes arrive up to each of `cuts` in turn, then the rest.
    ///
    /// The second value tells whether the connection was ended.
    func replies(
        to input: [UInt8],
        cuts: some Sequence<Int> = []
    ) throws -> (bytes: [UInt8], isClosed: Bool) {
        let context = try makeContext()
        let dispatch = Dispatch()
        let json = LineJSONParser(maxDepth: limits.maxJSONDepth)
        var decoder = RequestDecoder(encoding: encoding)
        var frame = RequestFrame()
        var output = ByteBuffer()
        var position = 0
        for end in Array(cuts) + [input.count] {
            let visible = Array(input[..<end])
            reading: while position < visible.count {
                let outcome = decoder.decode(
                    visible.span,
                    from: position,
                    into: &frame,
                    catalog: CommandTable.catalog,
                    limits: limits,
                    isAuthenticated: context.session.rights.isAuthenticated,
                    json: json
                )
                switch outcome {
                case .incomplete: break reading
                case .skipped(let consumed):
                    position += consumed
                    continue
                case .emptyBatch(let consumed):
                    position += consumed
                    output.append("[]\n")
                    continue
                case .request(let consumed):
                    let rest = Array(visible[position..<(position + consumed)])
                    Self.run(Bench.arguments(frame, rest), dispatch, context)
                    position += consumed
                    decoder.encoding = context.session.encoding
                case .rejected(let error, let consumed):
                    position += consumed
                    context.reply.reset()
                    context.reply.error(error)
                    context.session.breakTransaction()
                    if error.code.row.closes { context.session.closesAfterReply = true }
                }
                ReplyEncoder.encode(
                    context.reply,
                    as: context.session.encoding,
                    identifier: frame.identifier.span,
                    place: frame.place,
                    into: &output
                )
                if context.session.closesAfterReply {
                    decoder.endBatch(into: &output)
                    return (output.withBytes { Array($0) }, true)
                }
            }
        }
        return (output.withBytes { Array($0) }, false)
    }

    private static func run(
        _ arguments: [[UInt8]],
        _ dispatch: Dispatch,
        _ context: CommandContext
    ) {
        var ranges: [ArgumentRange] = []
        var bytes: [UInt8] = []
        for argument in arguments {
            ranges.append(ArgumentRange(start: bytes.count, end: bytes.count + argument.count))
            bytes += argument
        }
        dispatch.run(Request(bytes: bytes.span, ranges: ranges.span), context)
    }

    private func makeContext() throws -> CommandContext {
        let tokens = try TokenSet(Credentials.entries, catalog: CommandTable.catalog)
        let context = CommandContext(
            keyspace: Keyspace(limits: limits, seed: 7),
            authority: TokenAuthority(tokens),
            facts: ServerFacts(identifier: "3f0e7a52-0000-4000-8000-000000000001"),
            limits: limits,
            session: Session(identifier: 1, encoding: encoding),
            now: Moment(unixMilliseconds: Bench.start, monotonicMilliseconds: 0)
        )
        if let token {
            let words = ["AUTH", Credentials.of(token)].map { Array($0.utf8) }
            Self.run(words, Dispatch(), context)
            try #require(context.session.rights.isAuthenticated)
        }
        return context
    }
}
