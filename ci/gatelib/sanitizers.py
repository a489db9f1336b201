"""What the race and memory stages share: tests and a server under a sanitizer, and what it reported."""
import glob
import os
import re
import shutil

from gatelib.programs import ROOT
from gatelib.report import FAILED, CouldNotRun, Red
from gatelib.unit import read

LEAKS = os.path.join(ROOT, "ci/gatelib/suppressions/leak.txt")
THREADS = os.path.join(ROOT, "ci/gatelib/threads")
TEST_SECONDS = 1500
# So many failed tests are run again; more are not only slow.
MOST_AGAIN = 10
# Slow machines and sanitizers together may take a key away late: that is not what is looked for here.
MAX_LATE = "60000"
EVERY_ENCODING = "text,json,resp,resp3,protobuf,http,websocket"
SUMMARY = re.compile(r"^SUMMARY: (\w+Sanitizer: .+)$", re.MULTILINE)
# What a line of a stack says beside the function and the place of it.
ADDRESS = re.compile(r" 0x[0-9a-f]{8,} in| \([^ ()]+\+0x[0-9a-f]+\)| \(BuildId: [0-9a-f]+\)")
RUN = re.compile(r"Test run with (\d+) tests? .*?(passed|failed) after")


class Sanitizer:
    """A sanitizer; each process writes what it finds to a file of its own, whatever becomes of it."""

    def __init__(self, gate, kind, tests):
        """`tests`: by test target, the suites of it as a pattern."""
        self.gate, self.kind, self.suites = gate, kind, tests
        self.scratch, self.flags = f".build/{kind}", [f"--sanitize={kind}"]
        # The regressions are in this build in any case, which is never released: they wake where the server's
        # environment names them, so that --plant needs no build of its own.
        self.build_environment = {"SALLYPORT_TESTS": ",".join(tests), "SALLYPORT_PLANTED": "1"}
        self.prefix = os.path.join(gate.output, "logs", f"report-{kind}")
        if re.search("[ :]", self.prefix):
            raise CouldNotRun(f"sanitizers take no path with a space or a colon: {self.prefix}")
        for path in self.files():
            os.unlink(path)
        self.told = set()

    @property
    def environment(self):
        # Else C++ takes memory from jemalloc's operator new and gives it back to the sanitizer's free.
        preloaded = ["libstdc++.so.6"]
        common = f"log_path={self.prefix}:exitcode=66"
        if symbolizer := tool("llvm-symbolizer"):
            common += f":external_symbolizer_path={symbolizer}"
        if self.kind == "thread":
            return {"LD_PRELOAD": " ".join([*preloaded, self.locks]), "TSAN_OPTIONS": common}
        return {
            "LD_PRELOAD": " ".join(preloaded),
            "ASAN_OPTIONS": f"{common}:detect_leaks=1",
            "LSAN_OPTIONS": f"suppressions={LEAKS}:print_suppressions=0",
        }

    @property
    def locks(self):
        """The library that tells ThreadSanitizer of the locks of Swift's standard library."""
        return os.path.join(self.gate.output, "locks.so")

    def probe(self):
        """Builds that library, and sees that a lock is no race and that a race is one."""
        gate, program = self.gate, os.path.join(self.gate.output, "probe")
        gate.set_up()
        if not (clang := tool("clang")):
            raise CouldNotRun("the toolchain has no clang")
        for command in (
            [clang, "-shared", "-fPIC", "-O1", os.path.join(THREADS, "locks.c"), "-o", self.locks],
            ["swiftc", "-swift-version", "5", "-g", "-sanitize=thread", os.path.join(THREADS, "probe.swift"),
             "-o", program],
        ):  # fmt: skip
            done = gate.programs.run(command, 300)
            if done.code != 0:
                raise CouldNotRun(f"{os.path.basename(command[0])} failed:\n{done.tail()}")
        log = self.environment["TSAN_OPTIONS"].replace(self.prefix, self.prefix + "-probe")
        environment = {**self.environment, "TSAN_OPTIONS": log}
        for options, expected, wrong in [
            ([], 0, "a Mutex of this toolchain is taken for a race: see ci/gatelib/threads/locks.c"),
            (["race"], 66, "a planted race is not seen"),
        ]:
            done = gate.programs.run([program, *options], 120, environment)
            if done.code != expected:
                raise CouldNotRun(f"{wrong} (exit code {done.code}): {self.prefix}-probe.*\n{done.tail()}")
        for path in glob.glob(self.prefix + "-probe.*"):
            os.unlink(path)
        return "a Mutex that threads wait for is no race, a counter without one is"

    def files(self):
        return glob.glob(self.prefix + ".*")

    def check(self):
        """Raises Red with the first report, if there is any that it has not raised before."""
        texts = []
        for path in sorted(set(self.files()) - self.told, key=os.path.getmtime):
            self.told.add(path)
            with open(path, errors="replace") as file:
                texts.append(file.read())
        text = "\n".join(part for part in texts if "Sanitizer" in part)
        if text:
            where = f"; all in {os.path.relpath(self.prefix, ROOT)}.*\n"
            raise Red(self.demangled(told(text) + where + first(text)))

    def demangled(self, text):
        """`text` with Swift's names as they are written, where the toolchain has what tells them."""
        names, program = sorted(set(re.findall(r"\$s\w+", text))), tool("swift-demangle")
        if not names or not program:
            return text
        done = self.gate.programs.run([program, "--compact", "--simplified", *names], 60)
        written = dict(zip(names, done.output.splitlines()))
        return re.sub(r"\$s\w+", lambda match: written.get(match.group(), match.group()), text)

    def build(self, what, *arguments):
        return self.gate.build(
            f"{what}-{self.kind}", [*self.flags, *arguments], self.scratch, self.build_environment
        )

    def server(self):
        """A debug build of the server."""
        return os.path.join(self.build("sallyport", "--product", "sallyport"), "sallyport")

    def tests(self):
        """Runs the suites of its test targets; what fails beside others is run again, alone.

        A sanitizer makes all of it many times slower, and some tests hold the server to a time: whether they
        pass at full speed is for the stage unit to say.
        """
        self.server()
        self.build("tests", "--product", "sallyportPackageTests")
        pattern = "|".join(rf"^{target}\.({suites})" for target, suites in self.suites.items())
        done, count = self.run_tests(pattern)
        if done.code == 0:
            return f"{count} tests, nothing reported"
        failed = [name for name, outcome, *_ in read(done.output)[0] if outcome == FAILED]
        names = [re.match(r"\w+(?=\()", name) for name in failed]
        if not failed or not all(names) or len(failed) > MOST_AGAIN:
            raise Red("\n".join([f"{len(failed)} tests failed", *issues(done)]))
        pattern = "|".join(rf"/{name.group()}\(" for name in names)
        done, _ = self.run_tests(pattern, "--no-parallel")
        if done.code != 0:
            raise Red("\n".join(["tests failed, and when run alone as well", *issues(done)]))
        return f"{count} tests, {len(failed)} of them only when run alone; nothing reported"

    def run_tests(self, pattern, *options):
        """Runs the tests that `pattern` names; Red where something is reported of them."""
        gate = self.gate
        done = gate.programs.run(
            ["swift", "test", "--scratch-path", os.path.join(ROOT, self.scratch), *self.flags, "--skip-build",
             "--disable-xctest", "--filter", pattern, *options],
            TEST_SECONDS, {**self.build_environment, **self.environment, "CI": "true"},
            gate.log(f"tests-{self.kind}" + ("-again" if options else "")), gate.patience,
        )  # fmt: skip
        self.check()
        if done.code is None:
            raise Red(f"the tests did not end within {TEST_SECONDS} s:\n{done.tail()}")
        found = RUN.search(done.output)
        if not found or found.group(1) == "0":
            raise CouldNotRun(f"no tests were run:\n{done.tail()}")
        return done, found.group(1)

    def serve(self, seconds):
        """Puts every kind of load on a server, ends it, and looks at what was reported."""
        gate, name = self.gate, self.kind
        binary = self.server()
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


def issues(done, lines=30):
    """What failed tests say."""
    return [line for line in done.output.splitlines() if line.startswith(("✘", "↳"))][:lines]


def told(text):
    """What sanitizers' reports come to, in a line: how many, and of what."""
    found = [line.replace(ROOT + "/", "") for line in SUMMARY.findall(text)]
    kinds = list(dict.fromkeys(found))
    more = f" and {len(kinds) - 3} other kinds" if len(kinds) > 3 else ""
    count = "1 report" if len(found) < 2 else f"{len(found)} reports"
    return f"{count}: {'; '.join(kinds[:3]) or 'cut off'}{more}"


def first(text, lines=16):
    """The beginning of the first report, without addresses."""
    start = re.search(r"^.*(?:WARNING|ERROR): \w+Sanitizer.*$", text, re.MULTILINE)
    shown = text[start.start() if start else 0 :].replace(ROOT + "/", "").splitlines()[:lines]
    return "\n".join(ADDRESS.sub("", line) for line in shown)


def tool(name):
    """A tool of the Swift toolchain, which need not be on the PATH itself; None where there is none."""
    swift = shutil.which("swift")
    beside = os.path.join(os.path.dirname(os.path.realpath(swift)), name) if swift else ""
    return beside if os.access(beside, os.X_OK) else shutil.which(name)
