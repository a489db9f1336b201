// LIMITS and EXPLAIN: what is left of each limit, and which rule would refuse somebody.
internal import Access
internal import Core
internal import Synchronization

let limitCommands: [Command] = [
    Command(
        CommandSpec(
            "LIMITS",
            group: .server,
            arguments: [ArgumentSpec("name", .bytes, optional: true, repeated: true)],
            category: .open,
            flags: .withoutToken,
            complexity: "O(N) with N limits",
            summary:
                "Each limit, or those named, and what is left for the caller: its token, or its address.",
            reply: .map(.map(.any))
        ),
        limits
    ),
    Command(
        CommandSpec(
            "EXPLAIN",
            group: .server,
            arguments: [ArgumentSpec("subject", .bytes), ArgumentSpec("command", .bytes)],
            category: .admin,
            complexity: "O(N) with N listed blocks of addresses",
            summary:
                "The first rule that would refuse an address or a token a command now; it changes nothing.",
            reply: .map(.any)
        ),
        explain
    ),
]

/// One limit as LIMITS tells it.
private struct ToldLimit {
    var name: String
    var limit: Int64
    var unit: LimitUnit?
    var budget: LimitBudget?
}

private func limits(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let all = allLimits(context)
    var told: [ToldLimit] = []
    for index in 1..<max(1, request.count) {
        let name = Printable.text(request[index], maxBytes: 64)
        guard let limit = all.first(where: { $0.name.lowercased() == name.lowercased() }) else {
            throw ServerError(
                .invalidRequest,
                "no limit is called '\(name)'; the nearest are \(LimitTable.nearest(name))"
            )
        }
        if !told.contains(where: { $0.name == limit.name }) { told.append(limit) }
    }
    if request.count == 1 { told = all }
    context.reply.map(told.count)
    for limit in told { describe(limit, &context.reply) }
}

/// The limits of the server, and those of the session's token; with budgets where the caller has one.
private func allLimits(_ context: CommandContext) -> [ToldLimit] {
    let now = context.now.monotonicMilliseconds
    var budgets: [LimitBudget] = []
    if let token = context.session.token {
        budgets = token.meter.budgets(token.rates, now: now)
    } else if let peer = context.session.peer {
        budgets = context.limiter.explain(peer, now: now).budgets
    }
    var told = budgets.map { budget in
        ToldLimit(
            name: budget.name.rawValue,
            limit: Int64(budget.limit),
            unit: unit(of: budget.name),
            budget: budget
        )
    }
    for row in LimitTable.rows where !told.contains(where: { $0.name == row.name }) {
        told.append(ToldLimit(name: row.name, limit: valueInForce(row, context), unit: row.unit))
    }
    return told
}

private func unit(of name: LimitName) -> LimitUnit {
    if let row = LimitTable.row(name.rawValue) { return row.unit }
    switch name {
    case .tokenConnections: return .count
    case .tokenBytesPerSecond: return .bytesPerSecond
    default: return .perSecond
    }
}

/// The value in force, which CONFIG SET may have changed.
func valueInForce(_ row: LimitRow, _ context: CommandContext) -> Int64 {
    switch row.name {
    case "maxClients": Int64(context.facts.maxClients.load(ordering: .relaxed))
    case "idleTimeoutMilliseconds":
        context.facts.idleTimeoutMilliseconds.load(ordering: .relaxed)
    default: row.value(in: context.limits)
    }
}

private func describe(_ told: ToldLimit, _ reply: inout Reply) {
    reply.string(told.name)
    reply.map(told.budget == nil ? 2 : 4)
    reply.string("limit")
    reply.integer(told.limit)
    reply.string("unit")
    reply.string(told.unit?.rawValue ?? "")
    guard let budget = told.budget else { return }
    reply.string("remaining")
    if budget.remaining == .max { reply.null() } else { reply.integer(budget.remaining) }
    reply.string("retry_after_ms")
    reply.integer(budget.retryAfterMilliseconds)
}

private func explain(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let name = Printable.text(request[2], maxBytes: 64)
    guard let index = CommandTable.catalog.index(of: request[2]) else {
        throw ServerError(.unknownCommand, "no command is called '\(name)'")
    }
    let subject = Printable.text(request[1], maxBytes: 64)
    let command = CommandTable.catalog.specs[index]
    Explanation(subject, command, index, context).write(&context.reply)
}
