"""What the stages share: options, builds, and the load generator."""
import json
import os

from gatelib.programs import ROOT, Server, need
from gatelib.report import CouldNotRun, Red

# What building and running needs, on Debian.
PACKAGES = ["libssl-dev", "libjemalloc-dev", "libsimdjson-dev", "zlib1g-dev", "openssl"]
# A build takes a few minutes; only one that hangs takes longer.
BUILD_SECONDS = 1800
# The generator may be late where only the answers are looked at, and not the time.
ANY_LAG = ["--max-lag", "600000", "--reply-timeout", "120", "--connect-timeout", "60"]


class Gate:
    def __init__(self, arguments, programs, say=print):
        self.arguments, self.programs, self.say = arguments, programs, say
        self.output = os.path.abspath(arguments.output)
        self.plant = arguments.plant
        os.makedirs(os.path.join(self.output, "logs"), exist_ok=True)
        self.built = {}
        self.is_set_up = False

    def log(self, name):
        return os.path.join(self.output, "logs", name + ".log")

    def file(self, name):
        return os.path.join(self.output, name)

    def environment(self):
        """What a server gets: the regression that is planted in it, if one is."""
        return {"SALLYPORT_PLANT": self.plant} if self.plant else {}

    def set_up(self, *packages):
        """Installs what is missing, with ci/setup."""
        need("swift")
        wanted = [*(PACKAGES if not self.is_set_up else []), *packages]
        if not wanted:
            return
        done = self.programs.run([os.path.join(ROOT, "ci/setup"), *wanted], 900)
        if done.code != 0:
            raise CouldNotRun(f"ci/setup {' '.join(wanted)} failed:\n{done.tail()}")
        self.is_set_up = True

    def build(self, name, arguments, scratch, environment=None):
        """Runs swift build; the folder of what it built."""
        key = (scratch, *arguments)
        if key in self.built:
            return self.built[key]
        self.set_up()
        command = ["swift", "build", "--scratch-path", os.path.join(ROOT, scratch), *arguments]
        # As ci/test says: otherwise the two would build all of .build anew in turn.
        environment = {"CI": "true", **(environment or {})}
        self.say(f"  building {name} in {scratch}")
        done = self.programs.run(
            command, BUILD_SECONDS, environment, self.log(f"build-{name}"), self.patience
        )
        if done.code != 0:
            raise Red(f"the build of {name} failed:\n{done.tail()}")
        self.say(f"  built {name} ({done.seconds:.0f} s)")
        where = self.programs.run([*command, "--show-bin-path"], 120, environment)
        lines = where.output.strip().splitlines()
        if where.code != 0 or not lines:
            raise CouldNotRun(f"swift build --show-bin-path failed:\n{where.tail()}")
        self.built[key] = lines[-1]
        return lines[-1]

    def patience(self, seconds):
        self.say(f"  ... {seconds:.0f} s")

    def loadgen(self):
        """The load generator: a release build, never a planted one."""
        if self.arguments.binaries:
            return self.existing("loadgen")
        return os.path.join(
            self.build("loadgen", ["-c", "release", "--product", "loadgen"], ".build"), "loadgen"
        )

    def sallyport(self):
        """The server as it is released, or with what is planted."""
        if self.plant:
            where = self.build(
                "sallyport-planted", ["-c", "release", "--product", "sallyport"], ".build/planted",
                {"SALLYPORT_PLANTED": "1"},
            )  # fmt: skip
        elif self.arguments.binaries:
            return self.existing("sallyport")
        else:
            where = self.build("sallyport", ["-c", "release", "--product", "sallyport"], ".build")
        return os.path.join(where, "sallyport")

    def existing(self, name):
        path = os.path.join(os.path.abspath(self.arguments.binaries), name)
        if not os.access(path, os.X_OK):
            raise CouldNotRun(f"--binaries holds no program {name}: {path}")
        return path

    def serve(self, name, binary=None, **options):
        environment = {**self.environment(), **options.pop("environment", {})}
        binary = binary or self.sallyport()
        return Server(self.programs, binary, self.log(f"{name}-server"), environment, **options)

    def ask(self, server, name, command, timeout=300, core=None):
        """Runs loadgen against `server`; answers how it ended and its report, if it wrote one.

        Raises CouldNotRun where it could not begin, and Red where it does not end.
        """
        path = self.file(f"{name}.json")
        if os.path.exists(path):
            os.unlink(path)
        pinned = ["taskset", "-c", str(core)] if core is not None else []
        done = self.programs.run(
            [*pinned, self.loadgen(), *command, "--quiet", "--json", path, "--host", "localhost",
             "--port", str(server.port), "--dev-folder", server.folder],
            timeout, log=self.log(name),
        )  # fmt: skip
        if done.code is None:
            raise Red(f"loadgen did not end within {timeout} s:\n{done.tail()}")
        if done.code in (2, 64):
            raise CouldNotRun(f"loadgen {command[0]} could not begin:\n{done.tail()}")
        if not os.path.exists(path):
            raise Red(f"loadgen ended with {done.code} and no report:\n{done.tail()}")
        with open(path) as file:
            return done, json.load(file)

    def load(self, server, name, *options, timeout=300):
        """Load whose answers must all be right; answers what was done in words."""
        done, report = self.ask(server, name, ["run", *ANY_LAG, *options], timeout)
        if done.code == 98:
            raise CouldNotRun(f"the generator was too late to say anything:\n{done.tail()}")
        if done.code != 0:
            raise Red(f"loadgen ended with {done.code}:\n{done.tail()}")
        received = (report.get("deliveries") or {}).get("received")
        messages = f", {received:,} messages" if received else ""
        return f"{report['requests']:,} right replies{messages} in {report['elapsed_seconds']:.1f} s"

    def verify(self, server, name, *options, timeout=300, tries=3):
        """What many clients saw of the same keys must be possible; answers it in words.

        A history whose search is given up says nothing: then there is another, with another seed.
        """
        for number in range(1, tries + 1):
            done, report = self.ask(server, name, ["verify", *options], timeout)
            if done.code != 96:
                break
            self.say(f"  the search of history {number} of {tries} was given up")
        if done.code == 96:
            raise CouldNotRun(f"the search was given up {tries} times, which says nothing:\n{done.tail()}")
        if done.code != 0:
            raise Red(f"loadgen verify ended with {done.code}:\n{done.tail(60)}")
        keys, messages = report["keys"], report["messages"]
        return (
            f"{keys['operations']:,} operations on {keys['keys']} keys and "
            f"{messages['delivered']:,} messages are possible, seed {report['run']['seed']}"
        )
