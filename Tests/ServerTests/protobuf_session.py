"""A session of a protobuf client with a server: its messages are generated from sallyport.proto by protoc."""
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile

try:
    import google.protobuf  # noqa: F401
except ImportError:
    sys.exit("protobuf_session: the package `protobuf` is missing; ci/test installs it")


def generated(folder):
    source = os.environ["SALLYPORT_PROTO"]
    try:
        subprocess.run(
            ["protoc", f"--proto_path={os.path.dirname(source)}", f"--python_out={folder}", source],
            check=True,
        )
    except FileNotFoundError:
        sys.exit("protobuf_session: protoc is missing; ci/test installs protobuf-compiler")
    sys.path.insert(0, folder)
    import sallyport_pb2

    return sallyport_pb2


class Client:
    """Sends requests with ids that count up, and reads responses."""

    def __init__(self):
        context = ssl.create_default_context(cafile=os.environ["SALLYPORT_CA"])
        plain = socket.create_connection(("localhost", int(os.environ["SALLYPORT_PORT"])), timeout=30)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        self.last = 0

    def frame(self, **command):
        self.last += 1
        body = proto.Request(id=self.last, **command).SerializeToString()
        return struct.pack(">I", len(body)) + body

    def read(self, count):
        data = bytearray()
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return bytes(data)

    def receive(self):
        (length,) = struct.unpack(">I", self.read(4))
        assert 0 < length < 1 << 24, length
        return proto.Response.FromString(self.read(length))

    def ask(self, **command):
        self.socket.sendall(self.frame(**command))
        response = self.receive()
        assert response.id == self.last, response
        return response

    def generic(self, name, *arguments):
        return self.ask(generic=proto.CommandRequest(name=name, arguments=arguments))

    def authenticate(self):
        wrong = self.ask(auth=proto.AuthRequest(token="sp_wrong_token"))
        assert wrong.error.code == "wrong_credential" and wrong.error.number == 21, wrong
        assert not wrong.error.HasField("retry_after_ms"), wrong
        token = os.environ["SALLYPORT_TOKEN"]
        assert self.ask(auth=proto.AuthRequest(token=token)).status == "OK"

    def is_closed(self):
        try:
            self.read(1)
        except EOFError:
            return True
        return False


def information(client):
    assert client.ask(ping=proto.PingRequest()).status == "PONG"
    assert client.ask(ping=proto.PingRequest(message=b"")).WhichOneof("result") == "data"
    assert client.ask(ping=proto.PingRequest(message=b"\x00")).data == b"\x00"
    assert client.ask(echo=proto.EchoMessage(content=b"a\x00\xff\r\n")).echo.content == b"a\x00\xff\r\n"
    assert client.ask(add=proto.AddRequest(a=2, b=-5)).add.result == -3
    least = client.ask(add=proto.AddRequest(a=-(2**63), b=2**63 - 1))
    assert least.add.result == -1, least
    assert client.ask(add=proto.AddRequest(a=2**63 - 1, b=1)).error.code == "overflow"
    assert client.ask(who=proto.WhoRequest()).integer >= 1
    assert len(client.ask(where=proto.WhereRequest()).data) == 36
    assert client.ask(why=proto.WhyRequest()).integer == 42


def keys(client):
    def put(**fields):
        return client.ask(set=proto.SetRequest(key=b"k^\x00", **fields))

    def get():
        response = client.ask(get=proto.GetRequest(key=b"k^\x00"))
        assert response.WhichOneof("result") == "get", response
        return response.get.value if response.get.found else None

    def ttl():
        return client.ask(ttl=proto.TtlRequest(key=b"k^\x00")).integer

    assert get() is None and ttl() == -2
    assert put(value=b"\x00binary\r\n\xff").status == "OK"
    assert get() == b"\x00binary\r\n\xff" and ttl() == -1
    assert put(value=b"", condition="CONDITION_IF_MISSING").WhichOneof("result") == "null"
    assert put(value=b"", condition="CONDITION_IF_EXISTS").status == "OK"
    assert get() == b""
    assert put(value=b"2", return_previous=True, expire_seconds=100).data == b""
    assert 0 < ttl() <= 100
    assert put(value=b"3", keep_ttl=True).status == "OK" and ttl() > 0
    assert put(value=b"3", keep_ttl=False).status == "OK" and ttl() == -1
    assert put(value=b"4", expire_milliseconds=200_000).status == "OK" and 100 < ttl() <= 200
    assert put(value=b"5", expire_at_seconds=1).status == "OK" and get() is None
    assert put(value=b"5", expire_at_milliseconds=4_000_000_000_000).status == "OK"
    assert ttl() > 1_000_000
    assert put(value=b"6", expire_seconds=0).error.code == "invalid_expiry"
    version = put(value=b"7", return_version=True).integer
    assert put(value=b"8", if_version=version + 1).WhichOneof("result") == "null"
    version = put(value=b"8", if_version=version, return_version=True).integer
    assert put(value=b"9", if_equal=b"7").WhichOneof("result") == "null"
    assert put(value=b"9", if_equal=b"8").status == "OK" and get() == b"9"
    assert put(value=b"10", if_version=version).WhichOneof("result") == "null"
    assert put(value=b"10", if_version=0).WhichOneof("result") == "null"
    assert put(value=b"10", if_version=1, condition="CONDITION_IF_EXISTS").error.code == "invalid_request"
    assert put(value=b"10", return_version=True, return_previous=True).error.code == "invalid_request"
    assert client.ask(expire=proto.ExpireRequest(key=b"k^\x00", seconds=100)).integer == 1
    assert 0 < ttl() <= 100
    assert client.ask(delete=proto.DelRequest(keys=[b"k^\x00", b"nothing"])).integer == 1
    assert client.ask(expire=proto.ExpireRequest(key=b"k^\x00", seconds=100)).integer == 0
    assert client.ask(delete=proto.DelRequest()).error.code == "invalid_request"


def generic(client):
    assert client.generic("mset", b"g^a", b"\x00", b"g^b", b"2").status == "OK"
    values = client.generic("MGET", b"g^a", b"nothing", b"g^b").list.items
    assert [value.WhichOneof("kind") for value in values] == ["data", "null", "data"]
    assert values[0].data == b"\x00"
    assert client.generic("GET", b"nothing").WhichOneof("result") == "null"
    assert client.generic("INCRBY", b"g^b", b"40").integer == 42
    hello = client.generic("HELLO", b"3").map.entries
    facts = {entry.key.data: entry.value for entry in hello}
    assert facts[b"server"].data == b"sallyport" and len(facts[b"modules"].list.items) == 0
    # HELLO changes nothing of how the connection speaks.
    assert client.ask(why=proto.WhyRequest()).integer == 42
    unknown = client.generic("NOSUCH", b"a")
    assert unknown.error.code == "unknown_command" and "NOSUCH" in unknown.error.message, unknown
    assert client.ask().error.code == "invalid_request"
    assert client.generic("DROP", b"g^").integer == 2


def large_and_many(client):
    big = os.urandom(1 << 20)
    assert client.ask(set=proto.SetRequest(key=b"big", value=big)).status == "OK"
    assert client.ask(get=proto.GetRequest(key=b"big")).get.value == big
    huge = os.urandom((16 << 20) - (64 << 10))
    assert client.ask(set=proto.SetRequest(key=b"huge", value=huge)).status == "OK"
    assert client.ask(get=proto.GetRequest(key=b"huge")).get.value == huge
    beyond = client.generic("MGET", b"huge", b"huge").error
    assert beyond.code == "too_long" and "maxProtobufFrameBytes=" in beyond.message, beyond
    # The next request is answered as if nothing had happened.
    assert client.ask(delete=proto.DelRequest(keys=[b"big", b"huge"])).integer == 2

    first = client.last + 1
    sent = b""
    for number in range(500):
        key = f"p^{number}".encode()
        sent += client.frame(set=proto.SetRequest(key=key, value=str(number).encode()))
        sent += client.frame(get=proto.GetRequest(key=key))
    client.socket.sendall(sent)
    for number in range(500):
        stored = client.receive()
        assert stored.id == first + 2 * number and stored.status == "OK", stored
        found = client.receive()
        assert found.id == first + 2 * number + 1, found
        assert found.get.value == str(number).encode(), found


def malformed(sent, reason):
    client = Client()
    client.authenticate()
    client.socket.sendall(sent)
    response = client.receive()
    assert response.id == 0 and response.error.code == "protocol_error", response
    assert reason in response.error.message, response
    assert client.is_closed()


def session():
    stranger = Client()
    assert stranger.ask(get=proto.GetRequest(key=b"k")).error.code == "unauthenticated"
    client = Client()
    client.authenticate()
    information(client)
    keys(client)
    generic(client)
    large_and_many(client)
    malformed(b"\x00\x00\x00\x00", "no bytes")
    malformed(b"\x7f\xff\xff\xff", "maxProtobufFrameBytes=16777215")
    malformed(b"\x00\x00\x00\x03\xff\xff\xff", "no sallyport.v1.Request")
    # Before a token frames are small.
    stranger.socket.sendall(b"\x00\x00\x40\x01")
    assert "maxUnauthenticatedArgumentBytes=16384" in stranger.receive().error.message
    assert stranger.is_closed()
    assert client.ask(why=proto.WhyRequest()).integer == 42
    quit = client.generic("QUIT")
    assert quit.status == "OK" and client.is_closed()


with tempfile.TemporaryDirectory() as folder:
    proto = generated(folder)
    session()
print("protobuf session: good")
