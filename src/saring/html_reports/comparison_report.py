"""`compare.html`: two models side by side, the three answers first."""

from __future__ import annotations

from saring.evaluation.comparison import BETTER, WORSE, Comparison
from saring.html_reports.charts import DARKEST, Cell, Matrix, intervals
from saring.html_reports.rendering import render
from saring.model_comparison import ModelComparison, confusion_difference, figures_table, settings_table

MOST_CHANGED = 200  # answers that the page shows; it says how many there are
BODY_CHARS = 1500  # of an article in the page


def comparison_html(comparison: ModelComparison, *, bodies: bool = True) -> str:
    """Return the page about two models: one HTML file that needs no network and no script.

    Without `bodies` it has the titles and headlines of the articles alone.
    """
    a, b = comparison.names
    return render(
        "comparison.html",
        found=comparison,
        outcomes={BETTER: f"{b} alone is right", WORSE: f"{a} alone is right"},
        settings=settings_table(comparison, chars=None),
        figures=figures_table(comparison),
        axis=intervals([c.difference for c in comparison.comparisons], mark=0.0),
        matrices=[_matrix(c) for c in comparison.comparisons if len(c.changed)],
        shown=comparison.surest(MOST_CHANGED),
        body_chars=BODY_CHARS if bodies else 0,
    )


def _matrix(c: Comparison) -> Matrix:
    """Return how many more rows of each truth B gives each label, shaded by how many."""
    difference = confusion_difference(c)
    most = max(1, abs(difference).max())
    rows = []
    for label, before, after, change in zip(
        c.challenger.labels, c.champion.confusion, c.challenger.confusion, difference.tolist(), strict=True
    ):
        cells = [
            Cell(
                f"{n:+,}" if n else "0",
                f"{x:,} → {y:,}",
                round(abs(n) / most * DARKEST, 3),
                _tone(n, right=answer == label),
            )
            for answer, x, y, n in zip(c.challenger.labels, before, after, change, strict=True)
        ]
        rows.append((label, tuple(cells)))
    title = f"{c.where}: {len(c.changed):,} answers differ"
    note = (
        "Rows are the truth, columns the answers, of A → B. Framed: right answers, of which more are better. Green: B "
        "is better; red: worse."
    )
    return Matrix(title, c.challenger.labels, tuple(rows), note)


def _tone(change: int, *, right: bool) -> str:
    """Return whether so many more answers, right ones or wrong ones, are better or worse."""
    if not change:
        return ""
    return "better" if (change > 0) == right else "worse"
