"""A stored model asked about labelled articles: a report for each question they have labels for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saring import compiled
from saring.config import TrainConfig
from saring.corpus import LabelledArticle
from saring.errors import CorpusError
from saring.evaluate import Report
from saring.fit import make_report, overlap_labels
from saring.pairs import FEATURES
from saring.seen import count_seen
from saring.split import article_groups
from saring.store import Bundle
from saring.tasks import LINK_LABELS, TASKS, Table, Task

__all__ = ["asked_note", "assess", "stored_reports"]

REST = "other"  # the topic of all that has no topic of its own


def assess(bundle: Bundle, articles: Sequence[LabelledArticle], split: str) -> list[Report]:
    """Return the reports of a model on labelled articles, for the whole and for each kind of row.

    Parameters
    ----------
    bundle : Bundle
        The model.
    articles : sequence of LabelledArticle
        Where some of them are marked ``test``, only these are asked about.
    split : str
        Name of the file or split, for the reports.

    Raises
    ------
    CorpusError
        When no row has a label of a question the model answers, or a label the model lacks.
    """
    asked = _asked(articles)
    groups = article_groups(asked)
    kinds = np.array([a.kind for a in asked], dtype=np.str_)
    reports = []
    for task in TASKS:
        table = task.table(asked, TrainConfig())
        if task.name not in bundle.tasks or not table.asked.any():
            continue
        _check_labels(bundle, task, table, asked)
        reports += _task_reports(bundle, task, table, groups, kinds, split)
    if not reports:
        raise CorpusError(f"{split}: no row has a label of a question that this model answers")
    return reports


def _asked(articles: Sequence[LabelledArticle]) -> list[LabelledArticle]:
    """Return the articles of a file that a model is asked about: its test split, or all."""
    return [a for a in articles if a.split == "test"] or list(articles)


def asked_note(bundle: Bundle, articles: Sequence[LabelledArticle], path: str) -> str:
    """Return a sentence: which rows of a file were asked about, and how many were trained on."""
    asked = _asked(articles)
    note = f"{path}: all {len(asked):,} rows"
    if len(asked) < len(articles):
        note = f"{path}: the rows whose split is test, {len(asked):,} of {len(articles):,}"
        if path.rpartition("/")[2] in bundle.card["sources"]:
            note += ", which training asked about too (test)"
    if seen := count_seen(asked, bundle.card.get("trained_on", "")):
        note += f". The model WAS TRAINED ON {seen:,} of them: of new articles expect less"
    return f"{note}."


def stored_reports(bundle: Bundle) -> list[Report]:
    """Return the reports that training left in a model's card: one for each protocol."""
    return [Report.from_json(stored) for stored in bundle.card["metrics"].values()]


def _check_labels(
    bundle: Bundle, task: Task, table: Table, articles: Sequence[LabelledArticle]
) -> None:
    """Raise CorpusError for a label that is none of the model's, before it is asked."""
    labels = bundle.card["labels"][task.name]
    unknown = np.flatnonzero(table.asked & ~np.isin(table.truth, labels))
    if len(unknown):
        first = articles[table.articles[unknown[0]]]
        raise CorpusError(
            f"{first.where or first.article.id}: {task.name} is {str(table.truth[unknown[0]])!r}, "
            f"one of {len(unknown)} such label(s) ({', '.join(np.unique(table.truth[unknown]))}); "
            f"the model {bundle.card['name']!r} expects one of {', '.join(labels)}: rename them (a "
            "recipe's [topics] does), or ask a model that `saring train` made from such rows"
        )


def _task_reports(
    bundle: Bundle,
    task: Task,
    table: Table,
    groups: NDArray[np.intp],
    kinds: NDArray[np.str_],
    split: str,
) -> list[Report]:
    """Return the reports of one question: all rows, then each part of them."""
    table = table.take(table.asked)
    labels = tuple(bundle.card["labels"][task.name])
    probabilities = _probabilities(bundle, task, table.rows)
    rules = _rules(bundle, task, table.rows)
    reports = []
    for part in _parts(table, kinds[table.articles], labels):
        columns = np.array([labels.index(label) for label in part.labels])
        given = probabilities[np.ix_(part.rows, columns)]
        reports.append(
            make_report(
                task,
                table,
                part.rows,
                given / given.sum(axis=1, keepdims=True),
                {name: np.asarray(rule)[part.rows] for name, rule in rules.items()}
                if part.labels == labels
                else {},
                labels=part.labels,
                groups=groups[table.articles],
                split=split,
                part=part.name,
                threshold=bundle.card["thresholds"]["unrelated"] if task.name == "link" else 0.5,
            )
        )
    return reports


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Some rows of a table that are reported apart, and the labels that they may have."""

    name: str
    rows: NDArray[np.intp]
    labels: tuple[str, ...]


def _parts(table: Table, kinds: NDArray[np.str_], labels: tuple[str, ...]) -> Iterator[_Part]:
    """Yield all rows; each kind; and of each the rows and labels that leave no room for doubt.

    Those are links graded 0 or 2, without the ones between, and topics without the rest class.
    """
    every = np.ones(len(table), dtype=np.bool_)
    named = {"": every} | {str(kind): kinds == kind for kind in np.unique(kinds) if kind}
    sharp = np.isin(table.grades, (0, 2))
    clear = table.truth != REST
    three = tuple(label for label in labels if label != REST)
    for name, chosen in named.items():
        yield _Part(name, np.flatnonzero(chosen), labels)
        if sharp.any() and not sharp.all() and (chosen & sharp).any():
            yield _Part(
                ", ".join(filter(None, (name, "graded 0 or 2"))),
                np.flatnonzero(chosen & sharp),
                labels,
            )
        if REST in labels and len(three) > 1 and (chosen & clear).any():
            yield _Part(
                ", ".join(filter(None, (name, f"{REST} left out"))),
                np.flatnonzero(chosen & clear),
                three,
            )


def _probabilities(bundle: Bundle, task: Task, rows: Sequence[Any]) -> NDArray[np.float64]:
    """Return the probability of each label for rows of a task, shape (n, n_labels)."""
    if task.name == "topic":
        titles, bodies = zip(*rows, strict=True)
        return compiled.topics(bundle.topic, titles, bodies).probabilities
    if bundle.link is not None and task.name == "link":
        unrelated = compiled.links(bundle.link, rows)[0]
        return np.column_stack([1 - unrelated, unrelated])
    assert bundle.clickbait is not None  # `assess` asks for what the bundle has
    return compiled.clickbait(bundle.clickbait, rows)


def _rules(bundle: Bundle, task: Task, rows: Sequence[Any]) -> Mapping[str, ArrayLike]:
    """Return what the baselines learnt in training say of rows."""
    rules: dict[str, ArrayLike] = {
        "majority": np.full(len(rows), bundle.card["majority"][task.name])
    }
    if bundle.link is not None and task.labels == LINK_LABELS:
        features = compiled.pair_features(bundle.link.pairs, rows)
        overlap = ((features - bundle.link.mean) / bundle.link.scale)[:, FEATURES.index("overlap")]
        rules["overlap"] = overlap_labels(overlap, bundle.card["thresholds"]["overlap"])
    return rules
