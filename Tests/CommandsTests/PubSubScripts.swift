// Scripts of SUBSCRIBE, PUBLISH and their like; a RESP2 subscriber can run little else, so others publish.
import Commands
import Core

private let noChannel = Answer.error(.forbidden, "No permissions to access a channel")
private let reserved = Answer.error(
    .forbidden,
    "channels that begin with $sys. are the server's own"
)

private func confirmed(_ kind: String, _ topic: String?, _ count: Int64) -> Answer {
    .several([.confirmed(kind, topic, count)])
}

let pubSubScripts: [Script] = [
    Script(
        "SUBSCRIBE and UNSUBSCRIBE",
        .run("SUBSCRIBE", .arity("subscribe")),
        .run("SUBSCRIBE a", confirmed("subscribe", "a", 1)),
        .run(
            "SUBSCRIBE b a",
            .several([.confirmed("subscribe", "b", 2), .confirmed("subscribe", "a", 2)])
        ),
        .run("UNSUBSCRIBE none", confirmed("unsubscribe", "none", 2)),
        .run("UNSUBSCRIBE b", confirmed("unsubscribe", "b", 1)),
        .run("UNSUBSCRIBE", confirmed("unsubscribe", "a", 0)),
        .run("UNSUBSCRIBE", confirmed("unsubscribe", nil, 0)),
        .run("PUBSUB CHANNELS", .list([]))
    ),
    Script(
        "PSUBSCRIBE and PUNSUBSCRIBE",
        .run("PSUBSCRIBE", .arity("psubscribe")),
        .run("SUBSCRIBE a", confirmed("subscribe", "a", 1)),
        .run(
            "PSUBSCRIBE a* b?",
            .several([.confirmed("psubscribe", "a*", 2), .confirmed("psubscribe", "b?", 3)])
        ),
        .run("PUNSUBSCRIBE a", confirmed("punsubscribe", "a", 3)),
        .run(
            "PUNSUBSCRIBE",
            .several([.confirmed("punsubscribe", "a*", 2), .confirmed("punsubscribe", "b?", 1)])
        ),
        .run("PUNSUBSCRIBE", confirmed("punsubscribe", nil, 1))
    ),
    Script(
        "PUBLISH and PUBSUB",
        .run("PUBLISH a", .arity("publish")),
        .run("PUBLISH a m", .integer(0)),
        .run(
            "SUBSCRIBE a b",
            .several([.confirmed("subscribe", "a", 1), .confirmed("subscribe", "b", 2)])
        ),
        .begin("root"),
        .run(
            "PSUBSCRIBE a* *",
            .several([.confirmed("psubscribe", "a*", 1), .confirmed("psubscribe", "*", 2)])
        ),
        .begin("root"),
        .run("PUBLISH a m", .integer(3)),
        .run("PUBLISH c m", .integer(1)),
        .run("PUBSUB", .arity("pubsub")),
        .run("PUBSUB CHANNELS", .texts("a", "b")),
        .run("PUBSUB channels [b-c]", .texts("b")),
        .run("PUBSUB CHANNELS a b", .arity("pubsub|channels")),
        .run("PUBSUB NUMSUB", .list([])),
        .run(
            "PUBSUB NUMSUB a none",
            .list([.text("a"), .integer(1), .text("none"), .integer(0)])
        ),
        .run("PUBSUB NUMPAT", .integer(2)),
        .run("PUBSUB NUMPAT x", .arity("pubsub|numpat")),
        .run(
            "PUBSUB NOSUCH",
            .error(.invalidRequest, "unknown subcommand 'NOSUCH'. Try PUBSUB HELP.")
        ),
        .run("PUBSUB CHANNELS none", .list([]))
    ),
    Script(
        "RESET ends subscriptions",
        .run("SUBSCRIBE a", confirmed("subscribe", "a", 1)),
        .run("RESET", .status("RESET")),
        .begin("root"),
        .run("PUBSUB CHANNELS", .list([])),
        .run("PUBLISH a m", .integer(0))
    ),
    Script(
        "channels are permitted one by one",
        .begin("listener"),
        .run("SUBSCRIBE news1 other", noChannel),
        .run("PUBSUB CHANNELS", .list([])),
        .run("PUBLISH news1 m", noChannel),
        .run("PUBLISH chat m", .integer(0)),
        .run(
            "SUBSCRIBE news1 x",
            .several([.confirmed("subscribe", "news1", 1), .confirmed("subscribe", "x", 2)])
        ),
        .run("PSUBSCRIBE news*", confirmed("psubscribe", "news*", 3)),
        .run("PSUBSCRIBE news?", confirmed("psubscribe", "news?", 4)),
        .run("PSUBSCRIBE *", noChannel),
        .run("PSUBSCRIBE x*", noChannel),
        .begin("listener"),
        .run("PSUBSCRIBE [ab]", confirmed("psubscribe", "[ab]", 1)),
        .run("PSUBSCRIBE a", noChannel),
        .begin("standard"),
        .run("SUBSCRIBE a", noChannel),
        .run("PUBLISH a m", noChannel),
        .begin("reader"),
        .run("SUBSCRIBE a", .noCommand("reader", "subscribe")),
        .run("PUBLISH a m", .noCommand("reader", "publish"))
    ),
    Script(
        "NOTIFY",
        .run("NOTIFY", .arity("notify")),
        .run("NOTIFY hello", .integer(0)),
        .run("SUBSCRIBE $sys.notify", confirmed("subscribe", "$sys.notify", 1)),
        .begin("root"),
        .run("PSUBSCRIBE *", confirmed("psubscribe", "*", 1)),
        .begin("root"),
        .run("NOTIFY hello", .integer(2)),
        .run("NOTIFY hello TYPE alert", .integer(2)),
        .run("NOTIFY hello DATA 7 TYPE alert", .integer(2)),
        .run("NOTIFY hello TYPE", .syntax),
        .run("NOTIFY hello TYPE a TYPE b", .syntax),
        .run("NOTIFY hello alert", .syntax),
        .run(
            "NOTIFY \(String(repeating: "m", count: 60)) TYPE 12345",
            .error(.tooLong, "notification above maxValueBytes=64 bytes")
        ),
        .begin("standard"),
        .run("NOTIFY hello", noChannel),
        .begin("reader"),
        .run("NOTIFY hello", .noCommand("reader", "notify"))
    ),
    Script(
        "the server's own channels",
        .run("PUBLISH $sys.gap m", reserved),
        .run("PUBLISH $sys. m", reserved),
        .run("PUBLISH $sys m", .integer(0)),
        .run("SUBSCRIBE $sys.gap", confirmed("subscribe", "$sys.gap", 1))
    ),
    Script(
        "subscriptions are bounded",
        .run(
            "SUBSCRIBE \(String(repeating: "c", count: 33))",
            .error(.tooLong, "channel above maxChannelBytes=32 bytes")
        ),
        .run(
            "PSUBSCRIBE \(String(repeating: "*", count: 33))",
            .error(.tooLong, "channel above maxChannelBytes=32 bytes")
        ),
        .run(
            "PUBLISH \(String(repeating: "c", count: 33)) m",
            .error(.tooLong, "channel above maxChannelBytes=32 bytes")
        ),
        .run(
            "PUBLISH c \(String(repeating: "m", count: 65))",
            .error(.tooLong, "message above maxValueBytes=64 bytes")
        ),
        .run("SUBSCRIBE a b c d e", .error(.tooLong, "subscriptions above maxSubscriptions=4")),
        .run("SUBSCRIBE a", confirmed("subscribe", "a", 1)),
        .run(
            "PSUBSCRIBE a b c d",
            .error(.tooLong, "subscriptions above maxSubscriptions=4")
        ),
        .run("UNSUBSCRIBE", confirmed("unsubscribe", "a", 0))
    ),
    Script(
        "messages that nobody delivers are bounded",
        .run("SUBSCRIBE a", confirmed("subscribe", "a", 1)),
        .begin("root"),
        .run("PUBLISH a 1", .integer(1)),
        .run("PUBLISH a 2", .integer(1)),
        .run("PUBLISH a 3", .integer(1)),
        .run("PUBLISH a 4", .integer(1)),
        .run(
            "PUBLISH a 5",
            .error(.overloaded, "messages wait to be delivered: limit=maxUndeliveredBytes")
        )
    ),
    Script(
        "PUBLISH in a transaction",
        .run("MULTI", .ok),
        .run("PUBLISH a m", .status("QUEUED")),
        .run("PUBSUB NUMPAT", .status("QUEUED")),
        .run("EXEC", .list([.integer(0), .integer(0)]))
    ),
    Script(
        "DELIVERY",
        .run("DELIVERY", .text("close")),
        .run("DELIVERY drop-oldest", .ok),
        .run("DELIVERY", .text("drop-oldest")),
        .run("DELIVERY Latest", .ok),
        .run("DELIVERY close", .ok),
        .run("DELIVERY sometimes", .syntax)
    ),
]
