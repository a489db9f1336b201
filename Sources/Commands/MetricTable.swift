// THE table of metrics: from it come METRICS in every encoding, and the exposition format of Prometheus.
internal import Access
internal import Core
internal import Keyspace
internal import PubSub
internal import Synchronization

/// One metric: everything about it, and where its value is.
struct Metric: Sendable {
    /// What Prometheus calls the two kinds that there are.
    enum Kind: String, Sendable {
        /// Only ever grows, from the start of the server.
        case counter
        /// Goes up and down.
        case gauge
    }

    /// One value; `label` tells it from the others of the metric, and is empty where there is one only.
    struct Sample: Equatable, Sendable {
        var label = ""
        var value: Int64
    }

    let name: String
    let kind: Kind
    /// What it tells, in one sentence.
    let help: String
    /// What its values differ in; empty where there is one only.
    let label: String
    let samples: @Sendable (CommandContext) -> [Sample]

    /// Makes a metric of one value.
    init(
        _ name: String,
        _ kind: Kind,
        _ help: String,
        _ value: @escaping @Sendable (CommandContext) -> Int
    ) {
        self.name = name
        self.kind = kind
        self.help = help
        label = ""
        samples = { [Sample(value: Int64(value($0)))] }
    }

    /// Makes a metric of a value for each of several things.
    init(
        _ name: String,
        _ kind: Kind,
        by label: String,
        _ help: String,
        _ samples: @escaping @Sendable (CommandContext) -> [Sample]
    ) {
        self.name = name
        self.kind = kind
        self.help = help
        self.label = label
        self.samples = samples
    }
}

enum MetricTable {
    static let metrics: [Metric] =
        clientMetrics + loopMetrics + memoryMetrics + keyspaceMetrics + messageMetrics
        + limitMetrics

    private static let clientMetrics = [
        Metric("sallyport_uptime_seconds", .gauge, "Seconds since the start.") { context in
            Int(context.facts.uptimeSeconds(context.now))
        },
        Metric("sallyport_clients", .gauge, "Open connections.") {
            $0.facts.openConnections.load(ordering: .relaxed)
        },
        Metric(
            "sallyport_authenticated_clients",
            .gauge,
            "Open connections whose token was accepted."
        ) { $0.facts.authenticatedClients.load(ordering: .relaxed) },
        Metric("sallyport_websockets", .gauge, "Open connections that are WebSockets.") {
            $0.facts.webSockets.load(ordering: .relaxed)
        },
        Metric("sallyport_clients_max", .gauge, "Connections that there may be at once.") {
            $0.facts.maxClients.load(ordering: .relaxed)
        },
        Metric("sallyport_connections_total", .counter, "Connections made.") {
            $0.facts.connectionsMade.load(ordering: .relaxed)
        },
        Metric("sallyport_requests_total", .counter, "Requests answered.") {
            $0.facts.requests.load(ordering: .relaxed)
        },
        Metric("sallyport_handshakes_total", .counter, "TLS handshakes completed.") {
            $0.facts.handshakes.load(ordering: .relaxed)
        },
        Metric(
            "sallyport_resumed_handshakes_total",
            .counter,
            "TLS handshakes completed by resuming a session."
        ) { $0.facts.resumedHandshakes.load(ordering: .relaxed) },
    ]

    private static let loopMetrics = [
        Metric(
            "sallyport_overload_level",
            .gauge,
            "The rung of the overload ladder, 0 (normal) to 3 (only established clients)."
        ) { Int($0.facts.overloadLevel.rawValue) },
        Metric("sallyport_draining", .gauge, "1 while the server shuts down.") {
            $0.facts.isDrainingNow ? 1 : 0
        },
        byLoop("sallyport_loop_connections", "Connections of a loop.") { Int64($0.connections) },
        byLoop("sallyport_loop_lateness_milliseconds", "How late a loop is for its tick.") {
            $0.latenessMilliseconds
        },
        byLoop("sallyport_loop_waiting_handshakes", "TLS hellos that wait for their turn.") {
            Int64($0.waitingHandshakes)
        },
    ]

    private static let memoryMetrics = [
        Metric("sallyport_memory_allocated_bytes", .gauge, "Bytes that the program holds.") {
            $0.facts.allocator().allocatedBytes
        },
        Metric("sallyport_memory_resident_bytes", .gauge, "Bytes of physical memory in use.") {
            $0.facts.allocator().residentBytes
        },
        Metric(
            "sallyport_connection_memory_bytes",
            .gauge,
            "Bytes in the buffers of all connections."
        ) { $0.facts.connectionBytes.load(ordering: .relaxed) },
    ]

    private static let keyspaceMetrics = [
        Metric("sallyport_keys", .gauge, "Keys.") { $0.keyspace.memory.keys },
        Metric("sallyport_expiring_keys", .gauge, "Keys that expire.") {
            $0.keyspace.memory.volatileKeys
        },
        Metric("sallyport_keyspace_bytes", .gauge, "Bytes that keys and values take.") {
            $0.keyspace.memory.bytes
        },
        Metric(
            "sallyport_keyspace_max_bytes",
            .gauge,
            "Bytes that keys and values may take; 0 is no limit."
        ) { $0.keyspace.maxMemoryBytes },
        Metric("sallyport_evicted_keys_total", .counter, "Keys evicted for others.") {
            $0.keyspace.evictedKeys
        },
        Metric(
            "sallyport_out_of_memory_total",
            .counter,
            "Requests refused because the keyspace was full."
        ) { $0.keyspace.memoryRefusals },
    ]

    private static let messageMetrics = [
        Metric("sallyport_messages_published_total", .counter, "Messages published.") {
            $0.subscriptions.exchange.publishedCount
        },
        Metric(
            "sallyport_messages_delivered_total",
            .counter,
            "Messages given to subscriptions, each counted once for each."
        ) { $0.subscriptions.exchange.deliveredCount },
        Metric(
            "sallyport_messages_lost_total",
            .counter,
            "Messages that slow subscribers lost."
        ) { $0.subscriptions.exchange.lostCount },
        Metric("sallyport_subscribed_channels", .gauge, "Channels with a subscriber.") {
            $0.subscriptions.exchange.channelCount
        },
        Metric("sallyport_subscribed_patterns", .gauge, "Patterns with a subscriber.") {
            $0.subscriptions.exchange.patternCount
        },
        Metric("sallyport_observations", .gauge, "Patterns of keys observed, of all connections.") {
            $0.subscriptions.exchange.observationCount
        },
        Metric(
            "sallyport_undelivered_message_bytes",
            .gauge,
            "Bytes of messages that wait for the loop which has the most of them."
        ) { $0.subscriptions.exchange.undeliveredBytes },
        Metric("sallyport_retained_messages", .gauge, "Messages that channels keep.") {
            $0.subscriptions.exchange.retainedCount
        },
        Metric("sallyport_retained_message_bytes", .gauge, "Bytes that kept messages take.") {
            $0.subscriptions.exchange.retainedBytes
        },
    ]

    private static let limitMetrics = [
        byLimit("sallyport_limit_refusals_total", "What a limit has refused.") { $0.refused($1) },
        byLimit(
            "sallyport_limit_shadowed_total",
            "What a limit would have refused, had it been enforced."
        ) { $0.shadowed($1) },
    ]

    private static func byLoop(
        _ name: String,
        _ help: String,
        _ value: @escaping @Sendable (LoopState) -> Int64
    ) -> Metric {
        Metric(name, .gauge, by: "loop", help) { context in
            context.facts.loops(context.now).enumerated().map { number, loop in
                Metric.Sample(label: "\(number)", value: value(loop))
            }
        }
    }

    private static func byLimit(
        _ name: String,
        _ help: String,
        _ value: @escaping @Sendable (LimitCounters, LimitName) -> Int
    ) -> Metric {
        Metric(name, .counter, by: "limit", help) { context in
            LimitName.allCases.map { limit in
                let count = value(context.limiter.counters, limit)
                return Metric.Sample(label: limit.rawValue, value: Int64(count))
            }
        }
    }

    /// `metrics` in the text exposition format, version 0.0.4.
    ///
    /// Source: Prometheus, exposition formats. Helps and labels are ours, and hold nothing to be escaped.
    static func exposition(_ metrics: [Metric], _ context: CommandContext) -> String {
        var text = ""
        for metric in metrics {
            text += "# HELP \(metric.name) \(metric.help)\n# TYPE \(metric.name) \(metric.kind)\n"
            for sample in metric.samples(context) {
                let label = metric.label.isEmpty ? "" : "{\(metric.label)=\"\(sample.label)\"}"
                text += "\(metric.name)\(label) \(sample.value)\n"
            }
        }
        return text
    }
}
