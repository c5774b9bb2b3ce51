"""Labelled rows with a model's predictions to a report, beside simple baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array

from saring.errors import ConfigError, CorpusError
from saring.evaluation import metrics
from saring.evaluation.metrics import Floats, Ints, confusion_matrix, interval
from saring.evaluation.reports import Answered, Baseline, ClassScore, PublisherScore, Ranking, Report

Strings = NDArray[np.str_]

SUM_TOLERANCE = 1e-5  # probabilities kept in 32 bits add up to 1 this nearly
_KINDS = {
    **dict.fromkeys(("truth", "predicted", "publishers"), np.str_),
    **dict.fromkeys(("probabilities", "shares"), np.float64),
    "groups": np.intp,
}


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Labelled rows with a model's predictions; checked and turned into arrays when made.

    CorpusError when there are no rows, lengths differ, a label is unknown or repeated, or probabilities are not numbers
    from 0 to 1 that sum to 1.
    """

    labels: tuple[str, ...]  # in the order of the probabilities' columns; the second of two is the positive one
    truth: Strings
    probabilities: Floats  # (n, n_labels), rows sum to 1
    predicted: Strings
    publishers: Strings  # blank where unknown
    groups: Ints  # equal numbers mark rows that belong together
    shares: Floats = field(default_factory=lambda: np.zeros(0))  # as in `training.tasks.Table`; empty: not counted

    def __post_init__(self) -> None:
        if not len(self.shares):
            object.__setattr__(self, "shares", np.full(len(self.truth), np.nan))
        for name, kind in _KINDS.items():
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=kind))
        object.__setattr__(self, "labels", tuple(self.labels))
        if len(self.labels) < 2 or len(set(self.labels)) < len(self.labels):
            raise CorpusError(f"labels are {self.labels}; expected two or more, each once")
        lengths = {name: len(getattr(self, name)) for name in _KINDS}
        if len(set(lengths.values())) > 1 or not len(self.truth):
            raise CorpusError(f"rows to evaluate: {lengths}; expected one value per row, some rows")
        self.codes("truth", self.truth)
        self.codes("predicted", self.predicted)
        given = self.probabilities
        if given.ndim != 2 or given.shape[1] != len(self.labels):
            raise CorpusError(
                f"probabilities have shape {given.shape}; expected one column per label, {len(self.labels)}"
            )
        with np.errstate(invalid="ignore"):  # NaN is not sound
            sound = (given >= 0).all(axis=1) & (np.abs(given.sum(axis=1) - 1) <= SUM_TOLERANCE)
        if len(wrong := np.flatnonzero(~sound)):
            raise CorpusError(
                f"probabilities: row {wrong[0]} is {given[wrong[0]].tolist()}, one of "
                f"{len(wrong)} such row(s); expected numbers from 0 to 1 that sum to 1"
            )

    def codes(self, column: str, given: Strings) -> Ints:
        """Return the number of each label of a column in `labels`, (n,); CorpusError where one is unknown."""
        unknown = np.flatnonzero(~np.isin(given, self.labels))
        if len(unknown):
            raise CorpusError(
                f"{column}: row {unknown[0]} is {str(given[unknown[0]])!r}, one of {len(unknown)} "
                f"row(s) of an unknown label; expected one of {', '.join(self.labels)}"
            )
        order = np.argsort(self.labels)
        return order[np.searchsorted(self.labels, given, sorter=order)]


def majority_labels(train_truth: ArrayLike, n_rows: int) -> Strings:
    """Return the commonest training label, once per row to predict, (n_rows,)."""
    return np.full(n_rows, _commonest(np.asarray(train_truth, dtype=np.str_)))


def publisher_labels(train_truth: ArrayLike, train_publishers: ArrayLike, publishers: ArrayLike) -> Strings:
    """Return each row's guess from its publisher alone, (n,): that publisher's commonest label in training.

    A publisher that was not trained on gets the commonest label of all.
    """
    truth, trained = (np.asarray(column, dtype=np.str_) for column in (train_truth, train_publishers))
    overall = _commonest(truth)
    guess = {publisher: _commonest(truth[trained == publisher]) for publisher in np.unique(trained)}
    rows = np.asarray(publishers, dtype=np.str_)
    return np.array([guess.get(publisher, overall) for publisher in rows], dtype=np.str_)


def _commonest(labels: Strings) -> str:
    """Return the commonest label; of equals the first in the alphabet."""
    if not len(labels):
        raise CorpusError("a baseline has no training row to learn from; expected at least one")
    names, counts = np.unique(labels, return_counts=True)
    return str(names[counts.argmax()])


def report(
    scored: Scored,
    *,
    name: str,
    split: str,
    part: str = "",
    seed: int,
    n_bootstrap: int = 1000,
    baselines: Mapping[str, ArrayLike] = MappingProxyType({}),
    abstain: float | None = None,
) -> Report:
    """Return the figures of the rows, with 95% intervals by resampling groups.

    The same rows and seed give the same digits. `baselines` is what simple rules predict for the same rows, by the
    rule's name; below the probability `abstain` the model names no label; `name`, `split` and `part` are as in
    `Report`. CorpusError when a baseline has another number of rows or an unknown label, ConfigError when `n_bootstrap`
    is below 1.
    """
    if n_bootstrap < 1:
        raise ConfigError(f"number of bootstrap resamples is {n_bootstrap}; expected 1 or more")
    labels, probabilities = scored.labels, scored.probabilities
    truth, systems = scored.codes("truth", scored.truth), [scored.codes("predicted", scored.predicted)]
    for rule, given in baselines.items():
        predicted = np.asarray(given, dtype=np.str_)
        if predicted.shape != scored.truth.shape:
            raise CorpusError(f"baseline {rule!r} has shape {predicted.shape}; expected {scored.truth.shape}")
        systems.append(scored.codes(f"baseline {rule!r}", predicted))
    tables = np.stack([confusion_matrix(truth, codes, len(labels)) for codes in systems])
    accuracy_draws, macro_draws, f1_draws, auc_draws = _resampled(scored, truth, systems, n_bootstrap, seed)
    right, macro = metrics.accuracy(tables), metrics.macro_f1(tables)
    gains = macro[0] - macro, macro_draws[:, :1] - macro_draws
    confidence, correct = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    # What an answer is worth: the share of the annotators who would agree with it. Of two labels, who does not agree
    # with the truth agrees with the other.
    shares = np.where(np.isnan(scored.shares), 1.0, scored.shares)
    bins = metrics.calibration_bins(confidence, np.where(correct, shares, 1 - shares))
    precision, recall, f1 = metrics.class_scores(tables[0])
    support = tables[0].sum(axis=1).tolist()
    counted = scored.shares[~np.isnan(scored.shares)]
    return Report(
        name=name,
        split=split,
        part=part,
        labels=labels,
        n=len(truth),
        n_groups=len(np.unique(scored.groups)),
        accuracy=interval(right[0], accuracy_draws),
        macro_f1=interval(macro[0], macro_draws[:, 0]),
        per_class=tuple(
            ClassScore(labels[i], float(precision[i]), float(recall[i]), interval(f1[i], f1_draws[:, i]), support[i])
            for i in np.flatnonzero(~np.isnan(f1))
        ),
        per_publisher=scores_by(scored, scored.publishers),
        confusion=tuple(map(tuple, tables[0].tolist())),
        reliability=bins,
        ece=metrics.calibration_error(bins),
        log_loss=metrics.log_loss(probabilities, truth),
        brier=metrics.brier_score(probabilities, truth),
        coverage_risk=metrics.coverage_risk(confidence, correct),
        human=float(counted.mean()) if len(counted) else None,
        ranking=_ranking(scored, truth, auc_draws),
        baselines=tuple(
            Baseline(rule, float(right[at]), float(macro[at]), interval(gains[0][at], gains[1][:, at]))
            for at, rule in enumerate(baselines, start=1)
        ),
        answered=None if abstain is None else _answered(scored, correct, confidence >= abstain, abstain),
    )


def _answered(scored: Scored, correct: NDArray[np.bool_], sure: NDArray[np.bool_], threshold: float) -> Answered:
    """Return the share of the rows that are sure, and the risk of these; of none nothing is known."""
    if not sure.any():
        return Answered(threshold, 0.0, metrics.Estimate(0.0, 0.0, 1.0))
    risk = metrics.wilson_interval(float((~correct[sure]).mean()), len(np.unique(scored.groups[sure])))
    return Answered(threshold, float(sure.mean()), risk)


def _resampled(scored: Scored, truth: Ints, systems: list[Ints], n_bootstrap: int, seed: int) -> tuple[Floats, ...]:
    """Return accuracy, macro-F1, F1 and, of two labels, AUC of each resample of groups.

    Their shapes are (n_bootstrap,), with a column for each system, with one for each label, and (n_bootstrap,).
    Macro-F1 is that of all systems, the model and the baselines; all else is the model's.
    """
    _, group = np.unique(scored.groups, return_inverse=True)
    n_groups, n_labels = int(group.max()) + 1, len(scored.labels)
    cells = np.concatenate([(at * n_labels + truth) * n_labels + codes for at, codes in enumerate(systems)])
    counts: Any = coo_array(  # of each confusion table's cell, in each group
        (np.ones(len(cells)), (cells, np.tile(group, len(systems)))), shape=(len(systems) * n_labels**2, n_groups)
    ).tocsr()
    parts: list[tuple[Floats, ...]] = []
    for weights in metrics.resamples(n_groups, len(truth), n_bootstrap, seed):
        tables = (counts @ weights.T).T.reshape(len(weights), len(systems), n_labels, n_labels)
        auc = np.empty(0)
        if n_labels == 2:
            auc = metrics.area_under_roc(scored.probabilities[:, 1], truth == 1, weights[:, group])
        own = tables[:, 0]
        parts.append((metrics.accuracy(own), metrics.macro_f1(tables), metrics.class_scores(own)[2], auc))
    return tuple(map(np.concatenate, zip(*parts, strict=True)))


def scores_by(scored: Scored, names: Strings) -> tuple[PublisherScore, ...]:
    """Return the scores of the rows of each name, a publisher or a year, the one with the most rows first."""
    truth, predicted = scored.codes("truth", scored.truth), scored.codes("predicted", scored.predicted)
    distinct, codes, sizes = np.unique(names, return_inverse=True, return_counts=True)
    found = []
    for at in np.argsort(-sizes, kind="stable"):
        rows = codes == at
        table = confusion_matrix(truth[rows], predicted[rows], len(scored.labels))
        n_groups = len(np.unique(scored.groups[rows]))
        right = metrics.wilson_interval(float(metrics.accuracy(table)), n_groups)
        score = PublisherScore(str(distinct[at]), int(sizes[at]), n_groups, right, float(metrics.macro_f1(table)))
        found.append(score)
    return tuple(found)


def _ranking(scored: Scored, truth: Ints, draws: Floats) -> Ranking | None:
    """Return how well the second of two labels is ranked; None unless both are in the truth."""
    if len(scored.labels) != 2 or len(np.unique(truth)) < 2:
        return None
    scores, positive = scored.probabilities[:, 1], truth == 1
    roc, precision_recall, average = metrics.curves(scores, positive)
    auc = interval(metrics.area_under_roc(scores, positive)[0], draws)
    return Ranking(scored.labels[1], float(positive.mean()), auc, average, roc, precision_recall)
