"""Sallyport and others on one machine, same certificate, each on a core of its own with one thread."""
import glob
import os
import shutil
import socket
import subprocess
import time

from gatelib.programs import free_port, need
from gatelib.report import CouldNotRun

PASSWORD = "compare"


def cpu_seconds(pid):
    """CPU time of all threads of a process."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        try:
            with open(path) as file:
                total += int(file.read().split()[0])
        except FileNotFoundError:
            pass  # The thread has ended.
    return total / 1e9


class Peer:
    """Another server, that listens with TLS and the certificate in `folder`."""

    def __init__(self, programs, name, command, port, folder, log, core, password=""):
        self.name, self.port, self.programs, self.log = name, port, programs, log
        self.authority = os.path.join(folder, "ca.pem")
        self.password = password
        with open(log, "wb") as output:
            self.process = programs.start(
                ["taskset", "-c", str(core), *command], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, cwd=folder,
            )  # fmt: skip
        self.wait_for_port()

    @property
    def pid(self):
        return self.process.pid

    def wait_for_port(self, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise CouldNotRun(f"{self.name} ended at its start: see {self.log}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise CouldNotRun(f"{self.name} did not listen within {seconds} s: see {self.log}")

    def close(self):
        self.programs.end(self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def redis(programs, folder, log, core):
    """redis-server with the certificate that a development server made in `folder`."""
    need("redis-server", "taskset")
    port = free_port()
    command = [
        "redis-server", "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1",
        "--tls-cert-file", "server.pem", "--tls-key-file", "server.key", "--tls-ca-cert-file", "ca.pem",
        "--tls-auth-clients", "no", "--save", "", "--appendonly", "no", "--requirepass", PASSWORD,
    ]  # fmt: skip
    return Peer(programs, "redis", command, port, folder, log, core, PASSWORD)


def memcached(programs, folder, log, core):
    """memcached with one thread and TLS; it asks for no password over its text protocol."""
    need("memcached", "taskset")
    port = free_port()
    command = [
        "memcached", "-Z", "-o", "ssl_chain_cert=server.pem,ssl_key=server.key", "-l", "127.0.0.1",
        "-p", str(port), "-U", "0", "-t", "1", "-m", "512", "-c", "12000", "-u", "root",
    ]  # fmt: skip
    return Peer(programs, "memcached", command, port, folder, log, core)


def limit(programs, binary, folder, log, core):
    """A bare loop over libssl that keeps values in an array: what the machine allows at best."""
    need("taskset")
    for name, source in [("cert.pem", "server.pem"), ("key.pem", "server.key")]:
        shutil.copy(os.path.join(folder, source), os.path.join(folder, name))
    port = free_port()
    return Peer(
        programs, "limit", [os.path.abspath(binary), "-p", str(port), "-m", "bio"], port, folder, log, core
    )
