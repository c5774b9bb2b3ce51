"""Any two models side by side: settings, figures on the same rows, confusion, and the answers that differ.

The two are called A and B. A difference is B less A, as if A were the champion and B its challenger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from saring.errors import ConfigError
from saring.evaluation.comparison import BETTER, WORSE, Comparison, Verdict, compare, told, verdict
from saring.evaluation.gate import Check, gate_told, is_failed
from saring.evaluation.metrics import Ints, figure
from saring.evaluation.reports import Report, Row, Table
from saring.promotion import compare_bundles, gate_checks
from saring.store import Bundle
from saring.tracking import changed_settings
from saring.training.corpus import LabelledArticle
from saring.training.evaluate import answers
from saring.training.splits import PUBLISHER_OUT
from saring.training.tasks import RowText, texts_by_key

ABSENT = "-"  # of a setting that one of the two lacks
TABLE_CHANGED = 20  # answers in a terminal's table; all are in `ModelComparison.changed`
CELL_CHARS = 26  # of a value in a table of 80 columns
LABEL_CHARS = 13  # of a label or id where five columns share the width
BOTH_WRONG = "both wrong"
_VERSIONS = ("saring", "scikit-learn", "numpy", "scipy")  # of packages that may change a fit


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting, threshold or fact about the data that differs."""

    name: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class ChangedAnswer:
    """A row that the two models answer differently."""

    task: str
    split: str  # the first in which the two differ on the row
    id: str  # of the article
    publisher: str
    published: str  # the day
    truth: str
    a: str
    b: str
    p_a: float  # probability of its own answer, as A sees it
    p_b: float
    outcome: str  # `BETTER` where B alone is right, `WORSE` where A alone is, else `BOTH_WRONG`
    text: RowText | None  # where one of the given articles has the row


@dataclass(frozen=True, slots=True, eq=False)
class ModelComparison:
    """What differs between two models, on rows that neither was trained on."""

    a: Bundle
    b: Bundle
    names: tuple[str, str]  # what the user calls the two
    settings: tuple[Setting, ...]
    comparisons: tuple[Comparison, ...]  # one for each task and split; A is the champion in them
    checks: tuple[Check, ...]  # of the quality gate, on B's figures
    verdict: Verdict  # may B take A's place
    changed: tuple[ChangedAnswer, ...]  # each row once: B's gains, its losses, then those that both get wrong

    @property
    def answers(self) -> tuple[tuple[str, str], ...]:
        """The three questions a reviewer has, each with its answer in a sentence or two."""
        a, b = self.names
        may = f"Yes, {b} may take the place of {a}" if self.verdict.may else f"No, {b} may not take the place of {a}"
        gate = "" if is_failed(self.checks) else f" Quality gate: {gate_told(self.checks)}."  # else it is the reason
        return (
            ("Which is best on publishers it has not seen?", self._best()),
            ("Is the difference real?", self._real()),
            ("May it go live?", f"{may}: {self.verdict.reason}.{gate}"),
        )

    @property
    def reading(self) -> str:
        """Say what the number behind an answer is, and why the likelier answer need not be the one that is given."""
        found = [one.card["thresholds"].get("unrelated") for one in (self.a, self.b)]
        of_links = (
            f" A link is called unrelated from {figure(found[0])} (A) and {figure(found[1])} (B) on, so “related 0.48” "
            "may stand below one half." if None not in found else ""
        )  # fmt: skip
        return f"The number is the probability of that answer.{of_links}"

    def _best(self) -> str:
        """Say which model is better under publisher-out, task by task."""
        found = [c for c in self.comparisons if c.challenger.split == PUBLISHER_OUT]
        if not found:
            return (
                f"Not known: the two share no answers under {PUBLISHER_OUT}; train both with this protocol, on the "
                "same corpus of several publishers a topic."
            )
        said = {BETTER: f"{self.names[1]}.", WORSE: f"{self.names[0]}.", "": "Neither, beyond chance."}
        outcomes = {c.outcome for c in found} & {BETTER, WORSE} or {""}
        first = said[outcomes.pop()] if len(outcomes) == 1 else "Each at another task."
        unknown = [task for task in self.b.tasks if task not in {c.challenger.name for c in found}]
        rest = f"{', '.join(unknown)}: not known, as the two share no answers under {PUBLISHER_OUT}."
        said_of = [f"{c.challenger.name}{_part(c)}: {self._told(c)}." for c in found]
        return " ".join([first, *said_of, *[rest] * bool(unknown)])

    def _told(self, c: Comparison) -> str:
        """Say which model is better at one task and split."""
        if not len(c.changed):
            return "the same answers to every row"
        a, b = self.names
        best = {BETTER: f"{b} is better", WORSE: f"{a} is better"}.get(c.outcome, "no real difference")
        figures = (
            f"macro-F1 {figure(c.challenger.macro_f1.value)} of {b} against {figure(c.champion.macro_f1.value)} of {a}"
        )
        return f"{best}, {figures} ({told(c.difference)})"

    def _real(self) -> str:
        """Say which differences the resamples bear out."""
        if not self.comparisons:
            return "Not known: the two have no held-out rows in common; give labelled articles that neither has seen."
        kinds = {BETTER: f"{self.names[1]} is better", WORSE: f"{self.names[0]} is better"}
        real = {
            words: [f"{c.where} {told(c.difference)}" for c in self.comparisons
                    if c.outcome == kind]
            for kind, words in kinds.items()
        }  # fmt: skip
        n_same = sum(not len(c.changed) for c in self.comparisons)
        n_like = len(self.comparisons) - n_same - sum(map(len, real.values()))
        said = [f"Yes, {words} beyond the 95% interval at {'; '.join(some)}." for words, some in real.items() if some]
        rest = [f"In {n_like} of {len(self.comparisons)} comparisons the interval holds 0: chance may have made it."]
        same = [f"In {n_same} they give the same answers to every row."]
        return " ".join([*(said or ["No."]), *rest * bool(n_like), *same * bool(n_same)])

    def surest(self, most: int) -> list[ChangedAnswer]:
        """Return so many of the answers that differ: of each outcome as many, where there are, the surest first."""
        places: Counter[str] = Counter()
        ranked = []
        for number, one in enumerate(self.changed):
            ranked.append((places[one.outcome], number))
            places[one.outcome] += 1
        return [self.changed[number] for number in sorted(number for _, number in sorted(ranked)[:most])]

    def tables(self) -> list[Table]:
        """Return what differs as tables for a terminal of 80 columns."""
        found = [settings_table(self), figures_table(self), *map(confusion_table, self.comparisons)]
        return [table for table in [*found, changed_table(self)] if any(table.sections)]


def compare_models(
    a: Bundle,
    b: Bundle,
    articles: Sequence[LabelledArticle] = (),
    on: str | None = None,
    names: tuple[str, str] = ("A", "B"),
    texts: Sequence[LabelledArticle] = (),
    compared: Sequence[Comparison] | None = None,
) -> ModelComparison:
    """Return what differs between two models.

    Parameters
    ----------
    a, b : Bundle
        The models; a difference is B's figure less A's.
    articles : sequence of LabelledArticle
        Where a row of theirs was answered differently, the comparison has its text: a bundle holds none.
    on : str, optional
        Name of a file or split: both models are also put to the test on `articles`, under this name.
    names : tuple of str
        What to call the two, such as the names of their runs.
    texts : sequence of LabelledArticle
        Further articles whose texts may be shown; neither model is asked about them.
    compared : sequence of Comparison, optional
        What `promotion.compare_bundles` gives for the two, where a review has it already: it takes a second or two.

    Raises
    ------
    ConfigError
        When the models have different topics.
    """
    ours, theirs = (list(one.card["labels"]["topic"]) for one in (a, b))
    if ours != theirs:
        raise ConfigError(
            f"{names[0]} has the topics {', '.join(ours)}, {names[1]} has {', '.join(theirs)}; expected the same "
            "topics, as no figure of one says anything about the other: compare models of one line (`saring models`)"
        )
    names = names if names[0] != names[1] else ("A", "B")
    found = compare_bundles(a, b) if compared is None else list(compared)
    if on is not None:
        done = [c.answers[1].keys for c in found]
        more = compare(answers(a, articles, on), answers(b, articles, on))
        found += [c for c in more if not any(np.array_equal(c.answers[1].keys, keys) for keys in done)]
    checks = gate_checks(b)
    decided = verdict(found, checks)
    if a.model_version == b.model_version:
        decided = Verdict(False, "they are the same model")
    changed = tuple(_changed(found, [*articles, *texts]))
    return ModelComparison(a, b, names, tuple(_settings(a, b)), tuple(found), tuple(checks), decided, changed)


def _settings(a: Bundle, b: Bundle) -> Iterator[Setting]:
    """Yield each fact of two cards that differs: settings, data, thresholds, versions."""
    for name, pair in changed_settings(b.card, a.card).items():
        yield Setting(name, *map(_plain, pair))
    facts = [dict(card_facts(one.card, settings=False)) for one in (a, b)]
    for name in dict.fromkeys(chain(*facts)):
        values = [one.get(name, ABSENT) for one in facts]
        if values[0] != values[1]:
            yield Setting(name, *values)


def card_facts(card: Mapping[str, Any], *, settings: bool = True) -> list[tuple[str, str]]:
    """Return the settings, data, thresholds and versions of a model by name, as people read them."""
    chosen = card["config"].items() if settings else ()
    return [(name, _plain(value)) for name, value in [*chosen, *_facts(card)]]


def _facts(card: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    data = dict(card["data"])
    yield "sources", card["sources"]
    yield "data digest", str(data.pop("sha256", ""))[:12]
    yield from ((name.replace("_", " "), value) for name, value in data.items())
    yield from ((f"threshold {name}", value) for name, value in card["thresholds"].items())
    yield from ((f"version of {name}", card.get("versions", {}).get(name)) for name in _VERSIONS)
    yield "commit", str(card.get("git_commit", ""))[:12]


def _plain(value: Any) -> str:
    """Return a setting as people read it; `ABSENT` where it is not set."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return ABSENT if value in (None, "") else str(value)


def _changed(comparisons: Sequence[Comparison], articles: Sequence[LabelledArticle]) -> list[ChangedAnswer]:
    """Return the rows that were answered differently, each once."""
    texts = {task: texts_by_key(task, articles) for task in {c.challenger.name for c in comparisons}}
    found: dict[tuple[str, int], ChangedAnswer] = {}
    for c in comparisons:
        a, b = c.answers
        for row in c.changed.tolist():
            truth, said = str(b.scored.truth[row]), [str(one.scored.predicted[row]) for one in (a, b)]
            outcome = {said[1]: BETTER, said[0]: WORSE}.get(truth, BOTH_WRONG)
            key = int(b.keys[row])
            p_a, p_b = (
                float(one.scored.probabilities[row, one.scored.labels.index(label)])
                for one, label in zip((a, b), said, strict=True)
            )
            answer = ChangedAnswer(
                task=b.task, split=c.challenger.subset, id=str(b.ids[row]), publisher=str(b.scored.publishers[row]),
                published=str(b.days[row]), truth=truth, a=said[0], b=said[1], p_a=p_a, p_b=p_b, outcome=outcome,
                text=texts[b.task].get(key),
            )  # fmt: skip
            found.setdefault((b.task, key), answer)
    order = (BETTER, WORSE, BOTH_WRONG)
    return sorted(found.values(), key=lambda one: (order.index(one.outcome), -max(one.p_a, one.p_b)))


def confusion_difference(comparison: Comparison) -> Ints:
    """Return B's confusion matrix less A's, on the same rows: (n_labels, n_labels), rows are the truth."""
    difference: Ints = np.array(comparison.challenger.confusion) - np.array(comparison.champion.confusion)
    return difference


def _part(comparison: Comparison) -> str:
    part = comparison.challenger.part
    return f" ({part})" if part else ""


# The tables.


def settings_table(found: ModelComparison, chars: int | None = CELL_CHARS) -> Table:
    """Return what differs between the cards of two models, its values cut to so many characters."""
    a, b = found.names
    return Table(
        title="Settings, data and versions that differ",
        header=("setting", "A", "B"),
        sections=(tuple((s.name, _short(s.a, chars), _short(s.b, chars)) for s in found.settings),),
        note=" ".join(
            f"{letter}: {name}" + f", version {one.model_version}" * (name != one.model_version) + "."
            for letter, name, one in (("A", a, found.a), ("B", b, found.b))
        ),
    )


def figures_table(found: ModelComparison) -> Table:
    """Return the figures of two models side by side, with the interval of their difference."""
    rows = tuple(
        (
            c.where,
            f"{c.challenger.n:,}",
            figure(c.champion.macro_f1.value),
            figure(c.challenger.macro_f1.value),
            told(c.difference),
            {BETTER: "B better", WORSE: "A better"}.get(c.outcome, c.outcome),
        )
        for c in found.comparisons
    )
    left_out = sum(c.left_out for c in found.comparisons)
    return Table(
        title="Macro-F1 on the same rows",
        header=("task, split", "rows", "A", "B", "B less A [95%]", "verdict"),
        sections=(rows,),
        note="On rows that neither was trained on; intervals by resampled groups, the same for both."
        + f" {left_out:,} rows of B were left out: A did not answer them, or was trained on them." * bool(left_out),
    )


def confusion_table(comparison: Comparison) -> Table:
    """Return how many more rows of each truth B gives each label than A does; no rows where the two agree."""
    report: Report = comparison.challenger
    difference = confusion_difference(comparison)
    rows = tuple(
        (label, *(f"{n:+,}" if n else "0" for n in line))
        for label, line in zip(report.labels, difference.tolist(), strict=True)
    )
    return Table(
        title=f"Confusion, B less A: {report.name}, {report.subset}",
        header=("truth", *report.labels),
        sections=(rows,) if difference.any() else (),
        note="Rows are the truth, columns the answers: on the diagonal more is better, elsewhere less is.",
    )


def changed_table(found: ModelComparison) -> Table:
    """Return the answers that differ, as many of each outcome as there is room for."""
    shown = found.surest(TABLE_CHANGED)
    sizes = Counter(one.outcome for one in found.changed)
    words = {BETTER: "where B alone is right", WORSE: "where A alone is", BOTH_WRONG: BOTH_WRONG}
    counts = ", ".join(f"{sizes[outcome]:,} {what}" for outcome, what in words.items())
    rows: list[Row] = [
        (
            _short(one.id, LABEL_CHARS),
            one.task,
            _short(one.truth, LABEL_CHARS),
            *(f"{_short(label, LABEL_CHARS)} {p:.2f}" for label, p in ((one.a, one.p_a), (one.b, one.p_b))),
        )
        for one in shown
    ]
    return Table(
        title=f"Answers that differ: {len(found.changed):,} rows",
        header=("article", "task", "truth", "A", "B"),
        sections=(tuple(rows),),
        note=f"{counts}. {found.reading}" + f" The surest {len(shown)} are shown." * (len(shown) < len(found.changed)),
    )


def _short(text: str, chars: int | None) -> str:
    """Return a value cut to the width of a cell, or whole."""
    return text if chars is None or len(text) <= chars else text[: chars - 1] + "…"
