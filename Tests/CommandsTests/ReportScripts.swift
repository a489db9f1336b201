// Scripts of STATUS and METRICS: their parts that are the same on every bench.
import Core

private func map(_ pairs: KeyValuePairs<String, Answer>) -> Answer {
    .map(pairs.map { .init(name: .text($0.key), value: $0.value) })
}

private func unknown(_ what: String) -> Answer {
    .error(.invalidRequest, "no \(what) is called 'nosuch'")
}

let reportScripts: [Script] = [
    Script(
        "STATUS",
        .run(
            "STATUS VERSION overload_level loops",
            map([
                "version": .text("1.0.0"), "overload_level": .text("normal"), "loops": .list([]),
            ])
        ),
        .run("STATUS uptime_seconds", map(["uptime_seconds": .integer(Bench.start / 1000)])),
        .run("STATUS version nosuch", unknown("section")),
        .begin("reader"),
        .run(
            "STATUS",
            .error(.forbidden, "User reader has no permissions to run the 'status' command")
        )
    ),
    Script(
        "METRICS",
        .run("SET a 1", .ok),
        .run("SET b 1 EX 10", .ok),
        .run(
            "METRICS sallyport_keys sallyport_expiring_keys sallyport_loop_connections",
            map([
                "sallyport_keys": .integer(2), "sallyport_expiring_keys": .integer(1),
                "sallyport_loop_connections": map([:]),
            ])
        ),
        .run(
            "METRICS PROMETHEUS sallyport_keys",
            .verbatim(
                Array(
                    "# HELP sallyport_keys Keys.\n# TYPE sallyport_keys gauge\nsallyport_keys 2\n"
                        .utf8
                )
            )
        ),
        .run("PUBLISH kept 12345", .integer(0)),
        .run("OBSERVE a b", .integer(2)),
        .begin("root"),
        .run(
            "METRICS sallyport_observations sallyport_retained_messages "
                + "sallyport_retained_message_bytes sallyport_subscribed_channels "
                + "sallyport_subscribed_patterns sallyport_undelivered_message_bytes",
            map([
                "sallyport_observations": .integer(2), "sallyport_retained_messages": .integer(1),
                "sallyport_retained_message_bytes": .integer(397),
                "sallyport_subscribed_channels": .integer(0),
                "sallyport_subscribed_patterns": .integer(0),
                "sallyport_undelivered_message_bytes": .integer(0),
            ])
        ),
        .run("METRICS nosuch", unknown("metric")),
        .begin("reader"),
        .run(
            "METRICS",
            .error(.forbidden, "User reader has no permissions to run the 'metrics' command")
        )
    ),
]
