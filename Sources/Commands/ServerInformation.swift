// What INFO tells, section by section.
//
// Source: Redis 7.0, INFO: the names of sections and fields that clients and tools look for.
internal import Access
internal import Core
internal import Keyspace
internal import PubSub
internal import Synchronization

enum ServerInformation {
    private struct Section: Sendable {
        var name: String
        var fields: @Sendable (CommandContext) -> [(String, String)]
    }

    /// The sections of these names, lower case, or all of them where there is none.
    static func text(_ names: Set<String>, _ context: CommandContext) -> String {
        let wantsAll = names.isEmpty || !names.isDisjoint(with: ["all", "default", "everything"])
        var parts: [String] = []
        for section in sections where wantsAll || names.contains(section.name.lowercased()) {
            let lines = section.fields(context).map { "\($0):\($1)\r\n" }
            parts.append("# \(section.name)\r\n" + lines.joined())
        }
        return parts.joined(separator: "\r\n")
    }

    private static let sections = [
        Section(name: "Server", fields: server), Section(name: "Clients", fields: clients),
        Section(name: "Memory", fields: memory), Section(name: "Persistence", fields: persistence),
        Section(name: "Stats", fields: stats), Section(name: "Replication", fields: replication),
        Section(name: "Limits", fields: limits), Section(name: "Cluster", fields: cluster),
        Section(name: "Keyspace", fields: keyspace),
    ]

    private static func server(_ context: CommandContext) -> [(String, String)] {
        let uptime = context.facts.uptimeSeconds(context.now)
        return [
            ("redis_version", ServerFacts.redisVersion), ("redis_mode", "standalone"),
            ("server_name", "sallyport"), ("sallyport_version", ServerFacts.version),
            ("arch_bits", "\(Int.bitWidth)"), ("run_id", context.facts.identifier),
            ("server_time_usec", "\(context.now.unixMilliseconds * 1000)"),
            ("draining", context.facts.isDraining.load(ordering: .relaxed) ? "1" : "0"),
            ("uptime_in_seconds", "\(uptime)"), ("uptime_in_days", "\(uptime / 86400)"),
        ]
    }

    private static func clients(_ context: CommandContext) -> [(String, String)] {
        let facts = context.facts
        return [
            ("connected_clients", "\(facts.openConnections.load(ordering: .relaxed))"),
            ("authenticated_clients", "\(facts.authenticatedClients.load(ordering: .relaxed))"),
            ("maxclients", "\(facts.maxClients.load(ordering: .relaxed))"),
            ("blocked_clients", "0"),
        ]
    }

    private static func memory(_ context: CommandContext) -> [(String, String)] {
        let allocator = context.facts.allocator()
        return [
            ("used_memory", "\(allocator.allocatedBytes)"),
            ("used_memory_rss", "\(allocator.residentBytes)"),
            ("used_memory_dataset", "\(context.keyspace.memory.bytes)"),
            ("maxmemory", "\(context.keyspace.maxMemoryBytes)"),
            ("maxmemory_policy", context.keyspace.evictionPolicy.name),
            ("mem_allocator", "jemalloc"),
        ]
    }

    private static func persistence(_ context: CommandContext) -> [(String, String)] {
        [("loading", "0"), ("rdb_bgsave_in_progress", "0"), ("aof_enabled", "0")]
    }

    private static func stats(_ context: CommandContext) -> [(String, String)] {
        let facts = context.facts
        return [
            ("total_connections_received", "\(facts.connectionsMade.load(ordering: .relaxed))"),
            ("total_tls_handshakes", "\(facts.handshakes.load(ordering: .relaxed))"),
            ("resumed_tls_handshakes", "\(facts.resumedHandshakes.load(ordering: .relaxed))"),
            ("total_commands_processed", "\(facts.requests.load(ordering: .relaxed))"),
            ("pubsub_channels", "\(context.subscriptions.exchange.channelCount)"),
            ("pubsub_patterns", "\(context.subscriptions.exchange.patternCount)"),
            ("messages_published", "\(context.subscriptions.exchange.publishedCount)"),
            ("messages_delivered", "\(context.subscriptions.exchange.deliveredCount)"),
            ("messages_lost", "\(context.subscriptions.exchange.lostCount)"),
            ("key_observations", "\(context.subscriptions.exchange.observationCount)"),
            ("retained_messages", "\(context.subscriptions.exchange.retainedCount)"),
            ("retained_message_bytes", "\(context.subscriptions.exchange.retainedBytes)"),
            ("evicted_keys", "\(context.keyspace.evictedKeys)"),
            ("out_of_memory_refusals", "\(context.keyspace.memoryRefusals)"),
        ]
    }

    private static func replication(_ context: CommandContext) -> [(String, String)] {
        [("role", "master"), ("connected_slaves", "0")]
    }

    /// What is refused, and why: each limit that has refused since the start, and each that would have.
    private static func limits(_ context: CommandContext) -> [(String, String)] {
        let facts = context.facts
        let counters = context.limiter.counters
        var fields = [
            ("overload_level", facts.overloadLevel.name),
            ("connection_buffer_bytes", "\(facts.connectionBytes.load(ordering: .relaxed))"),
        ]
        for limit in LimitName.allCases {
            let refused = counters.refused(limit)
            let shadowed = counters.shadowed(limit)
            if refused > 0 { fields.append(("refused_\(limit.rawValue)", "\(refused)")) }
            if shadowed > 0 { fields.append(("would_refuse_\(limit.rawValue)", "\(shadowed)")) }
        }
        return fields
    }

    private static func cluster(_ context: CommandContext) -> [(String, String)] {
        [("cluster_enabled", "0")]
    }

    private static func keyspace(_ context: CommandContext) -> [(String, String)] {
        let memory = context.keyspace.memory
        if memory.keys == 0 { return [] }
        return [("db0", "keys=\(memory.keys),expires=\(memory.volatileKeys),avg_ttl=0")]
    }
}
