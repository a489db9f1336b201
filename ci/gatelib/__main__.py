"""ci/gate: chooses the stages, runs them one after the other, and says what they come to."""
import argparse
import os
import signal
import sys
import time

from gatelib import concurrency, fuzz, latency, memory, race, unit
from gatelib.gate import Gate
from gatelib.programs import ROOT, Programs
from gatelib.report import GREEN, RED, UNRUN, Report, code_of

# What fails soonest and cheapest comes first.
STAGES = {
    "unit": unit, "concurrency": concurrency, "fuzz": fuzz, "latency": latency, "race": race, "memory": memory,
}  # fmt: skip
CAUGHT_BY = {"race": "race", "delay": "latency", "leak": "memory"}


def options(arguments):
    stages = "\n".join(f"  {name:12} {stage.DESCRIPTION}" for name, stage in STAGES.items())
    parser = argparse.ArgumentParser(
        prog="ci/gate",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Judges a build in stages; each prints what it did and writes STAGE.xml (JUnit).",
        epilog=f"stages:\n{stages}\n  {'all':12} all of them, in this order\n\n"
        "exit codes: 0 green, 1 red, 2 it could not be run (and why)",
    )
    parser.add_argument("stages", nargs="+", metavar="STAGE", choices=[*STAGES, "all"])
    parser.add_argument("--output", default=os.path.join(ROOT, ".build/gate"), metavar="DIR",
                        help="where reports and logs go (default: .build/gate)")  # fmt: skip
    parser.add_argument("--plant", choices=list(CAUGHT_BY),
                        help="plant a regression in the server, which its stage must turn red for: "
                        + ", ".join(f"{plant} in {stage}" for plant, stage in CAUGHT_BY.items()))  # fmt: skip
    parser.add_argument("--seed", type=int, help="of the fuzz stage's second half (default: a fresh one)")
    parser.add_argument("--binaries", metavar="DIR",
                        help="use the release programs in this folder instead of building them")  # fmt: skip
    chosen = parser.parse_args(arguments)
    if chosen.seed is not None and not 0 < chosen.seed < 2**32:
        parser.error("--seed is a number from 1 to 4294967295")
    return chosen


def say(line):
    print(line, flush=True)


def interrupt(*_):
    raise KeyboardInterrupt


def run_stage(name, gate):
    say(f"== {name}: {STAGES[name].DESCRIPTION}")
    report = Report(name, say)
    try:
        STAGES[name].run(gate, report)
    except Exception as failure:  # The gate's own fault: no verdict, but the other stages have theirs.
        report.add("stage", "error", f"{type(failure).__name__}: {failure}")
    except KeyboardInterrupt:
        report.add("stage", "error", "interrupted")
        report.write(gate.output)
        raise
    finally:
        gate.programs.end_all()
    path = report.write(gate.output)
    say(f"{report.summary()}; {os.path.relpath(path, ROOT)}")
    return report


def main(arguments):
    chosen = options(arguments)
    names = list(STAGES) if "all" in chosen.stages else list(dict.fromkeys(chosen.stages))
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    programs = Programs()
    began = time.monotonic()
    try:
        gate = Gate(chosen, programs, say)
        if chosen.plant:
            say(f"planted: {chosen.plant}, which the stage {CAUGHT_BY[chosen.plant]} must turn red for")
        reports = [run_stage(name, gate) for name in names]
    except KeyboardInterrupt:
        say("gate: interrupted")
        return UNRUN
    finally:
        programs.end_all()
    code = code_of([report.code for report in reports])
    say("")
    for report in reports:
        say(report.summary())
    verdict = {GREEN: "green", RED: "red", UNRUN: "could not be run"}[code]
    say(f"gate: {verdict} in {time.monotonic() - began:.0f} s")
    return code


sys.exit(main(sys.argv[1:]))
