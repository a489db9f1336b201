"""Keys whatever their value: expiry, renaming, walking over all of them."""
import time

from redis_target import equal, refused


def expiry(target):
    client = target.client()
    equal(client.ttl("k"), -2)
    equal(client.expire("k", 10), False)
    client.set("k", "v")
    equal(client.ttl("k"), -1)
    equal(client.expire("k", 100, xx=True), False)
    equal(client.expire("k", 100, gt=True), False)
    equal(client.expire("k", 100, nx=True), True)
    equal(client.expire("k", 200, nx=True), False)
    equal(client.expire("k", 50, gt=True), False)
    equal(client.expire("k", 200, gt=True), True)
    equal(client.expire("k", 300, lt=True), False)
    equal(client.expire("k", 150, lt=True), True)
    equal(client.expire("k", 120, xx=True), True)
    equal(client.ttl("k"), 120)
    refused(
        "NX and XX, GT or LT options at the same time are not compatible",
        lambda: client.expire("k", 1, nx=True, xx=True),
    )
    equal(client.pexpire("k", 90_000), True)
    equal(89_000 < client.pttl("k") <= 90_000, True)
    at = int(time.time()) + 500
    equal(client.expireat("k", at), True)
    equal(client.expiretime("k"), at)
    equal(client.pexpireat("k", at * 1000 + 5), True)
    equal(client.pexpiretime("k"), at * 1000 + 5)
    equal(client.persist("k"), True)
    equal(client.persist("k"), False)
    equal(client.expiretime("k"), -1)
    equal(client.expire("k", -1), True)
    equal(client.exists("k"), 0)
    # A key with a millisecond to live is gone as soon as the server's clock says so, not before.
    client.set("k", "v", px=1)
    while client.get("k") is not None:
        pass
    equal(client.pttl("k"), -2)


def moving(target):
    client = target.client()
    client.set("a", "1", ex=100)
    equal(client.rename("a", "b"), True)
    equal(client.ttl("b"), 100)
    refused("no such key", lambda: client.rename("a", "b"))
    client.set("c", "2")
    equal(client.renamenx("b", "c"), False)
    equal(client.renamenx("b", "d"), True)
    equal(client.copy("d", "c"), False)
    equal(client.copy("d", "c", replace=True), True)
    equal(client.get("c"), b"1")
    equal(client.ttl("c"), 100)
    equal(client.copy("nothing", "c"), False)
    equal(client.type("c"), b"string")
    equal(client.type("nothing"), b"none")


def objects(target):
    client = target.client()
    client.mset({"n": "12", "short": "word", "long": "x" * 100})
    equal(client.object("encoding", "n"), b"int")
    equal(client.object("encoding", "short"), b"embstr")
    equal(client.object("encoding", "long"), b"raw")
    equal(client.object("refcount", "n"), 1)
    equal(client.object("idletime", "n"), 0)
    equal(client.object("encoding", "nothing"), None)
    equal(client.object_encoding("n") if hasattr(client, "object_encoding") else b"int", b"int")


def walking(target):
    client = target.client()
    equal(client.randomkey(), None)
    equal(client.scan(), (0, []))
    names = {f"users^{i}^name" for i in range(500)} | {f"plain:{i}" for i in range(500)}
    client.mset({name: "v" for name in names})
    every = sorted(name.encode() for name in names)
    users = [name for name in every if name.startswith(b"users^")]
    equal(sorted(client.keys()), every)
    equal(sorted(client.keys("users^*")), users)
    equal(sorted(client.scan_iter()), every)
    equal(sorted(client.scan_iter(count=7)), every)
    equal(sorted(client.scan_iter(match="users^*", count=50)), users)
    equal(sorted(client.scan_iter(match="*:1?")), [f"plain:1{i}".encode() for i in range(10)])
    equal(sorted(client.scan_iter(_type="string", count=1000)), every)
    equal(list(client.scan_iter(_type="LIST")), [])
    cursor, some = client.scan(count=10)
    equal(cursor != 0 and 0 < len(some) < 1000, True)
    refused("invalid cursor", lambda: client.execute_command("SCAN", "first"))
    refused("syntax error", lambda: client.scan(count=0))
    equal(client.randomkey() in every, True)
    equal(client.dbsize(), 1000)
    equal(client.execute_command("DROP", "users^"), 500)
    equal(client.dbsize(), 500)
    equal(client.flushdb(asynchronous=True), True)
    equal(client.dbsize(), 0)
    client.set("k", "v")
    equal(client.flushall(), True)
    equal(client.exists("k"), 0)


SESSIONS = [expiry, moving, objects, walking]
