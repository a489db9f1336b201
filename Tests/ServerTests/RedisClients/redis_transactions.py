"""Pipelines, MULTI, EXEC and WATCH."""
import redis
from redis_target import BINARY, equal, refused


def pipelines(target):
    client = target.client()
    for transaction in (False, True):
        pipeline = client.pipeline(transaction=transaction)
        for i in range(5000):
            pipeline.set(f"p^{i}", i)
            pipeline.get(f"p^{i}")
        replies = pipeline.execute()
        equal(len(replies), 10_000)
        equal(set(replies[::2]), {True})
        equal(replies[1::2], [str(i).encode() for i in range(5000)])
    equal(client.dbsize(), 5000)


def many_counts_in_one_transaction(target):
    client = target.client()
    pipeline = client.pipeline()
    for _ in range(10_000):
        pipeline.incr("n")
    equal(pipeline.execute(), list(range(1, 10_001)))


def errors_inside(target):
    client = target.client()
    client.set("word", "no number")
    for transaction in (False, True):
        pipeline = client.pipeline(transaction=transaction)
        pipeline.set("before", "1").incr("word").get("before")
        replies = pipeline.execute(raise_on_error=False)
        equal(replies[0::2], [True, b"1"])
        equal(str(replies[1]), "value is not an integer or out of range")
        equal(isinstance(replies[1], redis.ResponseError), True)
    pipeline = client.pipeline()
    pipeline.set(BINARY, BINARY).get(BINARY)
    equal(pipeline.execute(), [True, BINARY])


def transactions_that_are_refused(target):
    client = target.client()
    pipeline = client.pipeline()
    pipeline.set("k", "v").execute_command("NOSUCH", "k")
    try:
        pipeline.execute()
        raise AssertionError("EXEC ran a transaction with an unknown command in it")
    except redis.ResponseError as error:
        equal("unknown command 'NOSUCH'" in str(error), True)
    equal(client.exists("k"), 0)
    ask = target.connection().ask
    equal(ask("MULTI"), b"OK")
    equal(ask("SET", "k", "v"), b"QUEUED")
    refused("wrong number of arguments for 'get' command", lambda: ask("GET"))
    aborted = "Transaction discarded because of previous errors."
    refused(aborted, lambda: ask("EXEC"), redis.exceptions.ExecAbortError)
    equal(ask("EXISTS", "k"), 0)
    refused("EXEC without MULTI", lambda: ask("EXEC"))
    refused("DISCARD without MULTI", lambda: ask("DISCARD"))
    equal(ask("MULTI"), b"OK")
    refused("MULTI calls can not be nested", lambda: ask("MULTI"))
    refused("WATCH inside MULTI is not allowed", lambda: ask("WATCH", "k"))
    equal(ask("DISCARD"), b"OK")


def watching(target):
    client, other = target.client(), target.client()
    client.set("n", 0)
    with client.pipeline() as pipeline:
        pipeline.watch("n", "absent")
        seen = int(pipeline.get("n"))
        pipeline.multi()
        pipeline.set("n", seen + 1)
        equal(pipeline.execute(), [True])
        for writer in (
            lambda: other.set("n", 5),
            lambda: other.set("absent", "here"),
            lambda: other.expire("n", 100),
            lambda: other.delete("n"),
            lambda: other.flushdb(),
        ):
            other.set("n", 1)
            other.delete("absent")
            pipeline.watch("n", "absent")
            writer()
            pipeline.multi()
            pipeline.set("n", "lost")
            if not fails_to_execute(pipeline):
                raise AssertionError("EXEC ran although a watched key had changed")
        equal(client.get("n"), None)
        pipeline.watch("n")
        other.set("n", 7)
        pipeline.unwatch()
        pipeline.multi()
        pipeline.get("n")
        equal(pipeline.execute(), [b"7"])


def fails_to_execute(pipeline):
    try:
        pipeline.execute()
    except redis.WatchError:
        return True
    return False


def retrying(target):
    """The loop that redis-py offers for it, with a writer that gets in between the first three times."""
    client, other = target.client(), target.client()
    client.set("n", 0)
    tries = []

    def add_ten(pipeline):
        seen = int(pipeline.get("n"))
        tries.append(seen)
        if len(tries) <= 3:
            other.incr("n")
        pipeline.multi()
        pipeline.set("n", seen + 10)

    equal(client.transaction(add_ten, "n"), [True])
    equal(tries, [0, 1, 2, 3])
    equal(client.get("n"), b"13")


SESSIONS = [
    pipelines,
    many_counts_in_one_transaction,
    errors_inside,
    transactions_that_are_refused,
    watching,
    retrying,
]
