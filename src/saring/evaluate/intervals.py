"""How far a figure can be trusted: 95% intervals, by resampling groups of rows.

Rows of one group (links of one article, copies of one story) tell less than as many independent
rows, so a resample draws whole groups. Counts per group times counts of draws give the figures of a
thousand resamples in one product.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

__all__ = ["Estimate", "interval", "resamples", "wilson_interval"]

Floats = NDArray[np.float64]

CONFIDENCE = 0.95  # the field's habit; every interval of a report is of this level
CHUNK_CELLS = 2_000_000  # weights held at once while resampling: 16 MB a table


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95% interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def span(self) -> str:
        """Return the interval alone, as people read it."""
        return f"{self.low:.3f}–{self.high:.3f}"


def resamples(n_groups: int, n_rows: int, n_bootstrap: int, seed: int) -> Iterator[Floats]:
    """Yield bootstrap weights, (chunk, n_groups): how often each group was drawn.

    A resample draws `n_groups` groups with replacement; chunks add up to `n_bootstrap` rows and are
    small enough for a caller to hold one weight per row of its table, `n_rows`.
    """
    rng = np.random.default_rng(seed)
    size = max(1, CHUNK_CELLS // max(n_rows, n_groups))
    for start in range(0, n_bootstrap, size):
        chunk = min(size, n_bootstrap - start)
        drawn = rng.integers(n_groups, size=(chunk, n_groups))
        drawn += np.arange(chunk)[:, None] * n_groups
        counts = np.bincount(drawn.ravel(), minlength=chunk * n_groups)
        yield counts.reshape(chunk, n_groups).astype(np.float64)


def interval(value: float, resampled: Floats) -> Estimate:
    """Return the figure with the percentile interval of its resamples, (n_bootstrap,).

    Resamples in which the figure is undefined (NaN) do not count; if all are, the interval says
    that nothing is known: 0 to 1.
    """
    defined = resampled[~np.isnan(resampled)]
    if not len(defined):
        return Estimate(float(value), 0.0, 1.0)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Estimate(float(value), float(low), float(high))


def wilson_interval(share: float, n: int) -> Estimate:
    """Return the share with its Wilson interval for `n` independent trials.

    Unlike a bootstrap it does not shrink to nothing when three of three are right.

    Source: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927), 209-212.
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return Estimate(float(share), max(0.0, centre - half), min(1.0, centre + half))
