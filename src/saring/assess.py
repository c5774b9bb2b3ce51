"""A stored model asked about labelled articles: a report for each question they have labels for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saring.config import TrainConfig
from saring.corpus import LabelledArticle
from saring.errors import CorpusError
from saring.evaluate import Report
from saring.fit import make_report, overlap_labels
from saring.split import near_duplicate_groups
from saring.store import Bundle
from saring.tasks import LINK_LABELS, TASKS, Table, Task

__all__ = ["assess"]


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
    asked = [a for a in articles if a.split == "test"] or list(articles)
    groups = near_duplicate_groups([f"{a.article.title}\n{a.article.text}" for a in asked])
    kinds = np.array([a.kind for a in asked], dtype=np.str_)
    reports = []
    for task in TASKS:
        table = task.table(asked, TrainConfig())
        if task.name not in bundle.estimators or not table.asked.any():
            continue
        reports += _task_reports(bundle, task, table, groups, kinds, split)
    if not reports:
        raise CorpusError(f"{split}: no row has a label of a question that this model answers")
    return reports


def _task_reports(
    bundle: Bundle,
    task: Task,
    table: Table,
    groups: NDArray[np.intp],
    kinds: NDArray[np.str_],
    split: str,
) -> list[Report]:
    """Return the reports of one question: all rows, then each kind."""
    table = table.take(table.asked)
    model = bundle.estimators[task.name]
    labels = tuple(bundle.card["labels"][task.name])
    features = model.named_steps["features"].transform(table.rows)
    probabilities = model.named_steps["classify"].predict_proba(features)
    rules = _rules(bundle, task, features)
    kind_of = kinds[table.articles]
    parts = {split: np.arange(len(table))}
    names = [str(kind) for kind in np.unique(kind_of) if kind]
    parts |= {f"{split} ({name})": np.flatnonzero(kind_of == name) for name in names}
    return [
        make_report(
            task,
            table,
            rows,
            probabilities[rows],
            {name: np.asarray(labels_)[rows] for name, labels_ in rules.items()},
            labels=labels,
            groups=groups[table.articles],
            split=name,
        )
        for name, rows in parts.items()
    ]


def _rules(bundle: Bundle, task: Task, features: Any) -> Mapping[str, ArrayLike]:
    """Return what the baselines learnt in training say of rows, given the model's features."""
    rules: dict[str, ArrayLike] = {
        "majority": np.full(features.shape[0], bundle.card["majority"][task.name])
    }
    if task.labels == LINK_LABELS:
        threshold = bundle.card["thresholds"]["overlap"]
        rules["overlap"] = overlap_labels(features[:, 0], threshold)
    return rules
