"""Latency and CPU as ratios to redis-server, in the same rounds, so that a slow machine does not matter.

The reference is redis-server and not Sallyport's own PING: what makes every request slow makes PING slow as
well, and the ratio would not tell. Nor is it a figure of an earlier run, which another machine would not reach.
"""
import json
import os
import statistics

from gatelib import peers
from gatelib.gate import ANY_LAG
from gatelib.judge import FEWEST_ROUNDS, Verdict
from gatelib.programs import cores
from gatelib.report import CouldNotRun, Red

DESCRIPTION = "p50, p99 and server CPU as ratios to redis-server with TLS in interleaved rounds"
ROUNDS = 9
SECONDS = 2
# By scene: the generator's options, and by figure the largest ratio to redis-server that is accepted. They
# are what a user would notice, and well above what is measured; PERFORMANCE figures are loadtest/compare's.
SCENES = {
    "one client": (["--clients", "1"], {"p50": 1.15}),
    "50 clients": (["--clients", "50"], {"p50": 1.15, "p99": 1.5, "cpu": 1.0}),
    "50 clients, pipeline of 16": (["--clients", "50", "--pipeline", "16"], {"p50": 1.0, "cpu": 0.8}),
}


def run(gate, report):
    report.check("build", lambda: gate.loadgen() and gate.sallyport() and "release")
    if report.code != 0:
        return
    try:
        gate.set_up("redis-server")
        server_core, own_core = cores()
        with gate.serve("latency", loops=1, core=server_core) as server:
            with peers.redis(gate.programs, server.folder, gate.log("latency-redis"), server_core) as other:
                for scene in SCENES:
                    examine(gate, report, scene, server, other, own_core)
    except CouldNotRun as reason:
        report.check("set-up", lambda: raise_again(reason))


def raise_again(reason):
    raise reason


def examine(gate, report, scene, server, other, core):
    options, limits = SCENES[scene]
    try:
        rounds = measure(gate, options, server, other, core)
    except (CouldNotRun, Red) as reason:
        report.check(scene, lambda: raise_again(reason))
        return
    for figure, limit in limits.items():
        report.check(f"{scene}, {figure}", lambda: judge(rounds, figure, limit))


def judge(rounds, figure, limit):
    verdict = Verdict([own[figure] / reference[figure] for own, reference in rounds], limit)
    own, reference = (statistics.median(pair[side][figure] for pair in rounds) for side in (0, 1))
    told = f"ratio {verdict}; {own:.1f} us beside {reference:.1f} us in {len(rounds)} rounds"
    if not verdict.holds:
        raise Red(told)
    return told


def measure(gate, options, server, other, core):
    """Rounds of (own, reference), behind one that is not counted."""
    rounds = []
    for _ in range(1 + ROUNDS):
        rounds.append((ask(gate, options, server, core), ask(gate, options, other, core)))
    if len(rounds) <= FEWEST_ROUNDS:
        raise CouldNotRun(f"{ROUNDS} rounds are too few for an interval")
    return rounds[1:]


def ask(gate, options, target, core):
    """One run against `target`.

    That the generator is late on a busy machine is no reason to stop: it is so for both, round by round, and
    what differs by chance makes the interval wider.
    """
    path = gate.file("latency.json")
    password = getattr(target, "password", None) or target.token
    pid = target.process.pid
    before = peers.cpu_seconds(pid)
    done = gate.programs.run(
        ["taskset", "-c", str(core), gate.loadgen(), "run", "--quiet", "--json", path, "--encoding", "resp",
         "--host", "localhost", "--port", str(target.port), "--ca", target.authority, "--seed", "1",
         "--duration", str(SECONDS), "--keys", "1000", "--mix", "get=50,set=50", "--value-size", "64", *ANY_LAG,
         *options],
        120, {"SALLYPORT_TOKEN": password},
    )  # fmt: skip
    used = peers.cpu_seconds(pid) - before
    if done.code is None or done.code == 1:
        raise Red(f"loadgen ended with {done.code}:\n{done.tail()}")
    if done.code != 0:
        raise CouldNotRun(f"loadgen ended with {done.code}:\n{done.tail()}")
    with open(path) as file:
        report = json.load(file)
    os.unlink(path)
    service = report["service"]
    return {
        "p50": service["p50_us"], "p99": service["p99_us"], "cpu": used / report["requests"] * 1e6,
    }  # fmt: skip
