"""The programs that stages start: each ends with the gate, by its own process group, however that ends."""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

from gatelib.report import CouldNotRun

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# What a server needs to end; behind it, it is killed.
PATIENCE = 30


class Done:
    """A program that has ended."""

    def __init__(self, code, output, seconds):
        self.code, self.output, self.seconds = code, output, seconds

    def tail(self, lines=25):
        return "\n".join(self.output.splitlines()[-lines:])


class Programs:
    """All that is running for the gate."""

    def __init__(self):
        self.running = []

    def start(self, command, **options):
        """Starts `command` as the leader of a process group, so that Ctrl-C reaches the gate alone."""
        try:
            process = subprocess.Popen(command, start_new_session=True, **options)
        except OSError as failure:
            raise CouldNotRun(f"cannot start {command[0]}: {failure.strerror}") from None
        self.running.append(process)
        return process

    def forget(self, process):
        if process in self.running:
            self.running.remove(process)

    def run(self, command, timeout, environment=None, log=None, echo=None):
        """Runs `command` to its end; answers its output, also when it takes too long (code None)."""
        began = time.monotonic()
        with open(log, "w+b") if log else tempfile.TemporaryFile() as output:
            process = self.start(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT,
                env=dict(os.environ, **(environment or {})),
            )  # fmt: skip
            code = self.wait(process, timeout, echo)
            output.seek(0)
            text = output.read().decode(errors="replace")
        return Done(code, text, time.monotonic() - began)

    def wait(self, process, timeout, echo=None):
        """Waits for `process`, and calls `echo` with the seconds once a minute."""
        began = time.monotonic()
        while True:
            left = began + timeout - time.monotonic()
            try:
                code = process.wait(timeout=max(0, min(60, left)))
                self.forget(process)
                return code
            except subprocess.TimeoutExpired:
                if left <= 0:
                    self.end(process, patience=2)
                    return None
                if echo:
                    echo(time.monotonic() - began)

    def end(self, process, patience=PATIENCE):
        """Ends `process` and its group with SIGTERM, or SIGKILL where that is not enough; its status."""
        # Signals go out only while the process is not reaped, so that its number is still its own.
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=patience)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.forget(process)
        return process.returncode

    def end_all(self):
        for process in list(self.running):
            self.end(process, patience=3)


def need(*tools):
    """Raises CouldNotRun where a program is not on the PATH."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        raise CouldNotRun(f"missing on the PATH: {', '.join(missing)}")


def cores():
    """Two cores that this process may use: one for a server, one for who asks it."""
    need("taskset")
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise CouldNotRun("needs two cores: one for the server, one for the generator")
    return usable[0], usable[1]


def free_port():
    """A port that nobody listens on now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A Sallyport of its own on a free port, with a certificate and a token made for it."""

    def __init__(self, programs, binary, log, environment=None, loops=2, core=None, options=()):
        self.programs = programs
        self.folder = tempfile.mkdtemp(prefix="sallyport-gate-")
        self.log = log
        command = ["taskset", "-c", str(core)] if core is not None else []
        command += [
            binary, "serve", "--dev", "--dev-folder", self.folder, "--listen", "127.0.0.1:0",
            "--loops", str(loops), "--allow-address", "127.0.0.0/8", "--shutdown-timeout", "5",
            # A busy machine makes loops late; what the server then refuses is right, and tested elsewhere.
            "--limit", "overloadLatenessMilliseconds=3600000", *options,
        ]  # fmt: skip
        try:
            with open(log, "wb") as errors:
                self.process = programs.start(
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
                    env=dict(os.environ, **(environment or {})),
                )  # fmt: skip
            self.port = self.wait_for_port()
        except BaseException:
            self.close()
            raise
        self.authority = os.path.join(self.folder, "ca.pem")
        with open(os.path.join(self.folder, "token")) as file:
            self.token = file.read().strip()

    def wait_for_port(self, seconds=60):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise CouldNotRun(f"the server ended at its start: see {self.log}")
            with open(self.log, errors="replace") as file:
                found = re.search(r"addresses=127\.0\.0\.1:(\d+)", file.read())
            if found:
                return int(found.group(1))
            time.sleep(0.05)
        raise CouldNotRun(f"the server did not listen within {seconds} s: see {self.log}")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def resident(self):
        """Resident memory in bytes."""
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1)) * 1024

    def close(self):
        """Ends it; answers its status."""
        status = None
        if hasattr(self, "process"):
            status = self.programs.end(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
