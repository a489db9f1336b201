// GETRANGE, SETRANGE and LCS: parts of values.
internal import Core
internal import Keyspace

let rangeCommands: [Command] = [
    getRange("GETRANGE", "The part of a value between two offsets, both included."),
    getRange("SUBSTR", "The same as GETRANGE, which Redis once called so."),
    Command(
        CommandSpec(
            "SETRANGE",
            group: .string,
            arguments: [
                ArgumentSpec("key", .key), ArgumentSpec("offset", .integer),
                ArgumentSpec("value", .bytes),
            ],
            category: .write,
            flags: .growsMemory,
            complexity: "O(N) with N bytes",
            summary: "Writes over a value from an offset on; answers the new length in bytes.",
            reply: .integer,
            errors: [.notAnInteger, .keyTooLong, .valueTooLarge]
        ),
        setRange
    ),
    Command(
        CommandSpec(
            "LCS",
            group: .string,
            arguments: [
                ArgumentSpec("key1", .key),
                ArgumentSpec("key2", .key),
                ArgumentSpec("len", .flag, token: "LEN", optional: true),
                ArgumentSpec("idx", .flag, token: "IDX", optional: true),
                ArgumentSpec("minmatchlen", .integer, token: "MINMATCHLEN", optional: true),
                ArgumentSpec("withmatchlen", .flag, token: "WITHMATCHLEN", optional: true),
            ],
            category: .read,
            flags: [.laborious],
            complexity: "O(N*M) with N and M bytes",
            summary: "The longest subsequence that two values share, its length or where it is.",
            reply: .oneOf([.bytes, .integer, .map(.any)]),
            errors: [.syntax, .notAnInteger, .tooLong]
        ),
        longestCommonSubsequence
    ),
]

/// The row of GETRANGE, or of its older name.
private func getRange(_ name: String, _ summary: String) -> Command {
    Command(
        CommandSpec(
            name,
            group: .string,
            arguments: [
                ArgumentSpec("key", .key), ArgumentSpec("start", .integer),
                ArgumentSpec("end", .integer),
            ],
            category: .read,
            complexity: "O(N) with N bytes answered",
            summary: "\(summary) Negative ones count from the end.",
            reply: .bytes,
            errors: [.notAnInteger]
        )
    ) { request, context throws(ServerError) in
        let start = try integerArgument(request, 2)
        let end = try integerArgument(request, 3)
        let now = context.now.unixMilliseconds
        let isThere = context.keyspace.get(request[1], now: now) { value in
            context.reply.bytes(value.extracting(offsets(start, end, of: value.count)))
        }
        if !isThere { context.reply.bytes(Span()) }
    }
}

/// The part of a value of `count` bytes that GETRANGE with `start` and `end` means.
///
/// Source: Redis 7.0, GETRANGE; an end in front of the value counts as its first byte there.
private func offsets(_ start: Int64, _ end: Int64, of count: Int) -> Range<Int> {
    if start < 0, end < 0, start > end { return 0..<0 }
    let first = max(0, start < 0 ? Int(start) + count : Int(start))
    let last = min(count - 1, max(0, end < 0 ? Int(end) + count : Int(end)))
    return first > last ? 0..<0 : first..<last + 1
}

private func setRange(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let offset = try integerArgument(request, 2)
    if offset < 0 { throw ServerError(.invalidRequest, "offset is out of range") }
    let count = try context.keyspace.overwrite(
        request[1],
        from: Int(offset),
        with: request[3],
        now: context.now.unixMilliseconds
    )
    context.reply.integer(count)
}

/// The options of LCS, in any order.
///
/// Source: Redis 7.0, LCS.
private struct SubsequenceArguments {
    var answersLength = false
    var answersMatches = false
    var answersMatchLengths = false
    /// The fewest bytes of a match that is told.
    var minMatchLength = 0

    init(_ request: borrowing Request) throws(ServerError) {
        var index = 3
        while index < request.count {
            if request[index].isWord("LEN") {
                answersLength = true
            } else if request[index].isWord("IDX") {
                answersMatches = true
            } else if request[index].isWord("WITHMATCHLEN") {
                answersMatchLengths = true
            } else if request[index].isWord("MINMATCHLEN"), index + 1 < request.count {
                index += 1
                minMatchLength = Int(max(0, try integerArgument(request, index)))
            } else {
                throw .syntax
            }
            index += 1
        }
        if answersLength, answersMatches {
            throw ServerError(
                .syntax,
                "If you want both the length and indexes, please just use IDX."
            )
        }
    }
}

private func longestCommonSubsequence(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let arguments = try SubsequenceArguments(request)
    let values = try ValuePair(request, context)
    let shared = CommonSubsequence(
        values.bytes.span.extracting(first: values.firstCount),
        values.bytes.span.extracting(droppingFirst: values.firstCount),
        needsMatches: !arguments.answersLength
    )
    if arguments.answersLength {
        context.reply.integer(shared.count)
    } else if arguments.answersMatches {
        write(shared, arguments, &context.reply)
    } else {
        // Matches are found from the end on.
        var text = ByteBuffer(capacity: shared.count)
        for match in shared.matches.reversed() {
            let end = match.first + match.count
            text.append(values.bytes.span.extracting(match.first..<end))
        }
        context.reply.bytes(text.span)
    }
}

/// Two values as of one moment, one behind the other.
private struct ValuePair: ~Copyable {
    var bytes = ByteBuffer()
    var firstCount = 0

    /// Copies the values of arguments 1 and 2; throws if LCS of them is too much work.
    init(_ request: borrowing Request, _ context: CommandContext) throws(ServerError) {
        let limit = context.limits.maxLCSCells
        var copied = ByteBuffer()
        var counts: [Int] = []
        context.keyspace.getMany(
            Request(bytes: request.bytes, ranges: request.ranges.extracting(1..<3)),
            from: 0,
            now: context.now.unixMilliseconds
        ) { _, value in
            let other = counts.first ?? 1
            counts.append(value.count)
            // The locks are held: what is too large is not copied.
            if value.count <= limit / max(1, other) { copied.append(value) }
        }
        let (first, second) = (counts.first ?? 0, counts.last ?? 0)
        if first > 0, second > limit / first {
            throw ServerError(
                .tooLong,
                "values of \(first) and \(second) bytes: maxLCSCells allows a product of \(limit)"
            )
        }
        // With nothing there is nothing to share, and the other value may not have been copied.
        if first == 0 || second == 0 { return }
        bytes = copied
        firstCount = first
    }
}

/// Answers with the matches and their length in all.
private func write(
    _ shared: CommonSubsequence,
    _ arguments: SubsequenceArguments,
    _ reply: inout Reply
) {
    let matches = shared.matches.filter { $0.count >= arguments.minMatchLength }
    reply.map(2)
    reply.string("matches")
    reply.list(matches.count)
    for match in matches {
        reply.list(arguments.answersMatchLengths ? 3 : 2)
        for start in [match.first, match.second] {
            reply.list(2)
            reply.integer(start)
            reply.integer(start + match.count - 1)
        }
        if arguments.answersMatchLengths { reply.integer(match.count) }
    }
    reply.string("len")
    reply.integer(shared.count)
}
