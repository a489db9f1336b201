"""What connections leave behind, judged by halves."""
import types
import unittest

from gatelib.memory import BYTES_EACH, HALF, judge
from gatelib.report import Red


def usage(allocated, descriptors=12, resident=50 << 20):
    return types.SimpleNamespace(allocated=allocated, descriptors=descriptors, resident=resident)


class MemoryTests(unittest.TestCase):
    def test_nothing_left_is_fine(self):
        self.assertIn("+0.0 a connection", judge(usage(9_000_000), usage(9_000_000), usage(9_000_000)))

    def test_a_table_that_grows_once_is_fine_in_either_half(self):
        judge(usage(0), usage(4 << 20), usage(4 << 20))
        judge(usage(0), usage(0), usage(4 << 20))

    def test_what_grows_with_the_connections_is_red(self):
        left = 32 * HALF
        self.assertRaisesRegex(
            Red, f"more than {BYTES_EACH} bytes a connection", judge, usage(0), usage(left), usage(2 * left)
        )

    def test_descriptors_left_open_are_red(self):
        self.assertRaisesRegex(Red, "descriptors", judge, usage(0), usage(0), usage(0, descriptors=13))

    def test_resident_memory_that_grows_is_red(self):
        large = usage(0, resident=100 << 20)
        self.assertRaisesRegex(Red, "resident memory", judge, usage(0), usage(0), large)


if __name__ == "__main__":
    unittest.main()
