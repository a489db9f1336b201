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
        .run("METRICS nosuch", unknown("metric")),
        .begin("reader"),
        .run(
            "METRICS",
            .error(.forbidden, "User reader has no permissions to run the 'metrics' command")
        )
    ),
]
