"""What a stage comes to, in exit codes, in words and in JUnit."""
import os
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from gatelib.report import CouldNotRun, Red, Report, code_of
from gatelib.unit import read


def raising(error):
    def body():
        raise error

    return body


class ReportTests(unittest.TestCase):
    def setUp(self):
        self.lines = []
        self.report = Report("stage", self.lines.append)

    def test_green_red_and_not_run(self):
        self.report.check("a", lambda: "fine")
        self.assertEqual(self.report.code, 0)
        self.report.check("b", raising(CouldNotRun("no tool")))
        self.assertEqual(self.report.code, 2)
        self.report.check("c", raising(Red("broken")))
        self.assertEqual(self.report.code, 1)
        self.assertTrue(
            self.report.summary().startswith("stage: 1 passed, 1 failed, 1 could not be run, ")
        )

    def test_a_stage_that_checked_nothing_is_not_green(self):
        self.assertEqual(self.report.code, 2)
        self.assertIn("could not be run", self.report.summary())

    def test_what_is_wrong_is_told_with_its_first_lines(self):
        self.report.check("a", raising(Red("broken\nline one\nline two")))
        self.assertIn("FAIL  a: broken", self.lines[0])
        self.assertEqual([line.strip() for line in self.lines[1:]], ["line one", "line two"])

    def test_junit(self):
        self.report.check("a", lambda: "fine")
        self.report.check("b & <c>", raising(Red("broken\x00\x1b[31m\nmore")))
        self.report.check("d", raising(CouldNotRun("no tool")))
        with tempfile.TemporaryDirectory() as folder:
            path = self.report.write(folder)
            self.assertEqual(os.path.basename(path), "stage.xml")
            suite = ElementTree.parse(path).getroot()
        self.assertEqual((suite.tag, suite.get("name")), ("testsuite", "gate.stage"))
        counts = [suite.get(name) for name in ("tests", "failures", "errors")]
        self.assertEqual(counts, ["3", "1", "1"])
        cases = suite.findall("testcase")
        self.assertEqual([case.get("name") for case in cases], ["a", "b & <c>", "d"])
        failure = cases[1].find("failure")
        self.assertEqual((failure.get("message"), failure.text), ("broken", "more"))
        self.assertEqual(cases[2].find("error").get("message"), "no tool")

    def test_its_time_ends_where_its_file_is_written(self):
        self.report.check("a", lambda: "fine")
        with tempfile.TemporaryDirectory() as folder:
            self.report.write(folder)
        self.assertEqual(self.report.seconds, self.report.seconds)

    def test_several_stages(self):
        self.assertEqual([code_of(codes) for codes in ([0, 0], [0, 2], [2, 1, 0], [])], [0, 2, 1, 2])


class TestOutputTests(unittest.TestCase):
    OUTPUT = """== swift format lint --strict
clean
== swift test
◇ Test run started.
◇ Suite ArrivalTests started.
◇ Test "has a name, too" started.
✔ Test plain() passed after 0.001 seconds.
✔ Test "has a name, too" passed after 1.5 seconds.
✔ Test pairs(first:second:) with 12 test cases passed after 0.2 seconds.
✘ Test broken() recorded an issue at File.swift:7:9: Expectation failed: 1 == 2
↳ two is not one
✘ Test broken() failed after 0.004 seconds with 1 issue.
✔ Suite ArrivalTests passed after 2.0 seconds.
✘ Test run with 4 tests in 1 suite failed after 2.0 seconds with 1 issue.
test_it (gatelib.tests.test_judge.VerdictTests.test_it) ... ok
"""

    def test_each_test_is_a_check(self):
        found, step = read(self.OUTPUT)
        self.assertEqual(step, "swift test")
        self.assertEqual(
            [(name, outcome, seconds) for name, outcome, _, seconds in found],
            [
                ("plain()", "passed", 0.001),
                ('"has a name, too"', "passed", 1.5),
                ("pairs(first:second:) with 12 test cases", "passed", 0.2),
                ("broken()", "failed", 0.004),
                ("gatelib.tests.test_judge.VerdictTests.test_it", "passed", 0.0),
            ],
        )
        self.assertIn("File.swift:7:9", found[3][2])
        self.assertIn("two is not one", found[3][2])

    def test_an_issue_of_one_case_is_told_with_all_cases(self):
        found, _ = read(
            "✘ Test pairs(first:) recorded an issue with 1 argument first → 3 at File.swift:7:9: No\n"
            "✘ Test pairs(first:) with 12 test cases failed after 0.2 seconds with 1 issue.\n"
        )
        self.assertEqual(found[0][:2], ("pairs(first:) with 12 test cases", "failed"))
        self.assertIn("first → 3 at File.swift:7:9", found[0][2])


if __name__ == "__main__":
    unittest.main()
