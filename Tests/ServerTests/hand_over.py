"""Restarts a server under load without a connection lost, and says what became of every connection.

Arguments: the program, and `inherited` or `reuse-port`. Clients connect, ask and leave, again and again,
and try nothing twice; meanwhile the process that serves them is replaced by the next one.
"""
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

PROGRAM, MODE = sys.argv[1:3]
CLIENTS = int(sys.argv[3]) if len(sys.argv) > 3 else 8
SECONDS = float(sys.argv[4]) if len(sys.argv) > 4 else 1.5
# Steered is what the server does; without it, closing loses what is in the queue and in handshakes.
folder = tempfile.mkdtemp(prefix="sallyport-test-")

listener = socket.socket()
if MODE == "reuse-port":
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
listener.bind(("127.0.0.1", 0))
port = listener.getsockname()[1]
if MODE == "inherited":
    listener.listen(4096)
notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notifications.bind(folder + "/notify")
notifications.settimeout(60)


def start():
    """A server that is ready, as its service manager sees it."""
    arguments = [PROGRAM, "serve", "--dev", "--dev-folder", folder + "/dev", "--log-level", "warning"]
    environment = {**os.environ, "NOTIFY_SOCKET": folder + "/notify"}
    passed = ()
    if MODE == "inherited":
        # The number of the process is known only once it is that process, so a shell sets it.
        arguments = ["/bin/sh", "-c", 'exec 3<&"$0" && LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"',
                     str(listener.fileno())] + arguments
        passed = (listener.fileno(),)
    else:
        arguments += ["--listen", f"127.0.0.1:{port}", "--reuse-port"]
    process = subprocess.Popen(arguments, env=environment, pass_fds=passed, stdout=subprocess.DEVNULL)
    said = notifications.recv(100)
    assert said == b"READY=1", said
    return process


old = start()
if MODE == "reuse-port":
    listener.close()
token = open(folder + "/dev/token").read().strip()
trust = ssl.create_default_context(cafile=folder + "/dev/ca.pem")
answered = 0
lost = []
servers = set()
lock = threading.Lock()
is_over = threading.Event()


def ask_once():
    stage = "connect"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as plain:
            stage = "handshake"
            with trust.wrap_socket(plain, server_hostname="localhost") as connection:
                lines = connection.makefile("rb")

                def ask(line):
                    connection.sendall(line.encode() + b"\n")
                    while True:
                        reply = lines.readline()
                        if not reply.endswith(b"\n"):
                            raise EOFError("the end instead of a reply")
                        if not reply.startswith(b"> "):
                            return reply.strip()

                stage = "AUTH"
                assert ask(f"AUTH {token}") == b"OK"
                stage = "request"
                assert ask("WHY") == b"42"
                stage = "server"
                return stage, ask("INFO server")
    except Exception as error:
        return stage, error


def client():
    global answered
    while not is_over.is_set():
        stage, result = ask_once()
        with lock:
            if isinstance(result, Exception):
                lost.append(f"{stage}: {type(result).__name__}: {result}")
            else:
                answered += 1


threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
for thread in threads:
    thread.start()


def settle(seconds):
    with lock:
        before = answered
    time.sleep(seconds)
    with lock:
        return answered - before


before = settle(SECONDS)
if MODE == "reuse-port":
    new = start()
    old.send_signal(signal.SIGTERM)
else:
    # With one queue for both, nobody needs to be there at every moment.
    old.send_signal(signal.SIGTERM)
    new = None
assert notifications.recv(100) == b"STOPPING=1"
began = time.monotonic()
if new is None:
    new = start()
status = old.wait(timeout=60)
took = time.monotonic() - began
after = settle(SECONDS)
is_over.set()
for thread in threads:
    thread.join()
new.send_signal(signal.SIGTERM)
last = new.wait(timeout=60)
print(json.dumps({
    "mode": MODE, "clients": CLIENTS, "answered": answered, "answered_before": before,
    "answered_after": after, "lost": len(lost), "reasons": sorted(set(lost))[:10],
    "old_status": status, "new_status": last, "old_took_seconds": round(took, 2),
}))
subprocess.run(["rm", "-rf", folder], check=True)
sys.exit(0 if not lost and status == 0 and last == 0 and before > 0 and after > 0 else 1)
