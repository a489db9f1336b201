"""How measured ratios become a verdict that a noisy machine does not turn around."""
import random
import statistics

# Fewer rounds say nothing about how far the median may be off.
FEWEST_ROUNDS = 5


def interval(values, confidence=0.95, resamples=4000, seed=1):
    """The bootstrap interval of the median: (low, high).

    The seed is fixed, so that the same figures always get the same verdict.
    """
    if not values:
        raise ValueError("an interval of no values")
    source = random.Random(seed)
    medians = sorted(
        statistics.median(source.choices(values, k=len(values))) for _ in range(resamples)
    )
    tail = (1 - confidence) / 2
    last = resamples - 1
    return medians[round(tail * last)], medians[round((1 - tail) * last)]


class Verdict:
    """Whether the median of `ratios` is above `limit`.

    `holds` is False only if the whole interval is above the limit; where it lies on both sides,
    `is_certain` is False, and the machine was too noisy to tell.
    """

    def __init__(self, ratios, limit, confidence=0.95):
        self.median = statistics.median(ratios)
        self.low, self.high = interval(ratios, confidence)
        self.limit = limit
        self.holds = self.low <= limit
        self.is_certain = not self.holds or self.high <= limit

    def __str__(self):
        text = f"{self.median:.3f} ({self.low:.3f} to {self.high:.3f}), limit {self.limit:g}"
        if not self.holds:
            return text + ": all of the interval is above it"
        return text if self.is_certain else text + ": on both sides, so nothing is said against it"
