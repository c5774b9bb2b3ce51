"""Reports side by side."""

from __future__ import annotations

from collections.abc import Sequence

from saring.evaluate.results import Report
from saring.evaluate.tables import Row, Table

__all__ = ["summary_table"]

# What the words in brackets behind a split mean, those that rows do not bring with them.
PARTS = {
    "unanimous": "headlines that all annotators agreed on",
    "graded 0 or 2": "links clearly unrelated or clearly related",
    "other left out": "rows of the topics that have a name, asked which of these it is",
}


def summary_table(reports: Sequence[Report], title: str = "Evaluation") -> Table:
    """Return reports side by side, one a row, each beside the best of its baselines."""
    return Table(
        title=title,
        header=(
            *("task", "split", "rows", "macro-F1", "95%", "accuracy", "AUC", "ECE", "baseline"),
        ),
        sections=(tuple(map(_summary_row, reports)),),
        note="".join(f"{word}: {what}. " for word, what in PARTS.items() if _any_of(word, reports))
        + "ECE: calibration error. Baseline: best macro-F1. 95%: by resampled groups."
        + " In brackets: accuracy of one annotator against the majority."
        * any(report.human is not None for report in reports),
    )


def _any_of(word: str, reports: Sequence[Report]) -> bool:
    """Return whether a report is of such a part."""
    return any(word in report.part for report in reports)


def _summary_row(report: Report) -> Row:
    """Return one report's row of the summary."""
    best = report.best_baseline
    return (
        *(report.name, report.asked_of, f"{report.n:,}"),
        *(f"{report.macro_f1.value:.3f}", report.macro_f1.span()),
        _accuracy(report),
        f"{report.auc.value:.3f}" if report.auc else "",
        f"{report.ece:.3f}",
        f"{best.macro_f1:.3f} {best.name}" if best else "",
    )


def _accuracy(report: Report) -> str:
    """Return the accuracy, with that of an annotator in brackets where it is known."""
    human = "" if report.human is None else f" ({report.human:.3f})"
    return f"{report.accuracy.value:.3f}{human}"
