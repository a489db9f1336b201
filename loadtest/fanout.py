"""One publisher and many subscribers over TLS, in RESP: what a server's CPU does for each delivered message.

    python3 loadtest/fanout.py PORT PID AUTHORITY PASSWORD SUBSCRIBERS MESSAGES BYTES PACE

loadtest/compare --subscribers runs it. PACE is how the publisher goes on: `alone` behind the last subscriber's
receipt, `answered` behind the answer to its PUBLISH, or a number: so many in flight at once. Prints JSON: CPU
microseconds of process PID for each delivery, deliveries a second. Every byte that comes is counted, and what came
to the first and the last subscriber is compared with what was sent.
"""
import glob
import json
import select
import socket
import ssl
import sys
import threading
import time

CHANNEL = b"news"


def array(*words):
    """A RESP array of bulk strings."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def cpu_seconds(pid):
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        with open(path) as file:
            total += int(file.read().split()[0])
    return total / 1e9


class Fanout:
    def __init__(self, port, authority, password, subscribers, size):
        self.port, self.password = port, password.encode()
        self.trust = ssl.create_default_context(cafile=authority)
        self.message = b"x" * size
        self.push = array(b"message", CHANNEL, self.message)
        self.publisher = self.connect()
        self.poll = select.epoll()
        self.received = {}
        self.subscribers = {}
        self.everybody = threading.Semaphore(0)
        for number in range(subscribers):
            client = self.connect()
            client.sendall(array(b"SUBSCRIBE", CHANNEL))
            self.expect(client, array(b"subscribe", CHANNEL)[:-2].replace(b"*2", b"*3") + b"\r\n:1\r\n")
            client.setblocking(False)
            self.subscribers[client.fileno()] = client
            self.received[client.fileno()] = [0, number in (0, subscribers - 1), b""]
            self.poll.register(client.fileno(), select.EPOLLIN)

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = self.trust.wrap_socket(plain, server_hostname="localhost")
        client.sendall(array(b"AUTH", self.password))
        self.expect(client, b"+OK\r\n")
        return client

    @staticmethod
    def expect(client, expected):
        answer = b""
        while len(answer) < len(expected):
            chunk = client.recv(len(expected) - len(answer))
            if not chunk:
                sys.exit("the server closed a connection")
            answer += chunk
        if answer != expected:
            sys.exit(f"expected {expected}, got {answer}")

    def publish(self, messages, pace):
        request = array(b"PUBLISH", CHANNEL, self.message)
        answer = b":%d\r\n" % len(self.subscribers)
        window = int(pace) if pace.isdigit() else 1
        while messages > 0:
            count = min(window, messages)
            self.publisher.sendall(request * count)
            self.expect(self.publisher, answer * count)
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
        client, state, count = self.subscribers[descriptor], self.received[descriptor], 0
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


main()
