"""What a stage came to: for people on standard output, for machines as JUnit."""
import datetime
import os
import re
import time
import xml.etree.ElementTree as ElementTree

PASSED, FAILED, ERROR = "passed", "failed", "error"
GREEN, RED, UNRUN = 0, 1, 2
# What XML 1.0 cannot hold, and terminals' colours.
UNPRINTABLE = re.compile("\x1b\\[[0-9;]*m|[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Red(Exception):
    """Something is wrong with what is examined."""


class CouldNotRun(Exception):
    """Nothing can be said: something that the examination needs is missing or failed."""


class Check:
    def __init__(self, name, outcome, detail, seconds, text=""):
        self.name, self.outcome, self.detail = name, outcome, detail
        self.seconds, self.text = seconds, text


class Report:
    """The checks of one stage."""

    def __init__(self, stage, say=print):
        self.stage, self.say, self.checks = stage, say, []
        self.began, self.ended = time.monotonic(), None
        self.timestamp = datetime.datetime.now(datetime.timezone.utc)

    def check(self, name, body):
        """Runs `body`, which answers what it found in a line, or raises Red or CouldNotRun.

        Answers what the body did, or None where it raised.
        """
        began = time.monotonic()
        try:
            detail = body()
        except Red as failure:
            self.add(name, FAILED, str(failure), time.monotonic() - began)
            return None
        except CouldNotRun as reason:
            self.add(name, ERROR, str(reason), time.monotonic() - began)
            return None
        self.add(name, PASSED, str(detail), time.monotonic() - began)
        return detail

    def add(self, name, outcome, detail="", seconds=0.0, is_shown=True):
        """Adds a check; of `detail`, the first line is the message."""
        head, _, rest = detail.partition("\n")
        self.checks.append(Check(name, outcome, head, seconds, rest))
        if is_shown:
            mark = {PASSED: "ok  ", FAILED: "FAIL", ERROR: "????"}[outcome]
            self.say(f"  {mark}  {name}: {head} ({seconds:.1f} s)" if head else f"  {mark}  {name}")
            for line in rest.splitlines()[:40]:
                self.say(f"        {line}")

    def count(self, outcome):
        return sum(check.outcome == outcome for check in self.checks)

    @property
    def seconds(self):
        """How long it has taken, up to now or to where its file was written."""
        return (self.ended or time.monotonic()) - self.began

    @property
    def code(self):
        """0 green, 1 red, 2 where it could not be run or nothing was checked; red weighs most."""
        if self.count(FAILED):
            return RED
        return UNRUN if self.count(ERROR) or not self.checks else GREEN

    def summary(self):
        line = f"{self.stage}: {self.count(PASSED)} passed, {self.count(FAILED)} failed"
        if self.count(ERROR) or not self.checks:
            line += f", {max(1, self.count(ERROR))} could not be run"
        return f"{line}, {self.seconds:.0f} s"

    def write(self, folder):
        """Writes STAGE.xml into `folder`, which is the stage's end; answers its path."""
        self.ended = time.monotonic()
        suite = ElementTree.Element(
            "testsuite",
            name=f"gate.{self.stage}",
            tests=str(len(self.checks)),
            failures=str(self.count(FAILED)),
            errors=str(self.count(ERROR)),
            time=f"{self.seconds:.3f}",
            timestamp=self.timestamp.strftime("%Y-%m-%dT%H:%M:%S"),
        )
        for check in self.checks:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=f"gate.{self.stage}",
                name=UNPRINTABLE.sub("", check.name),
                time=f"{check.seconds:.3f}",
            )
            detail, text = (UNPRINTABLE.sub("", part) for part in (check.detail, check.text))
            if check.outcome == PASSED:
                ElementTree.SubElement(case, "system-out").text = "\n".join([detail, text]).strip()
                continue
            kind = "failure" if check.outcome == FAILED else "error"
            ElementTree.SubElement(case, kind, message=detail).text = text
        path = os.path.join(folder, f"{self.stage}.xml")
        ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
        return path


def code_of(codes):
    """What several stages come to: red if one is, else not run if one is."""
    if RED in codes:
        return RED
    return UNRUN if UNRUN in codes or not codes else GREEN
