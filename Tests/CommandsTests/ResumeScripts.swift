// Scripts of RESUME and POSITION: channels that begin with `kept` keep two messages for ten seconds.
import Commands
import Core

private func resumed(
    _ channel: String,
    _ isRecovered: Bool,
    _ offset: Int64,
    _ missed: Int64
)
    -> Answer
{
    .map([
        .init(name: .text("channel"), value: .text(channel)),
        .init(name: .text("recovered"), value: .boolean(isRecovered)),
        .init(name: .text("epoch"), value: .text("e1")),
        .init(name: .text("offset"), value: .integer(offset)),
        .init(name: .text("missed"), value: .integer(missed)),
    ])
}

private let keepsNothing = Answer.error(
    .invalidRequest,
    "the channel keeps no messages: see --retain"
)

let resumeScripts: [Script] = [
    Script(
        "RESUME and POSITION",
        .run("RESUME", .arity("resume")),
        .run("POSITION", .arity("position")),
        .run("POSITION other", .null),
        .run("POSITION kept", .text("e1:0")),
        .run("PUBLISH kept 1", .integer(0)),
        .run("PUBLISH kept 2", .integer(0)),
        .run("POSITION kept", .text("e1:2")),
        .begin("root"),
        .run("RESUME kept e1:0", resumed("kept", true, 2, 2)),
        .run(
            "RESUME kept e1:0",
            .error(.invalidRequest, "the connection is subscribed to the channel already")
        ),
        .begin("root"),
        .run("CONTINUE kept e1:1", resumed("kept", true, 2, 1)),
        .begin("root"),
        .run("RESUME kept", resumed("kept", true, 2, 0)),
        .run("RESUME kept2 e1:0", resumed("kept2", true, 0, 0)),
        .begin("root"),
        .run("RESUME kept e2:1", resumed("kept", false, 2, 0)),
        .begin("root"),
        .run("RESUME kept e1:3", resumed("kept", false, 2, 0)),
        .begin("root"),
        .run("PUBSUB NUMSUB kept", .list([.text("kept"), .integer(5)]))
    ),
    Script(
        "RESUME behind what is no longer kept",
        .run("PUBLISH kept 1", .integer(0)),
        .run("PUBLISH kept 2", .integer(0)),
        .run("PUBLISH kept 3", .integer(0)),
        .run("RESUME kept e1:0", resumed("kept", false, 3, 0)),
        .begin("root"),
        .wait(10_000),
        .run("RESUME kept e1:1", resumed("kept", false, 3, 0)),
        .begin("root"),
        .run("RESUME kept e1:3", resumed("kept", true, 3, 0))
    ),
    Script(
        "RESUME holds its arguments to the table",
        .run("RESUME other", keepsNothing),
        .run("RESUME other e1:0", keepsNothing),
        .run("RESUME kept nonsense", .syntax),
        .run("RESUME kept :1", .syntax),
        .run("RESUME kept e1:", .syntax),
        .run("RESUME kept e1:-1", .syntax),
        .run(
            "SUBSCRIBE a b c d",
            .several([
                .confirmed("subscribe", "a", 1), .confirmed("subscribe", "b", 2),
                .confirmed("subscribe", "c", 3), .confirmed("subscribe", "d", 4),
            ])
        ),
        .run("RESUME kept", .error(.tooLong, "subscriptions above maxSubscriptions=4")),
        .begin("listener"),
        .run("RESUME kept", .error(.forbidden, "No permissions to access a channel")),
        .run("POSITION kept", .error(.forbidden, "No permissions to access a channel")),
        .run("POSITION x", .null)
    ),
]
