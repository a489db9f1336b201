"""What the race and memory stages share: tests and a server under a sanitizer, and what it reported."""
import glob
import os
import re

from gatelib.programs import ROOT
from gatelib.report import CouldNotRun, Red

SUPPRESSIONS = os.path.join(ROOT, "ci/gatelib/suppressions")
TEST_SECONDS = 1500
# Slow machines and sanitizers together may take a key away late: that is not what is looked for here.
MAX_LATE = "60000"
EVERY_ENCODING = "text,json,resp,resp3,protobuf,http,websocket"
RUN = re.compile(r"Test run with (\d+) tests? .*?(passed|failed) after")


class Sanitizer:
    """A sanitizer; each process writes what it finds to a file of its own, whatever becomes of it."""

    def __init__(self, gate, kind):
        self.gate, self.kind = gate, kind
        self.prefix = os.path.join(gate.output, "logs", f"report-{kind}")
        for path in self.files():
            os.unlink(path)

    @property
    def environment(self):
        common = f"log_path={self.prefix}:exitcode=66"
        # Else C++ takes memory from jemalloc's operator new and gives it back to the sanitizer's free.
        library = {"LD_PRELOAD": "libstdc++.so.6"}
        if self.kind == "thread":
            return {**library, "TSAN_OPTIONS": f"{common}:suppressions={SUPPRESSIONS}/thread.txt"}
        return {
            **library,
            "ASAN_OPTIONS": f"{common}:detect_leaks=1",
            "LSAN_OPTIONS": f"suppressions={SUPPRESSIONS}/leak.txt:print_suppressions=0",
        }

    def files(self):
        return glob.glob(self.prefix + ".*")

    def check(self):
        """Raises Red with the first report, if there is any."""
        files = sorted(self.files(), key=os.path.getmtime)
        texts = []
        for path in files:
            with open(path, errors="replace") as file:
                texts.append(file.read())
        reports = [text for text in texts if "Sanitizer" in text]
        if not reports:
            return
        text = "\n".join(reports)
        count = len(re.findall(r"^(?:WARNING|SUMMARY|==\d+==ERROR): ?\w*Sanitizer", text, re.MULTILINE))
        start = re.search(r"^.*(?:WARNING|ERROR): \w+Sanitizer.*$", text, re.MULTILINE)
        shown = text[start.start() if start else 0 :].splitlines()[:30]
        raise Red(f"{max(1, count)} lines of reports in {self.prefix}.*\n" + "\n".join(shown))

    def tests(self, pattern):
        """Runs the tests that `pattern` names."""
        gate = self.gate
        scratch = f".build/{self.kind}"
        flags = [f"--sanitize={self.kind}"]
        gate.build(f"tests-{self.kind}", [*flags, "--build-tests"], scratch)
        done = gate.programs.run(
            ["swift", "test", "--scratch-path", os.path.join(ROOT, scratch), *flags, "--skip-build",
             "--disable-xctest", "--filter", pattern],
            TEST_SECONDS, {**self.environment, "CI": "true"}, gate.log(f"tests-{self.kind}"), gate.patience,
        )  # fmt: skip
        self.check()
        if done.code is None:
            raise Red(f"the tests did not end within {TEST_SECONDS} s:\n{done.tail()}")
        found = RUN.search(done.output)
        if not found or found.group(1) == "0":
            raise CouldNotRun(f"no tests were run:\n{done.tail()}")
        if done.code != 0:
            failed = [line for line in done.output.splitlines() if "✘" in line]
            raise Red("\n".join(["tests failed", *failed[:30]]))
        return f"{found.group(1)} tests, nothing reported"

    def serve(self, seconds):
        """Puts every kind of load on a server, ends it, and looks at what was reported."""
        gate, name = self.gate, self.kind
        binary = gate.sallyport(self.kind)
        gate.loadgen()
        told = []
        with gate.serve(name, binary, environment=self.environment, loops=2) as server:
            try:
                told.append(gate.load(
                    server, f"{name}-commands", "--clients", "50", "--duration", str(seconds), "--keys", "100",
                    "--encoding", EVERY_ENCODING, "--mix", "get=40,set=30,incr=10,del=10,echo=5,who=5",
                    "--value-size", "1-4000", "--loops", "2"))  # fmt: skip
                told.append(gate.load(
                    server, f"{name}-messages", "--publishers", "4", "--subscribers", "40", "--channels", "4",
                    "--duration", str(seconds)))  # fmt: skip
                told.append(gate.load(
                    server, f"{name}-churn", "--clients", "20", "--reconnect-every", "5", "--resume",
                    "--duration", str(seconds)))  # fmt: skip
                told.append(gate.verify(
                    server, f"{name}-verify", "--duration", str(seconds), "--max-late", MAX_LATE,
                    "--rate", "50"))  # fmt: skip
            finally:
                status = server.close()
                # Whatever the loads came to: what the sanitizer says is why.
                self.check()
        if status != 0:
            raise Red(f"the server ended with {status}: see {server.log}")
        return "; ".join(told) + "; nothing reported"
