// OBJECT: what Redis clients ask of how a value is kept.
internal import Core
internal import Keyspace

private let objectHelp = [
    "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "ENCODING <key>",
    "    Return the kind of internal representation that Redis would use to store the",
    "    value associated with a <key>.",
    "FREQ <key>",
    "    Return an error: the frequency of access is not tracked.",
    "IDLETIME <key>",
    "    Return the seconds since the value associated with the <key> was last used.",
    "REFCOUNT <key>",
    "    Return the number of references of the value associated with the specified",
    "    <key>, which is 1.",
    "HELP",
    "    Prints this help.",
]

/// Answers what clients of Redis ask; asking is no use of the key.
///
/// The time of the last use is kept, the number of uses is not. Source: Redis 7.0, OBJECT.
func object(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let subcommand = request[1]
    if subcommand.isWord("HELP") {
        if request.count != 2 { throw .wrongArity("object|help") }
        context.reply.list(objectHelp.count)
        for line in objectHelp { context.reply.string(line) }
    } else if subcommand.isWord("ENCODING") {
        try describe("encoding", request, context) { value, _, reply in
            reply.string(encoding(value))
        }
    } else if subcommand.isWord("IDLETIME") {
        try describe("idletime", request, context) { _, idle, reply in
            // Rounded, since the time is exact to 64 milliseconds.
            reply.integer((idle + 32) / 1000)
        }
    } else if subcommand.isWord("REFCOUNT") {
        try describe("refcount", request, context) { _, _, reply in reply.integer(1) }
    } else if subcommand.isWord("FREQ") {
        if request.count != 3 { throw .wrongArity("object|freq") }
        if context.keyspace.contains(request[2], now: context.now.unixMilliseconds) {
            throw noFrequency
        }
        context.reply.missingKey()
    } else {
        let name = Printable.text(subcommand, maxBytes: 128)
        throw ServerError(.syntax, "unknown subcommand '\(name)'. Try OBJECT HELP.")
    }
}

private let noFrequency = ServerError(
    .invalidRequest,
    "An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when "
        + "switching between policies at runtime LRU and LFU data will take some time to adjust."
)

/// Answers with what `body` says of the key's value, or that there is no such key.
private func describe(
    _ subcommand: String,
    _ request: borrowing Request,
    _ context: CommandContext,
    _ body: (_ value: Span<UInt8>, _ idleMilliseconds: Int64, inout Reply) -> Void
) throws(ServerError) {
    if request.count != 3 { throw .wrongArity("object|\(subcommand)") }
    let now = context.now.unixMilliseconds
    let isThere = context.keyspace.inspect(request[2], now: now) {
        body($0, $1, &context.reply)
    }
    if !isThere { context.reply.missingKey() }
}

/// What Redis would store `value` as: a number, in one block with its header, or in a block of its own.
private func encoding(_ value: Span<UInt8>) -> String {
    if DecimalInteger.parse(value) != nil { return "int" }
    // Source: Redis, OBJ_ENCODING_EMBSTR_SIZE_LIMIT.
    return value.count <= 44 ? "embstr" : "raw"
}
