"""One task fitted and asked, and many folds side by side."""

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
from saring.evaluation.metrics import confusion_matrix, macro_f1
from saring.evaluation.reporting import Scored, majority_labels, publisher_labels, report, threshold_labels
from saring.evaluation.reports import Report
from saring.kernel import pair_features
from saring.models.pair_features import BASELINE
from saring.models.pipelines import EmbeddingLogistic, fit_logistic, score_columns
from saring.models.plain_scorer import out_of_domain
from saring.models.tfidf_features import Rows
from saring.training.splits import Fold
from saring.training.tasks import LINK_LABELS, Table, Task

# One question fitted and asked: answers, calibration, thresholds, and the report.


Strings = NDArray[np.str_]
THRESHOLD_STEPS = 101  # quantiles of the training scores that are tried as a threshold
AS_GOOD = 0.01  # of macro-F1: about a standard error of a thousand answers
NEVER_SURE = 2.0  # a confidence that no answer has


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
        What simple rules learned on the same training rows say.
    out-of-domain score : (n,) array
        Of articles, to a model that never saw them; empty for other rows.
    """

    rows: NDArray[np.intp]
    scores: NDArray[np.float64]
    baselines: Mapping[str, Strings]
    out_of_domain: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A model, and what its baselines are made of.

    Attributes
    ----------
    model : Pipeline
    known : Table
        The rows that it was fitted on, without those that only trained features.
    overlap : float
        Threshold of the overlap of headline and article, learned on the same rows; 0 but for links.
    """

    model: Pipeline
    known: Table
    overlap: float

    @classmethod
    def on(cls, task: Task, table: Table, config: TrainConfig) -> Fitted:
        """Return the task's model fitted on a table.

        Raises
        ------
        CorpusError
            When the table has only one label, so that there is nothing to tell apart.
        """
        weighty = table.weights > 0
        known = table.take(weighty)
        found = np.unique(known.truth)
        if len(found) < 2:
            raise CorpusError(
                f"{task.name}: {len(known)} training row(s) have one label, "
                f"{', '.join(map(str, found))}, while the others are tested; expected two or more: "
                "add rows of another label, from other publishers too, or write "
                '`protocols = ["random"]` into a file for --config'
            )
        model = task.build(config)
        # Made once, for all rows: the classifier reads the lines of those that have a weight.
        features = _fit_features(model.named_steps["features"], table.rows)[weighty]
        classifier = model.named_steps["classify"]
        if isinstance(classifier, EmbeddingLogistic):
            classifier.fit(features, known.truth, known.weights, known.publishers)
        else:
            fit_logistic(classifier, features, known.truth, known.weights)
        overlap = 0.0
        if task.labels == LINK_LABELS:
            overlap = best_threshold(features[:, BASELINE], known.truth == LINK_LABELS[0])
        return cls(model, known, overlap)

    def answer(self, task: Task, table: Table, rows: NDArray[np.intp]) -> Answers:
        """Return the answers to rows of a table, given by their numbers."""
        asked = rows[table.is_eval[rows]]
        unknown, trained_on = table.take(asked), self.known.take(self.known.is_eval)
        features = make_features(self.model.named_steps["features"], unknown.rows)
        scores = self.model.named_steps["classify"].decision_function(features)
        baselines = {
            "majority": majority_labels(trained_on.truth, len(asked)),
            "publisher": publisher_labels(trained_on.truth, trained_on.publishers, unknown.publishers),
        }
        if task.labels == LINK_LABELS:
            baselines["overlap"] = overlap_labels(features[:, BASELINE], self.overlap)
        strange = _out_of_domain(self.model, unknown.rows) if task.name == "topic" else np.zeros(0)
        labels = task_labels(task, table)
        return Answers(asked, _all_columns(self.model, scores, labels), baselines, strange)


def _out_of_domain(model: Pipeline, rows: Sequence[Any]) -> NDArray[np.float64]:
    """Return how strange articles are to a fitted topic model, shape (n,)."""
    whole = dict(model.named_steps["features"].transformer_list)["all"]
    return out_of_domain(rows, whole.tfidf_.terms, whole.tfidf_.idf, whole.min_df)


def make_features(fitted: Any, rows: Sequence[Any]) -> Any:
    """Return what the fitted features of a model's pipeline give for rows, but for rounding."""
    if not isinstance(fitted, Pipeline):
        return fitted.transform(rows)
    pairs, scaler = fitted
    return scaler.transform(pair_features(pairs.parameters_, rows))


def _fit_features(unfitted: Any, rows: Sequence[Any]) -> Any:
    """Return what the features of a model's pipeline give for the rows that they are fitted on."""
    if not isinstance(unfitted, Pipeline):
        return unfitted.fit_transform(rows)
    pairs, scaler = unfitted
    return scaler.fit_transform(pair_features(pairs.fit(rows).parameters_, rows))


def overlap_labels(overlap: ArrayLike, threshold: float) -> Strings:
    """Return related where the weighted overlap of headline and article reaches a threshold."""
    return threshold_labels(overlap, threshold, below=LINK_LABELS[1], above=LINK_LABELS[0])


def best_threshold(scores: NDArray[np.float64], positive: NDArray[np.bool_], parts: Strings | None = None) -> float:
    """Return the middle of the thresholds that are as good as the best, of quantiles of the scores.

    Good is macro-F1; with `parts`, a name for each row, the mean of each part's. The best itself
    jumps from one end of a flat top to the other when a few rows change.
    """
    candidates = np.unique(np.quantile(scores, np.linspace(0, 1, THRESHOLD_STEPS)))
    truth = positive.astype(np.intp)
    total = np.zeros(len(candidates))
    for rows in [...] if parts is None else [parts == name for name in np.unique(parts)]:
        tables = [confusion_matrix(truth[rows], (scores[rows] >= c).astype(np.intp), 2) for c in candidates]
        total += macro_f1(np.stack(tables))
    margin = AS_GOOD * (1 if parts is None else len(np.unique(parts)))
    good = candidates[total >= total.max() - margin]
    return float(good[(len(good) - 1) // 2])


def confidence_for(confidence: NDArray[np.float64], right: NDArray[np.bool_], risk: float) -> float:
    """Return the least confidence such that of the rows at least so sure, `risk` or less are wrong.

    Rows of one confidence are answered together or not at all. 0 where all rows may be answered,
    `NEVER_SURE` where none may.

    Parameters
    ----------
    confidence : (n,) array
        Probability of the label that is the answer.
    right : (n,) array of bool
    risk : float
        Share of the answered rows that may be wrong, in [0, 1].
    """
    order = np.argsort(-confidence, kind="stable")
    wrong = (~right[order]).cumsum() / np.arange(1, len(order) + 1)
    last = np.diff(confidence[order], append=-np.inf) != 0  # of the rows that are equally sure
    good = np.flatnonzero((wrong <= risk) & last)
    if not len(good):
        return NEVER_SURE
    return 0.0 if good[-1] == len(order) - 1 else float(confidence[order[good[-1]]])


def task_labels(task: Task, table: Table) -> tuple[str, ...]:
    """Return a task's own labels, or those the table has, in the order of the alphabet."""
    return task.labels or tuple(str(label) for label in np.unique(table.truth))


def _all_columns(model: Pipeline, scores: NDArray[np.float64], labels: Sequence[str]) -> NDArray[np.float64]:
    """Return scores with a column a label; one that a fold never saw cannot be its answer."""
    if scores.ndim == 1 and len(labels) == 2:
        return scores
    scores = score_columns(scores)
    columns = {str(name): scores[:, i] for i, name in enumerate(model.classes_)}
    never = np.full(len(scores), scores.min() - 1)
    return np.column_stack([columns.get(label, never) for label in labels])


def label_targets(table: Table, labels: Sequence[str]) -> NDArray[np.float64]:
    """Return what each label's probability should be, shape (n, n_labels).

    1 for the truth; of two labels, the share of the annotators who gave each, where known.
    """
    codes = np.array([labels.index(label) for label in table.truth], dtype=np.intp)
    targets: NDArray[np.float64] = np.eye(len(labels))[codes]
    if len(labels) == 2:
        shares = np.where(np.isnan(table.shares), 1.0, table.shares)[:, None]
        targets = targets * shares + (1 - targets) * (1 - shares)
    return targets


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
    part: str = "",
    threshold: float | NDArray[np.float64] = 0.5,
    seed: int = 0,
) -> Report:
    """Return the report of answers to rows of a table.

    The most probable label is predicted; of two, the second where it is as probable as `threshold`,
    one for all rows or one for each.
    """
    codes = probabilities.argmax(axis=1)
    if len(labels) == 2:
        codes = (probabilities[:, 1] >= threshold).astype(np.intp)
    predicted = np.array(labels)[codes]
    scored = Scored(
        tuple(labels),
        table.truth[rows],
        probabilities,
        predicted,
        table.publishers[rows],
        groups[rows],
        table.shares[rows],
    )
    return report(scored, name=task.name, split=split, part=part, seed=seed, baselines=baselines)


# Folds side by side: of each a model is fitted, and asked about the rows that it has not seen.


Progress = Callable[[str, int, int], None]

# So long a thread that comes back from arithmetic waits for one that is busy in Python. Python's
# own five milliseconds, thousands of times, left two threads no quicker than one.
PATIENCE_SECONDS = 2e-4


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One fold of a task's table; whether its model is wanted, beside the answers."""

    task: Task
    table: Table
    fold: Fold
    keep: bool = False


def run_folds(
    questions: Sequence[Question], config: TrainConfig, progress: Progress
) -> Iterator[tuple[Fitted | None, Answers | None]]:
    """Yield, in order, each fold's model, where kept, and its answers, where it tests anything.

    The folds run in threads: what was counted in a table is there for all of them, no process has
    to start, and most of what they do is arithmetic, for which Python lets other threads run.
    """
    shared = {id(q.table): replace(q.table, rows=Rows(q.table.rows)) for q in questions}
    run = Parallel(n_jobs=-1, prefer="threads", return_as="generator")(
        delayed(_run)(replace(question, table=shared[id(question.table)]), config) for question in questions
    )
    patience = sys.getswitchinterval()
    sys.setswitchinterval(PATIENCE_SECONDS)
    try:
        for done, found in enumerate(run, start=1):
            progress("cross-validate", done, len(questions))
            yield found
    finally:
        sys.setswitchinterval(patience)


def _run(question: Question, config: TrainConfig) -> tuple[Fitted | None, Answers | None]:
    """Return a fold's model, where it is kept, and its answers, where it tests anything."""
    train, test = question.fold
    fitted = Fitted.on(question.task, question.table.take(train), config)
    answers = fitted.answer(question.task, question.table, test) if len(test) else None
    return fitted if question.keep else None, answers
