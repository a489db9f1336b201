// The one chain that every request walks: known, arity, authenticated, permitted, within memory, then its
// handler.
internal import Access
public import Core
internal import Keyspace

/// Runs requests.
///
/// The order of the checks is the order of the lines in `check`.
public struct Dispatch: Sendable {
    /// What the chain reads of a row: plain bits and a function, so that reading it retains nothing.
    private struct Row: Sendable {
        var minimumCount: Int
        var maximumCount: Int
        // Bits and not flags: a constant of another module costs a call each time.
        var needsToken: Bool
        var isNotQueued: Bool
        var closes: Bool
        /// Whether the flags say so: at hand without a call, since every request asks.
        var growsMemory: Bool
        /// Whether it is refused where the server is overloaded.
        var isLowPriority: Bool
        /// What the command does with any of its keys.
        var keyAccess: KeyAccess.RawValue
        var keys: KeyPositions
        /// Whether it may look at or change keys, whether or not its arguments name them.
        var touchesKeys: Bool
        /// What a token must be permitted to run it, and which of its rates it pays.
        var category: CommandCategory
        // In a struct of its own type the function is called directly, and not through a generic thunk.
        var handler: CommandHandler
    }

    private let rows: [Row]
    private let catalog: CommandCatalog

    /// Makes the chain over the command table.
    public init() {
        catalog = CommandTable.catalog
        rows = CommandTable.commands.map { command in
            let spec = command.spec
            return Row(
                minimumCount: spec.minimumCount,
                maximumCount: spec.maximumCount ?? .max,
                needsToken: !spec.flags.contains(.withoutToken),
                isNotQueued: spec.flags.contains(.notQueued),
                closes: spec.flags.contains(.closes),
                growsMemory: spec.flags.contains(.growsMemory),
                isLowPriority: spec.isLowPriority,
                keyAccess: spec.keyAccess.rawValue,
                keys: spec.keyPositions,
                touchesKeys: [.read, .write, .admin].contains(spec.category),
                category: spec.category,
                handler: command.handler
            )
        }
    }

    /// Runs `request` and leaves exactly one reply, or an error, on the context's tape.
    ///
    /// - Returns: The code of the error, if it is one.
    @discardableResult
    public func run(
        _ request: borrowing Request,
        _ context: CommandContext
    ) -> ErrorCode? {
        #if SALLYPORT_PLANT
        Plant.request()
        #endif
        context.reply.reset()
        var isAccepted = false
        do throws(ServerError) {
            let index = try check(request, context)
            if context.session.isConfined, try isPutAside(request, index, context) { return nil }
            isAccepted = true
            context.lastCommand = index
            try rows[index].handler(request, context)
            if rows[index].closes { context.session.closesAfterReply = true }
            if context.reply.isTooLong { throw replyTooLong(context) }
            return nil
        } catch {
            // What a handler had written before it threw is not part of the answer.
            context.reply.reset()
            context.reply.error(error)
            if !isAccepted, !isPutOff(request, error) { context.session.breakTransaction() }
            if error.code.row.closes { context.session.closesAfterReply = true }
            return error.code
        }
    }

    /// Holds `request` against all that is held against those that are run, and charges for it.
    ///
    /// For what is answered without a command, such as the ping of a WebSocket. Errors: as of the command
    /// itself before it begins.
    public func admit(
        _ request: borrowing Request,
        _ context: CommandContext
    ) throws(ServerError) {
        context.lastCommand = try check(request, context)
    }

    /// Whether the command is queued and not run, in a session where that can be; throws for a RESP2
    /// subscriber that may not run it.
    ///
    /// Source: Redis 7.0, processCommand.
    @inline(never)
    private func isPutAside(
        _ request: borrowing Request,
        _ index: Int,
        _ context: CommandContext
    ) throws(ServerError) -> Bool {
        let session = context.session
        if session.isRESP2Subscriber, !context.isExecuting,
            !catalog.specs[index].flags.contains(.forSubscribers)
        {
            let name = catalog.specs[index].name.lowercased()
            throw ServerError(
                .invalidRequest,
                "Can't execute '\(name)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
                    + "are allowed in this context"
            )
        }
        if !session.isQueueing || rows[index].isNotQueued { return false }
        let growth = rows[index].growsMemory ? Dispatch.growth(by: request) : 0
        try session.queue(request, index, growth, context.limits)
        context.reply.status("QUEUED")
        return true
    }

    @inline(never)
    private func makeRoom(
        for request: borrowing Request,
        _ context: CommandContext
    ) throws(ServerError) {
        try context.makeRoom(for: Dispatch.growth(by: request))
    }

    /// Bytes that `request` brings: its arguments, and 32 for each, which is what an entry and its slot in
    /// the table take beside a key and a value.
    @inline(never)
    private static func growth(by request: borrowing Request) -> Int {
        var bytes = 0
        for index in 1..<request.count { bytes += request[index].count + 32 }
        return bytes
    }

    /// Whether the request is one that is never queued, such as EXEC, and may be sent again later: then
    /// nothing is missing from the transaction.
    private func isPutOff(_ request: borrowing Request, _ error: ServerError) -> Bool {
        guard error.code == .rateLimited, request.count > 0 else { return false }
        guard let index = catalog.index(of: request[0]) else { return false }
        return rows[index].isNotQueued
    }

    /// Adds the keys that `request`, a command of number `index`, may read or change to `selection`.
    func select(
        _ request: borrowing Request,
        _ index: Int,
        _ keyspace: Keyspace,
        _ selection: inout KeySelection
    ) {
        let row = rows[index]
        if row.keyAccess == 0 {
            if row.touchesKeys { selection.insertAll() }
            return
        }
        for position in row.keys.among(request.count) {
            selection.insert(request[position], of: keyspace)
        }
    }

    /// The number of the request's command, if nothing speaks against running it.
    private func check(
        _ request: borrowing Request,
        _ context: CommandContext
    ) throws(ServerError) -> Int {
        let rights = context.session.rights
        if !rights.isAuthenticated {
            try checkRefusal(request, context)
            try chargeAddress(request, context)
        }
        guard request.count > 0, let index = catalog.index(of: request[0], after: &context.found)
        else {
            throw unknownCommand(request, context)
        }
        let count = request.count
        if count < rows[index].minimumCount || count > rows[index].maximumCount {
            throw .wrongArity(catalog.specs[index].name)
        }
        if rows[index].needsToken {
            if !rights.isAuthenticated { throw ServerError(.unauthenticated) }
            if !rights.commands.contains(index) { throw forbidden(index, context) }
            if rows[index].keyAccess & ~rights.reach != 0 {
                try checkKeys(request, index, context)
            }
        }
        if rows[index].isLowPriority, context.shedsLoad, !rights.hasReservedSlot {
            throw overloaded(context)
        }
        if rights.isMetered { try chargeToken(request, rows[index].category, context) }
        if rows[index].growsMemory, context.keyspace.hasMemoryLimit {
            try makeRoom(for: request, context)
        }
        return index
    }

    @inline(never)
    private func overloaded(_ context: CommandContext) -> ServerError {
        let refusal = LimitRefusal(limit: .overload)
        context.limiter.counters.count(.refused(refusal))
        return ServerError(
            .overloaded,
            "\(ErrorCode.overloaded.row.message): limit=\(refusal.limit.rawValue)",
            retryAfterMilliseconds: context.limits.busyRetryMilliseconds
        )
    }

    @inline(never)
    private func replyTooLong(_ context: CommandContext) -> ServerError {
        ServerError(
            .tooLong,
            "reply above maxReplyBytes=\(context.limits.maxReplyBytes) bytes: ask for less at a time"
        )
    }

    private func forbidden(_ index: Int, _ context: CommandContext) -> ServerError {
        let name = catalog.specs[index].name.lowercased()
        let holder = context.session.token?.name ?? ""
        return ServerError(
            .forbidden,
            "User \(holder) has no permissions to run the '\(name)' command"
        )
    }

    private func checkKeys(
        _ request: borrowing Request,
        _ index: Int,
        _ context: CommandContext
    ) throws(ServerError) {
        guard let token = context.session.token else { throw ServerError(.unauthenticated) }
        for position in rows[index].keys.among(request.count) {
            let key = request[position]
            let access = catalog.specs[index].keyAccess(at: position)
            let isRefused =
                access.contains(.read) && !token.mayRead(key)
                || access.contains(.write) && !token.mayWrite(key)
            if isRefused { throw ServerError(.forbidden, "No permissions to access a key") }
        }
    }

    /// Source: Redis 7.0, `processCommand`: the name and up to 128 bytes of arguments, quoted.
    private func unknownCommand(
        _ request: borrowing Request,
        _ context: CommandContext
    ) -> ServerError {
        if request.count == 0 { return ServerError(.unknownCommand) }
        let name = Printable.text(request[0], maxBytes: 128)
        // A peer without a token learns nothing of which commands there are.
        if context.session.token == nil { return ServerError(.unauthenticated) }
        var shown = ""
        for index in 1..<max(1, request.count) where shown.utf8.count < 128 {
            let limit = 128 - shown.utf8.count
            shown += "'\(Printable.text(request[index], maxBytes: limit))' "
        }
        return ServerError(
            .unknownCommand,
            "unknown command '\(name)', with args beginning with: \(shown)"
        )
    }
}
