"""Labelled rows with a model's answers to a report, beside simple baselines; the quality gate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saring.config import read_toml
from saring.errors import ConfigError, CorpusError
from saring.evaluation.metrics import (
    area_under_roc,
    brier_score,
    calibration_bins,
    calibration_error,
    class_scores,
    confusion_matrix,
    coverage_risk,
    curves,
    interval,
    log_loss,
    macro_f1,
    resamples,
    wilson_interval,
)
from saring.evaluation.reports import Baseline, ClassScore, PublisherScore, Ranking, Report

# Labelled rows with a model's answers: what an evaluation starts from, checked on entry.


Strings = NDArray[np.str_]

SUM_TOLERANCE = 1e-5  # probabilities kept in 32 bits add up to 1 this nearly


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Labelled rows with a model's answers; checked and turned into arrays when made.

    Attributes
    ----------
    labels : tuple of str
        Every label of the task, in the order of the probabilities' columns; the second of two is
        the positive one.
    truth, predicted : (n,) array of str
    probabilities : (n, n_labels) array
        Rows sum to 1.
    publishers : (n,) array of str
        Blank where unknown.
    groups : (n,) array of int
        Equal numbers mark rows that belong together.
    shares : (n,) array, optional
        Share of the annotators who gave the row its truth; NaN, and not given, where one did.

    Raises
    ------
    CorpusError
        When there are no rows, lengths differ, a label is unknown or repeated, or probabilities are
        not numbers from 0 to 1 that sum to 1.
    """

    labels: tuple[str, ...]
    truth: Strings
    probabilities: NDArray[np.float64]
    predicted: Strings
    publishers: Strings
    groups: NDArray[np.intp]
    shares: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

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
        for name in ("truth", "predicted"):
            check_labels(name, getattr(self, name), self.labels)
        _check_probabilities(self.probabilities, len(self.labels))

    def codes(self, labels: Strings) -> NDArray[np.intp]:
        """Return the number of each label in `self.labels`, (n,)."""
        order = np.argsort(self.labels)
        return order[np.searchsorted(self.labels, labels, sorter=order)]

    def credit(self, right: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return what each answer is worth: the share of annotators who would agree with it, (n,).

        That is 1 or 0 where there was one annotator. With two labels, who does not agree with the
        truth agrees with the other.
        """
        shares: NDArray[np.float64] = np.where(np.isnan(self.shares), 1.0, self.shares)
        return np.where(right, shares, 1 - shares)


_KINDS = {
    "truth": np.str_,
    "probabilities": np.float64,
    "predicted": np.str_,
    "publishers": np.str_,
    "groups": np.intp,
    "shares": np.float64,
}


def check_labels(column: str, found: Strings, labels: tuple[str, ...]) -> None:
    """Raise `CorpusError`, naming the column and row, if a value is none of the labels."""
    unknown = np.flatnonzero(~np.isin(found, labels))
    if len(unknown):
        raise CorpusError(
            f"{column}: row {unknown[0]} is {str(found[unknown[0]])!r}, one of {len(unknown)} "
            f"row(s) of an unknown label; expected one of {', '.join(labels)}"
        )


def _check_probabilities(probabilities: NDArray[np.float64], n_labels: int) -> None:
    """Raise unless every row holds one probability per label and sums to 1."""
    if probabilities.ndim != 2 or probabilities.shape[1] != n_labels:
        raise CorpusError(f"probabilities have shape {probabilities.shape}; expected one column per label, {n_labels}")
    with np.errstate(invalid="ignore"):
        sound = (probabilities >= 0).all(axis=1)  # False for NaN, too
        sound &= np.abs(probabilities.sum(axis=1) - 1) <= SUM_TOLERANCE
    if not sound.all():
        row = int(np.flatnonzero(~sound)[0])
        raise CorpusError(
            f"probabilities: row {row} is {probabilities[row].tolist()}, one of "
            f"{np.count_nonzero(~sound)} such row(s); expected numbers from 0 to 1 that sum to 1"
        )


# Rules a model must beat: what they predict for the rows it predicts.


def majority_labels(train_truth: ArrayLike, n_rows: int) -> Strings:
    """Return the commonest training label, once per row to predict, (n_rows,).

    Raises
    ------
    CorpusError
        When there is no training row.
    """
    return np.full(n_rows, _commonest(np.asarray(train_truth, dtype=np.str_)))


def publisher_labels(train_truth: ArrayLike, train_publishers: ArrayLike, publishers: ArrayLike) -> Strings:
    """Return each row's guess from its publisher alone, (n,): that publisher's commonest label.

    A publisher that was not trained on gets the commonest label of all.

    Raises
    ------
    CorpusError
        When there is no training row or the training columns differ in length.
    """
    truth, known = (np.asarray(column, dtype=np.str_) for column in (train_truth, train_publishers))
    if len(truth) != len(known):
        raise CorpusError(f"{len(truth)} training label(s) but {len(known)} publisher(s)")
    overall = _commonest(truth)
    guess = {publisher: _commonest(truth[known == publisher]) for publisher in np.unique(known)}
    rows = np.asarray(publishers, dtype=np.str_)
    return np.array([guess.get(publisher, overall) for publisher in rows], dtype=np.str_)


def threshold_labels(scores: ArrayLike, threshold: float, *, below: str, above: str) -> Strings:
    """Return `above` where a score reaches the threshold and `below` elsewhere, (n,)."""
    return np.where(np.asarray(scores) >= threshold, above, below)


def _commonest(labels: Strings) -> str:
    """Return the commonest label; of equals the first in the alphabet."""
    if not len(labels):
        raise CorpusError("a baseline has no training row to learn from; expected at least one")
    names, counts = np.unique(labels, return_counts=True)
    return str(names[counts.argmax()])


# Predictions on labelled rows to a `Report`, beside simple baselines.


Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

NO_BASELINES: Mapping[str, ArrayLike] = MappingProxyType({})


def report(
    scored: Scored,
    *,
    name: str,
    split: str,
    part: str = "",
    seed: int,
    n_bootstrap: int = 1000,
    baselines: Mapping[str, ArrayLike] = NO_BASELINES,
) -> Report:
    """Return the figures of the rows, with 95% intervals by resampling groups.

    Parameters
    ----------
    scored : Scored
    name, split, part : str
        What was asked and of which rows, as `Report` has it.
    seed : int
        Of the resampling: the same rows and seed give the same digits.
    n_bootstrap : int
        Number of resamples.
    baselines : mapping of str to (n,) array of str
        What simple rules predict for the same rows, by the rule's name (`majority_labels`,
        `publisher_labels`, `threshold_labels`, or an older model).

    Raises
    ------
    CorpusError
        When a baseline has another number of rows or an unknown label.
    ConfigError
        When `n_bootstrap` is below 1.
    """
    if n_bootstrap < 1:
        raise ConfigError(f"number of bootstrap resamples is {n_bootstrap}; expected 1 or more")
    truth, top = scored.codes(scored.truth), scored.probabilities.argmax(axis=1)
    systems = _systems(scored, baselines)
    tables = np.stack([confusion_matrix(truth, codes, len(scored.labels)) for codes in systems])
    draws = _resampled(scored, truth, systems, (n_bootstrap, seed))
    right, macro = _shares(tables), macro_f1(tables)
    confidence, correct = scored.probabilities.max(axis=1), top == truth
    bins = calibration_bins(confidence, scored.credit(correct))
    gains = (macro[0] - macro, draws.macro_f1[:, :1] - draws.macro_f1)
    return Report(
        name=name,
        split=split,
        part=part,
        labels=scored.labels,
        n=len(truth),
        n_groups=len(np.unique(scored.groups)),
        accuracy=interval(right[0], draws.accuracy),
        macro_f1=interval(macro[0], draws.macro_f1[:, 0]),
        per_class=tuple(_per_class(scored.labels, tables[0], draws.f1)),
        per_publisher=tuple(_per_publisher(scored, truth, systems[0])),
        confusion=tuple(map(tuple, tables[0].tolist())),
        reliability=bins,
        ece=calibration_error(bins),
        log_loss=log_loss(scored.probabilities, truth),
        brier=brier_score(scored.probabilities, truth),
        coverage_risk=coverage_risk(confidence, correct),
        human=_human(scored),
        ranking=_ranking(scored, truth, draws.auc),
        baselines=tuple(
            Baseline(rule, float(right[at]), float(macro[at]), interval(gains[0][at], gains[1][:, at]))
            for at, rule in enumerate(baselines, start=1)
        ),
    )


@dataclass(frozen=True, slots=True)
class _Draws:
    """Figures of every resample; the model is system 0, the baselines follow."""

    accuracy: Floats  # (n_bootstrap,)
    macro_f1: Floats  # (n_bootstrap, n_systems)
    f1: Floats  # (n_bootstrap, n_labels)
    auc: Floats  # (n_bootstrap,), empty when there are not two labels


def _resampled(scored: Scored, truth: Ints, systems: list[Ints], bootstrap: tuple[int, int]) -> _Draws:
    """Return the figures of `n_bootstrap` resamples of groups."""
    _, group = np.unique(scored.groups, return_inverse=True)
    n_groups, n_labels = int(group.max()) + 1, len(scored.labels)
    counts = _counts_by_group(group, truth, systems, n_labels)
    parts: list[tuple[Floats, ...]] = []
    for weights in resamples(n_groups, len(truth), *bootstrap):
        tables = (counts @ weights.T).T.reshape(len(weights), len(systems), n_labels, n_labels)
        auc = np.empty(0)
        if n_labels == 2:
            auc = area_under_roc(scored.probabilities[:, 1], truth == 1, weights[:, group])
        parts.append((_shares(tables[:, 0]), macro_f1(tables), class_scores(tables[:, 0])[2], auc))
    return _Draws(*map(np.concatenate, zip(*parts, strict=True)))


def _counts_by_group(group: Ints, truth: Ints, systems: list[Ints], n_labels: int) -> Any:
    """Return the confusion counts of each group, sparse, (n_systems * n_labels**2, n_groups)."""
    from scipy.sparse import coo_array

    cells = [(at * n_labels + truth) * n_labels + codes for at, codes in enumerate(systems)]
    columns = np.tile(group, len(systems))
    shape = (len(systems) * n_labels**2, int(group.max()) + 1)
    return coo_array((np.ones(len(columns)), (np.concatenate(cells), columns)), shape=shape).tocsr()


def _systems(scored: Scored, baselines: Mapping[str, ArrayLike]) -> list[Ints]:
    """Return the predicted codes of the model and of each baseline."""
    systems = [scored.codes(scored.predicted)]
    for rule, given in baselines.items():
        predicted = np.asarray(given, dtype=np.str_)
        if predicted.shape != scored.truth.shape:
            raise CorpusError(f"baseline {rule!r} has shape {predicted.shape}; expected {scored.truth.shape}")
        check_labels(f"baseline {rule!r}", predicted, scored.labels)
        systems.append(scored.codes(predicted))
    return systems


def _per_class(labels: tuple[str, ...], table: Ints, draws: Floats) -> Iterable[ClassScore]:
    """Yield the scores of the labels that stand in the truth or the prediction."""
    precision, recall, f1 = class_scores(table)
    for at in np.flatnonzero(~np.isnan(f1)):
        figures = float(precision[at]), float(recall[at]), interval(f1[at], draws[:, at])
        yield ClassScore(labels[at], *figures, int(table[at].sum()))


def _per_publisher(scored: Scored, truth: Ints, predicted: Ints) -> Iterable[PublisherScore]:
    """Yield the scores of each publisher, the one with the most rows first."""
    names, codes, sizes = np.unique(scored.publishers, return_inverse=True, return_counts=True)
    for at in np.argsort(-sizes, kind="stable"):
        rows = codes == at
        table = confusion_matrix(truth[rows], predicted[rows], len(scored.labels))
        n_groups = len(np.unique(scored.groups[rows]))
        accuracy = wilson_interval(float(_shares(table)), n_groups)
        name, macro = str(names[at]), float(macro_f1(table))
        yield PublisherScore(name, int(sizes[at]), n_groups, accuracy, macro)


def _ranking(scored: Scored, truth: Ints, draws: Floats) -> Ranking | None:
    """Return how well the second of two labels is ranked; None unless both are in the truth."""
    if len(scored.labels) != 2 or len(np.unique(truth)) < 2:
        return None
    scores, positive = scored.probabilities[:, 1], truth == 1
    roc, precision_recall, average = curves(scores, positive)
    auc = interval(area_under_roc(scores, positive)[0], draws)
    share = float(positive.mean())
    return Ranking(scored.labels[1], share, auc, average, roc, precision_recall)


def _human(scored: Scored) -> float | None:
    """Return how often one annotator says what the majority says; None where there was but one."""
    known = scored.shares[~np.isnan(scored.shares)]
    return float(known.mean()) if len(known) else None


def _shares(tables: NDArray[Any]) -> Floats:
    """Return the accuracy of each confusion table, (...)."""
    right: Floats = np.trace(tables, axis1=-2, axis2=-1) / tables.sum(axis=(-2, -1))
    return right


# Floors: figures that a model must not fall below, whichever protocol or file is the worst.


METRICS = ("accuracy", "macro_f1")
TWO_LABEL_METRICS = ("accuracy", "auc", "macro_f1")  # only one of two labels can be ranked


@dataclass(frozen=True, slots=True)
class Check:
    """One floor, and the worst figure that was found for it."""

    task: str
    metric: str
    floor: float
    worst: float
    split: str  # where the worst figure was found

    @property
    def holds(self) -> bool:
        """Whether the figure is not below its floor."""
        return self.worst >= self.floor


def load_floors(path: str | Path, model: str, labels: Mapping[str, Sequence[str]]) -> Mapping[str, Mapping[str, float]]:
    """Return a model's floors, by task and metric, from a TOML file.

    Parameters
    ----------
    path : str or path
    model : str
        The model's name, as its card has it.
    labels : Mapping[str, Sequence[str]]
        The labels of each question that the model answers.

    Raises
    ------
    ConfigError
        When the file cannot be read, has no floors for the model, names a question that the model
        does not answer, or a floor is no figure in [0, 1].
    """
    tables = read_toml(path)
    if model not in tables:
        raise ConfigError(
            f"{path}: found floors for {', '.join(tables) or 'no model'}; expected a table "
            f"[{model}.TASK], as the model is called {model!r}"
        )
    floors: Mapping[str, Mapping[str, float]] = _table(tables[model], f"{path} [{model}]")
    for task, figures in floors.items():
        where = f"{path} [{model}.{task}]"
        _table(figures, where)
        if task not in labels:
            raise ConfigError(f"{where}: the model answers no question {task!r}; expected one of {', '.join(labels)}")
        known = TWO_LABEL_METRICS if len(labels[task]) == 2 else METRICS
        for metric, floor in figures.items():
            if metric not in known or not isinstance(floor, float) or not 0 <= floor <= 1:
                raise ConfigError(f"{where}: {metric} = {floor!r}; expected one of {', '.join(known)}, 0.0 to 1.0")
    return floors


def _table(found: Any, where: str) -> Mapping[str, Any]:
    """Return what is found where it is a table with something in it."""
    if isinstance(found, Mapping) and found:
        return found
    raise ConfigError(f"{where} is {found!r}; expected a table of floors, as a gate needs some")


def check_floors(reports: Sequence[Report], floors: Mapping[str, Mapping[str, float]]) -> list[Check]:
    """Return each floor beside the worst figure of the reports that are about whole splits.

    Raises
    ------
    ConfigError
        When no report has a figure for a floor: a gate that is not asked must not stand open.
    """
    checks = []
    for task, figures in floors.items():
        for metric, floor in figures.items():
            found = [
                (math.isfinite(figure.value), figure.value, report.split)
                for report in reports
                if report.name == task and not report.part and (figure := getattr(report, metric)) is not None
            ]
            if not found:
                raise ConfigError(f"floor {task}.{metric}: no report has this figure")
            _, worst, split = min(found)  # what is no number is the worst
            checks.append(Check(task, metric, floor, worst, split))
    return checks
