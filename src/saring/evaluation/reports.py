"""Reports: figures of an evaluation, as tables, as JSON, and on the page about a model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from types import UnionType
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from saring.article import brief
from saring.errors import BundleError
from saring.evaluation.metrics import Bin, Curve, Estimate, figure

if TYPE_CHECKING:
    from rich.table import Table as RichTable

Row = tuple[str, ...]
TABLE_PUBLISHERS = 10  # the worst ones, where a reader must look; all are in the report itself
NO_PUBLISHER = "(no publisher)"
COVERAGE = 0.9  # share of the rows, the surest, of which the headline figures tell the risk
COVERAGES = (0.8, COVERAGE, 0.95, 1.0)  # of the table of risks
# What the words in brackets behind a split mean, those that rows do not bring with them.
PARTS = {
    "unanimous": "headlines that all annotators agreed on",
    "graded 0 or 2": "links clearly unrelated or clearly related",
    "other left out": "rows of the topics that have a name, asked which of these it is",
}


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

        def line(row: Row) -> str:
            cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
            return "  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip()

        lines = [self.title, line(self.header)]
        for section in filter(None, self.sections):
            lines += ["-" * (sum(widths) + 2 * (len(widths) - 1)), *map(line, section)]
        return "\n".join(lines + [self.note] * bool(self.note))

    def markdown(self) -> str:
        """Return the cells as a table in Markdown, without title and note."""
        rows = [self.header, ("---",) * len(self.header), *(row for section in self.sections for row in section)]
        return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows)

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
    """How one publisher's rows fare; the interval is Wilson's, for as many trials as there are groups."""

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
class Answered:
    """The rows that are sure enough to be answered; whether a text is like news at all does not count here."""

    threshold: float  # least probability of the label that is named
    coverage: float  # share of the rows
    risk: Estimate  # share of them that is wrong; the interval is Wilson's, for as many trials as there are groups


@dataclass(frozen=True, slots=True)
class Report:
    """What an evaluation found: figures of a task on one split, or on a part of it."""

    __repr__ = brief

    name: str  # the task
    split: str  # the protocol or file, "publisher-out"
    labels: tuple[str, ...]  # all of the task, in the model's order; the second of two is the positive one
    n: int
    n_groups: int  # groups of rows that belong together
    accuracy: Estimate
    # Mean F1 of the labels in the truth or predicted: one that was predicted alone counts with 0, one in neither is
    # left out and listed in `absent`. So it is for each publisher and each resample.
    macro_f1: Estimate
    per_class: tuple[ClassScore, ...]  # of the labels that are not absent
    per_publisher: tuple[PublisherScore, ...]  # from the most rows to the fewest
    confusion: tuple[tuple[int, ...], ...]  # rows are the truth, columns the prediction, over all labels
    reliability: tuple[Bin, ...]  # ten bins of equal mass of the top-label probability
    ece: float  # mean gap of the bins, in [0, 1]; against the shares of annotators where several labelled a row
    log_loss: float  # in nats
    brier: float  # in [0, 2], for two labels in [0, 1]
    coverage_risk: Curve  # share of wrong answers by the share of rows answered, the surest first
    human: float | None = None  # accuracy of one annotator against the majority that includes them, where known
    ranking: Ranking | None = None  # for two labels, both in the truth
    baselines: tuple[Baseline, ...] = ()
    part: str = ""  # which of the split's rows, where it is not all ("unanimous")
    answered: Answered | None = None  # where the model abstains from unsure rows; unknown to bundles from before

    @property
    def absent(self) -> tuple[str, ...]:
        """Labels in neither truth nor prediction, which macro-F1 leaves out."""
        present = {score.label for score in self.per_class}
        return tuple(label for label in self.labels if label not in present)

    @property
    def subset(self) -> str:
        """The split, with the part of it in brackets."""
        return f"{self.split} ({self.part})" if self.part else self.split

    @property
    def best_baseline(self) -> Baseline | None:
        """The simple rule of the highest macro-F1; None when there is none."""
        return max(self.baselines, key=lambda baseline: baseline.macro_f1, default=None)

    @property
    def auc(self) -> Estimate | None:
        """Area under the ROC curve; None when the task has not two labels in the truth."""
        return self.ranking.auc if self.ranking else None

    @property
    def risk(self) -> float:
        """Share of wrong answers when the surest `COVERAGE` of the rows are answered, with those equally sure."""
        return self.risk_at(COVERAGE)

    def risk_at(self, coverage: float) -> float:
        """Return the share of wrong answers when this share of the rows, the surest, is answered."""
        curve = self.coverage_risk
        return next(y for x, y in zip(curve.x, curve.y, strict=True) if x >= coverage)

    def metrics(self) -> dict[str, float]:
        """Return the headline figures by the name that MLflow shows, such as ``topic/publisher-out/macro_f1``."""
        figures = {"macro_f1": self.macro_f1.value, "ece": self.ece, f"risk_at_{100 * COVERAGE:.0f}": self.risk}
        if self.auc:
            figures["auc"] = self.auc.value
        return {f"{self.address}/{name}": value for name, value in figures.items()}

    @property
    def address(self) -> str:
        """Task and split in one word, the part of the split behind a dot: what a data set and its metrics are named."""
        return f"{self.name}/{self.split}" + f".{self.part.replace(', ', '.')}" * bool(self.part)

    def to_json(self) -> dict[str, Any]:
        """Return the report as a dictionary of JSON types; `from_json` reads it back, equal."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Report:
        """Return the report that `to_json` wrote; BundleError when a field is missing, unknown or of the wrong type."""
        try:
            report: Report = _typed(cls, data)
        except TypeError as error:
            raise BundleError(f"a stored report cannot be read: {error}; evaluate the model again") from error
        return report

    def table(self) -> Table:
        """Return the figures as a table: overall, by label, baselines, the worst publishers."""
        overall = [_row("macro-F1", self.macro_f1), _row("accuracy", self.accuracy)]
        if self.ranking:
            overall.append(_row(f"AUC of {self.ranking.positive}", self.ranking.auc))
        plain = {"calibration error": self.ece, "log loss": self.log_loss, "Brier": self.brier}
        overall += [(name, figure(value), "", "", "", "") for name, value in plain.items()]
        baselines: list[Row] = []
        for rule in self.baselines:
            baselines.append((f"macro-F1, {rule.name}", figure(rule.macro_f1), "", "", "", ""))
            baselines.append(_row(f"gain over {rule.name}", rule.gain))
        # By the upper bound: one article of a tiny publisher, got wrong, tells nothing.
        worst = sorted(self.per_publisher, key=lambda score: score.accuracy.high) if len(self.per_publisher) > 1 else []
        return Table(
            title=f"{self.name}, {self.subset}: {self.n:,} rows in {self.n_groups:,} groups",
            header=("", "value", "95% interval", "precision", "recall", "rows"),
            sections=(
                tuple(overall),
                tuple(
                    _row(f"F1, {s.label}", s.f1, figure(s.precision), figure(s.recall), f"{s.support:,}")
                    for s in self.per_class
                ),
                tuple(baselines),
                tuple(
                    _row(f"accuracy, {s.publisher or NO_PUBLISHER}", s.accuracy, "", "", f"{s.n:,}")
                    for s in worst[:TABLE_PUBLISHERS]
                ),
            ),
            note=f"In neither truth nor prediction: {', '.join(self.absent)}" * bool(self.absent),
        )


def _row(name: str, found: Estimate, precision: str = "", recall: str = "", rows: str = "") -> Row:
    """Return the row of one figure with its interval."""
    return name, figure(found.value), found.span(), precision, recall, rows


def _typed(kind: Any, value: Any) -> Any:
    """Return a JSON value as the type that a field declares, or raise TypeError."""
    parts = get_args(kind)
    if is_dataclass(kind):
        kinds = get_type_hints(kind)
        needed = {field.name for field in fields(kind) if field.default is MISSING}
        if not isinstance(value, Mapping) or not needed <= set(value) <= set(kinds):
            raise TypeError(f"expected the fields {sorted(kinds)}, found {value!r:.200}")
        return kind(**{name: _typed(kinds[name], found) for name, found in value.items()})  # type: ignore[operator]
    if get_origin(kind) is tuple and isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_typed(parts[0], item) for item in value)
    if get_origin(kind) is UnionType:
        return None if value is None else _typed(parts[0], value)
    if get_origin(kind) or not isinstance(value, (int, float) if kind is float else kind):
        raise TypeError(f"expected {kind}, found {value!r:.200}")
    return kind(value)


def stored_reports(card: Mapping[str, Any]) -> list[Report]:
    """Return the reports that training left in a model's card: one for each protocol and part."""
    return [Report.from_json(stored) for stored in card["metrics"].values()]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point of a learning curve: the macro-F1 of models that were trained on a share of the rows."""

    task: str
    split: str  # the protocol
    share: float
    n: int  # labelled rows that a fold trained on, in the mean
    macro_f1: Estimate


def stored_curve(card: Mapping[str, Any]) -> list[CurvePoint]:
    """Return the learning curve that training left in a model's card; empty where nobody wanted one."""
    try:
        return [_typed(CurvePoint, point) for point in card.get("learning_curve", ())]
    except TypeError as error:
        raise BundleError(f"a stored learning curve cannot be read: {error}; train the model again") from error


def _figures(report: Report) -> Row:
    """Return task, split, rows, macro-F1, its interval, accuracy, AUC and calibration error."""
    macro, auc = report.macro_f1, figure(report.auc.value) if report.auc else ""
    figures = f"{report.n:,}", figure(macro.value), macro.span(), figure(report.accuracy.value), auc
    return report.name, report.subset, *figures, figure(report.ece)


def summary_table(reports: Sequence[Report], title: str = "Evaluation") -> Table:
    """Return reports side by side, one a row, each beside the best of its baselines."""
    rows = []
    for report in reports:
        best, human = report.best_baseline, "" if report.human is None else f" ({figure(report.human)})"
        *split, right, auc, ece = _figures(report)
        rows.append((*split, right + human, auc, ece, f"{figure(best.macro_f1)} {best.name}" if best else ""))
    parts = {word: what for word, what in PARTS.items() if any(word in report.part for report in reports)}
    return Table(
        title=title,
        header=("task", "split", "rows", "macro-F1", "95%", "accuracy", "AUC", "ECE", "baseline"),
        sections=(tuple(rows),),
        note="".join(f"{word}: {what}. " for word, what in parts.items())
        + "ECE: calibration error. Baseline: best macro-F1. 95%: by resampled groups."
        + " In brackets: accuracy of one annotator against the majority."
        * any(report.human is not None for report in reports),
    )


def risk_table(reports: Sequence[Report]) -> Table | None:
    """Return the risk of the topics by the share of rows answered; None where no report is of topics.

    Of topics alone, as the model abstains from nothing else.
    """
    rows = []
    for report in reports:
        if report.name != "topic":
            continue
        found, cells = report.answered, ("", "", "")
        if found:
            cells = f"{found.coverage:.1%}", figure(found.risk.value), found.risk.span()
        rows.append((report.subset, *(figure(report.risk_at(share)) for share in COVERAGES), *cells))
    thresholds = {f"{report.answered.threshold:.3g}" for report in reports if report.answered}
    if not rows:
        return None
    told = f"answered: with a probability of at least {', '.join(sorted(thresholds))}, else the model abstains"
    return Table(
        title="Wrong topics among the surest rows",
        header=("split", *(f"of {share:.0%}" for share in COVERAGES), "answered", "wrong", "95%"),
        sections=(tuple(rows),),
        note=f"Of 80%: of the surest 80% of the rows{f'; {told}' * bool(thresholds)}.",
    )


_PROTOCOLS: Mapping[str, str] = {
    "publisher-out": "publishers that training did not see, each left out in turn",
    "random": "random folds of near-duplicate groups",
    "later-time": "the latest fifth, after training on the earlier ones",
    "test": "the corpus's own test split",
    "corrections": "rows that corrected the model, each answered by a correction that did not see it",
}


def model_card(card: Mapping[str, Any]) -> str:
    """Return a Markdown page about a model, from its bundle's card; see `store.CARD_FIELDS`."""
    reports = stored_reports(card)
    counts = {name: number for name, number in card["data"].items() if isinstance(number, int)}
    data = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items())
    versions = ", ".join(f"{name} {number}" for name, number in card["versions"].items())
    size = sum(card["files"].values()) / 1e6
    splits = {report.split for report in reports}
    header = ("question", "measured on", "rows", "macro-F1", "accuracy", "AUC", "ECE", "baseline")
    figures = []
    for report in reports:
        name, subset, rows, macro, span, *others = _figures(report)
        baseline = f"{best.name} {figure(best.macro_f1)}" if (best := report.best_baseline) else ""
        figures.append((name, subset, rows, f"{macro} ({span})", *others, baseline))
    sections = [
        f"# {card['name']}",
        f"Model version `{card['model_version']}`, made {card['created'][:10]} with {versions}; "
        f"{size:.1f} MB of arrays.",
        f"Licence: {card['licence']}.",
        card.get("about", "").strip(),
        "## Data",
        f"Trained on {' and '.join(f'`{name}`' for name in card['sources'])}: {data}.",
        "## Figures",
        "With 95% intervals by resampled groups of near duplicates, beside the best simple rule. Measured on:",
        "\n".join(f"- **{name}**: {what}" for name, what in _PROTOCOLS.items() if name in splits),
        Table("Figures", header, (tuple(figures),)).markdown(),
        *([f"## Risk\n\n{risks.title}. {risks.note}", risks.markdown()] if (risks := risk_table(reports)) else []),
        "## Thresholds",
        "\n".join(f"- {name}: {value:.4g}" for name, value in card["thresholds"].items()),
    ]
    return "\n\n".join(filter(None, sections)) + "\n"


_HUB_LICENCES: Mapping[str, str] = {"CC BY 4.0": "cc-by-4.0", "CC BY-SA 4.0": "cc-by-sa-4.0", "MIT": "mit"}
_HUB_DATASETS: Mapping[str, str] = {"click-id": "id_clickbait"}  # a source's name to what hubs call it
_HUB_TASKS: Mapping[str, str] = {
    "topic": "Topic of an article",
    "link": "Whether a teaser has to do with its article",
    "clickbait": "Whether a headline is clickbait",
}


def hub_card(card: Mapping[str, Any]) -> str:
    """Return the page about a model with the metadata before it (YAML) that hubs of models read."""
    known = [_HUB_DATASETS[stem] for name in card["sources"] if (stem := name.partition(".")[0]) in _HUB_DATASETS]
    licence = _HUB_LICENCES.get(card["licence"].partition(" (")[0], "other")
    fields: dict[str, Any] = {
        "language": "id",
        "license": licence,
        **({"license_name": card["licence"]} if licence == "other" else {}),
        "library_name": "saring",
        "pipeline_tag": "text-classification",
        "tags": ["indonesian", "news", "topic-classification", "clickbait", "boilerplate-removal", "corpus-cleaning"],
        **({"datasets": known} if known else {}),
        "metrics": ["f1", "accuracy", "roc_auc"],
    }
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    lines += ["model-index:", f"- name: {json.dumps(card['name'], ensure_ascii=False)}", "  results:"]
    lines += [f"  - {json.dumps(_hub_result(report), ensure_ascii=False)}" for report in stored_reports(card)]
    return "\n".join(["---", *lines, "---", "", model_card(card)])  # JSON is YAML


def _hub_result(report: Report) -> dict[str, Any]:
    """Return the figures of a report as a hub's `model-index` has them."""
    figures = {"f1": ("macro-F1", report.macro_f1.value), "accuracy": ("accuracy", report.accuracy.value)}
    if report.auc:
        figures["roc_auc"] = ("AUC", report.auc.value)
    return {
        "task": {"type": "text-classification", "name": _HUB_TASKS.get(report.name, report.name)},
        "dataset": {"type": report.name, "name": f"{report.name}, {report.subset}", "split": report.split},
        "metrics": [{"type": kind, "name": name, "value": round(value, 3)} for kind, (name, value) in figures.items()],
    }
