"""Many clients at once, and whether what they were answered can be right."""
import threading

from gatelib.report import Red
from gatelib.wire import Connection

DESCRIPTION = "1000 clients; 1000 sequential SETs; races on one key; linearizability"


def run(gate, report):
    report.check("build", lambda: gate.loadgen() and gate.sallyport() and "release")
    if report.code != 0:
        return
    with gate.serve("concurrency") as server:
        report.check("1000 clients", lambda: gate.load(
            server, "concurrency-clients", "--clients", "1000", "--duration", "10",
            "--threshold", "errors==0"))  # fmt: skip
        report.check("every encoding on the same keys", lambda: gate.load(
            server, "concurrency-encodings", "--clients", "70", "--duration", "5", "--keys", "50",
            "--encoding", "text,json,resp,resp3,protobuf,http,websocket", "--mix", "get=50,set=30,del=20",
            "--threshold", "errors==0"))  # fmt: skip
        report.check("1000 sequential SETs", lambda: sequential(server))
        report.check("a race to count", lambda: counting(server))
        report.check("a race to be first", lambda: first(server))
        report.check("whole values", lambda: whole(server))
        report.check("linearizable", lambda: gate.verify(
            server, "concurrency-verify", "--duration", "15", "--rate", "200"))  # fmt: skip
        report.check("the server lives", lambda: lives(server))


def connect(server):
    return Connection(server.port, server.authority, server.token)


def lives(server):
    with connect(server) as client:
        if client.ask("PING") != "PONG":
            raise Red("PING is not answered")
    return f"{server.resident() >> 20} MiB"


def sequential(server, count=1000):
    with connect(server) as client:
        for number in range(count):
            if client.ask("SET", f"sequential:{number}", f"value {number}") != "OK":
                raise Red(f"SET {number} is not answered with OK")
        for number in range(count):
            if (value := client.ask("GET", f"sequential:{number}")) != b"value %d" % number:
                raise Red(f"key {number} holds {value!r}")
        removed = client.ask("DEL", *[f"sequential:{number}" for number in range(count)])
        if removed != count:
            raise Red(f"DEL removed {removed} of {count}")
    return f"{count} set one after the other, read back, and removed"


def together(server, clients, body):
    """Runs `body(client, number)` on as many connections at once; answers what each returned."""
    barrier, results, failures = threading.Barrier(clients), [None] * clients, []

    def work(number):
        try:
            with connect(server) as client:
                barrier.wait(timeout=60)
                results[number] = body(client, number)
        except (Red, threading.BrokenBarrierError) as failure:
            failures.append(f"client {number}: {failure}")

    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    if any(thread.is_alive() for thread in threads):
        raise Red("clients were not answered within 120 s")
    if failures:
        raise Red("\n".join(failures))
    return results


def counting(server, clients=32, each=250):
    numbers = together(
        server, clients, lambda client, _: client.ask_all([("INCR", "race:count")] * each)
    )
    seen = sorted(number for row in numbers for number in row)
    if seen != list(range(1, clients * each + 1)):
        raise Red(f"{clients * each} INCRs answered {len(set(seen))} different numbers, up to {seen[-1]}")
    if any(row != sorted(row) for row in numbers):
        raise Red("a connection's own numbers do not rise")
    return f"{clients} clients, {each} INCRs each: every number once"


def first(server, clients=32, rounds=50):
    answers = together(
        server,
        clients,
        lambda client, number: client.ask_all(
            [("SET", f"race:first:{turn}", number, "NX") for turn in range(rounds)]
        ),
    )
    with connect(server) as client:
        for turn in range(rounds):
            winners = [number for number in range(clients) if answers[number][turn] == "OK"]
            value = client.ask("GET", f"race:first:{turn}")
            if len(winners) != 1 or value != str(winners[0]).encode():
                raise Red(f"SET NX of key {turn}: OK for clients {winners}, and it holds {value!r}")
    return f"{clients} clients, {rounds} keys, SET NX: one winner each, whose value it is"


def whole(server, clients=16, each=100):
    values = [bytes([65 + number]) * (1000 + 977 * number) for number in range(clients)]

    def body(client, number):
        request = [("SET", "race:whole", values[number]), ("GET", "race:whole")]
        return client.ask_all(request * each)[1::2]

    for row in together(server, clients, body):
        for value in row:
            if value not in values:
                raise Red(f"a GET saw a value of {len(value or b'')} bytes that nobody set")
    return f"{clients} clients, {each} SETs and GETs each: only whole values"
