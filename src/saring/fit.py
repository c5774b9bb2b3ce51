"""One question fitted and asked: folds, calibration, and the report of a model's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.pipeline import Pipeline

from saring.config import TrainConfig
from saring.errors import CorpusError
from saring.evaluate import (
    Report,
    Scored,
    majority_labels,
    publisher_labels,
    report,
    threshold_labels,
)
from saring.evaluate.metrics import confusion_matrix, macro_f1
from saring.models import Calibration, score_columns
from saring.split import grouped_folds, publisher_folds
from saring.tasks import LINK_LABELS, Table, Task

__all__ = [
    "Answers",
    "answer",
    "best_threshold",
    "calibrated",
    "fit",
    "folds",
    "make_report",
    "overlap_labels",
    "task_labels",
]

Strings = NDArray[np.str_]
THRESHOLD_STEPS = 101  # quantiles of the training scores that are tried as a threshold


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a fitted model says of the rows of a table.

    Attributes
    ----------
    rows : (n,) array of int
        Row numbers in the table.
    scores : (n,) or (n, n_labels) array
        Decision scores before calibration, columns in the order of the task's labels.
    baselines : Mapping[str, array of str]
        What simple rules learnt on the same training rows say.
    """

    rows: NDArray[np.intp]
    scores: NDArray[np.float64]
    baselines: Mapping[str, Strings]


def folds(
    table: Table, groups: NDArray[np.intp], config: TrainConfig
) -> tuple[str, list[tuple[Any, Any]]]:
    """Return the name of a cross-validation protocol and its folds of row numbers.

    Publishers are kept apart where the corpus names enough of them, because a model that has
    seen a publisher may have learnt its furniture; otherwise near-duplicates are.
    """
    publishers = np.char.strip(table.publishers)
    if (publishers != "").all() and len(np.unique(publishers)) >= 2 * config.folds:
        return "publisher-out", publisher_folds(publishers, groups, config.folds)
    return "cross-validation", grouped_folds(table.truth, groups, config.folds, config.seed)


def fit(task: Task, table: Table, config: TrainConfig) -> Pipeline:
    """Return the task's model fitted on a table.

    Raises
    ------
    CorpusError
        When the table has only one label, so that there is nothing to tell apart.
    """
    return _fitted(task, table, config)[0]


def _fitted(task: Task, table: Table, config: TrainConfig) -> tuple[Pipeline, Any]:
    """Return the fitted model and the features of the rows it was fitted on, made once."""
    found = np.unique(table.truth)
    if len(found) < 2:
        raise CorpusError(
            f"{task.name}: {len(table)} training row(s) have one label, "
            f"{', '.join(map(str, found))}; expected two or more: add rows of another label, or "
            "ask for fewer folds"
        )
    model = task.build(config)
    features = model.named_steps["features"].fit_transform(table.rows, table.truth)
    model.named_steps["classify"].fit(features, table.truth, sample_weight=table.weights)
    return model, features


def answer(
    task: Task, table: Table, train: NDArray[Any], test: NDArray[Any], config: TrainConfig
) -> Answers:
    """Return the answers to the `test` rows of a model fitted on the `train` rows."""
    known = table.take(train)
    model, known_features = _fitted(task, known, config)
    asked = test[table.asked[test]]
    unknown = table.take(asked)
    features = model.named_steps["features"].transform(unknown.rows)
    scores = model.named_steps["classify"].decision_function(features)
    baselines = {
        "majority": majority_labels(known.truth[known.asked], len(asked)),
        "publisher": publisher_labels(
            known.truth[known.asked], known.publishers[known.asked], unknown.publishers
        ),
    }
    if task.labels == LINK_LABELS:
        threshold = best_threshold(known_features[:, 0], known.truth == LINK_LABELS[0])
        baselines["overlap"] = overlap_labels(features[:, 0], threshold)
    return Answers(asked, _all_columns(model, scores, task_labels(task, table)), baselines)


def overlap_labels(overlap: ArrayLike, threshold: float) -> Strings:
    """Return related where the weighted overlap of headline and article reaches a threshold."""
    return threshold_labels(overlap, threshold, below=LINK_LABELS[1], above=LINK_LABELS[0])


def best_threshold(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Return the threshold on scores that gives the best macro-F1, of quantiles of the scores."""
    candidates = np.unique(np.quantile(scores, np.linspace(0, 1, THRESHOLD_STEPS)))
    truth = positive.astype(np.intp)
    tables = [confusion_matrix(truth, (scores >= c).astype(np.intp), 2) for c in candidates]
    return float(candidates[np.argmax(macro_f1(np.stack(tables)))])


def task_labels(task: Task, table: Table) -> tuple[str, ...]:
    """Return a task's own labels, or those the table has, in the order of the alphabet."""
    return task.labels or tuple(str(label) for label in np.unique(table.truth))


def _all_columns(
    model: Pipeline, scores: NDArray[np.float64], labels: Sequence[str]
) -> NDArray[np.float64]:
    """Return scores with a column a label; one that a fold never saw cannot be its answer."""
    if scores.ndim == 1 and len(labels) == 2:
        return scores
    scores = score_columns(scores)
    columns = {str(name): scores[:, i] for i, name in enumerate(model.classes_)}
    never = np.full(len(scores), scores.min() - 1)
    return np.column_stack([columns.get(label, never) for label in labels])


def calibrated(
    parts: Sequence[Answers], truth: Strings, labels: Sequence[str]
) -> tuple[NDArray[np.float64], Calibration]:
    """Return probabilities of the answers, each part calibrated on the others, and one for all.

    Calibrating a fold on its own answers would flatter it.
    """
    codes = np.array([labels.index(label) for label in truth], dtype=np.intp)
    scores = np.concatenate([part.scores for part in parts])
    rows = np.concatenate([part.rows for part in parts])
    part_of = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
    probabilities = np.concatenate(
        [
            Calibration(scores[part_of != i], codes[rows[part_of != i]]).apply(part.scores)
            for i, part in enumerate(parts)
        ]
    )
    return probabilities, Calibration(scores, codes[rows])


def make_report(
    task: Task,
    table: Table,
    rows: NDArray[np.intp],
    probabilities: NDArray[np.float64],
    baselines: Mapping[str, ArrayLike],
    *,
    labels: Sequence[str],
    groups: NDArray[np.intp],
    split: str,
    seed: int = 0,
) -> Report:
    """Return the report of answers to rows of a table; the most probable label is predicted."""
    predicted = np.array(labels)[probabilities.argmax(axis=1)]
    scored = Scored(
        tuple(labels),
        table.truth[rows],
        probabilities,
        predicted,
        table.publishers[rows],
        groups[rows],
    )
    return report(scored, name=task.name, split=split, seed=seed, baselines=baselines)
