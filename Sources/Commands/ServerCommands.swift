// WHO, WHERE, WHY, ADD: the questions the server was first made for.
internal import Core
internal import Synchronization

let serverCommands: [Command] = [
    Command(
        CommandSpec(
            "WHO",
            group: .server,
            category: .information,
            summary: "The number of authenticated clients now connected, the asker included.",
            reply: .integer
        ),
        who
    ),
    Command(
        CommandSpec(
            "WHERE",
            group: .server,
            category: .information,
            summary: "The UUID of this server.",
            reply: .bytes
        ),
        whereAmI
    ),
    Command(
        CommandSpec(
            "WHY",
            group: .server,
            category: .information,
            summary: "The answer: 42.",
            reply: .integer
        ),
        why
    ),
    Command(
        CommandSpec(
            "ADD",
            group: .server,
            arguments: [ArgumentSpec("a", .integer), ArgumentSpec("b", .integer)],
            category: .information,
            summary: "The sum of two 64-bit integers.",
            reply: .integer,
            errors: [.notAnInteger, .overflow]
        ),
        add
    ),
]

private func who(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    context.reply.integer(context.facts.authenticatedClients.load(ordering: .relaxed))
}

private func whereAmI(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    context.reply.string(context.facts.identifier)
}

private func why(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    context.reply.integer(42)
}

private func add(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let left = try integerArgument(request, 1)
    let right = try integerArgument(request, 2)
    let (sum, overflows) = left.addingReportingOverflow(right)
    if overflows {
        throw ServerError(.overflow, "the sum of \(left) and \(right) does not fit 64 bits")
    }
    context.reply.integer(sum)
}
