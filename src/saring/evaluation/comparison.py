"""Two models on the same rows: figures side by side, the paired difference with its interval, and a verdict.

Champion is the model in use, challenger the one that may take its place; a difference is challenger less champion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from saring.evaluation.heldout import HeldOut
from saring.evaluation.metrics import Estimate, Ints
from saring.evaluation.reports import Report, Table

CHAMPION = "champion"
BETTER, WORSE, LIKE = "better", "worse", "like the champion"


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Champion and challenger on the rows of one task and split that both answered and neither was trained on."""

    champion: Report
    challenger: Report
    difference: Estimate  # of macro-F1, by resampling the same groups for both
    left_out: int  # rows of the challenger that the champion did not answer, was trained on, or has another label for
    answers: tuple[HeldOut, HeldOut]  # champion's and challenger's, to the same rows in the same order

    @property
    def changed(self) -> Ints:
        """Numbers of the rows that the two answer differently."""
        champion, challenger = (one.scored.predicted for one in self.answers)
        return np.flatnonzero(champion != challenger)

    @property
    def outcome(self) -> str:
        """`BETTER` or `WORSE` where the interval of the difference leaves out 0, else `LIKE`."""
        if self.difference.low > 0:
            return BETTER
        return WORSE if self.difference.high < 0 else LIKE


def compare(champion: Sequence[HeldOut], challenger: Sequence[HeldOut], seed: int = 0) -> list[Comparison]:
    """Return a comparison for each task and split of the challenger that the champion answered rows of, too.

    Of two answers of the champion to a split the later one counts.
    """
    theirs = {(one.task, one.split, one.part): one for one in champion}
    found = []
    for ours in challenger:
        other = theirs.get((ours.task, ours.split, ours.part))
        if other is None or other.scored.labels != ours.scored.labels:
            continue
        _, mine, his = np.intersect1d(ours.keys, other.keys, return_indices=True)
        same = ours.scored.truth[mine] == other.scored.truth[his]
        if not same.any():
            continue
        a, b = other.take(his[same]), ours.take(mine[same])
        a = replace(a, scored=replace(a.scored, groups=b.scored.groups))
        report = b.report({CHAMPION: a.scored.predicted}, seed=seed)
        found.append(
            Comparison(
                champion=a.report({}, seed=seed),
                challenger=report,
                difference=report.baselines[0].gain,
                left_out=len(ours.keys) - len(b.keys),
                answers=(a, b),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a challenger may take the champion's place, and why, in a sentence."""

    may: bool
    reason: str


def verdict(comparisons: Sequence[Comparison], failed: Sequence[str] = ()) -> Verdict:
    """Return the verdict: it may when the gate holds, no task is worse and one is better, beyond its interval.

    `failed` names the thresholds of the quality gate that do not hold.
    """
    worse, better = (
        [f"{c.challenger.name}, {c.challenger.subset}: {told(c.difference)}" for c in comparisons if c.outcome == kind]
        for kind in (WORSE, BETTER)
    )
    if failed:
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


def comparison_table(comparisons: Sequence[Comparison], title: str = "Challenger against champion") -> Table:
    """Return comparisons as a table, one a row."""
    rows = tuple(
        (
            c.challenger.name,
            c.challenger.subset,
            f"{c.challenger.n:,}",
            f"{c.left_out:,}",
            f"{c.champion.macro_f1.value:.3f}",
            f"{c.challenger.macro_f1.value:.3f}",
            f"{c.difference.value:+.3f}",
            f"{c.difference.low:+.3f}–{c.difference.high:+.3f}",
            f"{len(c.changed):,}",
            c.outcome,
        )
        for c in comparisons
    )
    return Table(
        title=title,
        header=(
            "task",
            "split",
            "rows",
            "left out",
            "champion",
            "challenger",
            "difference",
            "95%",
            "changed",
            "verdict",
        ),
        sections=(rows,),
        note="Macro-F1 on rows that neither model was trained on; 95% by resampled groups, the same for both.",
    )
