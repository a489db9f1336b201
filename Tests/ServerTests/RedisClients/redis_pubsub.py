"""Messages: redis-py's own PubSub objects, in RESP2 and RESP3."""
import redis

from redis_target import BINARY, equal, refused


def next_message(pubsub):
    """The next message or confirmation, as kind, pattern, channel and data."""
    message = pubsub.get_message(timeout=30)
    if message is None:
        raise AssertionError("no message in 30 seconds")
    return (message["type"], message["pattern"], message["channel"], message["data"])


def messages(target):
    publisher = target.client()
    pubsub = target.client().pubsub()
    pubsub.subscribe("news", BINARY)
    equal(next_message(pubsub), ("subscribe", None, b"news", 1))
    equal(next_message(pubsub), ("subscribe", None, BINARY, 2))
    pubsub.psubscribe("n*s")
    equal(next_message(pubsub), ("psubscribe", None, b"n*s", 3))
    equal(publisher.publish("news", "hello"), 2)
    equal(next_message(pubsub), ("message", None, b"news", b"hello"))
    equal(next_message(pubsub), ("pmessage", b"n*s", b"news", b"hello"))
    equal(publisher.publish(BINARY, BINARY), 1)
    equal(next_message(pubsub), ("message", None, BINARY, BINARY))
    equal(publisher.publish("none", "hello"), 0)
    pubsub.unsubscribe("news")
    equal(next_message(pubsub), ("unsubscribe", None, b"news", 2))
    equal(publisher.publish("news", "again"), 1)
    equal(next_message(pubsub), ("pmessage", b"n*s", b"news", b"again"))
    pubsub.punsubscribe()
    equal(next_message(pubsub), ("punsubscribe", None, b"n*s", 1))
    pubsub.unsubscribe()
    equal(next_message(pubsub), ("unsubscribe", None, BINARY, 0))
    equal(pubsub.subscribed, False)
    pubsub.close()


def many_messages(target):
    publisher = target.client()
    pubsub = target.client().pubsub(ignore_subscribe_messages=True)
    pubsub.subscribe("many")
    pubsub.get_message(timeout=30)
    with publisher.pipeline(transaction=False) as pipe:
        for number in range(1000):
            pipe.publish("many", number)
        equal(set(pipe.execute()), {1})
    for number in range(1000):
        equal(next_message(pubsub)[3], b"%d" % number)
    pubsub.close()


def handlers(target):
    seen = []
    publisher = target.client()
    pubsub = target.client().pubsub()
    pubsub.subscribe(**{"handled": lambda message: seen.append(message["data"])})
    equal(next_message(pubsub), ("subscribe", None, b"handled", 1))
    publisher.publish("handled", "a")
    while not seen:
        pubsub.get_message(timeout=30)
    equal(seen, [b"a"])
    pubsub.close()


def counts(target):
    client = target.client()
    pubsub = target.client().pubsub()
    pubsub.subscribe("one", "two")
    next_message(pubsub), next_message(pubsub)
    pubsub.psubscribe("t*")
    next_message(pubsub)
    equal(sorted(client.pubsub_channels()), [b"one", b"two"])
    equal(client.pubsub_channels("t*"), [b"two"])
    equal(client.pubsub_numsub("one", "none"), [(b"one", 1), (b"none", 0)])
    equal(client.pubsub_numpat(), 1)
    mine = [line for line in client.client_list() if line["sub"] == "2"]
    equal([(line["psub"], line["flags"]) for line in mine], [("1", "P")])
    pubsub.close()
    while client.pubsub_channels():
        pass
    equal(client.pubsub_numpat(), 0)


def subscribers_may_run(target):
    connection = target.connection()

    def confirmation(*words):
        connection.send(*words)
        # In RESP3 it is a push, which is only read where it is asked for.
        return connection.read(push_request=True)[:2]

    equal(confirmation("SUBSCRIBE", "a"), [b"subscribe", b"a"])
    if target.protocol == 2:
        equal(connection.ask("PING"), [b"pong", b""])
        equal(connection.ask("PING", "hi"), [b"pong", b"hi"])
        text = (
            "Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
            "are allowed in this context"
        )
        refused(text, lambda: connection.ask("GET", "k"))
    else:
        equal(connection.ask("PING"), b"PONG")
        equal(connection.ask("GET", "k"), None)
    equal(confirmation("UNSUBSCRIBE"), [b"unsubscribe", b"a"])
    equal(connection.ask("PING"), b"PONG")


def reserved(target):
    text = "channels that begin with $sys. are the server's own"
    refused(
        text,
        lambda: target.client().publish("$sys.gap", "x"),
        kind=redis.exceptions.NoPermissionError,
    )


SESSIONS = [messages, many_messages, handlers, counts, subscribers_may_run, reserved]
