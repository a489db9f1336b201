"""Valid, broken and hostile bytes: from a seed that is always the same, and from one that never is."""
import os
import random
import shutil

from gatelib.programs import ROOT
from gatelib.report import CouldNotRun, Red

DESCRIPTION = "60 s of loadgen fuzz: a fixed seed, a fresh one, and the corpus"
FIXED_SEED = 7
SECONDS = 30
# A busy machine is no failure of the server: a reply may take so long, and no longer.
HEALTH_MILLISECONDS = 5000


def run(gate, report):
    report.check("build", lambda: gate.loadgen() and gate.sallyport() and "release")
    if report.code != 0:
        return
    # What fails is saved beside a copy of the corpus, for whoever looks at the run to keep.
    corpus = gate.file("corpus")
    shutil.rmtree(corpus, ignore_errors=True)
    shutil.copytree(os.path.join(ROOT, "loadtest/corpus"), corpus)
    fresh = gate.arguments.seed or random.SystemRandom().randrange(1, 2**32)
    for name, seed in [("fixed", FIXED_SEED), ("fresh", fresh)]:
        gate.say(f"  {name} seed: {seed} (again: ci/gate --seed {seed} fuzz)")
        with gate.serve(f"fuzz-{name}") as server:
            report.check(f"{name} seed {seed}", lambda: fuzz(gate, server, name, seed, corpus))


def fuzz(gate, server, name, seed, corpus):
    done, report = gate.ask(
        server, f"fuzz-{name}",
        ["fuzz", "--seed", str(seed), "--duration", str(SECONDS), "--corpus", corpus,
         "--pid", str(server.process.pid), "--health-timeout", str(HEALTH_MILLISECONDS)],
        timeout=SECONDS * 4 + 240,
    )  # fmt: skip
    if server.process.poll() is not None:
        raise Red(f"the server ended with {server.process.returncode}: see {server.log}\n{done.tail(60)}")
    if done.code != 0:
        raise Red(f"failures, saved in {corpus}:\n{done.tail(60)}")
    if not report["cases"] or not report["replayed"]:
        raise CouldNotRun("no cases were run")
    return (
        f"{report['cases']:,} cases and {report['replayed']} of the corpus, {report['checked']:,} replies "
        f"held against the model, others asked {report['health_checks']:,} times"
    )
