"""Drawings as numbers: where lines and intervals of charts and tables lie; `templates/parts.html` draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from saring.evaluation.metrics import Estimate
from saring.evaluation.reports import Report, Table

WIDTH, HEIGHT = 420.0, 280.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 12.0, 44.0
ABOUT_TICKS = 5
DARKEST = 0.45  # of a cell: its figures still stand out from it
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart, or its points with intervals."""

    points: tuple[Point, ...]
    spans: tuple[Point, ...] = ()  # lowest and highest of each point
    guide: bool = False  # what the others are seen against: thin and dashed


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over two axes, and a sentence that says what there is to see."""

    title: str
    description: str  # for who cannot see it
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    x_range: Point = (0.0, 1.0)
    y_range: Point = (0.0, 1.0)

    def x(self, value: float) -> float:
        """Return how far right a value lies."""
        return round(_scaled(value, self.x_range, LEFT, WIDTH - RIGHT), 1)

    def y(self, value: float) -> float:
        """Return how far down a value lies."""
        return round(_scaled(value, self.y_range, HEIGHT - BOTTOM, TOP), 1)

    def path(self, series: Series) -> str:
        """Return the points of a line, as SVG writes them."""
        return " ".join(f"{self.x(x):g},{self.y(y):g}" for x, y in series.points)

    @property
    def x_ticks(self) -> list[float]:
        """The values named below the chart."""
        return ticks(*self.x_range)

    @property
    def y_ticks(self) -> list[float]:
        """The values named beside the chart."""
        return ticks(*self.y_range)

    @property
    def size(self) -> tuple[float, float, float, float, float, float]:
        """Width, height, and the left, right, upper and lower edge of what is drawn."""
        return WIDTH, HEIGHT, LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM


def ticks(low: float, high: float) -> list[float]:
    """Return some five round values of a range.

    >>> ticks(0, 1)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    rough = (high - low) / ABOUT_TICKS
    power = 10.0 ** (math.log10(rough) // 1)
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(at * step, 10) for at in range(first, int(high / step + 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class Cell:
    """A count in a matrix, what stands below it, how dark it is, up to `DARKEST`, and whether "better" or "worse"."""

    text: str
    share: str
    shade: float
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Counts of (truth, answer), a row for each truth."""

    title: str
    labels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    note: str


def confusion_counts(report: Report) -> Matrix:
    """Return how often each truth got each answer, shaded by the share of the truth."""
    rows = []
    for label, counts in zip(report.labels, report.confusion, strict=True):
        shares = [n / max(1, sum(counts)) for n in counts]
        cells = [Cell(f"{n:,}", f"{p:.0%}", round(p * DARKEST, 3)) for n, p in zip(counts, shares, strict=True)]
        rows.append((label, tuple(cells)))
    note = "Rows are the truth and add up to 100%, columns the answers. Framed: the right ones."
    return Matrix(f"Confusion, {report.name}, {report.subset}", report.labels, tuple(rows), note)


@dataclass(frozen=True, slots=True)
class Interval:
    """Where an estimate lies on an axis that a column of a table shares, in percent of its width."""

    low: float
    value: float
    high: float
    mark: float | None  # of the value that all are compared with


def intervals(estimates: Sequence[Estimate], mark: float | None = None) -> list[Interval]:
    """Return estimates on a common axis, which holds all of them and the mark."""
    ends = [end for one in estimates for end in (one.low, one.high)]
    if mark is not None:
        ends.append(mark)
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    axis = (low, high) if high > low else (low - 1.0, high + 1.0)

    def at(value: float) -> float:
        return round(_scaled(value, axis, 2.0, 98.0), 1)

    return [Interval(at(one.low), at(one.value), at(one.high), None if mark is None else at(mark)) for one in estimates]


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table, with intervals on an axis or stacked bars behind its rows."""

    table: Table
    axis: Sequence[Interval] = ()
    axis_name: str = ""
    bars: Sequence[Sequence[float]] = ()  # shares of each row, in percent
    bars_name: str = ""
    words: bool = False
    english: bool = False  # whatever the page's language


def _scaled(value: float, axis: Point, begin: float, end: float) -> float:
    low, high = axis
    return begin + (value - low) / (high - low) * (end - begin)
