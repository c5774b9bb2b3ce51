"""A stored model evaluated on labelled articles: a report for each task that they have labels for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saring.config import TrainConfig
from saring.errors import CorpusError
from saring.evaluation.heldout import HeldOut
from saring.evaluation.reports import Report
from saring.kernel import scoring
from saring.models.pair_features import BASELINE
from saring.store import Bundle
from saring.training.corpus import LabelledArticle, seen
from saring.training.fit import held_out, overlap_labels
from saring.training.splits import article_groups
from saring.training.tasks import REST, TASKS, Table, Task


def evaluate_bundle(bundle: Bundle, articles: Sequence[LabelledArticle], split: str) -> list[Report]:
    """Return the reports of a model on labelled articles, for the whole and for each kind of row.

    Where some articles are marked ``test``, only these are used. `split` names the file or split in the reports.
    CorpusError when no row has a label of a task of the model, or one has a label that the model lacks.
    """
    articles = _tested(articles)
    groups = article_groups(articles)
    kinds = np.array([a.kind for a in articles], dtype=np.str_)
    reports = []
    for task in TASKS:
        table = task.table(articles, TrainConfig())
        if task.name not in bundle.tasks or not table.is_eval.any():
            continue
        labels = tuple(bundle.card["labels"][task.name])
        unknown = np.flatnonzero(table.is_eval & ~np.isin(table.truth, labels))
        if len(unknown):
            first = articles[table.articles[unknown[0]]]
            raise CorpusError(
                f"{first.where or first.article.id}: {task.name} is {str(table.truth[unknown[0]])!r}, one of "
                f"{len(unknown)} such label(s) ({', '.join(np.unique(table.truth[unknown]))}); the model "
                f"{bundle.card['name']!r} expects one of {', '.join(labels)}: rename them (a recipe's [topics] does), "
                "or use a model that `saring train` made from such rows"
            )
        table = table.take(table.is_eval)
        probabilities, baselines = _predicted(bundle, task, table.rows)
        for part, rows, possible in _parts(table, kinds[table.articles], labels):
            given = probabilities[rows][:, [labels.index(label) for label in possible]]
            rules = {rule: np.asarray(said)[rows] for rule, said in baselines.items()} if possible == labels else {}
            answered = held_out(
                task, table, rows, given / given.sum(axis=1, keepdims=True), labels=possible,
                groups=groups[table.articles], split=split, threshold=answer_threshold(bundle, task),
            )  # fmt: skip
            thresholds = bundle.card["thresholds"] if possible == labels else {}
            reports.append(answered.report(rules, part=part, thresholds=thresholds))
    if not reports:
        raise CorpusError(f"{split}: no row has a label of a question that this model answers")
    return reports


def answers(bundle: Bundle, articles: Sequence[LabelledArticle], split: str) -> list[HeldOut]:
    """Return what a model answers to those of the articles that it was not trained on, for each task of its labels."""
    if not articles:
        return []
    known = seen(articles, bundle.card.get("trained_on", ""))
    unseen = [article for article, was_seen in zip(articles, known, strict=True) if not was_seen]
    groups = article_groups(unseen)
    found = []
    for task in TASKS:
        table = task.table(unseen, TrainConfig())
        labels = bundle.card["labels"].get(task.name, ())
        if task.name not in bundle.tasks or not table.is_eval.any() or not np.isin(table.truth, labels).all():
            continue
        table = table.take(table.is_eval)
        found.append(
            held_out(
                task, table, np.arange(len(table)), _predicted(bundle, task, table.rows)[0], labels=labels,
                groups=groups[table.articles], split=split, threshold=answer_threshold(bundle, task),
                by=bundle.model_version,
            )
        )  # fmt: skip
    return found


def answer_threshold(bundle: Bundle, task: Task) -> float:
    """Return the probability from which the second label is the answer."""
    return float(bundle.card["thresholds"]["unrelated"]) if task.name == "link" else 0.5


def _tested(articles: Sequence[LabelledArticle]) -> list[LabelledArticle]:
    """Return the articles of a file that a model is evaluated on: its test split, or all."""
    return [a for a in articles if a.split == "test"] or list(articles)


def rows_note(bundle: Bundle, articles: Sequence[LabelledArticle], path: str) -> str:
    """Return a sentence: which rows of a file were evaluated, and how many of them were trained on."""
    tested = _tested(articles)
    note = f"{path}: all {len(tested):,} rows"
    if len(tested) < len(articles):
        note = f"{path}: the rows whose split is test, {len(tested):,} of {len(articles):,}"
        if path.rpartition("/")[2] in bundle.card["sources"]:
            note += ", which training measured too (test)"
    if n_seen := sum(seen(tested, bundle.card.get("trained_on", ""))):
        note += f". The model WAS TRAINED ON {n_seen:,} of them: of new articles expect less"
    return f"{note}."


def _parts(
    table: Table, kinds: NDArray[np.str_], labels: tuple[str, ...]
) -> Iterator[tuple[str, NDArray[np.intp], tuple[str, ...]]]:
    """Yield the name, rows and possible labels of each part: all rows, each kind, and the clear rows of each.

    Clear are links graded 0 or 2, without the ones between, and topics without the rest class.
    """
    named = {"": np.ones(len(table), dtype=np.bool_)} | {str(k): kinds == k for k in np.unique(kinds) if k}
    graded, clear = np.isin(table.grades, (0, 2)), table.truth != REST
    without_rest = tuple(label for label in labels if label != REST)
    for name, chosen in named.items():
        yield name, np.flatnonzero(chosen), labels
        if not graded.all() and (chosen & graded).any():
            yield ", ".join(filter(None, (name, "graded 0 or 2"))), np.flatnonzero(chosen & graded), labels
        if REST in labels and len(without_rest) > 1 and (chosen & clear).any():
            yield ", ".join(filter(None, (name, f"{REST} left out"))), np.flatnonzero(chosen & clear), without_rest


def _predicted(bundle: Bundle, task: Task, rows: Sequence[Any]) -> tuple[NDArray[np.float64], dict[str, ArrayLike]]:
    """Return the probability of each label, shape (n, n_labels), and the labels that baselines give, for rows."""
    baselines: dict[str, ArrayLike] = {"majority": np.full(len(rows), bundle.card["majority"][task.name])}
    if task.name == "topic":
        titles, bodies = zip(*rows, strict=True)
        return scoring.topics(bundle.topic, titles, bodies).probabilities, baselines
    if bundle.link is not None and task.name == "link":
        features = scoring.pair_features(bundle.link.pairs, rows)
        unrelated = scoring.link_probabilities(bundle.link, features)
        overlap = bundle.link.standardised(features)[:, BASELINE]
        baselines["overlap"] = overlap_labels(overlap, bundle.card["thresholds"]["overlap"])
        return np.column_stack([1 - unrelated, unrelated]), baselines
    assert bundle.clickbait is not None  # the tasks are the bundle's
    return scoring.clickbait(bundle.clickbait, rows), baselines
