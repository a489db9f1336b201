// Scripts of GET, SET and the other commands on values.
import Core

private let key32 = String(repeating: "k", count: 32)
private let value64 = String(repeating: "v", count: 64)
private let tooLongKey = Answer.error(
    .keyTooLong,
    "key of 33 bytes: maxKeyBytes allows 1 to 32"
)
private let emptyKey = Answer.error(.keyTooLong, "key of 0 bytes: maxKeyBytes allows 1 to 32")
private let tooLargeValue = Answer.error(
    .valueTooLarge,
    "value of 65 bytes: maxValueBytes allows 64"
)

let stringScripts: [Script] = setScripts + expiryScripts + manyScripts + counterScripts

private let setScripts: [Script] = [
    Script(
        "SET and GET",
        .run("GET k", .missingKey),
        .run("SET k v", .ok),
        .run("GET k", .text("v")),
        .run("get k", .text("v")),
        .run("SET k ''", .ok),
        .run("GET k", .text("")),
        .run("GET", .arity("get")),
        .run("GET a b", .arity("get")),
        .run("SET k", .arity("set")),
        .run("SET", .arity("set"))
    ),
    Script(
        "SET NX and XX",
        .run("SET k a XX", .null),
        .run("GET k", .missingKey),
        .run("SET k a nx", .ok),
        .run("SET k b NX", .null),
        .run("GET k", .text("a")),
        .run("SET k b XX", .ok),
        .run("GET k", .text("b")),
        .run("SET k c XX XX", .ok),
        .run("SET k d NX NX", .null),
        .run("GET k", .text("c"))
    ),
    Script(
        "SET GET",
        .run("SET k a GET", .null),
        .run("SET k b GET", .text("a")),
        .run("SET k c GET XX", .text("b")),
        .run("SET k d NX GET", .text("c")),
        .run("GET k", .text("c")),
        .run("SET other a XX GET", .null),
        .run("EXISTS other", .integer(0)),
        .run("SET other a NX GET", .null),
        .run("GET other", .text("a")),
        .run("SET k '' GET", .text("c")),
        .run("SET k d GET", .text(""))
    ),
    Script(
        "SET with options that contradict each other",
        .run("SET k old", .ok),
        .run("SET k v NX XX", .syntax),
        .run("SET k v XX NX", .syntax),
        .run("SET k v EX 1 PX 1", .syntax),
        .run("SET k v PX 1 EXAT 1900000000", .syntax),
        .run("SET k v EX 1 KEEPTTL", .syntax),
        .run("SET k v KEEPTTL PX 1", .syntax),
        .run("SET k v PXAT 1900000000000 EX 1", .syntax),
        .run("SET k v EX", .syntax),
        .run("SET k v KEEPTTL EX", .syntax),
        .run("SET k v NOSUCH", .syntax),
        .run("SET k v NOSUCH 1", .syntax),
        .run("SET k v ''", .syntax),
        .run("SET k v 10", .syntax),
        .run("GET k", .text("old"))
    ),
    Script(
        "Lengths",
        .run("SET \(key32) \(value64)", .ok),
        .run("GET \(key32)", .text(value64)),
        .run("SET \(key32)k v", tooLongKey),
        .run("SET \(key32)k v GET", tooLongKey),
        .run("SET '' v", emptyKey),
        .run("SET k \(value64)v", tooLargeValue),
        .run("SET k \(value64)v NX", tooLargeValue),
        .run("GET \(key32)k", .missingKey),
        .run("GET ''", .missingKey),
        .run("MSET a 1 \(key32)k 2", tooLongKey),
        .run("MSET a 1 b \(value64)v", tooLargeValue),
        .run("EXISTS a b", .integer(0)),
        .run("APPEND \(key32)k v", tooLongKey),
        .run(
            "APPEND \(key32) v",
            .error(.valueTooLarge, "value with 1 bytes more: maxValueBytes allows 64")
        ),
        .run("STRLEN \(key32)", .integer(64)),
        .run("INCR \(key32)k", tooLongKey),
        .run("DECR ''", emptyKey),
        .run("INCRBY \(key32)k 1", tooLongKey),
        .run("DECRBY \(key32)k 1", tooLongKey)
    ),
]

private let expiryScripts: [Script] = [
    Script(
        "A key expires at the exact millisecond",
        .run("SET k v PX 1000", .ok),
        .run("PTTL k", .integer(1000)),
        .wait(999),
        .run("GET k", .text("v")),
        .run("PTTL k", .integer(1)),
        .wait(1),
        .run("GET k", .missingKey),
        .run("EXISTS k", .integer(0)),
        .run("PTTL k", .integer(-2)),
        .run("SET k w NX", .ok),
        .run("PTTL k", .integer(-1))
    ),
    Script(
        "The four ways to say when",
        .run("SET a v EX 10", .ok),
        .run("SET b v px 10000", .ok),
        .run("SET c v EXAT 1800000010", .ok),
        .run("SET d v PXAT 1800000010123", .ok),
        .run("PTTL a", .integer(10_000)),
        .run("PTTL b", .integer(10_000)),
        .run("PTTL c", .integer(9877)),
        .run("PTTL d", .integer(10_000)),
        .wait(9877),
        .run("EXISTS a b c d", .integer(3)),
        .wait(123),
        .run("EXISTS a b c d", .integer(0))
    ),
    Script(
        "A time in the past stores nothing",
        .run("SET k v", .ok),
        .run("SET k w EXAT 1", .ok),
        .run("EXISTS k", .integer(0)),
        .run("SET k w PXAT 1800000000123", .ok),
        .run("EXISTS k", .integer(0)),
        .run("SET k w PXAT 1800000000124", .ok),
        .run("PTTL k", .integer(1))
    ),
    Script(
        "What becomes of an expiry",
        .run("SET k a EX 10", .ok),
        .run("SET k b KEEPTTL", .ok),
        .run("PTTL k", .integer(10_000)),
        .run("SET k c KEEPTTL XX GET", .text("b")),
        .run("PTTL k", .integer(10_000)),
        .run("APPEND k c", .integer(2)),
        .run("PTTL k", .integer(10_000)),
        .run("SET k 1 NX", .null),
        .run("PTTL k", .integer(10_000)),
        .run("SET k 1", .ok),
        .run("PTTL k", .integer(-1)),
        .run("EXPIRE k 10", .integer(1)),
        .run("INCR k", .integer(2)),
        .run("PTTL k", .integer(10_000)),
        .run("MSET k 3", .ok),
        .run("PTTL k", .integer(-1)),
        .run("SET new v KEEPTTL", .ok),
        .run("PTTL new", .integer(-1))
    ),
    Script(
        "Expiries that are refused",
        .run("SET k v EX 0", .invalidExpiry("set")),
        .run("SET k v PX 0", .invalidExpiry("set")),
        .run("SET k v EXAT 0", .invalidExpiry("set")),
        .run("SET k v PXAT 0", .invalidExpiry("set")),
        .run("SET k v EX -1", .invalidExpiry("set")),
        .run("SET k v PXAT -9223372036854775808", .invalidExpiry("set")),
        .run("SET k v EX 9223372036854775807", .invalidExpiry("set")),
        .run("SET k v EX 9223372036854775", .invalidExpiry("set")),
        .run("SET k v EXAT 9223372036854776", .invalidExpiry("set")),
        .run("SET k v PX 9223372036854775807", .invalidExpiry("set")),
        .run("SET k v EX 9223372036854775808", .notAnInteger),
        .run("SET k v EX 1.5", .notAnInteger),
        .run("SET k v EX +1", .notAnInteger),
        .run("SET k v EX 01", .notAnInteger),
        .run("SET k v EX ten", .notAnInteger),
        .run("SET k v EX NX", .notAnInteger),
        .run("EXISTS k", .integer(0)),
        .run("SET k v PXAT 9223372036854775807", .ok),
        .run("PTTL k", .integer(9_223_370_236_854_775_684))
    ),
]

private let manyScripts: [Script] = [
    Script(
        "MSET and MGET",
        .run("MSET a 1 b 2 c 3", .ok),
        .run("MGET c missing a c", .list([.text("3"), .null, .text("1"), .text("3")])),
        .run("MGET missing", .list([.null])),
        .run("MSET a 4 a 5", .ok),
        .run("MGET a", .texts("5")),
        .run("MSET a", .arity("mset")),
        .run("MSET a 1 b", .arity("mset")),
        .run("MSET a 1 b 2 c", .arity("mset")),
        .run("MGET", .arity("mget")),
        .run("MGET a b", .texts("5", "2")),
        .run("SET gone v PX 1", .ok),
        .wait(1),
        .run("MGET gone a", .list([.null, .text("5")]))
    ),
    Script(
        "APPEND and STRLEN",
        .run("STRLEN k", .integer(0)),
        .run("APPEND k abc", .integer(3)),
        .run("APPEND k ''", .integer(3)),
        .run("APPEND k de", .integer(5)),
        .run("GET k", .text("abcde")),
        .run("STRLEN k", .integer(5)),
        .run("APPEND new ''", .integer(0)),
        .run("EXISTS new", .integer(1)),
        .run("APPEND k", .arity("append")),
        .run("STRLEN", .arity("strlen"))
    ),
]

private let counterScripts: [Script] = [
    Script(
        "Counting",
        .run("INCR n", .integer(1)),
        .run("INCRBY n 41", .integer(42)),
        .run("DECR n", .integer(41)),
        .run("DECRBY n 50", .integer(-9)),
        .run("INCRBY n -1", .integer(-10)),
        .run("DECRBY n -10", .integer(0)),
        .run("GET n", .text("0")),
        .run("INCRBY new 0", .integer(0)),
        .run("GET new", .text("0")),
        .run("DECR below", .integer(-1)),
        .run("INCR", .arity("incr")),
        .run("DECRBY n", .arity("decrby"))
    ),
    Script(
        "A count that would overflow leaves the value as it was",
        .run("SET n 9223372036854775807 EX 10", .ok),
        .run("INCR n", .overflow),
        .run("INCRBY n 1", .overflow),
        .run("DECRBY n -1", .overflow),
        .run("GET n", .text("9223372036854775807")),
        .run("PTTL n", .integer(10_000)),
        .run("INCRBY n 0", .integer(.max)),
        .run("SET n -9223372036854775808", .ok),
        .run("DECR n", .overflow),
        .run("DECRBY n 1", .overflow),
        .run("INCRBY n -1", .overflow),
        .run("INCRBY n -9223372036854775808", .overflow),
        .run("GET n", .text("-9223372036854775808")),
        .run("INCRBY n 9223372036854775807", .integer(-1)),
        .run("INCRBY n -9223372036854775808", .overflow),
        .run(
            "DECRBY n -9223372036854775808",
            .error(.overflow, "decrement would overflow")
        ),
        .run("GET n", .text("-1"))
    ),
    Script(
        "What is not a number",
        .run("SET k text", .ok),
        .run("INCR k", .notAnInteger),
        .run("DECR k", .notAnInteger),
        .run("INCRBY k 1", .notAnInteger),
        .run("DECRBY k 1", .notAnInteger),
        .run("GET k", .text("text")),
        .run("SET k ''", .ok),
        .run("INCR k", .notAnInteger),
        .run("SET k 1.0", .ok),
        .run("INCR k", .notAnInteger),
        .run("SET k 9223372036854775808", .ok),
        .run("INCR k", .notAnInteger),
        .run("INCRBY n one", .notAnInteger),
        .run("INCRBY n 9223372036854775808", .notAnInteger),
        .run("DECRBY n 0x1", .notAnInteger),
        .run("DECRBY n ''", .notAnInteger),
        .run("EXISTS n", .integer(0))
    ),
]
