// Scripts of SETNX, SETEX, GETSET and their kin, of INCRBYFLOAT, and of the order of SET's options.
import Core

private let key33 = String(repeating: "k", count: 33)
private let value65 = String(repeating: "v", count: 65)
private let tooLongKey = Answer.error(.keyTooLong, "key of 33 bytes: maxKeyBytes allows 1 to 32")
private let tooLargeValue = Answer.error(
    .valueTooLarge,
    "value of 65 bytes: maxValueBytes allows 64"
)

let settingScripts: [Script] =
    optionScripts + conditionalScripts + readingScripts + decimalScripts

private let optionScripts: [Script] = [
    Script(
        "SET reads all options before any number",
        .run("SET k v EX abc NOSUCH", .syntax),
        .run("SET k v NOSUCH EX abc", .syntax),
        .run("SET k v EX abc PX", .syntax),
        .run("SET k v EX 0 XX NX", .syntax),
        .run("SET k v EX abc PX 1", .syntax),
        .run("SET k v EX abc", .notAnInteger),
        .run("SET k v EX 1 EX abc", .notAnInteger),
        .run("SET k v EX 0 IFVERSION abc", .invalidExpiry("set")),
        .run("EXISTS k", .integer(0))
    ),
    Script(
        "Of an option given twice the last counts",
        .run("SET k v EX 10 EX 20", .ok),
        .run("PTTL k", .integer(20_000)),
        .run("SET k v EX abc EX 30", .ok),
        .run("PTTL k", .integer(30_000)),
        .run("SET k v PX 0 px 5", .ok),
        .run("PTTL k", .integer(5)),
        .run("SET k v KEEPTTL KEEPTTL", .ok),
        .run("PTTL k", .integer(5)),
        .run("SET k w GET GET", .text("v")),
        .run("SET k v EX 10 PX 10", .syntax),
        .run("SET k v EX 10 EXAT 1900000000", .syntax),
        .run("SET k v EX 10 KEEPTTL", .syntax),
        .run("SET k v KEEPTTL EX 10", .syntax),
        .run("SET k v PERSIST", .syntax),
        .run("GET k", .text("w"))
    ),
]

private let conditionalScripts: [Script] = [
    Script(
        "SETNX",
        .run("SETNX k ''", .integer(1)),
        .run("SETNX k w", .integer(0)),
        .run("GET k", .text("")),
        .run("PEXPIRE k 5", .integer(1)),
        .run("SETNX k w", .integer(0)),
        .run("PTTL k", .integer(5)),
        .wait(5),
        .run("SETNX k w", .integer(1)),
        .run("PTTL k", .integer(-1)),
        .run("SETNX k", .arity("setnx")),
        .run("SETNX \(key33) v", tooLongKey),
        .run("SETNX new \(value65)", tooLargeValue)
    ),
    Script(
        "SETEX and PSETEX",
        .run("SETEX k 10 v", .ok),
        .run("PTTL k", .integer(10_000)),
        .run("PSETEX k 10 w", .ok),
        .run("PTTL k", .integer(10)),
        .run("GET k", .text("w")),
        .wait(10),
        .run("EXISTS k", .integer(0)),
        .run("SETEX k 0 v", .invalidExpiry("setex")),
        .run("SETEX k -1 v", .invalidExpiry("setex")),
        .run("SETEX k 9223372036854775807 v", .invalidExpiry("setex")),
        .run("SETEX k ten v", .notAnInteger),
        .run("PSETEX k 0 v", .invalidExpiry("psetex")),
        .run("PSETEX k 9223372036854775807 v", .invalidExpiry("psetex")),
        .run("PSETEX k 1.5 v", .notAnInteger),
        .run("SETEX k 10", .arity("setex")),
        .run("PSETEX k 10 v w", .arity("psetex")),
        .run("SETEX \(key33) 10 v", tooLongKey),
        .run("SETEX k 10 \(value65)", tooLargeValue),
        .run("PSETEX \(key33) 10 v", tooLongKey),
        .run("PSETEX k 10 \(value65)", tooLargeValue),
        .run("EXISTS k", .integer(0))
    ),
    Script(
        "MSETNX",
        .run("MSETNX a 1 b 2 a 3", .integer(1)),
        .run("MGET a b", .texts("3", "2")),
        .run("MSETNX c 1 b 4", .integer(0)),
        .run("EXISTS c", .integer(0)),
        .run("SET b 2 PX 1", .ok),
        .wait(1),
        .run("MSETNX c 1 b ''", .integer(1)),
        .run("MGET c b", .texts("1", "")),
        .run("MSETNX a", .arity("msetnx")),
        .run("MSETNX d 1 e", .arity("msetnx")),
        .run("MSETNX d 1 \(key33) 2", tooLongKey),
        .run("MSETNX d 1 e \(value65)", tooLargeValue),
        .run("EXISTS d e", .integer(0))
    ),
]

private let readingScripts: [Script] = [
    Script(
        "GETSET",
        .run("GETSET k a", .null),
        .run("GETSET k b", .text("a")),
        .run("PEXPIRE k 10", .integer(1)),
        .run("GETSET k ''", .text("b")),
        .run("PTTL k", .integer(-1)),
        .run("GETSET k c", .text("")),
        .run("GETSET k", .arity("getset")),
        .run("GETSET k \(value65)", tooLargeValue),
        .run("GETSET \(key33) v", tooLongKey),
        .run("GET k", .text("c"))
    ),
    Script(
        "GETDEL",
        .run("GETDEL k", .missingKey),
        .run("MSET k v e ''", .ok),
        .run("GETDEL k", .text("v")),
        .run("GETDEL k", .missingKey),
        .run("GETDEL e", .text("")),
        .run("EXISTS k e", .integer(0)),
        .run("SET k v PX 1", .ok),
        .wait(1),
        .run("GETDEL k", .missingKey),
        .run("GETDEL a b", .arity("getdel"))
    ),
    Script(
        "GETEX",
        .run("GETEX k", .missingKey),
        .run("GETEX k EX 10", .missingKey),
        .run("SET k v EX 10", .ok),
        .run("GETEX k", .text("v")),
        .run("PTTL k", .integer(10_000)),
        .run("GETEX k PERSIST", .text("v")),
        .run("PTTL k", .integer(-1)),
        .run("GETEX k persist PERSIST", .text("v")),
        .run("GETEX k EX 1", .text("v")),
        .run("PTTL k", .integer(1000)),
        .run("GETEX k PX 1500", .text("v")),
        .run("PTTL k", .integer(1500)),
        .run("GETEX k EXAT 1800000010", .text("v")),
        .run("PTTL k", .integer(9877)),
        .run("GETEX k PXAT 1800000000125", .text("v")),
        .run("PTTL k", .integer(2)),
        .run("GETEX k EX 10 EX 20", .text("v")),
        .run("PTTL k", .integer(20_000)),
        .run("GETEX k EXAT 1", .text("v")),
        .run("EXISTS k", .integer(0)),
        .run("SET k v", .ok),
        .run("GETEX k PXAT 1800000000123", .text("v")),
        .run("GETEX k", .missingKey)
    ),
    Script(
        "GETEX that is refused changes nothing",
        .run("SET k v EX 10", .ok),
        .run("GETEX", .arity("getex")),
        .run("GETEX k NOSUCH", .syntax),
        .run("GETEX k KEEPTTL", .syntax),
        .run("GETEX k NX", .syntax),
        .run("GETEX k GET", .syntax),
        .run("GETEX k EX", .syntax),
        .run("GETEX k PERSIST EX 10", .syntax),
        .run("GETEX k EX 10 PERSIST", .syntax),
        .run("GETEX k EX 10 PX 10", .syntax),
        .run("GETEX k EX abc NOSUCH", .syntax),
        .run("GETEX k EX abc", .notAnInteger),
        .run("GETEX k EX 0", .invalidExpiry("getex")),
        .run("GETEX k PX -1", .invalidExpiry("getex")),
        .run("GETEX k EX 9223372036854775807", .invalidExpiry("getex")),
        .run("PTTL k", .integer(10_000)),
        .run("GETEX missing NOSUCH", .syntax),
        .run("GETEX missing EX abc", .missingKey),
        .run("GETEX missing EX 0", .missingKey)
    ),
]

private let notFinite = Answer.error(.overflow, "increment would produce NaN or Infinity")

private let decimalScripts: [Script] = [
    Script(
        "INCRBYFLOAT",
        .run("SET n 10.50", .ok),
        .run("INCRBYFLOAT n 0.1", .text("10.6")),
        .run("GET n", .text("10.6")),
        .run("INCRBYFLOAT n -5", .text("5.6")),
        .run("SET n 5.0e3", .ok),
        .run("INCRBYFLOAT n 2.0e2", .text("5200")),
        .run("INCR n", .integer(5201)),
        .run("INCRBYFLOAT new -0.1", .text("-0.1")),
        .run("INCRBYFLOAT new 0.1", .text("0")),
        .run("INCRBYFLOAT n 1e3", .text("6201")),
        .run("INCRBYFLOAT n", .arity("incrbyfloat"))
    ),
    Script(
        "INCRBYFLOAT keeps the expiry",
        .run("SET n 1 EX 10", .ok),
        .run("INCRBYFLOAT n 0.5", .text("1.5")),
        .run("PTTL n", .integer(10_000)),
        .run("INCRBYFLOAT n abc", .notANumber),
        .run("PTTL n", .integer(10_000)),
        .wait(10_000),
        .run("INCRBYFLOAT n 0.5", .text("0.5")),
        .run("PTTL n", .integer(-1))
    ),
    Script(
        "INCRBYFLOAT of what is no number",
        .run("INCRBYFLOAT n ''", .notANumber),
        .run("INCRBYFLOAT n abc", .notANumber),
        .run("INCRBYFLOAT n 1_000", .notANumber),
        .run("INCRBYFLOAT n 1e", .notANumber),
        .run("INCRBYFLOAT n nan", .notANumber),
        .run("INCRBYFLOAT n -nan", .notANumber),
        .run("INCRBYFLOAT n 1e5000", .notANumber),
        .run("INCRBYFLOAT n 1e-5000", .notANumber),
        .run("INCRBYFLOAT n inf", notFinite),
        .run("INCRBYFLOAT n -Infinity", notFinite),
        .run("EXISTS n", .integer(0)),
        .run("SET n ''", .ok),
        .run("INCRBYFLOAT n 1", .notANumber),
        .run("SET n text", .ok),
        .run("INCRBYFLOAT n 1", .notANumber),
        .run("SET n inf", .ok),
        .run("INCRBYFLOAT n -inf", notFinite),
        .run("GET n", .text("inf"))
    ),
    Script(
        "INCRBYFLOAT and lengths",
        .run("INCRBYFLOAT \(key33) 1", tooLongKey),
        .run("INCRBYFLOAT n 0x1p200", .text(power200)),
        .run(
            "INCRBYFLOAT n 0x1p216",
            .error(.valueTooLarge, "value of 66 bytes: maxValueBytes allows 64")
        ),
        .run("GET n", .text(power200))
    ),
]

/// 2 to the power of 200, which every floating point of ours holds exactly.
private let power200 = "1606938044258990275541962092341162602522202993782792835301376"
