"""A report as figures, one for each question a reader has about a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from saring.errors import MissingExtraError
from saring.evaluation.metrics import Estimate, wilson_interval
from saring.evaluation.reports import NO_PUBLISHER, Ranking, Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Of Okabe and Ito's palette, which colour-blind readers tell apart. Source: https://jfly.uni-koeln.de/color/
BLUE, ORANGE = "#0072B2", "#D55E00"
GREY, PALE, INK = "#8C8C8C", "#EEEEEE", "#222222"
DPI = 150
MAX_PUBLISHERS = 30  # dots that stay readable on one page; the title says when there are more
DARK_CELL = 0.55  # share from which white figures read better than black ones
ROW_INCHES = 0.32  # height of one bar or dot with its name
_DASHED: Mapping[str, Any] = {"color": GREY, "linestyle": "--", "linewidth": 1}


def figures(report: Report) -> dict[str, Figure]:
    """Return the figures of a report by name, in the order to look at them; MissingExtraError without matplotlib."""
    drawn = {
        "confusion": _confusion(report),
        "reliability": _reliability(report),
        "coverage_risk": _coverage_risk(report),
        "f1_by_label": _f1_by_label(report),
        "accuracy_by_publisher": _accuracy_by_publisher(report),
    }
    if found := report.ranking:
        drawn |= {"roc": _roc(report, found), "precision_recall": _precision_recall(report, found)}
    return drawn


def _confusion(report: Report) -> Figure:
    """Return the confusion matrix: counts, shaded by the share of the row."""
    counts = np.array(report.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 2.2 + 0.95 * len(counts)
    figure, axes = _axes(report, "Confusion matrix", (size + 1.2, size))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        share = shares[row, column]
        colour = "white" if share >= DARK_CELL else INK
        axes.text(column, row, f"{count:,}\n{share:.0%}", ha="center", va="center", color=colour, fontsize=9)
    names = [_words(label) for label in report.labels]
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="Predicted", ylabel="Truth (rows add up to 100%)")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


def _reliability(report: Report) -> Figure:
    """Return the reliability diagram: how often the model is right, by how sure it is."""
    figure, axes = _axes(report, f"Reliability (calibration error {report.ece:.3f})", (5.6, 5.2))
    confidence = [found.confidence for found in report.reliability]
    right = [wilson_interval(found.accuracy, found.n) for found in report.reliability]
    axes.plot([0, 1], [0, 1], label="as right as it is sure", **_DASHED)
    name = f"{len(right)} bins of rows, 95% interval"
    axes.errorbar(confidence, _values(right), _arms(right), fmt="o-", color=BLUE, capsize=2, label=name)
    low = max(0.0, min([*confidence, *(share.low for share in right)]) - 0.05)
    _square(axes, low, "Mean probability of the most probable label", "Share of rows where it was right", "lower right")
    return figure


def _coverage_risk(report: Report) -> Figure:
    """Return the share of wrong answers by the share of rows answered, the surest first."""
    risk = report.coverage_risk
    figure, axes = _axes(report, "Wrong answers if only the surest are given", (5.6, 4.2))
    axes.axhline(risk.y[-1], label=f"all answered, {risk.y[-1]:.1%} wrong", **_DASHED)
    axes.plot(risk.x, risk.y, color=BLUE, linewidth=2, label="the surest answered")
    axes.set(xlim=(0, 1.01), ylim=(0, max(0.05, 1.1 * max(risk.y))))
    axes.set(xlabel="Share of rows answered", ylabel="Share of answers that are wrong")
    axes.legend(frameon=False, loc="best")
    return figure


def _f1_by_label(report: Report) -> Figure:
    scores = report.per_class[::-1]
    figure, axes = _axes(report, "F1 by label", (6.4, 1.5 + ROW_INCHES * 1.3 * len(scores)))
    estimates = [score.f1 for score in scores]
    names = [f"{_words(score.label)} ({score.support:,})" for score in scores]
    axes.barh(names, _values(estimates), xerr=_arms(estimates), color=BLUE, height=0.6, ecolor=INK, capsize=3)
    for at, value in enumerate(_values(estimates)):
        axes.text(1.01, at, f"{value:.3f}", transform=axes.get_yaxis_transform(), color=INK, va="center")
    _reference(axes, report.macro_f1.value, f"macro-F1 {report.macro_f1.value:.3f}")
    axes.set(xlim=(0, 1), xlabel="F1 (95% interval); rows of the label in brackets")
    return figure


def _accuracy_by_publisher(report: Report) -> Figure:
    """Return the accuracy of the publishers with the most rows, worst at the bottom."""
    shown = sorted(report.per_publisher[:MAX_PUBLISHERS], key=lambda score: (score.accuracy.value, score.n))
    hidden = len(report.per_publisher) - len(shown)
    heading = "Accuracy by publisher" + f", the {len(shown)} largest" * bool(hidden)
    figure, axes = _axes(report, heading, (6.4, 1.6 + ROW_INCHES * len(shown)))
    estimates, rows = [score.accuracy for score in shown], np.arange(len(shown))
    axes.errorbar(_values(estimates), rows, xerr=_arms(estimates), fmt="o", color=BLUE, elinewidth=1)
    axes.set_yticks(rows, [f"{_plain(score.publisher or NO_PUBLISHER)} ({score.n:,})" for score in shown])
    axes.set_ylim(-0.8, len(shown) - 0.2)
    _reference(axes, report.accuracy.value, f"all {report.accuracy.value:.3f}")
    low = min(found.low for found in estimates)
    axes.set(xlim=(max(0.0, low - 0.05), 1.01), xlabel="Accuracy (95% interval); rows in brackets")
    axes.grid(axis="y", color=PALE)
    return figure


def _roc(report: Report, found: Ranking) -> Figure:
    figure, axes = _axes(report, f"ROC of {_words(found.positive)} (AUC {found.auc})", (5.6, 5.2))
    axes.plot([0, 1], [0, 1], label="guessing", **_DASHED)
    axes.plot(found.roc.x, found.roc.y, color=BLUE, linewidth=2, label="model")
    _square(axes, -0.01, "False positive rate", "True positive rate", "lower right")
    return figure


def _precision_recall(report: Report, found: Ranking) -> Figure:
    heading = f"Precision and recall of {_words(found.positive)} (AP {found.average_precision:.3f})"
    figure, axes = _axes(report, heading, (5.6, 5.2))
    axes.axhline(found.prevalence, label=f"guessing, {found.prevalence:.2f}", **_DASHED)
    axes.plot(found.precision_recall.x, found.precision_recall.y, color=BLUE, linewidth=2, label="model")
    _square(axes, -0.01, "Recall", "Precision", "lower left")
    return figure


def _axes(report: Report, heading: str, inches: tuple[float, float]) -> tuple[Figure, Axes]:
    """Return a new figure and its axes, titled with the heading, the task, split and rows."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("train", "drawing figures") from error
    figure = Figure(figsize=inches, dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    where = f"{_words(report.name)}, {_plain(report.subset)}, {report.n:,} rows"
    figure.suptitle(f"{heading}\n{where}", fontsize=11, color=INK)
    return figure, axes


def _reference(axes: Axes, value: float, name: str) -> None:
    """Draw the figure of the whole as a line with its name on top."""
    axes.axvline(value, color=ORANGE, linewidth=1.2)
    axes.text(value, 1.01, name, transform=axes.get_xaxis_transform(), color=ORANGE, ha="center", va="bottom")


def _square(axes: Axes, low: float, x: str, y: str, legend: Literal["lower left", "lower right"]) -> None:
    axes.set(xlim=(low, 1.01), ylim=(low, 1.01), aspect="equal", xlabel=x, ylabel=y)
    axes.legend(frameon=False, loc=legend)


def _values(estimates: Sequence[Estimate]) -> list[float]:
    return [found.value for found in estimates]


def _arms(estimates: Sequence[Estimate]) -> NDArray[np.float64]:
    """Return how far the intervals reach to either side, (2, n), never less than nothing."""
    return np.maximum(0.0, [[e.value - e.low for e in estimates], [e.high - e.value for e in estimates]])


def _words(label: str) -> str:
    return _plain(label.replace("_", " "))


def _plain(text: str) -> str:
    """Return a name so that matplotlib takes no dollar sign in it for a formula."""
    return text.replace("$", r"\$")
