// RESUME, POSITION: going on with a channel where one left off.
internal import Access
internal import Core
internal import PubSub

let resumeCommands: [Command] = [
    Command(
        CommandSpec(
            "RESUME",
            aliases: ["CONTINUE"],
            group: .pubsub,
            arguments: [
                ArgumentSpec("channel", .bytes), ArgumentSpec("position", .bytes, optional: true),
            ],
            category: .pubsub,
            flags: .forSubscribers,
            complexity: "O(N) with N messages missed",
            summary:
                "Subscribes to a channel that keeps messages: those behind epoch:offset first.",
            reply: .map(.oneOf([.bytes, .boolean, .integer])),
            errors: [.syntax]
        ),
        resume
    ),
    Command(
        CommandSpec(
            "POSITION",
            group: .pubsub,
            arguments: [ArgumentSpec("channel", .bytes)],
            category: .pubsub,
            flags: .forSubscribers,
            summary: "The epoch:offset of a channel's last message; nil if it keeps none.",
            reply: .oneOf([.bytes, .null])
        ),
        position
    ),
]

private func resume(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    try checkChannel(request, context)
    if !context.session.takesPushes {
        throw ServerError(.invalidRequest, "a connection of HTTP cannot be sent messages")
    }
    var place: Position?
    if request.count == 3 {
        guard let given = Position(request[2]) else { throw .syntax }
        place = given
    }
    let number = context.session.identifier
    let channel = Topic(request[1])
    if context.subscriptions.isSubscribed(number, to: channel, .channel) {
        throw ServerError(.invalidRequest, "the connection is subscribed to the channel already")
    }
    let limit = context.limits.maxSubscriptions
    if context.session.subscriptionCount >= limit {
        throw ServerError(.tooLong, "subscriptions above maxSubscriptions=\(limit)")
    }
    let now = context.now.monotonicMilliseconds
    guard
        let resumed = context.subscriptions.resume(number, channel, from: place, now: now)
    else {
        throw ServerError(.invalidRequest, "the channel keeps no messages: see --retain")
    }
    countSubscriptions(context)
    let end = resumed.position.offset
    context.session.tellsOffsets = true
    // Without messages it ends what an earlier one may have left.
    context.session.replays.append(
        Replay(channel, behind: end - UInt64(resumed.missed), upTo: end)
    )
    tell(resumed, channel, context)
}

private func tell(_ resumed: Resumption, _ channel: Topic, _ context: CommandContext) {
    context.reply.map(5)
    context.reply.string("channel")
    context.reply.bytes(channel.bytes.span)
    context.reply.string("recovered")
    context.reply.boolean(resumed.isRecovered)
    context.reply.string("epoch")
    context.reply.string(resumed.position.epoch)
    context.reply.string("offset")
    context.reply.integer(Int64(clamping: resumed.position.offset))
    context.reply.string("missed")
    context.reply.integer(resumed.missed)
}

private func position(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    try checkChannel(request, context)
    if let position = context.subscriptions.exchange.position(of: Topic(request[1])) {
        context.reply.string(position.text)
    } else {
        context.reply.null()
    }
}

private func checkChannel(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    guard let token = context.session.token else { throw ServerError(.unauthenticated) }
    try checkLength(request[1], context)
    if !token.maySubscribe(to: request[1]) { throw noChannel }
}
