"""Reports: figures of an evaluation, as tables, JSON and lines for people."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from types import UnionType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from saring.article import brief
from saring.errors import BundleError
from saring.evaluation.metrics import Bin, Curve, Estimate

if TYPE_CHECKING:
    from rich.table import Table as RichTable

# A small table that prints itself: plain text for logs, a rich table on a terminal.


Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of text under a title; `str` gives plain text, `rich` prints it as a table.

    The first column is words, set flush left; the others are figures, set flush right.

    Examples
    --------
    >>> print(Table("Topics", ("topic", "rows"), ((("economy", "314"), ("gossip", "87")),)))
    Topics
    topic    rows
    -------------
    economy   314
    gossip     87
    """

    title: str
    header: Row
    sections: tuple[tuple[Row, ...], ...]
    note: str = ""

    def __str__(self) -> str:
        rows = [self.header, *(row for section in self.sections for row in section)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        lines = [self.title, _line(self.header, widths)]
        for section in filter(None, self.sections):
            lines += [rule, *(_line(row, widths) for row in section)]
        return "\n".join(lines + [self.note] * bool(self.note))

    def __rich__(self) -> RichTable:
        from rich.table import Table as RichTable
        from rich.text import Text  # Text, not str: a label in brackets is no markup

        table = RichTable(
            title=Text(self.title, "bold"),
            caption=Text(self.note),
            title_justify="left",
            caption_justify="left",
            box=None,  # lines between columns would not leave room for them in 80 columns
            padding=(0, 1, 0, 0),
        )
        for number, name in enumerate(self.header):
            table.add_column(Text(name), justify="right" if number else "left")
        for section in self.sections:
            for row in section:
                table.add_row(*map(Text, row))
            table.add_section()
        return table


def _line(row: Row, widths: list[int]) -> str:
    """Return the cells padded to their columns' widths."""
    first, *others = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return "  ".join(cells).rstrip()


# `Report`: what an evaluation found, as frozen data that prints, travels in JSON and is logged.


TABLE_PUBLISHERS = 10  # the worst ones, where a reader must look; all are in the report itself
NO_PUBLISHER = "(no publisher)"
_UNLOGGABLE = re.compile(r"[^\w\-/ ]")  # MLflow takes these in a name; dots part our own words


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one label fares; `support` counts its rows in the truth."""

    label: str
    precision: float
    recall: float
    f1: Estimate
    support: int


@dataclass(frozen=True, slots=True)
class PublisherScore:
    """How one publisher's rows fare; the interval counts groups, not rows (see `Report`)."""

    publisher: str
    n: int
    n_groups: int
    accuracy: Estimate
    macro_f1: float


@dataclass(frozen=True, slots=True)
class Baseline:
    """A simple rule on the same rows; `gain` is the model's macro-F1 less the rule's, paired."""

    name: str
    accuracy: float
    macro_f1: float
    gain: Estimate


@dataclass(frozen=True, slots=True)
class Ranking:
    """How well the probability of `positive` ranks the rows of a two-label task."""

    positive: str
    prevalence: float
    auc: Estimate
    average_precision: float
    roc: Curve
    precision_recall: Curve


@dataclass(frozen=True, slots=True)
class Report:
    """What an evaluation found.

    Attributes
    ----------
    name, split, part : str
        The task ("topic"), the protocol or file ("publisher-out"), and where only some of its rows
        were asked about, which ("unanimous").
    labels : tuple of str
        All labels of the task, in the model's order; the second of two is the positive one.
    n, n_groups : int
        Rows, and groups of rows that belong together.
    accuracy, macro_f1 : Estimate
        Macro-F1 is the mean F1 of the labels that stand in the truth or were predicted. One that
        was predicted but is not in the truth counts, with 0; one in neither is left out and listed
        in `absent`. The same rule holds for each publisher and each resample.
    per_class : tuple of ClassScore
        The labels that are not absent.
    per_publisher : tuple of PublisherScore
        From the most rows to the fewest. The interval of the accuracy is Wilson's, for as many
        trials as the publisher has groups.
    confusion : tuple of rows of int
        Rows are the truth, columns the prediction, over all labels.
    reliability : tuple of Bin
        Ten bins of equal mass of the top-label probability; `ece` is their mean gap.
    ece, log_loss, brier : float
        Calibration error in [0, 1], against the shares of annotators where several were asked; log
        loss in nats; Brier score in [0, 2], for two labels [0, 1].
    coverage_risk : Curve
        Share of wrong answers by the share of rows answered, the surest first.
    human : float or None
        Accuracy of one annotator against the majority that includes them, where several were asked.
    ranking : Ranking or None
        For two labels, both in the truth.
    baselines : tuple of Baseline
    """

    __repr__ = brief

    name: str
    split: str
    labels: tuple[str, ...]
    n: int
    n_groups: int
    accuracy: Estimate
    macro_f1: Estimate
    per_class: tuple[ClassScore, ...]
    per_publisher: tuple[PublisherScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    reliability: tuple[Bin, ...]
    ece: float
    log_loss: float
    brier: float
    coverage_risk: Curve
    human: float | None = None
    ranking: Ranking | None = None
    baselines: tuple[Baseline, ...] = ()
    part: str = ""

    @property
    def absent(self) -> tuple[str, ...]:
        """Labels in neither truth nor prediction, which macro-F1 leaves out."""
        present = {score.label for score in self.per_class}
        return tuple(label for label in self.labels if label not in present)

    @property
    def asked_of(self) -> str:
        """The split, with the part of it in brackets."""
        return f"{self.split} ({self.part})" if self.part else self.split

    @property
    def best_baseline(self) -> Baseline | None:
        """The simple rule of the highest macro-F1; None when none was asked."""
        return max(self.baselines, key=lambda baseline: baseline.macro_f1, default=None)

    @property
    def auc(self) -> Estimate | None:
        """Area under the ROC curve; None when the task has not two labels in the truth."""
        return self.ranking.auc if self.ranking else None

    def metrics(self) -> dict[str, float]:
        """Return the figures by flat name, such as ``topic.test.macro_f1``.

        Names hold only what MLflow allows: other characters of a label become ``_``, with the
        label's number behind it, so that no two labels meet.
        """
        figures: dict[str, float] = {"n": self.n, "ece": self.ece}
        figures |= {"log_loss": self.log_loss, "brier": self.brier}
        figures |= _flat("accuracy", self.accuracy) | _flat("macro_f1", self.macro_f1)
        if self.human is not None:
            figures["human_accuracy"] = self.human
        if self.ranking:
            figures |= _flat("auc", self.ranking.auc)
            figures["average_precision"] = self.ranking.average_precision
        for number, score in enumerate(self.per_class):
            label = _loggable(score.label, number)
            figures |= {f"precision.{label}": score.precision, f"recall.{label}": score.recall}
            figures |= {f"f1.{label}": score.f1.value}
        for number, baseline in enumerate(self.baselines):
            name = f"baseline.{_loggable(baseline.name, number)}"
            figures |= {f"{name}.accuracy": baseline.accuracy, f"{name}.macro_f1": baseline.macro_f1}
            figures |= _flat(f"{name}.gain", baseline.gain)
        return {f"{self.name}.{self.asked_of}.{key}": float(value) for key, value in figures.items()}

    def to_json(self) -> dict[str, Any]:
        """Return the report as a dictionary of JSON types; `from_json` reads it back, equal."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Report:
        """Return the report that `to_json` wrote.

        Raises
        ------
        BundleError
            When a field is missing, unknown or of the wrong shape.
        """
        try:
            report: Report = _typed(cls, data)
        except TypeError as error:
            raise BundleError(f"a stored report cannot be read: {error}; evaluate the model again") from error
        return report

    def table(self) -> Table:
        """Return the figures as a table: overall, by label, baselines, the worst publishers."""
        return Table(
            title=f"{self.name}, {self.asked_of}: {self.n:,} rows in {self.n_groups:,} groups",
            header=("", "value", "95% interval", "precision", "recall", "rows"),
            sections=(
                tuple(self._overall_rows()),
                tuple(map(_class_row, self.per_class)),
                tuple(row for baseline in self.baselines for row in _baseline_rows(baseline)),
                tuple(self._publisher_rows()),
            ),
            note=f"In neither truth nor prediction: {', '.join(self.absent)}" * bool(self.absent),
        )

    def _overall_rows(self) -> list[Row]:
        """Return the rows of the whole."""
        rows = [_row("macro-F1", self.macro_f1), _row("accuracy", self.accuracy)]
        if self.ranking:
            rows.append(_row(f"AUC of {self.ranking.positive}", self.ranking.auc))
        plain = {"calibration error": self.ece, "log loss": self.log_loss, "Brier": self.brier}
        return rows + [(name, f"{value:.3f}", "", "", "", "") for name, value in plain.items()]

    def _publisher_rows(self) -> list[Row]:
        """Return the rows of the worst publishers; none when there is but one."""
        if len(self.per_publisher) < 2:
            return []
        # by the upper bound: one article of a tiny publisher, got wrong, tells nothing
        worst = sorted(self.per_publisher, key=lambda score: score.accuracy.high)
        return [
            _row(f"accuracy, {score.publisher or NO_PUBLISHER}", score.accuracy, rows=score.n)
            for score in worst[:TABLE_PUBLISHERS]
        ]


def _row(name: str, figure: Estimate, rows: int | None = None) -> Row:
    """Return the row of one figure with its interval."""
    count = "" if rows is None else f"{rows:,}"
    return (name, f"{figure.value:.3f}", figure.span(), "", "", count)


def _class_row(score: ClassScore) -> Row:
    """Return the row of one label."""
    name, value, spread, *_ = _row(f"F1, {score.label}", score.f1)
    return (name, value, spread, f"{score.precision:.3f}", f"{score.recall:.3f}", f"{score.support:,}")


def _baseline_rows(baseline: Baseline) -> tuple[Row, Row]:
    """Return the rows of one baseline: its macro-F1, and the model's gain over it."""
    figure = f"{baseline.macro_f1:.3f}"
    return (f"macro-F1, {baseline.name}", figure, "", "", "", ""), _row(f"gain over {baseline.name}", baseline.gain)


def _flat(name: str, figure: Estimate) -> dict[str, float]:
    """Return the figure and its bounds by name."""
    return {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}


def _loggable(name: str, number: int) -> str:
    """Return the name as MLflow takes it."""
    cleaned = _UNLOGGABLE.sub("_", name)
    return cleaned if cleaned == name else f"{cleaned}_{number}"


def _typed(kind: Any, value: Any) -> Any:
    """Return a JSON value as the type that a field declares, or raise TypeError."""
    parts = get_args(kind)
    if is_dataclass(kind):
        kinds = get_type_hints(kind)
        if not isinstance(value, Mapping) or set(value) != set(kinds):
            raise TypeError(f"expected the fields {sorted(kinds)}, found {value!r:.200}")
        return kind(**{name: _typed(kinds[name], value[name]) for name in kinds})  # type: ignore[operator]
    if get_origin(kind) is tuple and isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_typed(parts[0], item) for item in value)
    if get_origin(kind) is UnionType:
        return None if value is None else _typed(parts[0], value)
    if get_origin(kind) or not isinstance(value, (int, float) if kind is float else kind):
        raise TypeError(f"expected {kind}, found {value!r:.200}")
    return kind(value)


# Reports side by side.


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
        header=(*("task", "split", "rows", "macro-F1", "95%", "accuracy", "AUC", "ECE", "baseline"),),
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
