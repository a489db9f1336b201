// Scripts of what clients and operators of a Redis expect to ask.
import Commands
import Core

let administrationScripts: [Script] = clientScripts + configScripts + questionScripts

private func refused(_ message: String) -> Answer { .error(.invalidRequest, message) }

private func noSubcommand(_ name: String, _ command: String) -> Answer {
    refused("unknown subcommand '\(name)'. Try \(command) HELP.")
}

private let clientScripts: [Script] = [
    Script(
        "CLIENT names",
        .run("CLIENT ID", .integer(1)),
        .run("CLIENT ID x", .arity("client|id")),
        .run("CLIENT GETNAME", .null),
        .run("CLIENT SETNAME me", .ok),
        .run("CLIENT GETNAME", .text("me")),
        .run("CLIENT SETNAME", .arity("client|setname")),
        .run("CLIENT SETNAME ''", .ok),
        .run("CLIENT GETNAME", .null),
        .run(
            "CLIENT SETNAME a\u{7F}b",
            refused("Client names cannot contain spaces, newlines or special characters.")
        ),
        .run("CLIENT SETINFO LIB-NAME redis-py", .ok),
        .run("CLIENT SETINFO lib-ver 5.0", .ok),
        .run("CLIENT SETINFO other x", refused("Unrecognized option 'other'")),
        .run(
            "CLIENT SETINFO lib-name \u{1}",
            refused("lib-name cannot contain spaces, newlines or special characters.")
        )
    ),
    Script(
        "CLIENT options",
        .run("CLIENT", .arity("client")),
        .run("CLIENT NOSUCH", noSubcommand("NOSUCH", "CLIENT")),
        .run("CLIENT NO-EVICT on", .ok),
        .run("CLIENT NO-TOUCH OFF", .ok),
        .run("CLIENT NO-EVICT maybe", .syntax),
        .run("CLIENT REPLY ON", .ok),
        .run("CLIENT REPLY", .arity("client|reply")),
        .run("CLIENT REPLY maybe", .syntax)
    ),
    Script(
        "CLIENT LIST and KILL",
        .run("CLIENT LIST ID x", refused("Invalid client ID")),
        .run("CLIENT LIST TYPE nosuch", refused("Unknown client type 'nosuch'")),
        .run("CLIENT LIST TYPE pubsub", .verbatim([])),
        .run("CLIENT LIST more", .syntax),
        .run("CLIENT KILL", .arity("client|kill")),
        .run("CLIENT KILL 1.2.3.4:5", refused("No such client")),
        .run(
            "CLIENT KILL ID 0",
            .error(.notAnInteger, "client-id should be greater than 0")
        ),
        .run("CLIENT KILL ID 1 SKIPME", .syntax),
        .run("CLIENT KILL NOSUCH 1", .syntax),
        .run("CLIENT KILL ID 77", .integer(0)),
        .run("CLIENT KILL TYPE pubsub", .integer(0)),
        .run("CLIENT KILL TYPE nosuch", refused("Unknown client type 'nosuch'")),
        .run("CLIENT KILL USER root", .integer(0)),
        .begin("standard"),
        .run("CLIENT ID", .integer(2)),
        .run("CLIENT LIST", .noCommand("standard", "client|list")),
        .run("CLIENT KILL ID 1", .noCommand("standard", "client|kill"))
    ),
]

private let configScripts: [Script] = [
    Script(
        "CONFIG GET and SET",
        .run(
            "CONFIG GET maxclients",
            .map([.init(name: .text("maxclients"), value: .text("10000"))])
        ),
        .run("CONFIG SET maxclients 5 timeout 60", .ok),
        .run(
            "CONFIG GET MAXclients time*",
            .map([
                .init(name: .text("maxclients"), value: .text("5")),
                .init(name: .text("timeout"), value: .text("60")),
            ])
        ),
        .run("CONFIG GET save", .map([.init(name: .text("save"), value: .text(""))])),
        .run("CONFIG GET nosuch", .map([])),
        .run("CONFIG GET", .arity("config|get")),
        .run("CONFIG", .arity("config")),
        .run("CONFIG NOSUCH", noSubcommand("NOSUCH", "CONFIG"))
    ),
    Script(
        "CONFIG SET changes all or nothing",
        .run(
            "CONFIG SET maxclients 5 nosuch 1",
            refused("Unknown option or number of arguments for CONFIG SET - 'nosuch'")
        ),
        .run(
            "CONFIG SET maxclients 5 databases 2",
            refused(
                "CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config"
            )
        ),
        .run(
            "CONFIG SET maxclients x",
            refused(
                "CONFIG SET failed (possibly related to argument 'maxclients') - "
                    + "argument couldn't be parsed into an integer"
            )
        ),
        .run(
            "CONFIG SET maxclients 0",
            refused(
                "CONFIG SET failed (possibly related to argument 'maxclients') - "
                    + "argument must be between 1 and 1000000 inclusive"
            )
        ),
        .run(
            "CONFIG SET maxclients 5 maxclients 6",
            refused(
                "CONFIG SET failed (possibly related to argument 'maxclients') - duplicate parameter"
            )
        ),
        .run("CONFIG SET maxclients", .arity("config|set")),
        .run(
            "CONFIG GET maxclients",
            .map([.init(name: .text("maxclients"), value: .text("10000"))])
        ),
        .begin("standard"),
        .run("CONFIG GET maxclients", .noCommand("standard", "config"))
    ),
]

private let questionScripts: [Script] = [
    Script(
        "TIME, SELECT, SWAPDB, DEBUG",
        .run("TIME", .texts("1800000000", "123000")),
        .wait(877),
        .run("TIME", .texts("1800000001", "0")),
        .run("SELECT 0", .ok),
        .run("SELECT 1", refused("DB index is out of range")),
        .run("SELECT x", .notAnInteger),
        .run("SWAPDB 0 0", .ok),
        .run("SWAPDB 0 1", refused("DB index is out of range")),
        .run("SWAPDB x 0", .error(.notAnInteger, "invalid first DB index")),
        .run("SWAPDB 0 x", .error(.notAnInteger, "invalid second DB index")),
        .run(
            "DEBUG HELP",
            .texts("DEBUG is not served: it stops, delays or crashes a server on request.")
        ),
        .run("DEBUG SLEEP 1", refused("DEBUG command not allowed.")),
        .run("INFO nosuch", .verbatim([])),
        .run("INFO cluster", .verbatim(Array("# Cluster\r\ncluster_enabled:0\r\n".utf8)))
    ),
    Script(
        "RESET",
        .run("CLIENT SETNAME me", .ok),
        .run("WATCH a", .ok),
        .run("MULTI", .ok),
        .run("RESET", .status("RESET")),
        .run("WHOAMI", .noToken),
        .run("LOGOUT", .status("RESET")),
        .run("AUTH <root>", .ok),
        .run("CLIENT GETNAME", .null),
        .run("EXEC", refused("EXEC without MULTI"))
    ),
    Script(
        "COMMAND GETKEYS and LIST",
        .run("COMMAND GETKEYS MSET a 1 b 2", .texts("a", "b")),
        .run("COMMAND GETKEYS GET a", .texts("a")),
        .run("COMMAND GETKEYS OBJECT ENCODING a", .texts("a")),
        .run("COMMAND GETKEYS OBJECT HELP", .list([])),
        .run("COMMAND GETKEYS PING", refused("The command has no key arguments")),
        .run("COMMAND GETKEYS NOSUCH a", refused("Invalid command specified")),
        .run(
            "COMMAND GETKEYS GET a b",
            refused("Invalid number of arguments specified for command")
        ),
        .run("COMMAND GETKEYS", .arity("command|getkeys")),
        .run("COMMAND LIST FILTERBY PATTERN mge*", .texts("mget")),
        .run("COMMAND LIST FILTERBY ACLCAT nosuch", .list([])),
        .run("COMMAND LIST FILTERBY NOSUCH x", .syntax)
    ),
]
