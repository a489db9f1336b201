"""Memory: AddressSanitizer and leaks, and what 50,000 connections leave behind."""
import re
import time

from gatelib.report import CouldNotRun, Red
from gatelib.sanitizers import Sanitizer
from gatelib.wire import Connection

DESCRIPTION = "AddressSanitizer and leaks on tests and a server; descriptors and memory after 50,000 connections"
# Where memory is handled by hand: buffers, codecs, the table, TLS, HTTP, and the server that joins them.
TESTS = {
    **dict.fromkeys(["CoreTests", "WireTests", "KeyspaceTests", "TLSTests", "CryptoTests", "GatewayTests"], ""),
    "PubSubTests": "", "ServerTests": "Batch|Robustness|Concurrency|Embedding",
}  # fmt: skip
SECONDS = 5
# What makes tables and caches as large as they get is not counted. What each connection leaves shows in both
# halves of the rest, and a table that grows once, or a few connections more at one moment, in one of them.
WARM_UP, HALF = 5_000, 25_000
CONNECTIONS = 2 * HALF
# What a connection may leave allocated: less than the smallest object of Swift's that holds anything (32).
BYTES_EACH = 16
# Resident memory is coarser: pages that the allocator has not given back yet.
RESIDENT_GROWTH = 32 << 20


def run(gate, report):
    sanitizer = Sanitizer(gate, "address", TESTS)
    if gate.plant:
        gate.say("  the tests are left out: what is planted is in the server")
    else:
        report.check("tests", sanitizer.tests)
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
        usages = [Usage(server)]
        for half in ("first", "second"):
            connect(gate, server, HALF, half)
            usages.append(Usage(server))
    return judge(*usages)


def judge(before, between, after):
    """What two equal halves left; Red where it grows with the connections."""
    halves = between.allocated - before.allocated, after.allocated - between.allocated
    told = (
        f"descriptors {before.descriptors} before, {after.descriptors} after; bytes allocated by halves "
        f"{halves[0]:+,} and {halves[1]:+,}, of which {min(halves) / HALF:+.1f} a connection; "
        f"resident {before.resident >> 20} MiB before, {after.resident >> 20} MiB after"
    )
    if after.descriptors > before.descriptors:
        raise Red("descriptors are left open: " + told)
    if min(halves) > BYTES_EACH * HALF:
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
