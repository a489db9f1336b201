"""What sanitizers report, in a line."""
import unittest

from gatelib.sanitizers import first, told

RACE = """==================
WARNING: ThreadSanitizer: data race (pid=7)
  Write of size 8 at 0x7b by thread T1:
    #0 request Plant.swift:19
SUMMARY: ThreadSanitizer: data race Plant.swift:19:27 in request()
=================="""
LEAK = """
=================================================================
==7==ERROR: LeakSanitizer: detected memory leaks
Direct leak of 4096 byte(s) in 1 object(s) allocated from:
SUMMARY: AddressSanitizer: 4096 byte(s) leaked in 1 allocation(s)."""


class SanitizerTests(unittest.TestCase):
    def test_reports_are_counted_once_each_and_kinds_are_told_once(self):
        self.assertEqual(
            told(RACE), "1 report: ThreadSanitizer: data race Plant.swift:19:27 in request()"
        )
        text = "\n".join([RACE, RACE, LEAK])
        self.assertEqual(
            told(text),
            "3 reports: ThreadSanitizer: data race Plant.swift:19:27 in request(); "
            "AddressSanitizer: 4096 byte(s) leaked in 1 allocation(s).",
        )

    def test_many_kinds_are_cut_off(self):
        text = "\n".join(RACE.replace(":19:", f":{line}:") for line in range(7))
        self.assertTrue(told(text).endswith(" and 4 other kinds"), told(text))

    def test_a_report_that_is_cut_off_is_one_all_the_same(self):
        self.assertEqual(told("WARNING: ThreadSanitizer: data race (pid=7)"), "1 report: cut off")

    def test_the_first_report_begins_where_it_says_what_it_is(self):
        self.assertTrue(first(RACE).startswith("WARNING: ThreadSanitizer: data race (pid=7)\n"))
        self.assertTrue(first(LEAK).startswith("==7==ERROR: LeakSanitizer: detected"))
        self.assertEqual(len(first("\n".join([RACE] * 20), 9).splitlines()), 9)

    def test_addresses_are_left_out(self):
        line = "    #3 0x562e42c06d7b in once Plant.swift:9 (sallyport+0x50f71c) (BuildId: adaf11)"
        self.assertEqual(first(line), "    #3 once Plant.swift:9")


if __name__ == "__main__":
    unittest.main()
