"""Sessions of Python's websockets with a server; the first argument names the session."""
import asyncio
import json
import os
import signal
import ssl
import sys
import urllib.request
from socket import create_connection

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.asyncio.client import connect as open_socket

PORT = int(os.environ["SALLYPORT_PORT"])
CONTEXT = ssl.create_default_context(cafile=os.environ["SALLYPORT_CA"])
TOKEN = os.environ["SALLYPORT_TOKEN"]
BEARER = {"Authorization": "Bearer " + TOKEN}


def connect(path="/ws", headers=BEARER, **options):
    options = {"ping_interval": None, "max_size": 64 << 20, "open_timeout": 30, **options}
    uri = f"wss://localhost:{PORT}{path}"
    return open_socket(uri, ssl=CONTEXT, additional_headers=headers, **options)


def post(path, value):
    headers = {**BEARER, "Content-Type": "application/json"}
    body = json.dumps(value).encode()
    request = urllib.request.Request(f"https://localhost:{PORT}{path}", body, headers)
    with urllib.request.urlopen(request, context=CONTEXT, timeout=30) as response:
        return json.load(response)


async def receive(socket, timeout=60):
    return json.loads(await asyncio.wait_for(socket.recv(), timeout))


async def ask(socket, value):
    await socket.send(json.dumps(value))
    return await receive(socket)


async def close_code(socket):
    """The code that the server closes with, behind whatever else it says."""
    try:
        while True:
            await socket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd and closed.rcvd.code


async def refused(**options):
    try:
        await (await connect(**options)).close()
    except InvalidStatus as error:
        return error.response.status_code
    return 101


def silence(path, said=b""):
    """The opcodes of what is sent to a client that says this and no more, and the code of its end."""
    with create_connection(("localhost", PORT)) as plain:
        client = CONTEXT.wrap_socket(plain, server_hostname="localhost")
        client.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Authorization: Bearer {TOKEN}\r\n\r\n".encode()
        )
        file = client.makefile("rb")
        assert b" 101 " in file.readline()
        while file.readline() != b"\r\n":
            pass
        client.sendall(said)
        opcodes = []
        while True:
            head = file.read(2)
            opcodes.append(head[0] & 15)
            payload = file.read(head[1])
            if opcodes[-1] == 8:
                return opcodes, int.from_bytes(payload[:2], "big")


async def echo():
    for compression in (None, "deflate"):
        async with connect("/ws/echo", compression=compression) as socket:
            large = os.urandom(3 << 20)
            long = "é🜁x" * 100_000
            for message in ("hello", "", "é🜁", b"", b"\0\xff", large, long, "a" * 200_000):
                await socket.send(message)
                assert await socket.recv() == message
            # Fragments become one message.
            await socket.send(["a", "", "b" * 5000, "é"])
            assert await socket.recv() == "a" + "b" * 5000 + "é"
            await socket.send([large[:100_000], large[100_000:]])
            assert await socket.recv() == large
            await (await socket.ping(b"payload"))
            assert (socket.protocol.extensions != []) == (compression is not None)


async def commands():
    async with connect() as socket:
        assert await ask(socket, {"action": "SET", "key": "é", "value": "ü"}) == {"result": "OK"}
        assert await ask(socket, {"action": "GET", "key": "é", "id": 7}) == {"id": 7, "result": "ü"}
        batch = [{"action": "ADD", "a": n, "b": 1} for n in range(1000)]
        assert await ask(socket, batch) == [{"result": n + 1} for n in range(1000)]
        large = os.urandom(2 << 20).hex()
        assert await ask(socket, {"action": "SET", "key": "large", "value": large}) == {"result": "OK"}
        reply = await ask(socket, [{"action": "GET", "key": "large"}] * 3)
        assert reply == [{"result": large}] * 3
        assert await ask(socket, {"type": "ping"}) == {"type": "pong"}
        status = await ask(socket, {"type": "status_request"})
        assert status["type"] == "status" and status["version"]
        assert status["clients"]["websockets"] == 1
        assert (await ask(socket, {"action": "nothing"}))["error"]["code"] == "unknown_command"
        assert await ask(socket, {"action": "AUTH", "token": TOKEN}) == {"result": "OK"}
        clients = await ask(socket, {"action": "CLIENT", "subcommand": "LIST"})
        assert " encoding=websocket " in clients["result"], clients
        await socket.send('{"action":"QUIT"}')
        assert await receive(socket) == {"result": "OK"}
        assert await close_code(socket) == 1000


async def ends():
    for code, reason in ((1000, "bye"), (1001, ""), (4321, "é")):
        socket = await connect("/ws/echo")
        await socket.close(code, reason)
        assert socket.protocol.close_rcvd.code == code
    socket = await connect()
    await socket.send(b"binary")
    assert await close_code(socket) == 1003
    socket = await connect("/ws/echo", compression=None)
    await socket.send(["\ud7ff", "x"])
    assert await socket.recv() == "\ud7ffx"
    socket.transport.write(b"\x81\x82\0\0\0\0\xc0\xaf")
    assert await close_code(socket) == 1007
    socket = await connect("/ws/echo")
    socket.transport.write(b"\x81\x01a")
    assert await close_code(socket) == 1002
    socket = await connect("/ws/echo")
    socket.transport.write(b"\x82\xff" + (1 << 40).to_bytes(8, "big") + b"abcd")
    assert await close_code(socket) == 1009


async def handshakes():
    assert await refused(headers={}) == 401
    assert await refused(headers={"Authorization": "Bearer sp_no_no"}) == 401
    assert await refused(origin="https://evil.example") == 403
    assert await refused(origin="https://good.example") == 101
    assert await refused(origin=f"https://localhost:{PORT}") == 101
    protocols = ["sallyport.v1", "bearer." + TOKEN]
    async with connect(headers={}, subprotocols=protocols) as socket:
        assert socket.subprotocol == "sallyport.v1"
        assert (await ask(socket, {"action": "WHOAMI"}))["result"]
    assert await refused(headers={}, subprotocols=["sallyport.v1", "bearer.sp_no_no"]) == 401


async def messages():
    async with connect() as listener, connect(compression=None) as other, connect() as speaker:
        assert await ask(listener, {"action": "PSUBSCRIBE", "pattern": "n*"}) == {"result": 2}
        assert await ask(other, {"action": "SUBSCRIBE", "channel": ["news", "more"]}) == {"result": 3}
        for text in ("hello", "é" * 5000):
            publish = {"action": "PUBLISH", "channel": "news", "message": text}
            assert await ask(speaker, publish) == {"result": 2}
            push = {"channel": "news", "message": text, "from": "development"}
            push_to_listener = await receive(listener)
            assert push_to_listener == {"event": "pmessage", "pattern": "n*", **push}, push_to_listener
            assert await receive(other) == {"event": "message", **push}
        notice = {"message": "Hello, WebSocket clients!", "type": "alert", "data": {"priority": "high"}}
        assert await asyncio.to_thread(post, "/notify", notice) == {"delivered": 3}
        for socket in (listener, other, speaker):
            assert await receive(socket) == {
                "type": "notification",
                "kind": "alert",
                "message": "Hello, WebSocket clients!",
                "data": {"priority": "high"},
                "from": "development",
            }
        assert await ask(other, {"action": "UNSUBSCRIBE", "channel": "$sys.notify"}) == {"result": 2}
        assert await asyncio.to_thread(post, "/notify", {"message": "again"}) == {"delivered": 2}


async def periodic():
    async with connect() as first, connect() as second:
        # Without its subscription it is sent these all the same; one may come before the answer.
        await second.send(json.dumps({"action": "UNSUBSCRIBE"}))
        while (answer := await receive(second)) != {"result": 0}:
            assert answer["type"] == "notification", answer
        for socket in (first, second):
            numbers = []
            while len(numbers) < 3:
                notice = await receive(socket)
                assert (notice["type"], notice["kind"]) == ("notification", "periodic")
                # Those from before the second one was there are passed over.
                if notice["data"]["clients"] == 2:
                    numbers.append(notice["data"]["number"])
            assert numbers == sorted(set(numbers))


async def timeouts():
    """Frames and messages that do not end, and clients that do not answer, are given up."""
    for begun in (b"\x81", b"\x82\x85\0\0\0\0ab", b"\x89\x84\0\0"):
        opcodes, code = await asyncio.to_thread(silence, "/ws/echo", begun)
        assert opcodes[-1] == 8 and code == 1008, (opcodes, code)
    socket = await connect("/ws/echo")
    socket.transport.write(b"\x01\x81\0\0\0\0a")
    await (await socket.ping(b"x"))
    assert await close_code(socket) == 1008
    # One that answers pings stays.
    async with connect("/ws/echo") as quiet:
        try:
            await asyncio.wait_for(quiet.recv(), 1)
        except asyncio.TimeoutError:
            pass
        await quiet.send("there")
        assert await quiet.recv() == "there"
    # One that does not is closed.
    opcodes, code = await asyncio.to_thread(silence, "/ws/echo")
    assert opcodes[0] == 9 and code == 1001, (opcodes, code)


async def shutdown():
    async with connect() as socket, connect("/ws/echo") as echoing:
        assert await ask(socket, {"type": "ping"}) == {"type": "pong"}
        os.kill(int(os.environ["SALLYPORT_PID"]), signal.SIGTERM)
        notice = await receive(socket)
        assert notice["type"] == "shutdown", notice
        assert notice["grace_ms"] >= 0 and notice["reconnect_after_ms"] >= 0
        assert await close_code(socket) == 1001
        assert await close_code(echoing) == 1001


async def slow():
    """A subscriber that does not read loses the oldest messages, and is told how many."""
    count = 800
    async with connect(max_queue=1) as listener, connect() as speaker:
        assert await ask(listener, {"action": "DELIVERY", "policy": "drop-oldest"}) == {"result": "OK"}
        assert await ask(listener, {"action": "SUBSCRIBE", "channel": "a"}) == {"result": 2}
        filler = os.urandom(8 << 10).hex()
        for number in range(count):
            message = {"action": "PUBLISH", "channel": "a", "message": f"{number}:{filler}"}
            assert await ask(speaker, message) == {"result": 1}
        numbers, lost = [], 0
        while not numbers or numbers[-1] != count - 1:
            push = await receive(listener)
            if push["event"] == "gap":
                lost += push["lost"]
            else:
                numbers.append(int(push["message"].split(":")[0]))
        assert lost > 0 and len(numbers) + lost == count, (lost, len(numbers))
        assert numbers == sorted(numbers)


def main():
    for name in sys.argv[1:] or os.environ["SESSIONS"].split():
        asyncio.run(asyncio.wait_for(globals()[name](), 100))
        print(f"{name}: good", flush=True)


main()
