"""Values: SET with every option, what reads and changes them, binary ones and long ones."""
import os
import time

from redis_target import BINARY, equal, refused

NO_INTEGER = "value is not an integer or out of range"


def set_and_its_options(target):
    client = target.client()
    equal(client.set("k", "one"), True)
    equal(client.set("k", "two", nx=True), None)
    equal(client.set("other", "two", xx=True), None)
    equal(client.set("k", "two", xx=True), True)
    equal(client.set("k", "three", get=True), b"two")
    equal(client.set("k", "four", nx=True, get=True), b"three")
    equal(client.set("fresh", "1", get=True), None)
    equal(client.get("k"), b"three")
    equal(client.set("k", "v", ex=100), True)
    equal(client.ttl("k"), 100)
    equal(client.set("k", "v", px=100_000), True)
    equal(99_000 < client.pttl("k") <= 100_000, True)
    equal(client.set("k", "w", keepttl=True), True)
    equal(client.ttl("k"), 100)
    at = int(time.time()) + 1000
    equal(client.set("k", "v", exat=at), True)
    equal(client.expiretime("k"), at)
    equal(client.set("k", "v", pxat=at * 1000 + 7), True)
    equal(client.pexpiretime("k"), at * 1000 + 7)
    equal(client.set("k", "v"), True)
    equal(client.ttl("k"), -1)
    refused("syntax error", lambda: client.execute_command("SET", "k", "v", "NX", "XX"))
    refused("syntax error", lambda: client.execute_command("SET", "k", "v", "EX", 1, "KEEPTTL"))
    refused("invalid expire time in 'set' command", lambda: client.set("k", "v", ex=0))
    refused(NO_INTEGER, lambda: client.execute_command("SET", "k", "v", "EX", "soon"))
    equal(client.setnx("n", "1"), True)
    equal(client.setnx("n", "1"), False)
    equal(client.setex("k", 50, "v"), True)
    equal(client.psetex("k", 50_000, "v"), True)
    equal(client.ttl("k"), 50)
    equal(client.getset("k", "w"), b"v")
    equal(client.ttl("k"), -1)


def getex_and_getdel(target):
    client = target.client()
    equal(client.getex("k"), None)
    client.set("k", "v")
    equal(client.getex("k", ex=100), b"v")
    equal(client.ttl("k"), 100)
    equal(client.getex("k"), b"v")
    equal(client.ttl("k"), 100)
    equal(client.getex("k", persist=True), b"v")
    equal(client.ttl("k"), -1)
    at = int(time.time()) + 1000
    equal(client.getex("k", exat=at), b"v")
    equal(client.expiretime("k"), at)
    equal(client.getex("k", pxat=at * 1000 + 1), b"v")
    equal(client.pexpiretime("k"), at * 1000 + 1)
    equal(client.getex("k", px=1_000_000), b"v")
    equal(client.getdel("k"), b"v")
    equal(client.getdel("k"), None)


def several_at_once(target):
    client = target.client()
    pairs = {f"m{i}": str(i) for i in range(100)}
    equal(client.mset(pairs), True)
    equal(client.mget(["m1", "nothing", "m99"]), [b"1", None, b"99"])
    equal(client.msetnx({"n1": "1", "m1": "2"}), False)
    equal(client.msetnx({"n1": "1", "n2": "2"}), True)
    equal(client.exists("m1", "m1", "nothing"), 2)
    equal(client.touch("m1", "nothing"), 1)
    equal(client.unlink("n1", "n2", "nothing"), 2)
    equal(client.delete(*pairs), 100)
    equal(client.dbsize(), 0)


def numbers(target):
    client = target.client()
    equal(client.incr("n"), 1)
    equal(client.incrby("n", 41), 42)
    equal(client.decr("n"), 41)
    equal(client.decr("n", 50), -9)
    client.set("n", 2**63 - 1)
    refused("increment or decrement would overflow", lambda: client.incr("n"))
    client.set("n", "ten")
    refused(NO_INTEGER, lambda: client.incr("n"))
    refused("value is not a valid float", lambda: client.incrbyfloat("n", 1.5))
    equal(client.incrbyfloat("f", 1.5), 1.5)
    equal(client.incrbyfloat("f", "-3.75"), -2.25)
    client.set("f", "1e3")
    equal(client.incrbyfloat("f", 0.5), 1000.5)
    equal(client.get("f"), b"1000.5")


def parts(target):
    client = target.client()
    equal(client.append("p", "Hello "), 6)
    equal(client.append("p", "World"), 11)
    equal(client.strlen("p"), 11)
    equal(client.getrange("p", -5, -1), b"World")
    equal(client.substr("p", 0, 4), b"Hello")
    equal(client.setrange("p", 6, "Redis"), 11)
    equal(client.setrange("z", 3, "x"), 4)
    equal(client.get("z"), b"\0\0\0x")
    refused("offset is out of range", lambda: client.setrange("p", -1, "x"))


def common_subsequences(target):
    client = target.client()
    client.mset({"a": "ohmytext", "b": "mynewtext"})
    equal(client.lcs("a", "b"), b"mytext")
    equal(client.lcs("a", "b", len=True), 6)
    matches = [[[4, 7], [5, 8]], [[2, 3], [0, 1]]]
    seen = client.lcs("a", "b", idx=True)
    # RESP2 has no maps: redis-py hands over the list as it comes.
    named = {b"matches": matches, b"len": 6}
    equal(seen, named if target.protocol == 3 else [b"matches", matches, b"len", 6])
    seen = client.lcs("a", "b", idx=True, minmatchlen=4, withmatchlen=True)
    longest = [matches[0] + [4]]
    named = {b"matches": longest, b"len": 6}
    equal(seen, named if target.protocol == 3 else [b"matches", longest, b"len", 6])


def binary_keys_and_values(target):
    client = target.client()
    for key in (BINARY, b"\0", b"\r\n", b"^", b"\xff\xfe", bytes(range(256))):
        equal(client.set(key, key), True)
        equal(client.get(key), key)
        equal(client.strlen(key), len(key))
    equal(sorted(client.keys()), sorted([BINARY, b"\0", b"\r\n", b"^", b"\xff\xfe", bytes(range(256))]))
    equal(client.mget(BINARY, b"\xff\xfe"), [BINARY, b"\xff\xfe"])
    equal(client.append(BINARY, b"\0"), len(BINARY) + 1)
    equal(client.getrange(BINARY, -2, -1), b"\n\0")
    equal(client.echo(BINARY), BINARY)
    equal(client.set("empty", b""), True)
    equal(client.get("empty"), b"")


def long_values(target):
    client = target.client()
    value = os.urandom(1 << 20)
    equal(client.set("mebibyte", value), True)
    equal(client.get("mebibyte") == value, True)
    pipeline = client.pipeline()
    for i in range(8):
        pipeline.set(f"mebibyte{i}", value)
        pipeline.get(f"mebibyte{i}")
    equal(pipeline.execute() == [True, value] * 8, True)
    if target.protocol == 2:
        return
    value = os.urandom(15 << 20)
    equal(client.set("long", value), True)
    equal(client.get("long") == value, True)
    equal(client.strlen("long"), 15 << 20)


SESSIONS = [
    set_and_its_options,
    getex_and_getdel,
    several_at_once,
    numbers,
    parts,
    common_subsequences,
    binary_keys_and_values,
    long_values,
]
