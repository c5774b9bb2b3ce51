"""Two models on the same rows: figures side by side, the paired difference with its interval, and a verdict.

Champion is the model in use, challenger the one that may take its place; a difference is challenger less champion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from saring.champions import CHAMPION
from saring.evaluation.gate import Check
from saring.evaluation.heldout import HeldOut
from saring.evaluation.metrics import Estimate, Ints, figure
from saring.evaluation.reports import Report, Table

# Why rows are not compared.
TRAINED_ON, TRAINED_ON_BY_IT = "the champion was trained on", "the challenger was trained on"
NOT_HELD_OUT, RELABELLED = "the champion did not hold out", "have other labels now"
_ODD = np.uint64(0x9E3779B97F4A7C15)
BETTER, WORSE, ALIKE = "better", "worse", "alike"


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Champion and challenger on the rows of one task and split that both answered and neither was trained on."""

    champion: Report
    challenger: Report
    difference: Estimate  # of macro-F1, by resampling the same groups for both
    left_out_for: Mapping[str, int]  # rows that are not compared, by the reason
    answers: tuple[HeldOut, HeldOut]  # champion's and challenger's, to the same rows in the same order

    @property
    def where(self) -> str:
        """Task and split, as people read them: ``topic, test``."""
        return f"{self.challenger.name}, {self.challenger.subset}"

    @property
    def left_out(self) -> int:
        """Number of rows that are not compared."""
        return sum(self.left_out_for.values())

    @property
    def changed(self) -> Ints:
        """Numbers of the rows that the two answer differently."""
        champion, challenger = (one.scored.predicted for one in self.answers)
        return np.flatnonzero(champion != challenger)

    @property
    def outcome(self) -> str:
        """`BETTER` or `WORSE` where the interval of the difference leaves out 0, else `ALIKE`."""
        if self.difference.low > 0:
            return BETTER
        return WORSE if self.difference.high < 0 else ALIKE


def compare(champion: Sequence[HeldOut], challenger: Sequence[HeldOut]) -> list[Comparison]:
    """Return a comparison for each task and split of the challenger that the champion answered rows of, too.

    Of several answers of the champion to a split, or to parts of it, those to the most of its rows count.
    """
    found = []
    for ours in challenger:
        mine = _numbered(ours)
        same = [
            o for o in champion if (o.task, o.split, o.scored.labels) == (ours.task, ours.split, ours.scored.labels)
        ]
        common = [np.intersect1d(mine, _numbered(other), return_indices=True)[1:] for other in same]
        if not (most := max((len(rows) for rows, _ in common), default=0)):
            continue
        at = max(n for n, (rows, _) in enumerate(common) if len(rows) == most)  # the latest of equals
        other, (rows, others) = same[at], common[at]
        agreed = ours.scored.truth[rows] == other.scored.truth[others]
        if not agreed.any():
            continue
        a, b = other.take(others[agreed]), ours.take(rows[agreed])
        a = replace(a, scored=replace(a.scored, groups=b.scored.groups))
        report = b.report({CHAMPION: a.scored.predicted})
        reasons = {
            TRAINED_ON if other.by else NOT_HELD_OUT: len(mine) - most,
            TRAINED_ON_BY_IT: (len(other.keys) - most) * bool(ours.by),
            RELABELLED: int((~agreed).sum()),
        }
        found.append(
            Comparison(
                champion=a.report({}),
                challenger=report,
                difference=report.baselines[0].gain,
                left_out_for={why: n for why, n in reasons.items() if n},
                answers=(a, b),
            )
        )
    return found


def _numbered(answers: HeldOut) -> NDArray[np.uint64]:
    """Return the rows' keys; of equal ones each has a key of its own, so that the nth meets the nth."""
    order = np.lexsort((answers.ids, answers.keys))
    keys = answers.keys[order]
    numbers = (np.arange(len(keys)) - np.searchsorted(keys, keys)).astype(np.uint64)
    found = np.empty_like(answers.keys)
    found[order] = keys + numbers * _ODD  # which wraps around
    return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a challenger may take the champion's place, and why, in a sentence."""

    may: bool
    reason: str

    def __str__(self) -> str:
        return f"{'may' if self.may else 'may not'} be promoted: {self.reason}"


def verdict(comparisons: Sequence[Comparison], checks: Sequence[Check] = ()) -> Verdict:
    """Return the verdict: it may when the gate holds, no task is worse and one is better, beyond its interval."""
    worse, better = (
        [f"{c.where}: {told(c.difference)}" for c in comparisons if c.outcome == kind] for kind in (WORSE, BETTER)
    )
    if failed := [str(check) for check in checks if not check.holds]:
        return Verdict(False, f"it is below the quality gate: {'; '.join(failed)}")
    if not comparisons:
        return Verdict(False, "champion and challenger have no held-out rows in common, so nothing can be compared")
    if worse:
        return Verdict(False, f"it is worse at {'; '.join(worse)}")
    if not better:
        return Verdict(False, "it is better at nothing beyond the interval of the difference")
    return Verdict(True, f"it is better at {'; '.join(better)}, and nowhere worse beyond the interval")


def told(difference: Estimate) -> str:
    """Return a difference as people read it: +0.012 [+0.003, +0.020]."""
    return f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"


def comparison_table(comparisons: Sequence[Comparison]) -> Table:
    """Return comparisons as a table of at most 80 columns, one a row, and what rows were left out."""
    rows = tuple(
        (
            c.challenger.name,
            c.challenger.subset,
            f"{c.challenger.n:,}",
            f"{figure(c.champion.macro_f1.value)} → {figure(c.challenger.macro_f1.value)}",
            f"{c.difference.value:+.3f}",
            f"{c.difference.low:+.3f} {c.difference.high:+.3f}",
            c.outcome,
        )
        for c in comparisons
    )
    notes = ["Macro-F1 of champion → challenger on rows neither was trained on; 95%: paired."]
    for c in comparisons:
        out = ", ".join(f"{n:,} that {why}" for why, n in c.left_out_for.items())
        notes += [f"Left out of {c.where}: {out}."] * bool(out)
    return Table(
        title="Challenger against champion",
        header=("task", "split", "rows", "macro-F1", "diff.", "95%", ""),
        sections=(rows,),
        note="\n".join(notes),
    )
