"""How far shares and histograms of two samples are apart, and whether chance makes as much: tests and effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import asin, log, sqrt
from typing import Any

from saring.evaluation.metrics import Estimate, wilson_interval

MOST_BINS = 10  # of a population stability index, as banks have them
MIN_EXPECTED = 5.0  # rows of a bin, for the chi-square test


@dataclass(frozen=True, slots=True)
class Shift:
    """How far two samples are apart, and the chance of as much were they one."""

    effect: float
    p: float


def share_shift(before: int, n_before: int, now: int, n_now: int) -> Shift:
    """Return the shift of a share: Cohen's h, signed, and the p-value of Fisher's exact test."""
    from scipy.stats import fisher_exact

    h = 2 * (asin(sqrt(now / n_now)) - asin(sqrt(before / n_before)))
    return Shift(h, float(fisher_exact([[before, n_before - before], [now, n_now - now]]).pvalue))


def share_difference(before: int, n_before: int, now: int, n_now: int) -> Estimate:
    """Return how much a share rose, with Newcombe's 95% interval, which holds for small counts.

    Source: R. G. Newcombe, Stat. Med. 17 (1998), 873-890, method 10.
    """
    a, b = wilson_interval(before / n_before, n_before), wilson_interval(now / n_now, n_now)
    rise = b.value - a.value
    low = rise - sqrt((b.value - b.low) ** 2 + (a.high - a.value) ** 2)
    return Estimate(rise, low, rise + sqrt((b.high - b.value) ** 2 + (a.value - a.low) ** 2))


def histogram_shift(before: Counter[Any], now: Counter[Any]) -> Shift:
    """Return the population stability index of two histograms and the p-value of the chi-square test.

    Bins next to each other are put together until each holds a tenth of the rows and enough for the test. What the
    index has by chance alone, which is much where counts are small, is taken off.
    """
    from scipy.stats import chi2

    pairs = _joined(before, now)
    n, m = before.total(), now.total()
    if len(pairs) < 2:
        return Shift(0.0, 1.0)
    shares = [((a + 0.5) / (n + 0.5 * len(pairs)), (b + 0.5) / (m + 0.5 * len(pairs))) for a, b in pairs]
    index = sum((q - p) * log(q / p) for p, q in shares)
    by_chance = (len(pairs) - 1) * (1 / n + 1 / m)
    statistic = sum((a * m - b * n) ** 2 / (a + b) for a, b in pairs) / (n * m)
    return Shift(max(0.0, index - by_chance), float(chi2.sf(statistic, len(pairs) - 1)))


def _joined(before: Counter[Any], now: Counter[Any]) -> list[tuple[int, int]]:
    """Return the counts of both in bins that hold enough."""
    total = before.total() + now.total()
    if not before or not now:
        return []
    enough = max(total / MOST_BINS, MIN_EXPECTED * total / min(before.total(), now.total()))
    pairs: list[tuple[int, int]] = []
    a = b = 0
    for key in sorted({*before, *now}):
        a, b = a + before[key], b + now[key]
        if a + b >= enough:
            pairs.append((a, b))
            a = b = 0
    if pairs and a + b:
        last = pairs.pop()
        pairs.append((last[0] + a, last[1] + b))
    return pairs


def bin_at(histogram: Counter[int], share: float) -> int:
    """Return the bin of the row that has this share of the others before it."""
    keys = sorted(histogram)
    reached = accumulate(histogram[key] for key in keys)
    return next((key for key, n in zip(keys, reached, strict=True) if n >= share * histogram.total()), 0)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, by Holm's step-down method.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p_values)
    least = 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = least
    return adjusted
