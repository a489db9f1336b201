// Scripts of getting in and out, and of the questions about the server.
import Commands
import Core

let connectionScripts: [Script] = credentialScripts + helloScripts + questionScripts

private let noCommand = "unknown command 'NOSUCH', with args beginning with: "
private let tooMany = Answer.error(
    .tooManyFailures,
    "too many failed authentications: limit=maxAuthenticationFailures"
)

private let credentialScripts: [Script] = [
    Script(
        "AUTH",
        .begin(nil),
        .run("WHOAMI", .noToken),
        .run("AUTH", .arity("auth")),
        .run("AUTH a b c", .arity("auth")),
        .run("AUTH wrong", .wrongCredential),
        .run("WHOAMI", .noToken),
        .run("AUTH <root>", .ok),
        .run("WHOAMI", .text("root")),
        .run("AUTH <standard>", .ok),
        .run("WHOAMI", .text("standard")),
        .run("AUTH <nobody>x", .wrongCredential),
        .run("WHOAMI", .text("standard"))
    ),
    Script(
        "AUTH with a name",
        .begin(nil),
        .run("AUTH root <root>", .ok),
        .run("WHOAMI", .text("root")),
        .run("AUTH default <standard>", .ok),
        .run("WHOAMI", .text("standard")),
        .run("AUTH DEFAULT <informed>", .ok),
        .run("WHOAMI", .text("informed")),
        .run("AUTH standard <root>", .wrongCredential),
        .run("AUTH Root <root>", .wrongCredential),
        .run("AUTH '' <root>", .wrongCredential),
        .run("AUTH root root", .wrongCredential),
        .run("WHOAMI", .text("informed"))
    ),
    Script(
        "Five failures end the connection",
        .begin(nil),
        .run("AUTH 1", .wrongCredential),
        .run("AUTH root 2", .wrongCredential),
        .run("HELLO 3 AUTH root 3", .wrongCredential),
        .run("AUTH ''", .wrongCredential),
        .run("AUTH 5", tooMany)
    ),
    Script(
        "Failures of HELLO count",
        .begin(nil),
        .run("HELLO 2 AUTH root 1", .wrongCredential),
        .run("HELLO 2 AUTH root 2", .wrongCredential),
        .run("HELLO 2 AUTH root 3", .wrongCredential),
        .run("HELLO 2 AUTH root 4", .wrongCredential),
        .run("HELLO 2 AUTH root 5", tooMany)
    ),
    Script(
        "A token expires at its millisecond",
        .begin(nil),
        .wait(999),
        .run("AUTH <short>", .ok),
        .wait(1),
        .run("AUTH <short>", .wrongCredential),
        .run("AUTH short <short>", .wrongCredential)
    ),
]

/// What HELLO answers.
private func hello(_ version: Int64, client: Int64 = 1) -> Answer {
    .map([
        .init(name: .text("server"), value: .text("sallyport")),
        .init(name: .text("version"), value: .text("7.0.0")),
        .init(name: .text("proto"), value: .integer(version)),
        .init(name: .text("id"), value: .integer(client)),
        .init(name: .text("mode"), value: .text("standalone")),
        .init(name: .text("role"), value: .text("master")),
        .init(name: .text("modules"), value: .list([])),
        .init(name: .text("sallyport_version"), value: .text(ServerFacts.version)),
    ])
}

private let noProtocol = Answer.error(.unsupportedVersion, "unsupported protocol version")
private let helloFirst = Answer.error(
    .unauthenticated,
    "HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
        + "<user> <pass> option can be used to authenticate the client and select the RESP protocol "
        + "version at the same time"
)

private func badOption(_ option: String) -> Answer {
    .error(.syntax, "Syntax error in HELLO option '\(option)'")
}

private let helloScripts: [Script] = [
    Script(
        "HELLO chooses the protocol",
        .run("HELLO", hello(2)),
        .run("HELLO 3", hello(3)),
        .run("HELLO", hello(3)),
        .run("HELLO 4", noProtocol),
        .run("HELLO 1", noProtocol),
        .run("HELLO -3", noProtocol),
        .run("HELLO", hello(3)),
        .run("HELLO 2", hello(2)),
        .run(
            "HELLO three",
            .error(.syntax, "Protocol version is not an integer or out of range")
        ),
        .run("HELLO", hello(2))
    ),
    Script(
        "HELLO authenticates",
        .begin(nil),
        .run("HELLO", helloFirst),
        .run("HELLO 3", helloFirst),
        .run("HELLO 3 SETNAME me", helloFirst),
        .run("HELLO 4 AUTH root <root>", noProtocol),
        .run("HELLO 3 AUTH standard <root>", .wrongCredential),
        .run("WHOAMI", .noToken),
        .run("HELLO 3 AUTH root <root>", hello(3, client: 2)),
        .run("WHOAMI", .text("root")),
        .run("HELLO 2 auth default <standard> setname me", hello(2, client: 2)),
        .run("WHOAMI", .text("standard")),
        .run("HELLO 3 SETNAME me AUTH informed <informed>", hello(3, client: 2)),
        .run("WHOAMI", .text("informed"))
    ),
    Script(
        "HELLO's options",
        .run("HELLO 3 AUTH root", badOption("AUTH")),
        .run("HELLO 3 AUTH", badOption("AUTH")),
        .run("HELLO 3 SETNAME", badOption("SETNAME")),
        .run("HELLO 3 NOSUCH", badOption("NOSUCH")),
        .run("HELLO 3 ''", badOption("")),
        .run(
            "HELLO 3 SETNAME line\n",
            .error(
                .invalidRequest,
                "Client names cannot contain spaces, newlines or special characters."
            )
        ),
        .run("HELLO", hello(2)),
        .run("HELLO 3 SETNAME ''", hello(3))
    ),
]

private let questionScripts: [Script] = [
    Script(
        "Before and behind a token",
        .begin(nil),
        .run("PING", .status("PONG")),
        .run("ping hello", .text("hello")),
        .run("PING ''", .text("")),
        .run("PING a b", .arity("ping")),
        .run("NOSUCH", .noToken),
        .run("ECHO hello", .noToken),
        .run("QUIT", .ok)
    ),
    Script("QUIT by its other name", .run("EXIT", .ok)),
    Script("QUIT takes nothing", .run("QUIT now", .arity("quit"))),
    Script(
        "Questions",
        .run("WHO", .integer(1)),
        .run("WHERE", .text("3f0e7a52-0000-4000-8000-000000000001")),
        .run("WHY", .integer(42)),
        .run("WHOAMI", .text("root")),
        .run("WHO else", .arity("who")),
        .run("ECHO hello", .text("hello")),
        .run("ECHO ''", .text("")),
        .run("ECHO", .arity("echo")),
        .run("ECHO a b", .arity("echo"))
    ),
    Script(
        "ADD",
        .run("ADD 2 3", .integer(5)),
        .run("ADD -2 -3", .integer(-5)),
        .run("ADD 9223372036854775807 0", .integer(.max)),
        .run("ADD 9223372036854775807 -9223372036854775808", .integer(-1)),
        .run(
            "ADD 9223372036854775807 1",
            .error(.overflow, "the sum of 9223372036854775807 and 1 does not fit 64 bits")
        ),
        .run(
            "ADD -9223372036854775808 -1",
            .error(.overflow, "the sum of -9223372036854775808 and -1 does not fit 64 bits")
        ),
        .run("ADD 1 two", .notAnInteger),
        .run("ADD 1.5 2", .notAnInteger),
        .run("ADD '' 2", .notAnInteger),
        .run("ADD 1 9223372036854775808", .notAnInteger),
        .run("ADD 1", .arity("add"))
    ),
    Script(
        "What is no command",
        .run("NOSUCH", .error(.unknownCommand, noCommand)),
        .run("NOSUCH a b\u{7}", .error(.unknownCommand, noCommand + "'a' 'b\\x07' ")),
        .run("''", .error(.unknownCommand, "unknown command '', with args beginning with: ")),
        .run(
            "AVERYLONGCOMMANDNAME",
            .error(
                .unknownCommand,
                "unknown command 'AVERYLONGCOMMANDNAME', with args beginning with: "
            )
        )
    ),
    Script(
        "COMMAND and HELP refuse what they do not know",
        .run("COMMAND COUNT", .integer(Int64(CommandTable.commands.count))),
        .run("COMMAND INFO nosuch", .list([.null])),
        .run(
            "COMMAND INFO why",
            .list([
                .list([
                    .text("why"), .integer(1), .set([.status("fast")]), .integer(0), .integer(0),
                    .integer(0), .set([.status("@information")]), .set([]), .set([]), .set([]),
                ])
            ])
        ),
        .run("COMMAND DOCS nosuch", .map([])),
        .run(
            "COMMAND NOSUCH",
            .error(.syntax, "unknown subcommand 'NOSUCH'. Try COMMAND HELP.")
        ),
        .run(
            "HELP nosuch",
            .error(.unknownCommand, "unknown command 'nosuch'; HELP lists them all")
        ),
        .run("HELP a b", .arity("help")),
        .run(
            "HELP why",
            .texts(
                "WHY",
                "The answer: 42.",
                "Permission: @information. Cost: O(1).",
                "Since 1.0.0."
            )
        )
    ),
]
