"""The bootstrap and the limits: no clock, and no randomness but from fixed seeds."""
import random
import statistics
import unittest

from gatelib.judge import Verdict, interval


def rounds(center, spread, count=9, seed=3):
    source = random.Random(seed)
    return [source.gauss(center, spread) for _ in range(count)]


class IntervalTests(unittest.TestCase):
    def test_equal_values_have_an_interval_of_no_width(self):
        self.assertEqual(interval([2.0] * 9), (2.0, 2.0))

    def test_it_holds_the_median_and_stays_within_the_values(self):
        for seed in range(20):
            values = rounds(1, 0.3, seed=seed)
            low, high = interval(values)
            self.assertLessEqual(min(values), low)
            self.assertLessEqual(low, statistics.median(values))
            self.assertLessEqual(statistics.median(values), high)
            self.assertLessEqual(high, max(values))

    def test_the_same_values_have_the_same_interval_in_any_order_of_calls(self):
        values = rounds(1, 0.3)
        first = interval(values)
        interval(rounds(2, 1))
        self.assertEqual(interval(values), first)

    def test_more_confidence_is_a_wider_interval(self):
        values = rounds(1, 0.3, count=15)
        wide, narrow = interval(values, 0.99), interval(values, 0.5)
        self.assertLess(wide[0], narrow[0])
        self.assertGreater(wide[1], narrow[1])

    def test_it_holds_the_true_median_about_as_often_as_it_says(self):
        hits = 0
        for seed in range(200):
            low, high = interval(rounds(1, 0.2, seed=seed), resamples=400, seed=seed)
            hits += low <= 1 <= high
        self.assertGreaterEqual(hits, 180)
        self.assertLess(hits, 200)

    def test_no_values_are_an_error(self):
        self.assertRaises(ValueError, interval, [])


class VerdictTests(unittest.TestCase):
    def test_far_below_the_limit_holds_for_certain(self):
        verdict = Verdict(rounds(0.8, 0.02), 1.0)
        self.assertTrue(verdict.holds)
        self.assertTrue(verdict.is_certain)

    def test_far_above_the_limit_does_not_hold(self):
        verdict = Verdict(rounds(1.5, 0.1), 1.0)
        self.assertFalse(verdict.holds)
        self.assertTrue(verdict.is_certain)
        self.assertIn("all of the interval is above it", str(verdict))

    def test_an_interval_on_both_sides_holds_but_says_so(self):
        verdict = Verdict([0.7, 0.8, 0.9, 0.9, 1.1, 1.2, 1.2, 1.3, 1.4], 1.0)
        self.assertGreater(verdict.median, verdict.limit)
        self.assertTrue(verdict.holds)
        self.assertFalse(verdict.is_certain)
        self.assertIn("on both sides", str(verdict))

    def test_a_few_rounds_that_something_else_disturbed_do_not_turn_it(self):
        self.assertTrue(Verdict(rounds(0.8, 0.02, count=7) + [40.0, 90.0], 1.0).holds)
        self.assertFalse(Verdict(rounds(5, 0.2, count=8) + [0.1], 1.0).holds)

    def test_the_limit_itself_holds(self):
        self.assertTrue(Verdict([1.0] * 9, 1.0).holds)

    def test_a_machine_that_is_slower_for_both_changes_nothing(self):
        own, other = rounds(100, 5, seed=1), rounds(120, 5, seed=2)
        fast = Verdict([a / b for a, b in zip(own, other)], 1.0)
        slow = Verdict([(7 * a) / (7 * b) for a, b in zip(own, other)], 1.0)
        self.assertAlmostEqual(fast.median, slow.median)
        self.assertEqual(fast.holds, slow.holds)

    def test_good_figures_hardly_ever_fail_and_bad_ones_hardly_ever_pass(self):
        good = sum(Verdict(rounds(0.95, 0.15, seed=seed), 1.0).holds for seed in range(50))
        bad = sum(Verdict(rounds(2.0, 0.15, seed=seed), 1.0).holds for seed in range(50))
        self.assertGreaterEqual(good, 49)
        self.assertEqual(bad, 0)


if __name__ == "__main__":
    unittest.main()
