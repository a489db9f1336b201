"""One publisher and many subscribers over TLS, in RESP: what a server's CPU does for each delivered message.

    python3 loadtest/fanout.py PORT PID AUTHORITY PASSWORD SUBSCRIBERS MESSAGES BYTES PACE

loadtest/compare --subscribers runs it. PACE is how the publisher goes on: `alone` behind the last subscriber's
receipt, `answered` behind the answer to its PUBLISH, or a number: so many in flight at once. Prints JSON: CPU
microseconds of process PID for each delivery, deliveries a second. Every byte that comes is counted, and what came
to the first and the last subscriber is compared with what was sent.
"""
import json
import os
import select
import ssl
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "ci"))

from gatelib.peers import cpu_seconds  # noqa: E402
from gatelib.report import Red  # noqa: E402
from gatelib.wire import Connection  # noqa: E402

CHANNEL = b"news"


class Fanout:
    def __init__(self, port, authority, password, subscribers, size):
        self.message = b"x" * size
        self.push = Connection.encoded([b"message", CHANNEL, self.message])
        self.publisher = Connection(port, authority, password)
        self.poll = select.epoll()
        self.received = {}
        self.subscribers = {}
        self.everybody = threading.Semaphore(0)
        for number in range(subscribers):
            client = Connection(port, authority, password)
            if client.ask("SUBSCRIBE", CHANNEL) != [b"subscribe", CHANNEL, 1]:
                sys.exit("a subscription was not confirmed")
            client.socket.setblocking(False)
            descriptor = client.socket.fileno()
            self.subscribers[descriptor] = client
            self.received[descriptor] = [0, number in (0, subscribers - 1), b""]
            self.poll.register(descriptor, select.EPOLLIN)

    def publish(self, messages, pace):
        request = (b"PUBLISH", CHANNEL, self.message)
        window = int(pace) if pace.isdigit() else 1
        while messages > 0:
            count = min(window, messages)
            if self.publisher.ask_all([request] * count) != [len(self.subscribers)] * count:
                raise Red("a message was not given to every subscriber")
            messages -= count
            if pace == "alone":
                self.everybody.acquire()

    def receive(self, messages):
        """Takes everything that comes until each subscriber has had all messages."""
        total = len(self.subscribers) * messages * len(self.push)
        step = len(self.subscribers) * len(self.push)
        seen = 0
        while seen < total:
            before = seen
            for descriptor, _ in self.poll.poll(30):
                seen += self.take(descriptor)
            if seen == before:
                sys.exit("no message came for 30 s")
            for _ in range(seen // step - before // step):
                self.everybody.release()
        if seen != total:
            sys.exit("more came than was published")
        for count, is_kept, kept in self.received.values():
            if count != messages * len(self.push) or is_kept and kept != self.push * messages:
                sys.exit("a subscriber received something else than was published")

    def take(self, descriptor):
        client, state, count = self.subscribers[descriptor].socket, self.received[descriptor], 0
        try:
            while True:
                chunk = client.recv(65536)
                if not chunk:
                    sys.exit("the server closed a subscriber")
                count += len(chunk)
                if state[1]:
                    state[2] += chunk
                if not client.pending():
                    break
        except ssl.SSLWantReadError:
            pass
        state[0] += count
        return count


def main():
    port, pid, authority, password, subscribers, messages, size, pace = sys.argv[1:]
    count = int(messages)
    fanout = Fanout(int(port), authority, password, int(subscribers), int(size))
    used, began = cpu_seconds(pid), time.monotonic()
    publisher = threading.Thread(target=fanout.publish, args=(count, pace), daemon=True)
    publisher.start()
    fanout.receive(count)
    publisher.join()
    elapsed, used = time.monotonic() - began, cpu_seconds(pid) - used
    deliveries = int(subscribers) * count
    print(json.dumps({
        "cpu_us_per_delivery": used / deliveries * 1e6, "deliveries_per_second": deliveries / elapsed,
    }))  # fmt: skip


try:
    main()
except Red as reason:
    sys.exit(str(reason))
