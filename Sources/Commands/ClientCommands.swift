// CLIENT: what a connection says of itself, and who else is there.
//
// Source: Redis 7.2, CLIENT, error texts included.
internal import Core
internal import Synchronization

let clientCommand = Command(
    CommandSpec(
        "CLIENT",
        group: .connection,
        arguments: [
            ArgumentSpec("subcommand", .bytes),
            ArgumentSpec("argument", .bytes, optional: true, repeated: true),
        ],
        category: .information,
        complexity: "O(N) with N clients for LIST and KILL, else O(1)",
        summary: "ID, GETNAME, SETNAME, SETINFO, INFO, REPLY, NO-EVICT, NO-TOUCH; "
            + "LIST and KILL for who may run CONFIG.",
        reply: .oneOf([.status, .integer, .bytes, .verbatim, .null, .list(.bytes)]),
        errors: [.syntax, .notAnInteger]
    ),
    client
)

private let helpLines = [
    "CLIENT <subcommand> [<arg> [value] ...]. Subcommands are:",
    "ID - the number of this connection.",
    "GETNAME, SETNAME <name> - the name of this connection.",
    "SETINFO LIB-NAME|LIB-VER <value> - the client library of this connection.",
    "INFO - this connection in a line.",
    "LIST [TYPE normal|pubsub] [ID <id> ...] - all connections, or some, a line each.",
    "KILL <ip:port> or KILL ID|ADDR|USER|TYPE|SKIPME <value> ... - closes connections.",
    "REPLY ON|OFF|SKIP - whether commands are answered.",
    "NO-EVICT, NO-TOUCH ON|OFF - accepted; no connection is evicted, and every use of a key counts.",
    "HELP - this.",
]

private func client(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let count = request.count
    let session = context.session
    if request[1].isWord("ID") {
        try requireArity(request, count == 2)
        context.reply.integer(session.identifier)
    } else if request[1].isWord("GETNAME") {
        try requireArity(request, count == 2)
        let name = session.clientName
        if name.isEmpty { context.reply.null() } else { context.reply.string(name) }
    } else if request[1].isWord("SETNAME") {
        try requireArity(request, count == 3)
        session.clientName = try clientName(request[2])
        context.reply.ok()
    } else if request[1].isWord("SETINFO") {
        try requireArity(request, count == 4)
        try setInfo(request, session)
        context.reply.ok()
    } else if request[1].isWord("INFO") {
        try requireArity(request, count == 2)
        context.reply.verbatim(ClientLine.text(session.record, context) + "\n")
    } else if request[1].isWord("LIST") {
        try requireAdministrator(context, "client|list")
        try listClients(request, context)
    } else if request[1].isWord("KILL") {
        try requireArity(request, count >= 3)
        try requireAdministrator(context, "client|kill")
        try killClients(request, context)
    } else if request[1].isWord("REPLY") {
        try requireArity(request, count == 3)
        try setReplies(request, context)
    } else if request[1].isWord("NO-EVICT") || request[1].isWord("NO-TOUCH") {
        try requireArity(request, count == 3)
        if !request[2].isWord("ON"), !request[2].isWord("OFF") { throw .syntax }
        context.reply.ok()
    } else if request[1].isWord("HELP") {
        try requireArity(request, count == 2)
        context.reply.list(helpLines.count)
        for line in helpLines { context.reply.string(line) }
    } else {
        throw unknownSubcommand(request)
    }
}

/// A connection's name: printable ASCII without spaces, and at most 64 bytes of it.
func clientName(_ bytes: Span<UInt8>) throws(ServerError) -> String {
    if !isPlain(bytes) {
        throw ServerError(
            .invalidRequest,
            "Client names cannot contain spaces, newlines or special characters."
        )
    }
    return Printable.text(bytes, maxBytes: 64)
}

private func isPlain(_ bytes: Span<UInt8>) -> Bool {
    for index in 0..<bytes.count where bytes[index] <= 0x20 || bytes[index] >= 0x7F {
        return false
    }
    return true
}

private func setInfo(_ request: borrowing Request, _ session: Session) throws(ServerError) {
    let isName = request[2].isWord("LIB-NAME")
    if !isName, !request[2].isWord("LIB-VER") {
        let option = Printable.text(request[2], maxBytes: 64)
        throw ServerError(.invalidRequest, "Unrecognized option '\(option)'")
    }
    if !isPlain(request[3]) {
        let option = Printable.text(request[2], maxBytes: 64)
        throw ServerError(
            .invalidRequest,
            "\(option) cannot contain spaces, newlines or special characters."
        )
    }
    let value = Printable.text(request[3], maxBytes: 64)
    session.record.details.withLock { details in
        if isName { details.libraryName = value } else { details.libraryVersion = value }
    }
}

private func setReplies(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    if request[2].isWord("ON") {
        context.session.unansweredCommands = 0
    } else if request[2].isWord("OFF") {
        context.session.unansweredCommands = .max
    } else if request[2].isWord("SKIP") {
        // This one and the next; where nothing is answered, that stays so.
        if context.session.unansweredCommands == 0 { context.session.unansweredCommands = 2 }
    } else {
        throw .syntax
    }
    context.reply.ok()
}

private func listClients(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    var chosen: Set<Int>?
    if request.count == 4, request[2].isWord("TYPE") {
        let type = try ClientType(request[3])
        let records = type == .replication ? [] : context.facts.clients.all
        chosen = Set(
            records.filter { $0.isSubscriber == (type == .subscriber) }.map(\.identifier)
        )
    } else if request.count > 3, request[2].isWord("ID") {
        chosen = []
        for index in 3..<request.count {
            guard let identifier = DecimalInteger.parse(request[index]), identifier > 0 else {
                throw ServerError(.invalidRequest, "Invalid client ID")
            }
            chosen?.insert(Int(identifier))
        }
    } else if request.count != 2 {
        throw .syntax
    }
    var text = ""
    for record in context.facts.clients.all where chosen?.contains(record.identifier) ?? true {
        text += ClientLine.text(record, context) + "\n"
    }
    context.reply.verbatim(text)
}

/// One connection as CLIENT LIST shows it: names and values that clients split at spaces and `=`.
enum ClientLine {
    static func text(_ record: ClientRecord, _ context: CommandContext) -> String {
        let now = context.now.unixMilliseconds
        let details = record.details.withLock { $0 }
        let queued = record.queuedCommands.load(ordering: .relaxed)
        // Of the connection that asks, the last command is the one that asks.
        let isOwn = record.identifier == context.session.identifier
        let command =
            isOwn ? context.lastCommand : record.lastCommand.load(ordering: .relaxed)
        let specs = CommandTable.catalog.specs
        let encoding = record.encoding.load(ordering: .relaxed)
        let carrier = SessionCarrier(rawValue: record.carrier.load(ordering: .relaxed))
        let fields: [(String, String)] = [
            ("id", "\(record.identifier)"),
            ("addr", details.address),
            ("name", details.name),
            ("age", seconds(since: record.madeAt, now)),
            ("idle", seconds(since: record.lastSeen.load(ordering: .relaxed), now)),
            ("flags", flags(record, isQueueing: queued >= 0)),
            ("db", "0"), ("sub", "\(record.channels.load(ordering: .relaxed))"),
            ("psub", "\(record.patterns.load(ordering: .relaxed))"), ("ssub", "0"),
            ("multi", "\(queued)"),
            // What clients turn into numbers without asking whether it is there; none of it is kept.
            ("qbuf", "0"), ("qbuf-free", "0"), ("argv-mem", "0"), ("multi-mem", "0"),
            ("obl", "0"), ("oll", "0"), ("omem", "0"), ("tot-mem", "0"), ("events", "r"),
            ("cmd", specs.indices.contains(command) ? specs[command].name.lowercased() : "NULL"),
            ("user", details.tokenName), ("redir", "-1"),
            ("resp", encoding == WireEncoding.resp3.rawValue ? "3" : "2"),
            ("encoding", carrier?.name ?? WireEncoding(rawValue: encoding).map { "\($0)" } ?? ""),
            ("lib-name", details.libraryName), ("lib-ver", details.libraryVersion),
        ]
        return fields.map { "\($0)=\($1)" }.joined(separator: " ")
    }

    /// Source: Redis 7.0, CLIENT LIST: `P` for a subscriber, `x` in a transaction, `N` for neither.
    private static func flags(_ record: ClientRecord, isQueueing: Bool) -> String {
        let flags = (record.isSubscriber ? "P" : "") + (isQueueing ? "x" : "")
        return flags.isEmpty ? "N" : flags
    }

    private static func seconds(since start: Int64, _ now: Int64) -> String {
        "\(max(0, now - start) / 1000)"
    }
}
