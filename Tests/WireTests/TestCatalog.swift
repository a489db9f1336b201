// A few commands that between them have every kind of argument.
import Core

let testCatalog = CommandCatalog([
    CommandSpec(
        "GET",
        aliases: ["FETCH"],
        group: .string,
        arguments: [ArgumentSpec("key", .key)],
        category: .read,
        summary: "Gets.",
        reply: .bytes
    ),
    CommandSpec(
        "SET",
        group: .string,
        arguments: [
            ArgumentSpec("key", .key), ArgumentSpec("value", .bytes),
            ArgumentSpec("nx", .flag, token: "NX", optional: true),
            ArgumentSpec("xx", .flag, token: "XX", optional: true),
            ArgumentSpec("ttl", .integer, token: "EX", optional: true),
            ArgumentSpec("note", .bytes, token: "NOTE", optional: true),
        ],
        category: .write,
        summary: "Sets.",
        reply: .status
    ),
    CommandSpec(
        "ECHO",
        group: .connection,
        arguments: [ArgumentSpec("value", .anyValue)],
        category: .information,
        flags: .restOfLine,
        summary: "Echoes.",
        reply: .any
    ),
    CommandSpec(
        "MSET",
        group: .string,
        arguments: [ArgumentSpec("values", .pairs, repeated: true)],
        category: .write,
        summary: "Sets many.",
        reply: .status
    ),
    CommandSpec(
        "DEL",
        group: .keys,
        arguments: [ArgumentSpec("key", .key, repeated: true)],
        category: .write,
        summary: "Deletes.",
        reply: .integer
    ),
    CommandSpec(
        "PING",
        group: .connection,
        arguments: [ArgumentSpec("message", .bytes, optional: true)],
        category: .open,
        flags: .withoutToken,
        summary: "Pongs.",
        reply: .status
    ),
    CommandSpec(
        "ADD",
        group: .connection,
        arguments: [ArgumentSpec("a", .integer), ArgumentSpec("b", .integer)],
        category: .information,
        summary: "Adds.",
        reply: .integer
    ),
    CommandSpec(
        "DROP",
        group: .namespace,
        arguments: [ArgumentSpec("namespace", .pattern)],
        category: .admin,
        summary: "Drops.",
        reply: .integer
    ),
    CommandSpec(
        "WATCH",
        group: .keys,
        arguments: [
            ArgumentSpec("match", .pattern, token: "MATCH", optional: true, repeated: true)
        ],
        category: .read,
        summary: "Watches.",
        reply: .integer
    ),
])
