// SUBSCRIBE, UNSUBSCRIBE, PSUBSCRIBE, PUNSUBSCRIBE, PUBLISH, PUBSUB, DELIVERY: messages between clients.
//
// Source: Redis 7.0, Pub/Sub, error texts included.
internal import Access
internal import Core
internal import PubSub
internal import Synchronization

let pubSubCommands: [Command] = [
    Command(
        CommandSpec(
            "SUBSCRIBE",
            group: .pubsub,
            arguments: [ArgumentSpec("channel", .bytes, repeated: true)],
            category: .pubsub,
            flags: .forSubscribers,
            complexity: "O(N) with N channels",
            summary: "Messages of these channels come as pushes from now on.",
            reply: .subscriptions
        )
    ) { request, context throws(ServerError) in
        try subscribe(request, .channel, context)
    },
    Command(
        CommandSpec(
            "UNSUBSCRIBE",
            group: .pubsub,
            arguments: [ArgumentSpec("channel", .bytes, optional: true, repeated: true)],
            category: .pubsub,
            flags: .forSubscribers,
            complexity: "O(N) with N channels",
            summary: "No more messages of these channels, or of any if none is named.",
            reply: .subscriptions
        )
    ) { request, context throws(ServerError) in
        unsubscribe(request, .channel, context)
    },
    Command(
        CommandSpec(
            "PSUBSCRIBE",
            group: .pubsub,
            arguments: [ArgumentSpec("pattern", .pattern, repeated: true)],
            category: .pubsub,
            flags: .forSubscribers,
            complexity: "O(N) with N patterns",
            summary: "Messages of all channels that match come as pushes from now on.",
            reply: .subscriptions
        )
    ) { request, context throws(ServerError) in
        try subscribe(request, .pattern, context)
    },
    Command(
        CommandSpec(
            "PUNSUBSCRIBE",
            group: .pubsub,
            arguments: [ArgumentSpec("pattern", .pattern, optional: true, repeated: true)],
            category: .pubsub,
            flags: .forSubscribers,
            complexity: "O(N) with N patterns",
            summary: "Ends subscriptions to these patterns, or to all if none is named.",
            reply: .subscriptions
        )
    ) { request, context throws(ServerError) in
        unsubscribe(request, .pattern, context)
    },
    Command(
        CommandSpec(
            "PUBLISH",
            group: .pubsub,
            arguments: [ArgumentSpec("channel", .bytes), ArgumentSpec("message", .bytes)],
            category: .pubsub,
            complexity: "O(N+M) with N subscribers and M patterns of all clients",
            summary: "Sends a message to all subscribers of a channel; how many there are.",
            reply: .integer,
            errors: [.overloaded]
        ),
        publish
    ),
    Command(
        CommandSpec(
            "PUBSUB",
            group: .pubsub,
            arguments: [
                ArgumentSpec("subcommand", .bytes),
                ArgumentSpec("argument", .bytes, optional: true, repeated: true),
            ],
            category: .pubsub,
            complexity: "O(N) with N channels",
            summary:
                "CHANNELS [pattern], NUMSUB [channel ...], NUMPAT, NUMOBS: who is subscribed to what.",
            reply: .oneOf([.integer, .list(.oneOf([.bytes, .integer]))])
        ),
        pubSub
    ),
    Command(
        CommandSpec(
            "DELIVERY",
            group: .pubsub,
            arguments: [ArgumentSpec("policy", .bytes, optional: true)],
            category: .pubsub,
            summary: "What becomes of messages that this connection does not take in time: "
                + "close, drop-oldest, latest.",
            reply: .oneOf([.status, .bytes]),
            errors: [.syntax]
        ),
        delivery
    ),
]

private func subscribe(
    _ request: borrowing Request,
    _ kind: TopicKind,
    _ context: CommandContext
) throws(ServerError) {
    guard let token = context.session.token else { throw ServerError(.unauthenticated) }
    if !context.session.takesPushes {
        throw ServerError(.invalidRequest, "a connection of HTTP cannot be sent messages")
    }
    let number = context.session.identifier
    var fresh = 0
    for index in 1..<request.count {
        try checkLength(request[index], context)
        let isPermitted =
            kind == .channel
            ? token.maySubscribe(to: request[index])
            : token.maySubscribe(toAllOf: request[index])
        if !isPermitted { throw noChannel }
        let topic = Topic(request[index])
        if !context.subscriptions.isSubscribed(number, to: topic, kind) { fresh += 1 }
    }
    let limit = context.limits.maxSubscriptions
    if fresh > 0, context.session.subscriptionCount + fresh > limit {
        throw ServerError(.tooLong, "subscriptions above maxSubscriptions=\(limit)")
    }
    announce(request.count - 1, context)
    for index in 1..<request.count {
        let topic = Topic(request[index])
        let count = context.subscriptions.subscribe(number, to: topic, kind)
        confirm(kind == .channel ? "subscribe" : "psubscribe", topic, count, context)
    }
    countSubscriptions(context)
    if !context.session.speaksRESP { context.reply.integer(context.session.subscriptionCount) }
}

private func unsubscribe(
    _ request: borrowing Request,
    _ kind: TopicKind,
    _ context: CommandContext
) {
    let number = context.session.identifier
    let word: StaticString = kind == .channel ? "unsubscribe" : "punsubscribe"
    var topics: [Topic] = []
    if request.count == 1 { topics = context.subscriptions.topics(of: number, kind) }
    for index in 1..<request.count { topics.append(Topic(request[index])) }
    announce(max(1, topics.count), context)
    for topic in topics {
        let count = context.subscriptions.unsubscribe(number, from: topic, kind)
        confirm(word, topic, count, context)
    }
    countSubscriptions(context)
    if topics.isEmpty { confirm(word, nil, context.session.subscriptionCount, context) }
    if !context.session.speaksRESP { context.reply.integer(context.session.subscriptionCount) }
}

/// Announces as many confirmations, where the encoding has them.
private func announce(_ count: Int, _ context: CommandContext) {
    if context.session.speaksRESP { context.reply.several(count) }
}

/// Confirms one subscription, or its end, as Redis does: by a push.
private func confirm(
    _ word: StaticString,
    _ topic: Topic?,
    _ count: Int,
    _ context: CommandContext
) {
    if !context.session.speaksRESP { return }
    context.reply.push(5)
    context.reply.string("\(word)")
    context.reply.string("channel")
    if let topic { context.reply.bytes(topic.bytes.span) } else { context.reply.null() }
    context.reply.string("count")
    context.reply.integer(count)
}

func countSubscriptions(_ context: CommandContext) {
    let number = context.session.identifier
    let channels = context.subscriptions.count(of: number, .channel)
    let patterns = context.subscriptions.count(of: number, .pattern)
    context.session.subscriptionCount = channels + patterns
    context.session.record.channels.store(channels, ordering: .relaxed)
    context.session.record.patterns.store(patterns, ordering: .relaxed)
}

let noChannel = ServerError(.forbidden, "No permissions to access a channel")

func checkLength(_ name: Span<UInt8>, _ context: CommandContext) throws(ServerError) {
    let limit = context.limits.maxChannelBytes
    if name.count > limit {
        throw ServerError(.tooLong, "channel above maxChannelBytes=\(limit) bytes")
    }
}

private func publish(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    guard let token = context.session.token else { throw ServerError(.unauthenticated) }
    try checkLength(request[1], context)
    if Topic.isReserved(request[1]) {
        throw ServerError(.forbidden, "channels that begin with $sys. are the server's own")
    }
    if !token.mayPublish(to: request[1]) { throw noChannel }
    let limit = context.limits.maxValueBytes
    if request[2].count > limit {
        throw ServerError(.tooLong, "message above maxValueBytes=\(limit) bytes")
    }
    try requireRoom(context)
    let receivers = context.subscriptions.publish(
        request[1],
        request[2],
        sender: token.name,
        now: context.now.monotonicMilliseconds
    )
    context.reply.integer(receivers)
}

/// Throws where more waits to be delivered than may.
func requireRoom(_ context: CommandContext) throws(ServerError) {
    let room = context.limits.maxUndeliveredBytes
    if context.subscriptions.exchange.undeliveredBytes > room {
        throw ServerError(
            .overloaded,
            "messages wait to be delivered: limit=maxUndeliveredBytes",
            retryAfterMilliseconds: 100
        )
    }
}

private func pubSub(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let exchange = context.subscriptions.exchange
    if request[1].isWord("CHANNELS") {
        try requireArity(request, request.count <= 3)
        var topics = exchange.channels()
        if request.count == 3 {
            let pattern = Topic(request[2])
            topics.removeAll { !Glob.matches($0.bytes.span, pattern: pattern.bytes.span) }
        }
        context.reply.list(topics.count)
        for topic in topics { context.reply.bytes(topic.bytes.span) }
    } else if request[1].isWord("NUMSUB") {
        context.reply.list(2 * (request.count - 2))
        for index in 2..<max(2, request.count) {
            context.reply.bytes(request[index])
            context.reply.integer(exchange.subscriberCount(Topic(request[index])))
        }
    } else if request[1].isWord("NUMPAT") {
        try requireArity(request, request.count == 2)
        context.reply.integer(exchange.patternCount)
    } else if request[1].isWord("NUMOBS") {
        try requireArity(request, request.count == 2)
        context.reply.integer(exchange.observedPatternCount)
    } else if request[1].isWord("HELP") {
        try requireArity(request, request.count == 2)
        context.reply.list(helpLines.count)
        for line in helpLines { context.reply.string(line) }
    } else {
        throw unknownSubcommand(request)
    }
}

private let helpLines = [
    "PUBSUB <subcommand> [<arg> ...]. Subcommands are:",
    "CHANNELS [<pattern>] - the channels that somebody is subscribed to.",
    "NUMOBS - how many different patterns of keys somebody observes.",
    "NUMPAT - how many different patterns somebody is subscribed to.",
    "NUMSUB [<channel> ...] - how many are subscribed to each channel itself.",
    "HELP - this.",
]

private func delivery(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    if request.count == 1 {
        return context.reply.string(context.session.deliveryPolicy.rawValue)
    }
    guard let policy = DeliveryPolicy(request[1]) else { throw .syntax }
    context.session.deliveryPolicy = policy
    context.reply.ok()
}

extension Session {
    /// Whether it speaks a version of RESP.
    var speaksRESP: Bool { encoding == .resp2 || encoding == .resp3 }
}

extension CommandContext {
    /// Ends all subscriptions of the session, without a word to its client, and forgets its policy.
    func endSubscriptions() {
        session.deliveryPolicy = .close
        session.tellsOffsets = false
        session.replays = []
        if !session.receivesPushes { return }
        subscriptions.remove(session.identifier)
        countSubscriptions(self)
        countObserved(self)
    }
}
