// Scripts of rules on namespaces: what is refused, and what expires by default.
import Core

private func rule(
    _ prefix: String,
    keys: Int? = nil,
    bytes: Int? = nil,
    ttl: Int? = nil
) -> NamespaceRule {
    NamespaceRule(
        prefix: Array(prefix.utf8),
        maxKeys: keys,
        maxBytes: bytes,
        defaultTTLSeconds: ttl
    )
}

private func full(_ prefix: String, _ limit: String) -> Answer {
    .error(.namespaceFull, "namespace '\(prefix)' is full: its limit is \(limit)")
}

private let noKeys = full("q^", "keys=2")
private let noBytes = full("q^", "bytes=20")

let quotaScripts: [Script] = [
    Script(
        "A namespace of two keys",
        rules: [rule("q^", keys: 2)],
        .run("SET q^a 1", .ok),
        .run("SET q^b^c 2", .ok),
        .run("SET q^d 3", noKeys),
        .run("SET q^d 3 NX", noKeys),
        .run("SET q^d 3 XX", .null),
        .run("APPEND q^d 3", noKeys),
        .run("INCR q^d", noKeys),
        .run("DECR q^d", noKeys),
        .run("INCRBY q^d 1", noKeys),
        .run("DECRBY q^d 1", noKeys),
        .run("MSET q^a 4 q^d 5", noKeys),
        .run("MSET other 4 q^d 5", noKeys),
        .run("EXISTS other q^d", .integer(0)),
        .run("SET other 6", .ok),
        .run("RENAME other q^d", noKeys),
        .run("RENAMENX other q^d", noKeys),
        .run("COPY other q^d", noKeys),
        .run("GET other", .text("6")),
        .run("MSET q^a 7 q^b^c 8 qq^d 9", .ok),
        .run("RENAME q^a q^d", .ok),
        .run("RENAME other q^d", .ok),
        .run("COPY q^d q^b^c REPLACE", .integer(1)),
        .run("DEL q^b^c", .integer(1)),
        .run("INCR q^e", .integer(1)),
        .run("INCR q^e", .integer(2)),
        .run("INCR q^f", noKeys),
        .run("DROP q^", .integer(2)),
        .run("MSET q^1 1 q^2 2", .ok),
        .run("FLUSHALL", .ok),
        .run("MSET q^1 1 q^2 2", .ok),
        .run("MSET q^3 1 q^3 2", noKeys)
    ),
    Script(
        "A namespace of twenty bytes",
        rules: [rule("q^", bytes: 20)],
        .run("SET q^a 12345", .ok),
        .run("SET q^b 1234567890", noBytes),
        .run("SET q^b 123456789", .ok),
        .run("APPEND q^b 0", noBytes),
        .run("APPEND q^b ''", .integer(9)),
        .run("SET q^a 1234", .ok),
        .run("APPEND q^b 0", .integer(10)),
        .run("SET q^a 12345", noBytes),
        .run("GET q^a", .text("1234")),
        .run("MSET q^a 123 q^b 12345678901", .ok),
        .run("MSET q^a 1234 q^b 1234567890", .ok),
        .run("MSET q^a 12345 q^b 1234567890", noBytes),
        .run("RENAME q^a q^longer", noBytes),
        .run("RENAME q^a q^c", .ok),
        .run("COPY q^c q^d", noBytes),
        .run("DEL q^b", .integer(1)),
        .run("SET q^n 9999", .ok),
        .run("SET q^m 1", .ok),
        .run("APPEND q^m 12", .integer(3)),
        .run("INCR q^n", noBytes),
        .run("GET q^n", .text("9999"))
    ),
    Script(
        "Rules within rules",
        rules: [rule("q^", keys: 3), rule("q^1^", keys: 2, ttl: 10), rule("q^1^t^", ttl: 5)],
        .run("MSET q^1^a 1 q^1^b 2", .ok),
        .run("SET q^1^t^c 3", full("q^1^", "keys=2")),
        .run("SET q^a 3", .ok),
        .run("SET q^b 4", full("q^", "keys=3")),
        .run("RENAME q^a q^1^c", full("q^1^", "keys=2")),
        .run("RENAME q^1^a q^b", .ok),
        .run("RENAME q^1^b q^1^t^b", .ok),
        .run("SET q^1^a 5", full("q^", "keys=3")),
        .run("DEL q^b", .integer(1)),
        .run("SET q^1^a 5", .ok),
        .run("TTL q^1^a", .integer(10)),
        .run("SET q^1^t^b 5", .ok),
        .run("TTL q^1^t^b", .integer(5)),
        .run("TTL q^a", .integer(-1))
    ),
    Script(
        "Keys expire by default",
        rules: [rule("s^", ttl: 60)],
        .run("MSET s^a 1 a 1", .ok),
        .run("TTL s^a", .integer(60)),
        .run("TTL a", .integer(-1)),
        .wait(1000),
        .run("SET s^a 2 KEEPTTL", .ok),
        .run("TTL s^a", .integer(59)),
        .run("APPEND s^a 3", .integer(2)),
        .run("INCR s^a", .integer(24)),
        .run("TTL s^a", .integer(59)),
        .run("SET s^a 2", .ok),
        .run("TTL s^a", .integer(60)),
        .run("SET s^a 2 EX 100", .ok),
        .run("TTL s^a", .integer(100)),
        .run("SET s^b 2 EX 100 NX", .ok),
        .run("TTL s^b", .integer(100)),
        .run("SET s^c 2 KEEPTTL", .ok),
        .run("TTL s^c", .integer(60)),
        .run("SET s^c 2 XX", .ok),
        .run("TTL s^c", .integer(60)),
        .run("PERSIST s^c", .integer(1)),
        .run("TTL s^c", .integer(-1)),
        .run("INCR s^d", .integer(1)),
        .run("TTL s^d", .integer(60)),
        .run("APPEND s^e x", .integer(1)),
        .run("TTL s^e", .integer(60)),
        .run("COPY a s^f", .integer(1)),
        .run("TTL s^f", .integer(60)),
        .run("RENAME a s^g", .ok),
        .run("TTL s^g", .integer(60)),
        .run("RENAME s^a b", .ok),
        .run("TTL b", .integer(100)),
        .wait(60_000),
        .run("EXISTS s^d s^e s^f s^g", .integer(0)),
        .run("EXISTS s^b s^c b", .integer(3))
    ),
]
