"""One task's model fitted on a table, its answers to other rows, and many folds side by side."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from sklearn.pipeline import Pipeline

from saring.config import TrainConfig
from saring.errors import CorpusError
from saring.evaluation.heldout import HeldOut
from saring.evaluation.measure import Scored, Strings, majority_labels, publisher_labels
from saring.evaluation.metrics import CONFIDENCE, Floats, confusion_matrix, macro_f1, wilson_low
from saring.kernel.scoring import pair_features, prepare
from saring.models.pair_features import BASELINE
from saring.models.pipelines import EmbeddingLogistic, fit_logistic, score_columns
from saring.models.plain_scorer import out_of_domain
from saring.models.tfidf_features import Rows
from saring.training.corpus import row_keys
from saring.training.splits import Fold
from saring.training.tasks import LINK_LABELS, Table, Task, task_labels

Progress = Callable[[str, int, int], None]  # called with the stage's name, the steps done and the steps to do

THRESHOLD_STEPS = 101  # quantiles of the training scores that are tried as a threshold
AS_GOOD = 0.01  # of macro-F1: about a standard error of a thousand answers
NEVER_SURE = 2.0  # a confidence that no answer has
# So long a thread that comes back from arithmetic waits for one that is busy in Python. Python's own five milliseconds,
# thousands of times, left two threads no quicker than one.
SWITCH_SECONDS = 2e-4


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a fitted model says of the rows of a table that it was not fitted on."""

    rows: NDArray[np.intp]  # row numbers in the table
    scores: Floats  # before calibration: (n, n_labels), or (n,) for the second of two labels
    baselines: Mapping[str, Strings]  # what simple rules learned on the same training rows say
    out_of_domain: Floats  # of articles; empty for other rows


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A task's model, and what its baselines are made of."""

    model: Pipeline
    train: Table  # the rows it was fitted on, without those that only trained features
    overlap: float  # of links: threshold of the overlap of headline and article, learned on the same rows

    @classmethod
    def on(cls, task: Task, table: Table, config: TrainConfig) -> Fitted:
        """Return the task's model fitted on a table; CorpusError when it has one label: nothing to tell apart."""
        weighty = table.weights > 0
        train = table.take(weighty)
        found = np.unique(train.truth)
        if len(found) < 2:
            raise CorpusError(
                f"{task.name}: {len(train)} training row(s) have one label, {', '.join(map(str, found))}, while the "
                "others are tested; expected two or more: add rows of another label, from other publishers too, or "
                'write `protocols = ["random"]` into a file for --config'
            )
        model = task.build(config)
        # Features are fitted on all rows; the classifier reads those that have a weight.
        features, classifier = _features(model.named_steps["features"], table, fit=True)[weighty], model["classify"]
        if isinstance(classifier, EmbeddingLogistic):
            classifier.fit(features, train.truth, train.weights, train.publishers)
        else:
            fit_logistic(classifier, features, train.truth, train.weights)
        overlap = 0.0
        if task.labels == LINK_LABELS:
            overlap = best_threshold(features[:, BASELINE], train.truth == LINK_LABELS[0])
        return cls(model, train, overlap)

    def answer(self, task: Task, table: Table, rows: NDArray[np.intp]) -> Answers:
        """Return the answers to those of the rows, given by number, that may be tested."""
        rows = rows[table.is_eval[rows]]
        tested, train = table.take(rows), self.train.take(self.train.is_eval)
        features = _features(self.model.named_steps["features"], tested, fit=False)
        scores = self.model.named_steps["classify"].decision_function(features)
        labels = task_labels(task, table)
        if scores.ndim > 1 or len(labels) > 2:  # a label that the fold never saw cannot be its answer
            scores = score_columns(scores)
            columns = {str(name): scores[:, i] for i, name in enumerate(self.model.classes_)}
            never = np.full(len(scores), scores.min() - 1)
            scores = np.column_stack([columns.get(label, never) for label in labels])
        baselines = {
            "majority": majority_labels(train.truth, len(rows)),
            "publisher": publisher_labels(train.truth, train.publishers, tested.publishers),
        }
        if task.labels == LINK_LABELS:
            baselines["overlap"] = overlap_labels(features[:, BASELINE], self.overlap)
        scores_out = np.zeros(0)
        if task.name == "topic":
            whole, _ = self.model.named_steps["features"].parts["all"]
            scores_out = out_of_domain(tested.rows, whole.tfidf_.terms, whole.tfidf_.idf, whole.min_df)
        return Answers(rows, scores, baselines, scores_out)


def _features(step: Any, table: Table, *, fit: bool) -> Any:
    """Return the features of a table's rows, (n, n_features), by a step of a model, first fitted on them if wanted."""
    rows: Any = table.rows
    if isinstance(step, Pipeline):  # of pairs, computed by the kernel that predicts
        prepare()  # or the last digit would hang on how many rows the process had before
        pairs, step = step
        rows = pair_features((pairs.fit(rows) if fit else pairs).parameters_, rows)
    return step.fit_transform(rows) if fit else step.transform(rows)


def overlap_labels(overlap: ArrayLike, threshold: float) -> Strings:
    """Return related where the weighted overlap of headline and article reaches a threshold."""
    return np.where(np.asarray(overlap) >= threshold, *LINK_LABELS)


def best_threshold(scores: Floats, positive: NDArray[np.bool_], parts: Strings | None = None) -> float:
    """Return the middle of the thresholds that are as good as the best, of quantiles of the scores.

    Good is macro-F1; with `parts`, a name for each row, the mean of each part's, in which both labels weigh alike: how
    many rows of each a part has says nothing of those that will be answered. The best itself jumps from one end of a
    flat top to the other when a few rows change.
    """
    candidates = np.unique(np.quantile(scores, np.linspace(0, 1, THRESHOLD_STEPS)))
    truth = positive.astype(np.intp)
    total = np.zeros(len(candidates))
    groups = [...] if parts is None else [parts == name for name in np.unique(parts)]
    for rows in groups:
        counts = [confusion_matrix(truth[rows], (scores[rows] >= c).astype(np.intp), 2) for c in candidates]
        tables = np.stack(counts)
        if parts is not None:
            tables = tables * (truth[rows].size / np.maximum(tables.sum(axis=2, keepdims=True), 1))
        total += macro_f1(tables)
    good = candidates[total >= total.max() - AS_GOOD * len(groups)]
    return float(good[(len(good) - 1) // 2])


def confidence_for(
    confidence: Floats, right: NDArray[np.bool_], risk: float, portals: Sequence[NDArray[np.bool_]] = ()
) -> float:
    """Return the least confidence such that of the rows at least so sure, a share of `risk` or less is wrong.

    `portals` marks the rows of each large publisher. The promise is to one that nobody has read yet, so it must hold
    of their mean, in which each counts once: publishers with many rows do not pay for the others. It must not be
    refuted at any of them either: Wilson's lower bound of its wrong share, at 95% for all portals together
    (Bonferroni), stays within `risk`. Not the share itself: by luck alone one of nine portals of 150 rows is well above
    it, and would leave the articles of all others without an answer.

    Rows of one confidence are answered together or not at all. 0 where all rows may be answered, `NEVER_SURE` where
    none may.
    """
    order = np.argsort(-confidence, kind="stable")
    last = np.diff(confidence[order], append=-np.inf) != 0  # of the rows that are equally sure
    marks = np.array(portals, dtype=np.bool_).reshape(len(portals), len(order))[:, order]
    wrong, answered = (marks & ~right[order]).cumsum(axis=1), marks.cumsum(axis=1)
    all_wrong, all_answered = (~right[order]).cumsum(), np.arange(1, len(order) + 1)
    good = last & (all_wrong <= risk * all_answered)
    shares = wrong / np.maximum(answered, 1)
    good &= shares.sum(axis=0) <= risk * np.maximum((answered > 0).sum(axis=0), 1)
    for one in np.flatnonzero(marks.any(axis=1)):
        good &= wilson_low(wrong[one], answered[one], 1 - (1 - CONFIDENCE) / len(marks)) <= risk
    found = np.flatnonzero(good)
    if not len(found):
        return NEVER_SURE
    return 0.0 if found[-1] == len(order) - 1 else float(confidence[order[found[-1]]])


def label_targets(table: Table, labels: Sequence[str]) -> Floats:
    """Return what each label's probability should be, shape (n, n_labels).

    1 for the truth; of two labels, the share of the annotators who gave each, where known.
    """
    codes = np.array([labels.index(label) for label in table.truth], dtype=np.intp)
    targets: Floats = np.eye(len(labels))[codes]
    if len(labels) == 2:
        shares = np.where(np.isnan(table.shares), 1.0, table.shares)[:, None]
        targets = targets * shares + (1 - targets) * (1 - shares)
    return targets


def predicted_labels(probabilities: Floats, labels: Sequence[str], threshold: float | Floats) -> Strings:
    """Return the most probable label of each row.

    Of two labels, the second where it is as probable as `threshold`, one for all rows or one for each.
    """
    codes = (probabilities[:, 1] >= threshold).astype(np.intp) if len(labels) == 2 else probabilities.argmax(axis=1)
    found: Strings = np.array(labels)[codes]
    return found


def held_out(
    task: Task,
    table: Table,
    rows: NDArray[np.intp],
    probabilities: Floats,
    *,
    labels: Sequence[str],
    groups: NDArray[np.intp],
    split: str,
    part: str = "",
    threshold: float | Floats = 0.5,
    by: str = "",
) -> HeldOut:
    """Return the answers to rows of a table; `threshold` as in `predicted_labels`."""
    table = table.take(rows)
    scored = Scored(
        labels=tuple(labels),
        truth=table.truth,
        probabilities=probabilities,
        predicted=predicted_labels(probabilities, labels, threshold),
        publishers=table.publishers,
        groups=groups[rows],
        shares=table.shares,
    )
    return HeldOut(task.name, split, part, scored, row_keys(table.rows), table.ids, table.days, by)


@dataclass(frozen=True, slots=True, eq=False)
class FoldTask:
    """One fold of a task's table, to be fitted and answered; whether its model is wanted, beside the answers."""

    task: Task
    table: Table
    fold: Fold
    keep: bool = False


def run_folds(
    folds: Sequence[FoldTask], config: TrainConfig, progress: Progress
) -> Iterator[tuple[Fitted | None, Answers | None]]:
    """Yield, in order, each fold's model, where kept, and its answers, where it tests anything.

    The folds run in threads: what was counted in a table is there for all of them, no process has to start, and most of
    what they do is arithmetic, for which Python lets other threads run.
    """

    def run(fold: FoldTask, table: Table) -> tuple[Fitted | None, Answers | None]:
        train, test = fold.fold
        fitted = Fitted.on(fold.task, table.take(train), config)
        answers = fitted.answer(fold.task, table, test) if len(test) else None
        return fitted if fold.keep else None, answers

    shared = {id(fold.table): replace(fold.table, rows=Rows(fold.table.rows)) for fold in folds}
    runs = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(
        delayed(run)(fold, shared[id(fold.table)]) for fold in folds
    )
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        for done, found in enumerate(runs, start=1):
            progress("cross-validate", done, len(folds))
            yield found
    finally:
        sys.setswitchinterval(interval)
