// Scripts of the commands that set and tell when a key expires, with their conditions.
import Core

private func unsupported(_ option: String) -> Answer {
    .error(.syntax, "Unsupported option \(option)")
}

private let nxAndOthers = Answer.error(
    .syntax,
    "NX and XX, GT or LT options at the same time are not compatible"
)
private let gtAndLT = Answer.error(
    .syntax,
    "GT and LT options at the same time are not compatible"
)

let expiryConditionScripts: [Script] = [
    Script(
        "EXPIRE under conditions",
        .run("EXPIRE k 10 NX", .integer(0)),
        .run("SET k v", .ok),
        .run("EXPIRE k 10 XX", .integer(0)),
        .run("EXPIRE k 10 GT", .integer(0)),
        .run("EXPIRE k 10 XX GT", .integer(0)),
        .run("EXPIRE k 10 XX LT", .integer(0)),
        .run("EXPIRE k 10 nx", .integer(1)),
        .run("EXPIRE k 20 NX", .integer(0)),
        .run("EXPIRE k 10 GT", .integer(0)),
        .run("EXPIRE k 11 GT", .integer(1)),
        .run("EXPIRE k 12 gt xx", .integer(1)),
        .run("EXPIRE k 12 LT", .integer(0)),
        .run("EXPIRE k 9 LT XX", .integer(1)),
        .run("EXPIRE k 8 LT", .integer(1)),
        .run("EXPIRE k 30 XX", .integer(1)),
        .run("TTL k", .integer(30)),
        .run("PERSIST k", .integer(1)),
        .run("EXPIRE k 5 LT", .integer(1)),
        .run("EXPIRE k -1 GT", .integer(0)),
        .run("EXPIRE k 0 NX", .integer(0)),
        .run("EXPIRE k -1 LT", .integer(1)),
        .run("EXISTS k", .integer(0))
    ),
    Script(
        "Conditions that contradict each other",
        .run("SET k v", .ok),
        .run("EXPIRE k 10 NX XX", nxAndOthers),
        .run("PEXPIRE k 10 NX GT", nxAndOthers),
        .run("EXPIREAT k 10 LT NX", nxAndOthers),
        .run("PEXPIREAT k 10 NX XX GT LT", nxAndOthers),
        .run("EXPIRE k 10 GT LT", gtAndLT),
        .run("EXPIRE k 10 XX LT GT", gtAndLT),
        .run("EXPIRE k 10 FOO", unsupported("FOO")),
        .run("EXPIRE k 10 NX XX foo", unsupported("foo")),
        .run("EXPIRE missing soon FOO", unsupported("FOO")),
        .run("EXPIRE missing 10 NX XX", nxAndOthers),
        .run("EXPIRE k 10 NX NX", .integer(1)),
        .run("EXPIRE k", .arity("expire")),
        .run("EXPIRE k 10 NX XX GT LT NX", .arity("expire"))
    ),
    Script(
        "EXPIREAT and PEXPIREAT",
        .run("SET k v", .ok),
        .run("EXPIREAT k 1800000010", .integer(1)),
        .run("PTTL k", .integer(9877)),
        .run("EXPIRETIME k", .integer(1_800_000_010)),
        .run("PEXPIRETIME k", .integer(1_800_000_010_000)),
        .run("PEXPIREAT k 1800000020499", .integer(1)),
        .run("EXPIRETIME k", .integer(1_800_000_020)),
        .run("PEXPIREAT k 1800000020500 XX", .integer(1)),
        .run("EXPIRETIME k", .integer(1_800_000_021)),
        .run("PEXPIREAT k 1800000020500 GT", .integer(0)),
        .run("EXPIREAT k 1800000020 LT", .integer(1)),
        .run("PEXPIRETIME k", .integer(1_800_000_020_000)),
        .run("PEXPIREAT k 9223372036854775807", .integer(1)),
        .run("PEXPIRETIME k", .integer(.max)),
        .run("EXPIRETIME k", .integer(9_223_372_036_854_776)),
        .run("EXPIREAT k 9223372036854775807", .invalidExpiry("expireat")),
        .run("EXPIREAT k -9223372036854775808", .invalidExpiry("expireat")),
        .run("EXPIREAT k soon", .notAnInteger),
        .run("PEXPIREAT k soon", .notAnInteger),
        .run("PEXPIREAT k 9223372036854775808", .notAnInteger),
        .run("PERSIST k", .integer(1)),
        .run("EXPIRETIME k", .integer(-1)),
        .run("PEXPIRETIME k", .integer(-1)),
        .run("EXPIREAT k 1", .integer(1)),
        .run("EXPIRETIME k", .integer(-2)),
        .run("PEXPIRETIME k", .integer(-2)),
        .run("EXPIREAT k 1", .integer(0)),
        .run("SET k v", .ok),
        .run("PEXPIREAT k -5", .integer(1)),
        .run("EXISTS k", .integer(0)),
        .run("EXPIREAT k", .arity("expireat")),
        .run("PEXPIREAT k", .arity("pexpireat")),
        .run("EXPIRETIME", .arity("expiretime")),
        .run("PEXPIRETIME a b", .arity("pexpiretime"))
    ),
]
