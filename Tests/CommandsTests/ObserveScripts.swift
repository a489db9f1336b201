// Scripts of OBSERVE and UNOBSERVE; a RESP2 observer can run little else.
import Commands
import Core

let observeScripts: [Script] = [
    Script(
        "OBSERVE and UNOBSERVE",
        .run("OBSERVE", .arity("observe")),
        .run("OBSERVE users^*", .integer(1)),
        .run("OBSERVE VALUES users^* a", .integer(2)),
        .run("OBSERVE VALUES EVENTS set,DEL a", .integer(2)),
        .run("UNOBSERVE none", .integer(2)),
        .begin("root"),
        .run("PUBSUB NUMOBS", .integer(2)),
        .run("PUBSUB NUMOBS x", .arity("pubsub|numobs")),
        .begin("root"),
        .run("OBSERVE a b", .integer(2)),
        .run("UNOBSERVE b", .integer(1)),
        .run("UNOBSERVE", .integer(0)),
        .run("UNOBSERVE", .integer(0)),
        .run("PUBSUB NUMOBS", .integer(2))
    ),
    Script(
        "OBSERVE holds its options to the table",
        .run("OBSERVE EVENTS set,nonsense a", .syntax),
        .run("OBSERVE EVENTS '' a", .syntax),
        .run("OBSERVE EVENTS set,, a", .syntax),
        .run("PUBSUB NUMOBS", .integer(0)),
        .run("OBSERVE EVENTS set,del,expire,persist,expired,evicted,drop a", .integer(1))
    ),
    Script(
        "observed patterns are bounded",
        .run(
            "OBSERVE \(String(repeating: "p", count: 33))",
            .error(.tooLong, "pattern above maxChannelBytes=32 bytes")
        ),
        .run(
            "OBSERVE a b c d",
            .error(.tooLong, "observed patterns above maxObservedPatterns=3")
        ),
        .run("OBSERVE a b c a", .integer(3)),
        .run(
            "OBSERVE d",
            .error(.tooLong, "observed patterns above maxObservedPatterns=3")
        ),
        .run("OBSERVE VALUES c", .integer(3)),
        .begin("root"),
        .run("OBSERVE a b", .integer(2)),
        .run(
            "OBSERVE c",
            .error(
                .tooLong,
                "observed patterns of all connections above maxObservedPatternsInAll=5"
            )
        )
    ),
    Script(
        "RESET ends what is observed",
        .run("OBSERVE a", .integer(1)),
        .run("RESET", .status("RESET")),
        .begin("root"),
        .run("PUBSUB NUMOBS", .integer(0))
    ),
    Script(
        "OBSERVE needs @pubsub, and no right to any key",
        .begin("reader"),
        .run("OBSERVE a", .noCommand("reader", "observe")),
        .begin("listener"),
        .run("OBSERVE a", .integer(1)),
        .begin("blind"),
        .run("OBSERVE *", .integer(1))
    ),
    Script(
        "OBSERVE is not for transactions",
        .run("MULTI", .ok),
        .run(
            "OBSERVE a",
            .error(.invalidRequest, "OBSERVE and UNOBSERVE inside MULTI are not allowed")
        ),
        .run(
            "UNOBSERVE a",
            .error(.invalidRequest, "OBSERVE and UNOBSERVE inside MULTI are not allowed")
        ),
        .run("DISCARD", .ok)
    ),
]
