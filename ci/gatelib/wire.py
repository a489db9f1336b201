"""A client that speaks RESP2 over TLS: enough to ask for one thing, or for many at once."""
import contextlib
import socket
import ssl

from gatelib.report import Red


@contextlib.contextmanager
def judged():
    """Whatever goes wrong on a connection is the server's fault."""
    try:
        yield
    except OSError as failure:
        raise Red(f"a connection failed: {failure or type(failure).__name__}") from None


class Connection:
    def __init__(self, port, authority, token=None):
        trust = ssl.create_default_context(cafile=authority)
        with judged():
            plain = socket.create_connection(("127.0.0.1", port), timeout=60)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket = trust.wrap_socket(plain, server_hostname="localhost")
        self.stream = self.socket.makefile("rb")
        if token:
            self.ask("AUTH", token)

    def ask(self, *words):
        return self.ask_all([words])[0]

    def ask_all(self, requests):
        """Sends all requests, then reads all replies; an error reply is Red."""
        with judged():
            self.socket.sendall(b"".join(self.encoded(words) for words in requests))
            return [self.reply() for _ in requests]

    @staticmethod
    def encoded(words):
        parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        framed = b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
        return b"*%d\r\n%b" % (len(parts), framed)

    def reply(self):
        line = self.stream.readline()
        if not line.endswith(b"\r\n"):
            raise Red("the server closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise Red(f"error reply: {rest.decode(errors='replace')}")
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.stream.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return None if rest == b"-1" else [self.reply() for _ in range(int(rest))]
        raise Red(f"not a reply of RESP2: {line!r}")

    def close(self):
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
