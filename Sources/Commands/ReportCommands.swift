// STATUS and METRICS: the server in full for programs, and in figures for collectors.
internal import Access
internal import Core
internal import Keyspace
internal import Synchronization

let reportCommands: [Command] = [
    Command(
        CommandSpec(
            "STATUS",
            group: .server,
            arguments: [ArgumentSpec("section", .bytes, optional: true, repeated: true)],
            category: .information,
            complexity: "O(N) with N limits",
            summary: "Everything about this server, or the sections that are named.",
            reply: .map(.any)
        ),
        status
    ),
    Command(
        CommandSpec(
            "METRICS",
            group: .server,
            arguments: [
                ArgumentSpec("prometheus", .flag, token: "PROMETHEUS", optional: true),
                ArgumentSpec("metric", .bytes, optional: true, repeated: true),
            ],
            category: .information,
            complexity: "O(N) with N metrics",
            summary:
                "The server in figures, or those that are named: a map, or text as Prometheus reads it.",
            reply: .oneOf([.map(.any), .verbatim])
        ),
        metrics
    ),
]

private func metrics(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    let isText = request.count > 1 && request[1].isWord("PROMETHEUS")
    let first = isText ? 2 : 1
    var wanted: [Metric] = first < request.count ? [] : MetricTable.metrics
    for index in first..<max(first, request.count) {
        let name = Printable.text(request[index], maxBytes: 64)
        guard let metric = MetricTable.metrics.first(where: { $0.name == name }) else {
            throw ServerError(.invalidRequest, "no metric is called '\(name)'")
        }
        wanted.append(metric)
    }
    if isText { return context.reply.verbatim(MetricTable.exposition(wanted, context)) }
    context.reply.map(wanted.count)
    for metric in wanted { write(metric, context) }
}

private func write(_ metric: Metric, _ context: CommandContext) {
    context.reply.string(metric.name)
    let samples = metric.samples(context)
    if metric.label.isEmpty { return context.reply.integer(samples.first?.value ?? 0) }
    context.reply.map(samples.count)
    for sample in samples { pair(sample.label, sample.value, context) }
}

/// A part of STATUS: its name, and what writes its value.
private struct Part: Sendable {
    var name: String
    var write: @Sendable (CommandContext) -> Void
}

private let parts = [
    Part(name: "version") { $0.reply.string(ServerFacts.version) },
    Part(name: "id") { $0.reply.string($0.facts.identifier) },
    Part(name: "uptime_seconds") { $0.reply.integer($0.facts.uptimeSeconds($0.now)) },
    Part(name: "draining") { $0.reply.boolean($0.facts.isDrainingNow) },
    Part(name: "overload_level") { $0.reply.string($0.facts.overloadLevel.name) },
    Part(name: "requests") { $0.reply.integer($0.facts.requests.load(ordering: .relaxed)) },
    Part(name: "clients") { write(clients($0), $0) },
    Part(name: "memory") { write(memory($0), $0) },
    Part(name: "keyspace") { write(keyspace($0), $0) },
    Part(name: "loops", write: loops), Part(name: "limits", write: limits),
]

private func status(
    _ request: borrowing Request,
    _ context: CommandContext
) throws(ServerError) {
    var wanted: [Part] = request.count > 1 ? [] : parts
    for index in 1..<max(1, request.count) {
        let name = Printable.text(request[index], maxBytes: 64)
        guard let part = parts.first(where: { $0.name == name.lowercased() }) else {
            throw ServerError(.invalidRequest, "no section is called '\(name)'")
        }
        wanted.append(part)
    }
    context.reply.map(wanted.count)
    for part in wanted {
        context.reply.string(part.name)
        part.write(context)
    }
}

private func clients(_ context: CommandContext) -> [(String, Int64)] {
    let facts = context.facts
    return [
        ("open", Int64(facts.openConnections.load(ordering: .relaxed))),
        ("websockets", Int64(facts.webSockets.load(ordering: .relaxed))),
        ("authenticated", Int64(facts.authenticatedClients.load(ordering: .relaxed))),
        ("max", Int64(facts.maxClients.load(ordering: .relaxed))),
        ("made", Int64(facts.connectionsMade.load(ordering: .relaxed))),
        ("handshakes", Int64(facts.handshakes.load(ordering: .relaxed))),
        ("resumed_handshakes", Int64(facts.resumedHandshakes.load(ordering: .relaxed))),
    ]
}

private func memory(_ context: CommandContext) -> [(String, Int64)] {
    let allocator = context.facts.allocator()
    return [
        ("allocated_bytes", Int64(allocator.allocatedBytes)),
        ("resident_bytes", Int64(allocator.residentBytes)),
        ("connection_bytes", Int64(context.facts.connectionBytes.load(ordering: .relaxed))),
        ("keyspace_bytes", Int64(context.keyspace.memory.bytes)),
        ("keyspace_max_bytes", Int64(context.keyspace.maxMemoryBytes)),
    ]
}

private func keyspace(_ context: CommandContext) -> [(String, Int64)] {
    let memory = context.keyspace.memory
    return [
        ("keys", Int64(memory.keys)), ("expiring_keys", Int64(memory.volatileKeys)),
        ("evicted_keys", Int64(context.keyspace.evictedKeys)),
        ("out_of_memory_refusals", Int64(context.keyspace.memoryRefusals)),
    ]
}

@Sendable
private func loops(_ context: CommandContext) {
    let loops = context.facts.loops(context.now)
    context.reply.list(loops.count)
    for loop in loops {
        context.reply.map(4)
        pair("connections", Int64(loop.connections), context)
        pair("lateness_ms", loop.latenessMilliseconds, context)
        pair("held_bytes", Int64(loop.heldBytes), context)
        pair("waiting_handshakes", Int64(loop.waitingHandshakes), context)
    }
}

/// Every limit with its value, and for those that count it, how often they have refused.
@Sendable
private func limits(_ context: CommandContext) {
    let counters = context.limiter.counters
    let rows = LimitTable.rows.map(\.name)
    let others = LimitName.allCases.map(\.rawValue).filter { !rows.contains($0) }
    context.reply.map(rows.count + others.count)
    for name in rows + others {
        let row = LimitTable.row(name)
        let counted = LimitName(rawValue: name)
        context.reply.string(name)
        context.reply.map((row == nil ? 0 : 1) + (counted == nil ? 0 : 2))
        if let row { pair("limit", valueInForce(row, context), context) }
        guard let counted else { continue }
        pair("refused", Int64(counters.refused(counted)), context)
        pair("shadowed", Int64(counters.shadowed(counted)), context)
    }
}

private func write(_ pairs: [(String, Int64)], _ context: CommandContext) {
    context.reply.map(pairs.count)
    for (name, value) in pairs { pair(name, value, context) }
}

private func pair(_ name: String, _ value: Int64, _ context: CommandContext) {
    context.reply.string(name)
    context.reply.integer(value)
}
