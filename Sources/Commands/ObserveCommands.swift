// OBSERVE, UNOBSERVE: what happens to keys, as pushes.
internal import Access
internal import Core
public import PubSub
internal import Synchronization

let observeCommands: [Command] = [
    Command(
        CommandSpec(
            "OBSERVE",
            group: .pubsub,
            arguments: [
                ArgumentSpec("values", .flag, token: "VALUES", optional: true),
                ArgumentSpec("events", .bytes, token: "EVENTS", optional: true),
                ArgumentSpec("pattern", .pattern, repeated: true),
            ],
            category: .pubsub,
            flags: [.forSubscribers, .notQueued],
            complexity: "O(N) with N patterns",
            summary:
                "Changes to keys that match come as pushes from now on; which, EVENTS set,del,... says.",
            reply: .integer,
            errors: [.syntax]
        ),
        observe
    ),
    Command(
        CommandSpec(
            "UNOBSERVE",
            group: .pubsub,
            arguments: [ArgumentSpec("pattern", .pattern, optional: true, repeated: true)],
            category: .pubsub,
            flags: [.forSubscribers, .notQueued],
            complexity: "O(N) with N patterns",
            summary: "No more changes to keys of these patterns, or of any if none is given.",
            reply: .integer
        ),
        unobserve
    ),
]

private func observe(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    try requireNoTransaction(request, context)
    if !context.session.takesPushes {
        throw ServerError(.invalidRequest, "a connection of HTTP cannot be sent messages")
    }
    let (options, patterns) = try readArguments(request, context)
    let number = context.session.identifier
    let fresh = Set(patterns.filter { !context.subscriptions.isObserving(number, $0) }).count
    let limit = context.limits.maxObservedPatterns
    if context.session.observedCount + fresh > limit {
        throw ServerError(.tooLong, "observed patterns above maxObservedPatterns=\(limit)")
    }
    let all = context.limits.maxObservedPatternsInAll
    if context.subscriptions.exchange.observationCount + fresh > all {
        throw ServerError(
            .tooLong,
            "observed patterns of all connections above maxObservedPatternsInAll=\(all)"
        )
    }
    for pattern in patterns { context.subscriptions.observe(number, pattern, options) }
    countObserved(context)
    context.reply.integer(context.session.observedCount)
}

/// The options and the patterns of a request; options may stand before the patterns or behind them.
private func readArguments(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) -> (ObserveOptions, [Topic]) {
    var options = ObserveOptions()
    var patterns: [Topic] = []
    let limit = context.limits.maxChannelBytes
    var index = 1
    while index < request.count {
        if request[index].isWord("VALUES") {
            options.hasValues = true
        } else if request[index].isWord("EVENTS") {
            index += 1
            if index == request.count { throw .syntax }
            options.kinds = try readKinds(request[index])
        } else {
            if request[index].count > limit {
                throw ServerError(.tooLong, "pattern above maxChannelBytes=\(limit) bytes")
            }
            patterns.append(Topic(request[index]))
        }
        index += 1
    }
    if patterns.isEmpty { throw .wrongArity("OBSERVE") }
    return (options, patterns)
}

/// The kinds that a list such as `set,del` names.
private func readKinds(_ list: Span<UInt8>) throws(ServerError) -> KeyChangeKinds {
    var kinds: KeyChangeKinds = []
    var start = 0
    for index in 0...list.count where index == list.count || list[index] == UInt8(ascii: ",") {
        guard let kind = KeyChangeKind(named: list.extracting(start..<index)) else {
            throw .syntax
        }
        kinds.insert(KeyChangeKinds(kind))
        start = index + 1
    }
    return kinds
}

private func unobserve(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    try requireNoTransaction(request, context)
    let number = context.session.identifier
    if request.count == 1 { context.subscriptions.unobserveAll(number) }
    for index in 1..<max(1, request.count) {
        context.subscriptions.unobserve(number, Topic(request[index]))
    }
    countObserved(context)
    context.reply.integer(context.session.observedCount)
}

/// Beginning and ending to observe takes the locks of all shards, some of which EXEC holds.
private func requireNoTransaction(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    if !context.session.isQueueing { return }
    throw ServerError(.invalidRequest, "OBSERVE and UNOBSERVE inside MULTI are not allowed")
}

/// Has the session say how many patterns its connection observes.
func countObserved(_ context: CommandContext) {
    let count = context.subscriptions.observedCount(of: context.session.identifier)
    context.session.observedCount = count
    context.session.record.observed.store(count, ordering: .relaxed)
}

extension Session {
    /// Whether what happened to `key` may be told to the connection, now.
    public func mayObserve(_ key: Span<UInt8>) -> Bool {
        if rights.readsEverything { return true }
        return token?.mayRead(key) ?? false
    }

    /// What may be told to the connection of the dropping of all keys that begin with `prefix`: the
    /// prefixes of those among them that it may read.
    public func observablePrefixes(within prefix: Topic) -> [Topic] {
        if rights.readsEverything { return [prefix] }
        return token?.readablePrefixes(within: prefix.bytes.span).map { Topic($0.span) } ?? []
    }

    /// Whether the token permits that the connection observes keys, if it does.
    public var mayGoOnObserving: Bool {
        observedCount == 0 || rights.commands.contains(Session.observeCommand)
    }

    private static let observeCommand = CommandTable.catalog.index(of: "OBSERVE") ?? 0
}
