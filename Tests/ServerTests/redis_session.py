"""A session of redis-py with a server: connect, authenticate, and use the commands, RESP2 and RESP3."""
import os
import sys

try:
    import redis
except ImportError:
    sys.exit("redis_session: the package `redis` is missing; ci/test installs it")


def session(protocol):
    client = redis.Redis(
        host="localhost",
        port=int(os.environ["SALLYPORT_PORT"]),
        password=os.environ["SALLYPORT_TOKEN"],
        ssl=True,
        ssl_ca_certs=os.environ["SALLYPORT_CA"],
        protocol=protocol,
    )
    assert client.ping() is True
    key = f"py{protocol}"
    assert client.set(key, b"\x00binary\r\n\xff") is True
    assert client.get(key) == b"\x00binary\r\n\xff"
    assert client.set(key, "other", nx=True) is None
    assert client.set(key, "7", get=True) == b"\x00binary\r\n\xff"
    assert client.incr(key, 5) == 12
    assert client.expire(key, 100) and 0 < client.ttl(key) <= 100
    assert client.persist(key) and client.ttl(key) == -1
    assert client.append(key, "ab") == 4 and client.strlen(key) == 4
    assert client.mset({f"{key}^{i}": str(i) for i in range(50)}) is True
    assert client.mget([f"{key}^1", "nothing", f"{key}^2"]) == [b"1", None, b"2"]
    assert sorted(client.scan_iter(match=f"{key}^*", count=7)) == sorted(
        f"{key}^{i}".encode() for i in range(50)
    )
    assert client.exists(key, key, "nothing") == 2
    pipeline = client.pipeline(transaction=False)
    for i in range(1000):
        pipeline.set(f"{key}^p{i}", i)
        pipeline.get(f"{key}^p{i}")
    replies = pipeline.execute()
    assert replies[1::2] == [str(i).encode() for i in range(1000)]
    assert client.delete(key, f"{key}^1") == 2
    assert client.get(key) is None
    big = os.urandom(1 << 20)
    assert client.set(key, big) and client.get(key) == big
    try:
        client.execute_command("INCR", key)
        raise AssertionError("INCR of a value that is no number was accepted")
    except redis.ResponseError as error:
        assert str(error) == "value is not an integer or out of range", error
    assert client.execute_command("DROP", f"{key}^") == 1049
    client.close()


for version in (2, 3):
    session(version)
print("redis-py session: good")
