"""All that ci/test checks, told test by test."""
import os
import re

from gatelib.programs import ROOT
from gatelib.report import ERROR, FAILED, PASSED

DESCRIPTION = "ci/test: formatting, a build without warnings, every test, the budget of allocations"
SECONDS = 2400
# Swift Testing's lines of a single test; those of suites and of the whole run say nothing more.
TEST = re.compile(r"^\S+ +Test (?!run with )(?:case )?(.+?)( with \d+ test cases?)? (passed|failed) after ([\d.]+) seconds")
PYTHON = re.compile(r"^(test\w+) \(([\w.]+)\).*\.\.\. (ok|FAIL|ERROR)$")
ISSUE = re.compile(r"^\S+ +Test (.+?) recorded an issue (.*)$")
STEP = re.compile(r"^== (.+)$")


def read(output):
    """The checks in what ci/test printed: (name, outcome, detail, seconds), and the last step."""
    found, step = [], None
    issues, last = {}, []
    for line in output.splitlines():
        if match := STEP.match(line):
            step = match.group(1)
        elif match := TEST.match(line):
            name, cases, outcome, seconds = match.groups()
            text = "\n".join(issues.pop(name, []))
            found.append((name + (cases or ""), PASSED if outcome == "passed" else FAILED, text, float(seconds)))
        elif match := PYTHON.match(line):
            outcome = PASSED if match.group(3) == "ok" else FAILED
            # Python 3.10 and earlier name the class alone in brackets.
            name = f"{match.group(2).removesuffix('.' + match.group(1))}.{match.group(1)}"
            found.append((name, outcome, "", 0.0))
        elif match := ISSUE.match(line):
            last = issues.setdefault(match.group(1), [])
            last.append(match.group(2))
        elif line.startswith("↳ "):
            # What the test says of the issue in the line before.
            last.append(line)
    return found, step


def run(gate, report):
    gate.say("  running ci/test; its output goes to " + os.path.relpath(gate.log("unit"), ROOT))
    done = gate.programs.run(
        [os.path.join(ROOT, "ci/test")], SECONDS, None, gate.log("unit"), gate.patience
    )
    found, step = read(done.output)
    for name, outcome, detail, seconds in found:
        report.add(name, outcome, detail, seconds, is_shown=outcome == FAILED)
    if done.code == 0:
        report.add("ci/test", PASSED, f"every step up to '{step}'", done.seconds)
    elif done.code is None:
        report.add("ci/test", FAILED, f"not at its end within {SECONDS} s, in '{step}'", done.seconds)
    elif step is None:
        report.add("ci/test", ERROR, f"it could not set things up:\n{done.tail()}", done.seconds)
    else:
        report.add("ci/test", FAILED, f"ended with {done.code} in '{step}':\n{done.tail()}", done.seconds)
