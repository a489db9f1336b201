"""Connections of redis-py to the server that the environment names, and what the sessions expect of it."""
import os

import redis
from redis._parsers import _HiredisParser, _RESP2Parser, _RESP3Parser

# Bytes that end lines, separate namespaces, end strings in C, or are no UTF-8.
BINARY = b"\x00binary\r\n^\xff$3\r\n"


class Target:
    """The server, spoken to in one protocol and read by one parser."""

    def __init__(self, protocol, parser):
        own = _RESP3Parser if protocol == 3 else _RESP2Parser
        self.protocol = protocol
        self.parser = _HiredisParser if parser == "hiredis" else own
        self.pools = []

    def client(self, **options):
        """A client with connections of its own; each presents the token unless `options` say otherwise."""
        settings = dict(
            connection_class=redis.connection.SSLConnection,
            host="localhost",
            port=int(os.environ["SALLYPORT_PORT"]),
            password=os.environ["SALLYPORT_TOKEN"],
            ssl_ca_certs=os.environ["SALLYPORT_CA"],
            protocol=self.protocol,
            parser_class=self.parser,
            # Where an answer stays out, the session fails.
            socket_timeout=30,
        )
        pool = redis.ConnectionPool(**(settings | options))
        self.pools.append(pool)
        return redis.Redis(connection_pool=pool)

    def connection(self):
        """A single connection, whose replies come as they are."""
        return Conversation(self.client().connection_pool.get_connection())

    def close(self):
        for pool in self.pools:
            pool.disconnect()


class Conversation:
    """Commands and replies without what redis-py makes of them command by command."""

    def __init__(self, connection):
        self.send = connection.send_command
        self.read = connection.read_response

    def ask(self, *words):
        self.send(*words)
        return self.read()


def equal(seen, expected):
    """Ends the session unless both are the same."""
    if seen != expected:
        raise AssertionError(f"{shortened(seen)}, not {shortened(expected)}")


def shortened(value):
    text = repr(value)
    return text if len(text) <= 400 else f"{text[:200]} … {text[-100:]}"


def refused(message, body, kind=redis.ResponseError):
    """Ends the session unless `body` fails, and in these words."""
    try:
        answer = body()
    except kind as error:
        equal(str(error), message)
        return
    raise AssertionError(f"{shortened(answer)}, not the error {message!r}")
