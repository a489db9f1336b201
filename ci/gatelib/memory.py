"""Memory: AddressSanitizer and leaks, and what 50,000 connections leave behind."""
import re
import time

from gatelib.report import CouldNotRun, Red
from gatelib.sanitizers import Sanitizer
from gatelib.wire import Connection

DESCRIPTION = "AddressSanitizer and leaks on tests and a server; descriptors and memory after 50,000 connections"
# Where memory is handled by hand: buffers, codecs, the table, TLS, HTTP, and the server that joins them.
TESTS = (
    r"^(CoreTests|WireTests|KeyspaceTests|TLSTests|CryptoTests|GatewayTests|PubSubTests)\."
    r"|^ServerTests\.(Batch|Robustness|Concurrency|Embedding)"
)
SECONDS = 5
# What makes tables and caches as large as they get; they are not counted.
WARM_UP, CONNECTIONS = 5_000, 50_000
# What a connection may leave allocated: the table of addresses and the like hold less in all.
BYTES_EACH = 64
# Resident memory is coarser: pages that the allocator has not given back yet.
RESIDENT_GROWTH = 32 << 20


def run(gate, report):
    sanitizer = Sanitizer(gate, "address")
    if gate.plant:
        gate.say("  the tests are left out: what is planted is in the server")
    else:
        report.check("tests", lambda: sanitizer.tests(TESTS))
    report.check("server under load", lambda: sanitizer.serve(SECONDS))
    report.check(f"{CONNECTIONS:,} connections", lambda: churn(gate))


class Usage:
    """What a server uses while one connection asks it."""

    def __init__(self, server):
        self.descriptors = settled(server)
        with Connection(server.port, server.authority, server.token) as client:
            text = client.ask("INFO", "memory").decode()
        found = re.search(r"^used_memory:(\d+)", text, re.MULTILINE)
        if not found:
            raise CouldNotRun("INFO memory does not tell used_memory")
        self.allocated, self.resident = int(found.group(1)), server.resident()


def settled(server, seconds=20):
    """Descriptors once their number has not changed for a second: what closes, closes a little later."""
    last, since, until = server.descriptors(), time.monotonic(), time.monotonic() + seconds
    while time.monotonic() < until and time.monotonic() - since < 1:
        time.sleep(0.1)
        now = server.descriptors()
        if now != last:
            last, since = now, time.monotonic()
    return last


def churn(gate):
    with gate.serve("memory-churn") as server:
        connect(gate, server, WARM_UP, "warm-up")
        before = Usage(server)
        connect(gate, server, CONNECTIONS, "churn")
        after = Usage(server)
    growth = after.allocated - before.allocated
    told = (
        f"descriptors {before.descriptors} before, {after.descriptors} after; allocated {growth:+,} bytes "
        f"({growth / CONNECTIONS:+.1f} a connection); resident {before.resident >> 20} MiB before, "
        f"{after.resident >> 20} MiB after"
    )
    if after.descriptors > before.descriptors:
        raise Red("descriptors are left open: " + told)
    if growth > BYTES_EACH * CONNECTIONS:
        raise Red(f"more than {BYTES_EACH} bytes a connection are left: " + told)
    if after.resident - before.resident > RESIDENT_GROWTH:
        raise Red(f"resident memory grew by more than {RESIDENT_GROWTH >> 20} MiB: " + told)
    return told


def connect(gate, server, count, name):
    """Has so many connections made, used and closed, while five others work."""
    done, report = gate.ask(
        server, f"memory-{name}",
        ["siege", "churn", "--peers", str(count), "--clients", "5", "--duration", "1", "--keys", "100",
         "--spread", "8", "--grace", "900", "--pid", str(server.process.pid)],
        timeout=1000,
    )  # fmt: skip
    finished = report["attackers"]["finished"]
    # A few may be refused where the machine is slow; those are connections as well.
    if finished < count * 0.99:
        raise CouldNotRun(f"only {finished:,} of {count:,} connections came to their end:\n{done.tail()}")
    if done.code != 0:
        raise Red(f"established clients were harmed meanwhile:\n{done.tail()}")
